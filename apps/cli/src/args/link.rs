//! Arguments of `gridweave link`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `gridweave link`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LinkCall {
    /// What else.
    #[command(subcommand)]
    pub what: Option<LinkCommand>,
    /// Table (CSV, CSV.gz or Parquet).
    pub file: Option<PathBuf>,
    /// The second table, where two are linked.
    pub file2: Option<PathBuf>,
    /// What is compared and how (TOML).
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Column of the identifier; the number of the row where it is not given.
    #[arg(long)]
    pub id: Option<String>,
    /// Column that says which records are the same, for measuring only.
    #[arg(long)]
    pub truth: Option<String>,
    /// Pairs from this probability on are the same; that of the configuration where it is not given.
    #[arg(long, value_parser = probability)]
    pub threshold: Option<f64>,
    /// Where pairs go: id_l, id_r, probability, weight and the level of each comparison in words.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Where groups go: cluster_id, id; of two tables also table, 1 or 2.
    #[arg(long)]
    pub clusters: Option<PathBuf>,
    /// Where a page of drawings goes: what levels weigh, how weights are spread, some pairs with their evidence.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Two identifiers: print what their weight is made of as JSON, and draw it first in the report.
    #[arg(long, num_args = 2, value_names = ["ID_L", "ID_R"], action = clap::ArgAction::Append)]
    pub explain: Vec<String>,
    /// Language of the report.
    #[arg(long, default_value = "zh-CN", value_parser = ["zh-CN", "en"])]
    pub language: String,
    /// Leave out rows that cannot be read or whose identifier is missing or doubled, in place of refusing them all.
    #[arg(long)]
    pub skip_bad: bool,
}

fn probability(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|p| (0.0..=1.0).contains(p))
        .ok_or_else(|| "a probability, from 0 to 1".to_owned())
}

/// `gridweave link …`.
#[derive(Debug, Subcommand)]
pub enum LinkCommand {
    /// Read the data and write a first configuration, with comments that teach
    #[command(
        after_help = "Examples:\n  gridweave link suggest people.csv --id id --out link.toml\n  gridweave link suggest register.csv insured.csv --id number --out link.toml"
    )]
    Suggest(SuggestLinkCall),
}

/// `gridweave link suggest`.
#[derive(Debug, Args)]
pub struct SuggestLinkCall {
    /// Table (CSV, CSV.gz or Parquet).
    pub file: PathBuf,
    /// The second table, where two are linked.
    pub file2: Option<PathBuf>,
    /// Column of the identifier: it is not compared.
    #[arg(long)]
    pub id: Option<String>,
    /// Column that says which records are the same: it is not compared.
    #[arg(long)]
    pub truth: Option<String>,
    /// Where the configuration goes; printed where it is not given.
    #[arg(long)]
    pub out: Option<PathBuf>,
}
