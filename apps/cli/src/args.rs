//! The command line. Every command has an example in its help.

mod address;
mod city;
mod grids;
mod link;
mod meters;
mod rounds;
mod triage;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

pub use address::AddressCommand;
pub use city::{CityCommand, CityShape, FleetCall, MessagesCall};
pub use grids::{
    CheckGridsCall, CompareCall, DrawCall, EffortCall, GridsCommand, GroundCall, OutCall, RedrawCall,
    ReportGridsCall, Touching,
};
pub use link::{LinkCall, LinkCommand, SuggestLinkCall};
pub use meters::{Interval, Language, MetersCommand, ReadingsCall, ScanCall, ScoreCall, Values};
pub use rounds::{PlanCall, RoundsCommand};
pub use triage::{
    ClassifyCall, EvaluateTriageCall, MessageColumns, ReadTexts, RelatedCall, TopicsCall, TrainTriageCall,
    TriageCommand,
};

/// 织网 Gridweave: city grid governance in one closed loop.
#[derive(Parser)]
#[command(name = "gridweave", version, about, max_term_width = 100)]
pub struct Cli {
    /// Settings shared by all commands.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags over environment (GRIDWEAVE_*) over file over default.
#[derive(Args, Clone)]
pub struct Settings {
    /// Configuration file (TOML).
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, global = true)]
    pub data: Option<PathBuf>,
    /// sqlite:PATH or postgres://…
    #[arg(long, global = true)]
    pub database: Option<String>,
    /// Address to listen on.
    #[arg(long, global = true)]
    pub listen: Option<String>,
    /// Print one JSON object as the last line.
    #[arg(long, global = true)]
    pub json: bool,
    /// Threads for heavy work; all cores where it is not given.
    #[arg(long, global = true)]
    pub threads: Option<usize>,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Serve the platform.
    #[command(after_help = "Example:\n  gridweave serve --data data --listen 127.0.0.1:8080")]
    Serve,
    /// Look at the configuration.
    Config {
        /// What.
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// The ledger.
    Ledger {
        /// What.
        #[command(subcommand)]
        what: LedgerCommand,
    },
    /// Accounts.
    Account {
        /// What.
        #[command(subcommand)]
        what: AccountCommand,
    },
    /// Bring files into the database.
    Import {
        /// What.
        #[command(subcommand)]
        what: ImportCommand,
    },
    /// Take data out as files.
    Export {
        /// What.
        #[command(subcommand)]
        what: ExportCommand,
    },
    /// Push a file to a feed of a running server.
    #[command(
        after_help = "Example:\n  gridweave push --server http://127.0.0.1:8080 --key KEY --feed water-daily 2026-11-22.csv"
    )]
    Push(PushCall),
    /// Open a case for each row of a table through a running server.
    #[command(
        after_help = "Example:\n  gridweave report --server http://127.0.0.1:8080 --key KEY --title subject --body body --id message_id messages.csv"
    )]
    Report(ReportCall),
    /// A synthetic city.
    City {
        /// What.
        #[command(subcommand)]
        what: CityCommand,
    },
    /// Which cell of each layer does each point lie in?
    #[command(
        after_help = "Examples:\n  gridweave locate --cells cells-base.geojson --points places.csv --out located.csv\n  gridweave locate --cells cells.parquet --points points.parquet --snapshot cells.atlas --count"
    )]
    Locate(LocateCall),
    /// The map's tiles.
    Tiles {
        /// What.
        #[command(subcommand)]
        what: TilesCommand,
    },
    /// Bring coordinates from one system to another: WGS 84, CGCS2000, GCJ-02, BD-09, Web Mercator,
    /// Gauss–Krüger and UTM zones.
    #[command(
        after_help = "Examples:\n  gridweave convert-crs --from gcj02 --to wgs84 --in points.csv --out points-wgs84.csv\n  gridweave convert-crs --from wgs84 --to epsg:4547 --in cells.geojson --out cells-gk.geojson"
    )]
    ConvertCrs(ConvertCall),
    /// Parse and match addresses.
    Address {
        /// What.
        #[command(subcommand)]
        what: AddressCommand,
    },
    /// Find the records that are the same, with the evidence.
    #[command(
        after_help = "Examples:\n  gridweave link suggest people.csv --id id --out link.toml\n  gridweave link people.csv --config link.toml --id id --out pairs.csv --clusters groups.csv\n  gridweave link register.csv insured.csv --config link.toml --id number --out pairs.parquet --json\n\nlink.toml says what is compared; what the levels weigh is learnt from the data."
    )]
    Link(LinkCall),
    /// Sort messages by what they are about.
    Triage {
        /// What.
        #[command(subcommand)]
        what: TriageCommand,
    },
    /// Draw cells of equal work.
    Grids {
        /// What.
        #[command(subcommand)]
        what: GridsCommand,
    },
    /// Plan rounds of visits.
    Rounds {
        /// What.
        #[command(subcommand)]
        what: RoundsCommand,
    },
    /// Find changes in meter readings.
    Meters {
        /// What.
        #[command(subcommand)]
        what: MetersCommand,
    },
    /// Print generated files.
    #[command(hide = true)]
    Gen {
        /// openapi, schema, config, config-schema, refusals.
        what: String,
    },
}

