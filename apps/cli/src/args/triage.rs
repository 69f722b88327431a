//! Arguments of `gridweave triage`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `gridweave triage …`.
#[derive(Debug, Subcommand)]
pub enum TriageCommand {
    /// Learn categories from messages whose category is known
    #[command(
        after_help = "Examples:\n  gridweave triage train history.csv --text text --label category --out city.triage\n  gridweave triage train history.parquet --text body --label category --held-out 3 --out city.triage --json\n  gridweave triage train history.csv --text title --text body --label level1 --label level2 --label level3 --out city.triage"
    )]
    Train(TrainTriageCall),
    /// Tell how well a model tells categories that are known
    #[command(
        after_help = "Examples:\n  gridweave triage evaluate newer.csv --model city.triage --text text --label category\n  gridweave triage evaluate newer.csv --model city.triage --text text --label category --report reliability.svg --json"
    )]
    Evaluate(EvaluateTriageCall),
    /// Add the category, its probability and the words that decided to messages
    #[command(
        after_help = "Examples:\n  gridweave triage classify today.csv --model city.triage --text text --out sorted.csv\n  gridweave triage classify today.parquet --model city.triage --text body --threshold 0.8 --out sorted.parquet\n  gridweave triage classify today.csv --text text --facts --library city.addresses --mask --out sorted.csv"
    )]
    Classify(ClassifyCall),
    /// Say of each message to which earlier ones it is related: the same matter, again or in other words
    #[command(
        after_help = "Examples:\n  gridweave triage related today.csv --text text --time time --lon lon --lat lat --out related.csv\n  gridweave triage related messages.csv --text subject --text body --time time --id message_id --days 30 --out related.csv\n  gridweave triage related today.csv --known year.parquet --text text --time time --id id --out related.csv\n\nAdds related_to (the id of the likeliest earlier message, or its row), related_probability, related_reason and matter (the id\nof the first message of the matter). --truth tells how well: the column that holds each message's matter."
    )]
    Related(RelatedCall),
    /// Find what many people write about: topics, the hottest first
    #[command(
        after_help = "Examples:\n  gridweave triage topics messages.csv --text subject --text body --time time --user user --out topics.csv\n  gridweave triage topics messages.csv --text text --time time --window 30 --step 7 --messages members.csv --out topics.csv"
    )]
    Topics(TopicsCall),
}

/// `gridweave triage train`.
#[derive(Debug, Args)]
pub struct TrainTriageCall {
    /// Messages (CSV, CSV.gz, JSON lines, XLSX or Parquet; GB 18030 is recognised).
    pub file: PathBuf,
    /// Column of the text; several are read one behind the other.
    #[arg(long, required = true)]
    pub text: Vec<String>,
    /// Column of the category, a path with / between its levels; or a column a level, the first level first.
    #[arg(long, required = true)]
    pub label: Vec<String>,
    /// Where the model goes.
    #[arg(long)]
    pub out: PathBuf,
    /// Leave out one text of so many, by a hash of the text, and tell how well they are told.
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..))]
    pub held_out: Option<u64>,
    /// What is drawn, and which texts are held out, follows from this number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Messages.
#[derive(Clone, Debug, Args)]
pub struct ReadTexts {
    /// Messages (CSV, CSV.gz, JSON lines, XLSX or Parquet; GB 18030 is recognised).
    pub file: PathBuf,
    /// Column of the text; several are read one behind the other.
    #[arg(long, required = true)]
    pub text: Vec<String>,
}

/// Messages, and the model that reads them.
#[derive(Debug, Args)]
pub struct ReadMessages {
    /// What is read.
    #[command(flatten)]
    pub texts: ReadTexts,
    /// The model; where none is given the one in the program, which has learnt from invented messages only. For related
    /// `none` leaves categories aside.
    #[arg(long)]
    pub model: Option<PathBuf>,
}

/// `gridweave triage evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateTriageCall {
    /// What is read.
    #[command(flatten)]
    pub read: ReadMessages,
    /// Column of the category that is known, as for train.
    #[arg(long, required = true)]
    pub label: Vec<String>,
    /// Where a drawing of how probabilities hold goes (SVG).
    #[arg(long)]
    pub report: Option<PathBuf>,
}

