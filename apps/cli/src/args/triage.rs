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
        after_help = "Examples:\n  gridweave triage classify today.csv --model city.triage --text text --out sorted.csv\n  gridweave triage classify today.parquet --model city.triage --text body --threshold 0.8 --out sorted.parquet"
    )]
    Classify(ClassifyCall),
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

/// Messages, and the model that reads them.
#[derive(Debug, Args)]
pub struct ReadMessages {
    /// Messages (CSV, CSV.gz or Parquet; for evaluate also JSON lines and XLSX).
    pub file: PathBuf,
    /// The model.
    #[arg(long)]
    pub model: PathBuf,
    /// Column of the text; several are read one behind the other.
    #[arg(long, required = true)]
    pub text: Vec<String>,
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
}