/// `gridweave config`.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Read configuration and catalogues and say what is wrong, or print what holds.
    #[command(after_help = "Example:\n  gridweave config check --config gridweave.toml")]
    Check,
}

/// `gridweave ledger`.
#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Prove that no entry was changed or removed.
    #[command(after_help = "Example:\n  gridweave ledger verify --data data")]
    Verify,
}

/// `gridweave account`.
#[derive(Subcommand)]
pub enum AccountCommand {
    /// Make an account; without a password it is a program's, and its key is printed once.
    #[command(
        after_help = "Example:\n  gridweave account create --login feed --name 数据对接 --role integrator\n  GRIDWEAVE_PASSWORD=… gridweave account create --login chen --name 陈静 --role operator --division 420106 --with-password"
    )]
    Create {
        /// Sign-in name.
        #[arg(long)]
        login: String,
        /// Shown name.
        #[arg(long)]
        name: String,
        /// operator, street_staff, grid_worker, department_handler, steward, planner, administrator, auditor, integrator.
        #[arg(long)]
        role: String,
        /// Division code; the whole city where it is not given.
        #[arg(long)]
        division: Option<String>,
        /// Department code of a handler.
        #[arg(long)]
        department: Option<String>,
        /// Read the password from standard input (one line).
        #[arg(long)]
        with_password: bool,
    },
}