/// `gridweave triage classify`.
#[derive(Debug, Args)]
pub struct ClassifyCall {
    /// What is read.
    #[command(flatten)]
    pub read: ReadMessages,
    /// Where the messages go, with category, probability and reason; the category is empty below the threshold.
    #[arg(long)]
    pub out: PathBuf,
    /// A category is said from this probability on.
    #[arg(long, default_value_t = 0.5)]
    pub threshold: f64,
    /// Add what stands in the text too: urgent (signals of danger), places, times, amounts, phones (masked).
    #[arg(long)]
    pub facts: bool,
    /// Match the places with this library of addresses too (compiled, or a table of places) and add place_id: those that are
    /// certain.
    #[arg(long, requires = "facts")]
    pub library: Option<PathBuf>,
    /// Add the column alternatives: so many categories of the last level at the most, with their probabilities, the likeliest
    /// first.
    #[arg(long, default_value_t = 0)]
    pub alternatives: usize,
    /// Write telephone and identity numbers in the texts masked.
    #[arg(long)]
    pub mask: bool,
}

/// Columns that say when, where and by whom.
#[derive(Debug, Args)]
pub struct MessageColumns {
    /// Column of the time (RFC 3339, `2026-11-23 08:00`, a date, or milliseconds; local time of China where no zone is given).
    #[arg(long)]
    pub time: Option<String>,
    /// Column of the message's own number; its row where none is given.
    #[arg(long)]
    pub id: Option<String>,
    /// Column of the longitude.
    #[arg(long, requires = "lat")]
    pub lon: Option<String>,
    /// Column of the latitude.
    #[arg(long, requires = "lon")]
    pub lat: Option<String>,
}

/// `gridweave triage related`.
#[derive(Debug, Args)]
pub struct RelatedCall {
    /// What is read; the model's categories are evidence.
    #[command(flatten)]
    pub read: ReadMessages,
    /// When and where.
    #[command(flatten)]
    pub columns: MessageColumns,
    /// Messages that came before, in a table with the same columns: looked at, not written.
    #[arg(long)]
    pub known: Option<PathBuf>,
    /// Where the messages go, with what they are related to.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Days that messages of one matter lie apart, at the most.
    #[arg(long, default_value_t = 14.0)]
    pub days: f64,
    /// Messages are related from this probability on.
    #[arg(long, default_value_t = 0.8)]
    pub threshold: f64,
    /// Column of the matter where it is known: how well it is told.
    #[arg(long)]
    pub truth: Option<String>,
    /// Learn from the truth what each piece of evidence counts, and write it here (JSON).
    #[arg(long, requires = "truth")]
    pub learn: Option<PathBuf>,
    /// What was learnt so; what the program holds where none is given.
    #[arg(long)]
    pub weights: Option<PathBuf>,
}

/// `gridweave triage topics`.
#[derive(Debug, Args)]
pub struct TopicsCall {
    /// What is read.
    #[command(flatten)]
    pub read: ReadTexts,
    /// When and where.
    #[command(flatten)]
    pub columns: MessageColumns,
    /// Column of who wrote; each message is somebody's own where none is given.
    #[arg(long)]
    pub user: Option<String>,
    /// Column of how many agreed.
    #[arg(long)]
    pub agree: Option<String>,
    /// How alike the middles of two groups of messages are that become one topic, from 0 to 1: the lower, the wider.
    #[arg(long, default_value_t = 0.23)]
    pub likeness: f32,
    /// People that a topic needs.
    #[arg(long, default_value_t = 3)]
    pub people: usize,
    /// Topics that are told of each window, the hottest.
    #[arg(long, default_value_t = 10)]
    pub most: usize,
    /// Days of a window; all messages are one window where none is given.
    #[arg(long)]
    pub window: Option<f64>,
    /// Days from one window to the next.
    #[arg(long, default_value_t = 7.0, requires = "window")]
    pub step: f64,
    /// Where the topics go, a row each.
    #[arg(long)]
    pub out: PathBuf,
    /// Where the messages of the topics go, a row each.
    #[arg(long)]
    pub messages: Option<PathBuf>,
}
