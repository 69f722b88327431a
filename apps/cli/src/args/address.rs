//! Arguments of `gridweave address`.

use clap::Subcommand;
use std::path::PathBuf;

/// `gridweave address`.
#[derive(Subcommand)]
pub enum AddressCommand {
    /// Learn to cut addresses into elements from labelled ones; prints scores for each label on others.
    #[command(
        after_help = "Example:\n  gridweave address train --train train.txt --dev dev.txt --out addresses.model\n\nA token and its label (B-road, I-road, …) a line, a blank line between addresses."
    )]
    Train {
        /// Labelled addresses to learn from.
        #[arg(long)]
        train: PathBuf,
        /// Labelled addresses to score with.
        #[arg(long)]
        dev: PathBuf,
        /// Model.
        #[arg(long)]
        out: PathBuf,
        /// Times through the addresses.
        #[arg(long, default_value_t = 20)]
        epochs: usize,
        /// Models that are averaged.
        #[arg(long, default_value_t = 4)]
        members: usize,
        /// Everything follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Score a model on labelled addresses, as the CoNLL evaluation counts.
    #[command(after_help = "Example:\n  gridweave address evaluate addresses.model dev.txt --json")]
    Evaluate {
        /// Model.
        model: PathBuf,
        /// Labelled addresses.
        file: PathBuf,
    },
    /// Cut lines of text into elements.
    #[command(after_help = "Example:\n  echo 新华路202号东湖花园3栋1单元502室 | gridweave address parse")]
    Parse {
        /// A model that was learnt; the one that ships where it is not given.
        #[arg(long)]
        model: Option<PathBuf>,
    },
    /// Compile a library of places into one file that opens at once.
    #[command(
        after_help = "Example:\n  gridweave address compile --library places.csv --out places.addresses"
    )]
    Compile {
        /// Table (CSV or Parquet) with place_id (or code) and address; kind, lon, lat, division, aliases (parted by
        /// semicolons) where there.
        #[arg(long)]
        library: PathBuf,
        /// Compiled library (.addresses).
        #[arg(long)]
        out: PathBuf,
    },
    /// Complete half-typed addresses, in letters, pinyin or its initials.
    #[command(
        after_help = "Examples:\n  gridweave address suggest --library places.addresses dhhy3\n  gridweave address suggest --library places.csv < typed.txt\n\nEach text is answered with one line of JSON: its places, the likeliest first, and how long that took."
    )]
    Suggest {
        /// Table (CSV or Parquet) with place_id (or code) and address, or a compiled library (.addresses).
        #[arg(long)]
        library: PathBuf,
        /// At most so many places a text.
        #[arg(long, default_value_t = 10)]
        limit: usize,
        /// What is typed; the lines of standard input where it is not given.
        text: Vec<String>,
    },
    /// Match a column of a table against a library of places.
    #[command(
        after_help = "Example:\n  gridweave address match --library places.csv --in meters.csv --column address --out matched.csv --rejects unsure.csv\n\nplace_id is filled only where one place is certain; level says how deep the text is certain."
    )]
    Match {
        /// Table (CSV or Parquet) with place_id (or code) and address, or a compiled library (.addresses).
        #[arg(long)]
        library: PathBuf,
        /// Table (CSV or Parquet).
        #[arg(long = "in")]
        input: PathBuf,
        /// Column of the text.
        #[arg(long)]
        column: String,
        /// Output (CSV or Parquet).
        #[arg(long)]
        out: PathBuf,
        /// Also write the rows without a certain place here (CSV or Parquet).
        #[arg(long)]
        rejects: Option<PathBuf>,
    },
}