/// `gridweave import`.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// Divisions from a table with columns code and name.
    #[command(after_help = "Example:\n  gridweave import divisions wuhan.csv --crs gcj02")]
    Divisions {
        /// CSV, XLSX or Parquet.
        file: PathBuf,
        /// Coordinate system of the points.
        #[arg(long, default_value = "wgs84")]
        crs: String,
    },
    /// Outlines of divisions from GeoJSON (.geojson or .geojson.gz).
    #[command(after_help = "Example:\n  gridweave import outlines districts.geojson.gz --crs gcj02")]
    Outlines {
        /// GeoJSON.
        file: PathBuf,
        /// Coordinate system of the outlines.
        #[arg(long, default_value = "wgs84")]
        crs: String,
    },
    /// A plan of cells from GeoJSON, published where it has no broken rings.
    #[command(after_help = "Example:\n  gridweave import cells cells-base.geojson --network base --publish")]
    Cells {
        /// GeoJSON.
        file: PathBuf,
        /// Network.
        #[arg(long, default_value = "base")]
        network: String,
        /// Coordinate system.
        #[arg(long, default_value = "wgs84")]
        crs: String,
        /// Put it into force.
        #[arg(long)]
        publish: bool,
    },
    /// Places from a table, with outlines from GeoJSON.
    #[command(
        after_help = "Example:\n  gridweave import places places.csv --outlines outlines.geojson --rejects rejects.csv"
    )]
    Places {
        /// CSV, XLSX, GeoPackage, GeoJSON or Shapefile.
        file: PathBuf,
        /// GeoJSON with property code.
        #[arg(long)]
        outlines: Option<PathBuf>,
        /// Coordinate system.
        #[arg(long, default_value = "wgs84")]
        crs: String,
        /// Where rows that were not taken go.
        #[arg(long)]
        rejects: Option<PathBuf>,
    },
    /// A register: people, organisations, dwellings, devices, ties, absences, care.
    #[command(after_help = "Example:\n  gridweave import register people people.csv --rejects rejects.csv")]
    Register {
        /// Which.
        kind: String,
        /// CSV or XLSX.
        file: PathBuf,
        /// Read, validate and report only: nothing is written.
        #[arg(long)]
        check: bool,
        /// Where rows that were not taken go.
        #[arg(long)]
        rejects: Option<PathBuf>,
    },
    /// A real place from OpenStreetMap: base map and addresses.
    #[command(after_help = "Example:\n  gridweave import osm north-bayreuth.osm.pbf")]
    Osm {
        /// .osm.pbf
        file: PathBuf,
    },
    /// The base map from GeoJSON, or a street network from Parquet (WKB in column geometry; columns highway
    /// and name where they are there).
    #[command(after_help = "Example:\n  gridweave import basemap streets.parquet --utm 50")]
    Basemap {
        /// GeoJSON or Parquet.
        file: PathBuf,
        /// UTM zone of the northern hemisphere, where the coordinates are such metres.
        #[arg(long)]
        utm: Option<u8>,
    },
    /// A folder made by `gridweave city make`, whole.
    #[command(after_help = "Example:\n  gridweave import city city-folder")]
    City {
        /// Folder.
        folder: PathBuf,
        /// Invented accounts too: one for each role, a worker for every cell.
        #[arg(long)]
        accounts: bool,
    },
}

/// `gridweave export`.
#[derive(Subcommand)]
pub enum ExportCommand {
    /// The address library, in a form that the import takes again.
    #[command(
        after_help = "Example:\n  gridweave export places --out places.xlsx\n  gridweave export places --out places.shp --gbk"
    )]
    Places {
        /// .csv, .xlsx, .geojson, .gpkg or .shp: the ending tells the format.
        #[arg(long)]
        out: PathBuf,
        /// Division code; the whole library where it is not given.
        #[arg(long)]
        division: Option<String>,
        /// Write a Shapefile's table in GBK instead of UTF-8.
        #[arg(long)]
        gbk: bool,
    },
}

/// `gridweave push`.
#[derive(Args)]
pub struct PushCall {
    /// Server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Key of a program's account.
    #[arg(long)]
    pub key: String,
    /// Feed.
    #[arg(long)]
    pub feed: String,
    /// Files; .gz is unpacked, the ending tells the format.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where rows that were not taken go.
    #[arg(long)]
    pub rejects: Option<PathBuf>,
    /// Print one JSON object as the last line.
    #[arg(long)]
    pub json: bool,
}

/// `gridweave report`.
#[derive(Args)]
pub struct ReportCall {
    /// Server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// Key of a program's account.
    #[arg(long)]
    pub key: String,
    /// Column of the title.
    #[arg(long)]
    pub title: String,
    /// Column of the text.
    #[arg(long)]
    pub body: Option<String>,
    /// Column of the address; the title is tried where it is not given.
    #[arg(long)]
    pub address: Option<String>,
    /// Column of the row's own number: the same number opens one case only.
    #[arg(long)]
    pub id: String,
    /// Category.
    #[arg(long, default_value = "livelihood.request")]
    pub category: String,
    /// Table.
    pub file: PathBuf,
    /// Print one JSON object as the last line.
    #[arg(long)]
    pub json: bool,
}

