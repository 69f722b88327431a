//! Arguments of `gridweave meters`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `gridweave meters`.
#[derive(Subcommand)]
pub enum MetersCommand {
    /// Find homes whose use stopped, came back or jumped, in readings of any number of meters.
    #[command(
        after_help = "Example:\n  gridweave meters scan readings/*.csv --state water.state --out signals.csv\n  gridweave meters scan hourly.parquet --meter household --time ts --value diff --out signals.csv\n\nReadings are long (meter, time, value) or wide (a column a day, or a column a meter), CSV, CSV.gz or Parquet, in any order\nwithin a file. With --state the next run goes on where this one ended. Out: meter, kind, since, detected, size, confidence,\nreason; kinds zero_onset, return, shift_up, shift_down, leak, stuck, reversed, implausible, supply_cut."
    )]
    Scan(ScanCall),
    /// Draw one meter's readings with what was seen in them.
    #[command(
        after_help = "Example:\n  gridweave meters explain readings.parquet --of W0000017 --out W0000017.svg"
    )]
    Explain {
        /// The readings.
        #[command(flatten)]
        readings: ReadingsCall,
        /// The meter.
        #[arg(long)]
        of: String,
        /// Drawing (SVG).
        #[arg(long)]
        out: PathBuf,
    },
    /// Score signals against a truth: what was found in time, and false alarms a thousand meters a month.
    #[command(
        after_help = "Example:\n  gridweave meters score signals.csv truth.csv --meters 100000 --days 90 --json\n\nTruth: meter, kind, since. Shifts have 5 days to be found, other kinds 14, homes of --care 2 for a zero onset; --within says\notherwise. What is found of a truth's meter and kind on its day or up to 30 days later is right. False alarms are silences and\nshifts that are not; other kinds are told by themselves."
    )]
    Score(ScoreCall),
}

/// Where readings are and how they are to be read.
#[derive(Args, Clone)]
pub struct ReadingsCall {
    /// Tables, in the order of their days.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Column of the meter; found by its name where it is not given.
    #[arg(long)]
    pub meter: Option<String>,
    /// Column of the time, likewise.
    #[arg(long)]
    pub time: Option<String>,
    /// Column of the value, likewise.
    #[arg(long)]
    pub value: Option<String>,
    /// What values are: used since the reading before, or what the register shows.
    #[arg(long, value_enum, default_value_t = Values::Auto)]
    pub values: Values,
    /// What a reading spans.
    #[arg(long, value_enum, default_value_t = Interval::Auto)]
    pub interval: Interval,
    /// Time zone of the days, for times that name one.
    #[arg(long, default_value = "Asia/Shanghai")]
    pub zone: String,
    /// Table of meters: meter, care (yes or 1), and neighbourhoods from narrow to wide (building, street).
    #[arg(long)]
    pub register: Option<PathBuf>,
    /// Columns of the neighbourhoods in --register.
    #[arg(long, value_delimiter = ',', default_value = "building,street")]
    pub near: Vec<String>,
    /// False alarms a thousand meters a month that are allowed, silences and shifts together.
    #[arg(long, default_value_t = 1.0)]
    pub false_alarms: f64,
    /// The same for homes on the care list, whose silence is said after two days.
    #[arg(long, default_value_t = 30.0)]
    pub care_false_alarms: f64,
}

/// `gridweave meters scan`.
#[derive(Args)]
pub struct ScanCall {
    /// The readings.
    #[command(flatten)]
    pub readings: ReadingsCall,
    /// What is kept between two runs; made where it does not exist.
    #[arg(long)]
    pub state: Option<PathBuf>,
    /// Signals (CSV, CSV.gz or Parquet).
    #[arg(long)]
    pub out: PathBuf,
    /// Rows that were not taken, with their reasons (CSV).
    #[arg(long)]
    pub rejected: Option<PathBuf>,
    /// Draw this meter's readings with what was seen in them …
    #[arg(long, requires = "drawing")]
    pub explain: Option<String>,
    /// … here (SVG).
    #[arg(long, requires = "explain")]
    pub drawing: Option<PathBuf>,
    /// Language of the reasons.
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,
}

/// `gridweave meters score`.
#[derive(Args)]
pub struct ScoreCall {
    /// Signals, as `scan` writes them.
    pub signals: PathBuf,
    /// Truth: meter, kind, since.
    pub truth: PathBuf,
    /// How many meters were scanned: for the rate of false alarms.
    #[arg(long)]
    pub meters: Option<u64>,
    /// How many days were scanned.
    #[arg(long)]
    pub days: Option<u64>,
    /// Table of meters with a column care: their silences are scored apart.
    #[arg(long)]
    pub care: Option<PathBuf>,
    /// Days within which a kind has to be found, as zero_onset=14.
    #[arg(long, value_delimiter = ',')]
    pub within: Vec<String>,
    /// The last day of readings (YYYY-MM-DD); the last on which something was found where it is not given.
    #[arg(long)]
    pub until: Option<String>,
}

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Values {
    /// Seen from the values.
    Auto,
    /// Used since the reading before.
    Use,
    /// What the register shows.
    Register,
}

/// What a reading spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Interval {
    /// Seen from the times.
    Auto,
    /// A day.
    Day,
    /// An hour.
    Hour,
    /// Half an hour.
    HalfHour,
    /// A quarter.
    QuarterHour,
}

/// Language of the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// 中文。
    Zh,
    /// English.
    En,
}
