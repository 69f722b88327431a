//! Arguments of `gridweave rounds`.

use super::Language;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `gridweave rounds …`.
#[derive(Debug, Subcommand)]
pub enum RoundsCommand {
    /// Plan who visits whom and in which order
    #[command(
        after_help = "Examples:\n  gridweave rounds plan --visits visits.csv --workers workers.csv --streets city.osm.pbf --out rounds.geojson\n  gridweave rounds plan --visits visits.csv --workers workers.csv --seconds 10 --out rounds.geojson --picture rounds.svg\n  gridweave rounds plan --visits visits.csv --workers workers.csv --previous rounds.csv --out rounds.geojson\n\nVisits (CSV, XLSX, Parquet): id, lon, lat; where they are there minutes (10), from and until (times as 09:30, several spans as\n09:00-11:00;14:00-16:00 in a column windows), urgency (1 to 5, 3), skills (separated by ;), workers (1 or 2), floor, lift\n(yes or no). Workers: id, lon, lat; from (08:30), until (17:30), pause_minutes, pause_from, pause_until, skills, end_lon, end_lat.\nBoth rounds.geojson and rounds.csv are written, by the name of --out."
    )]
    Plan(PlanCall),
}

/// `gridweave rounds plan`.
#[derive(Debug, Args)]
pub struct PlanCall {
    /// Visits.
    #[arg(long)]
    pub visits: PathBuf,
    /// Workers.
    #[arg(long)]
    pub workers: PathBuf,
    /// Streets to walk on (OpenStreetMap extract); straight lines with a detour where it is not given.
    #[arg(long, conflicts_with = "minutes")]
    pub streets: Option<PathBuf>,
    /// Minutes between all places in place of streets (JSON: rows of a matrix, first the visits, then the workers).
    #[arg(long)]
    pub minutes: Option<PathBuf>,
    /// Coordinate system of visits and workers.
    #[arg(long, default_value = "wgs84")]
    pub crs: String,
    /// Kilometres an hour.
    #[arg(long, default_value_t = 4.8)]
    pub pace: f64,
    /// How much longer a way is than the straight line, where streets are not known.
    #[arg(long, default_value_t = 1.3)]
    pub detour: f64,
    /// Rounds of before (the CSV that this command wrote): what can stay stays, and what is new is fitted in within a second.
    #[arg(long)]
    pub previous: Option<PathBuf>,
    /// Where rounds go, as GeoJSON and CSV.
    #[arg(long)]
    pub out: PathBuf,
    /// Where a map goes (SVG).
    #[arg(long)]
    pub picture: Option<PathBuf>,
    /// What is found follows from this number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Look for so many seconds; what is found then depends on the machine. Else for as long as the number of visits asks for. Ctrl-C stops
    /// with the best so far.
    #[arg(long)]
    pub seconds: Option<f64>,
    /// Language of the reasons.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,
}