/// `gridweave locate`.
#[derive(Args)]
pub struct LocateCall {
    /// Cells: GeoJSON, or Parquet or CSV with WKB in column geometry.
    #[arg(long)]
    pub cells: PathBuf,
    /// Points of any number: CSV (also .gz) or Parquet with columns lon and lat, or WKB points in geometry.
    #[arg(long)]
    pub points: PathBuf,
    /// Column of the layer.
    #[arg(long, default_value = "layer")]
    pub layer_column: String,
    /// Column of the cell.
    #[arg(long, default_value = "cell")]
    pub cell_column: String,
    /// Compiled index: opened instead of the cells while they have not changed, else made and kept here.
    #[arg(long)]
    pub snapshot: Option<PathBuf>,
    /// Output, CSV or Parquet by its ending; CSV on standard output where it is not given.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Write nothing; print one line of JSON with counts and times.
    #[arg(long)]
    pub count: bool,
}

/// `gridweave tiles`.
#[derive(Subcommand)]
pub enum TilesCommand {
    /// Write a set of tiles as one file, MBTiles or PMTiles by its ending.
    #[command(
        after_help = "Examples:\n  gridweave tiles export --set base --out base.pmtiles\n  gridweave tiles export --set cells --min-zoom 8 --max-zoom 15 --out cells.mbtiles\n  gridweave tiles export --layer buildings.parquet --layer roads.geojson --out city.pmtiles"
    )]
    Export {
        #[command(flatten)]
        from: TilesFrom,
        /// .mbtiles or .pmtiles.
        #[arg(long)]
        out: PathBuf,
        /// First zoom.
        #[arg(long, default_value_t = 8)]
        min_zoom: u8,
        /// Last zoom.
        #[arg(long, default_value_t = 16)]
        max_zoom: u8,
    },
    /// Serve files as tiles, cut when they are asked for: http://ADDRESS/tiles/NAME.json describes them.
    #[command(
        after_help = "Example:\n  gridweave tiles serve --layer buildings.parquet --layer roads.geojson --listen 127.0.0.1:8090\n\nNobody signs in: whoever reaches the address sees the files. QGIS adds it as a vector tile connection with\nhttp://127.0.0.1:8090/tiles/files/{z}/{x}/{y}.pbf"
    )]
    Serve {
        /// GeoParquet, GeoJSON or CSV (`geometry` as hexadecimal WKB, or `lon` and `lat`); a layer each.
        #[arg(long = "layer", required = true)]
        layers: Vec<PathBuf>,
        /// Name of the set in addresses.
        #[arg(long, default_value = "files")]
        name: String,
        /// Memory for tiles that were cut already, in MiB; 0 cuts each one anew.
        #[arg(long, default_value_t = 256)]
        keep_mib: u64,
    },
}

/// What tiles are cut from.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct TilesFrom {
    /// `base` (roads, water, buildings) or `cells` (divisions and every network) of the city's database.
    #[arg(long)]
    pub set: Option<String>,
    /// A file instead: GeoParquet, GeoJSON or CSV (`geometry` as hexadecimal WKB, or `lon` and `lat`); may be
    /// given several times, a layer each, named after the file.
    #[arg(long = "layer")]
    pub layers: Vec<PathBuf>,
}

/// `gridweave convert-crs`.
#[derive(Args)]
pub struct ConvertCall {
    /// System of the input.
    #[arg(long)]
    pub from: String,
    /// System of the output.
    #[arg(long)]
    pub to: String,
    /// GeoJSON, CSV (also .gz) or Parquet.
    #[arg(long = "in")]
    pub input: PathBuf,
    /// GeoJSON, CSV or Parquet by its ending.
    #[arg(long)]
    pub out: PathBuf,
    /// Column of the longitude or easting.
    #[arg(long, default_value = "lon")]
    pub lon: String,
    /// Column of the latitude or northing.
    #[arg(long, default_value = "lat")]
    pub lat: String,
}
