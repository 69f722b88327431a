//! Arguments of `gridweave city`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `gridweave city`.
#[derive(Subcommand)]
pub enum CityCommand {
    /// Make a city as a folder of ordinary files.
    #[command(
        after_help = "Example:\n  gridweave city make --households 30000 --seed 7 --out city\n  gridweave city make --households 5000 --seed 1 --on north-bayreuth.osm.pbf --out city"
    )]
    Make {
        /// The city's size and seed.
        #[command(flatten)]
        shape: CityShape,
        /// Folder.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a library's doors badly, in documented ways, with the truth: what a matcher is measured with.
    #[command(
        after_help = "Example:\n  gridweave city queries --places city/places.csv --each 2000 --seed 5 --out queries\n\nWrites library.csv (places without those that are withheld) and queries.csv: text, truth (the door's code, empty where it is\nwithheld) and noise (one kind, or three joined by +)."
    )]
    Queries {
        /// Places, as `city make` writes them.
        #[arg(long)]
        places: PathBuf,
        /// Queries of each kind of noise; ten times as many with three at once.
        #[arg(long, default_value_t = 1000)]
        each: usize,
        /// Share of queries whose door is not in the library.
        #[arg(long, default_value_t = 0.2)]
        unknown: f64,
        /// Everything follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Folder.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write people as several registers hold them, with errors: for `link`.
    #[command(
        after_help = "Example:\n  gridweave city people --records 1000000 --seed 5 --out people.parquet\n\nSome 1.7 records of each person. Columns: id, entity (the truth), name, sex, birth, identity, phone, address, community."
    )]
    People {
        /// Records.
        #[arg(long, default_value_t = 100_000)]
        records: usize,
        /// Everything follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Name of the city.
        #[arg(long, default_value = "澜江市")]
        name: String,
        /// CSV or Parquet by its ending.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write water meters' readings with the truth about them: for `meters`.
    #[command(
        after_help = "Example:\n  gridweave city meters --meters 100000 --days 90 --seed 5 --out fleet\n  gridweave meters scan fleet/readings.parquet --register fleet/meters.csv --out signals.csv\n  gridweave meters score signals.csv fleet/truth.csv --meters 100000 --days 90 --care fleet/meters.csv\n\nWrites readings.parquet (meter, time, value; by time), meters.csv (meter, use, care, building, street) and truth.csv (meter,\nkind, since, size, cause)."
    )]
    Meters(FleetCall),
    /// Write residents' messages with the truth about them: for `triage`.
    #[command(
        after_help = "Example:\n  gridweave city messages --count 20000 --seed 5 --out messages.csv\n\nColumns: id, user, time, text, lon, lat, and the truth: true_matter, true_kind (first, paraphrase, resubmission), true_category\n(a path of three levels), true_danger (the signal, empty where there is none)."
    )]
    Messages(MessagesCall),
    /// Write addresses as people write them, with the kind of each element: for `address train`.
    #[command(
        after_help = "Example:\n  gridweave city labelled --divisions divisions --number 40000 --seed 1 --out train.bio\n\nThe folder has provinces.csv, cities.csv, areas.csv and streets.csv: code, name, and provinceCode, cityCode, areaCode of what\nlies above. Roads, compounds and the rest are made up."
    )]
    Labelled {
        /// Folder of the tables of divisions.
        #[arg(long)]
        divisions: PathBuf,
        /// Addresses.
        #[arg(long, default_value_t = 40_000)]
        number: usize,
        /// Everything follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// A token and its label a line, a blank line between addresses.
        #[arg(long)]
        out: PathBuf,
    },
    /// Let cities live through the whole platform and compare the visits with the planted truth.
    #[command(
        after_help = "Example:\n  gridweave city score --households 10000 --days 90 --seeds 1,2,3,4,5 --json"
    )]
    Score {
        /// The city's size and seed.
        #[command(flatten)]
        shape: CityShape,
        /// Several seeds, one after the other.
        #[arg(long, value_delimiter = ',')]
        seeds: Vec<u64>,
    },
    /// Let a city live through its days in the data folder: pushes, visits, reports, verification, with
    /// work of every kind left to do on the last day.
    #[command(
        alias = "demo",
        after_help = "Example:\n  gridweave city simulate --data data --households 3000 --days 90"
    )]
    Simulate {
        /// The city's size and seed.
        #[command(flatten)]
        shape: CityShape,
    },
}

/// `gridweave city messages`.
#[derive(Args)]
pub struct MessagesCall {
    /// Messages, about: what belongs to one matter is written whole.
    #[arg(long, default_value_t = 10_000)]
    pub count: usize,
    /// Everything follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Days that they are spread over.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..))]
    pub days: i64,
    /// First day, YYYY-MM-DD.
    #[arg(long, default_value = "2026-08-24")]
    pub start: String,
    /// Name of the city.
    #[arg(long, default_value = "澜江市")]
    pub name: String,
    /// CSV or Parquet by its ending.
    #[arg(long)]
    pub out: PathBuf,
}

/// What city.
#[derive(Args, Clone)]
pub struct CityShape {
    /// Homes, about.
    #[arg(long, default_value_t = 3000)]
    pub households: usize,
    /// Everything follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Days of readings.
    #[arg(long, default_value_t = 90)]
    pub days: i64,
    /// First day, YYYY-MM-DD; so that the last is yesterday where it is not given.
    #[arg(long)]
    pub start: Option<String>,
    /// Name.
    #[arg(long, default_value = "澜江市")]
    pub name: String,
    /// Build it on the streets and buildings of this map (.osm.pbf, or .geojson of buildings).
    #[arg(long)]
    pub on: Option<PathBuf>,
    /// GeoJSON of roads, beside one of buildings.
    #[arg(long)]
    pub roads: Option<PathBuf>,
    /// Print one JSON object as the last line.
    #[arg(long)]
    pub json: bool,
}

/// `gridweave city meters`.
#[derive(Args)]
pub struct FleetCall {
    /// How many meters.
    #[arg(long, default_value_t = 10_000)]
    pub meters: usize,
    /// Days of readings.
    #[arg(long, default_value_t = 90)]
    pub days: i64,
    /// First day (YYYY-MM-DD).
    #[arg(long, default_value = "2026-03-01")]
    pub start: String,
    /// Everything follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// 48 readings a day in place of one.
    #[arg(long)]
    pub half_hourly: bool,
    /// Folder.
    #[arg(long)]
    pub out: PathBuf,
}
