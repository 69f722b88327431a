//! Arguments of `gridweave grids`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `gridweave grids …`.
#[derive(Debug, Subcommand)]
pub enum GridsCommand {
    /// Draw cells of equal work
    #[command(
        after_help = "Examples:\n  gridweave grids draw --blocks compounds.geojson --minutes households=12 --minutes care=45 --cells 40 --out cells.geojson --picture cells.svg\n  gridweave grids draw --blocks buildings.geojson --streets city.osm.pbf --work people --target 900 --tolerance 0.05 --out cells.geojson\n  gridweave grids draw --graph graph.json --cells 150 --seed 1 --out parts.txt\n\nA graph is JSON: {\"weights\": [...], \"xy\": [[x, y], ...], \"edges\": [[a, b], ...]}, blocks counted from 0; out comes the\nnumber of each block's cell, a line each. Of blocks come cells as GeoJSON or GeoParquet, and with --assign the cell of each block.\nRules (--rules, TOML): together = [[\"A1\", \"A2\"]], apart = [[\"A1\", \"B7\"]]."
    )]
    Draw(DrawCall),
    /// Bring cells that there are within the tolerance by few changes
    #[command(
        after_help = "Examples:\n  gridweave grids redraw --blocks compounds.geojson --former cell --work people --tolerance 0.05 --out cells.geojson --assign moved.csv\n  gridweave grids redraw --graph graph.json --parts parts.txt --tolerance 0.05 --out new.txt\n  gridweave grids redraw --graph graph.json --parts parts.txt --curve curve.csv --out new.txt"
    )]
    Redraw(RedrawCall),
    /// Tell what cells are like: work, shape, what changes hands
    #[command(
        after_help = "Examples:\n  gridweave grids report --blocks compounds.geojson --former cell --work people --out report.csv\n  gridweave grids report --graph graph.json --parts new.txt --before parts.txt --json"
    )]
    Report(ReportGridsCall),
    /// Tell what is wrong with cells; ends with 1 where something is
    #[command(
        after_help = "Examples:\n  gridweave grids check --graph graph.json --parts parts.txt --tolerance 0.01\n  gridweave grids check --blocks compounds.geojson --former cell --work people --tolerance 0.05 --rules rules.toml"
    )]
    Check(CheckGridsCall),
    /// Tell how two networks of cells lie over each other, and what it would cost to let one follow the other
    #[command(
        after_help = "Examples:\n  gridweave grids compare --blocks compounds.geojson --former base --other-property policing --work people --out overlaps.csv\n  gridweave grids compare --graph graph.json --parts base.txt --other policing.txt --suggestions align.csv --json\n\nA suggestion moves what of a base cell lies in another cell of the second network than most of it: blocks, work of both cells\nbefore and after (in means), by how much the larger of the two comes farther from the mean, and whether a cell would be in pieces."
    )]
    Compare(CompareCall),
}

/// Where the blocks are and what they bring along.
#[derive(Clone, Debug, Args)]
pub struct GroundCall {
    /// A graph (JSON): weights, edges, and where known xy.
    #[arg(long, conflicts_with = "blocks", required_unless_present = "blocks")]
    pub graph: Option<PathBuf>,
    /// Blocks: polygons or points (GeoJSON, GeoParquet, CSV with lon and lat).
    #[arg(long)]
    pub blocks: Option<PathBuf>,
    /// Property that names a block; id or code where there is one, else its number.
    #[arg(long)]
    pub id: Option<String>,
    /// Coordinate system of blocks and barriers.
    #[arg(long, default_value = "wgs84")]
    pub crs: String,
    /// Property that holds a block's work.
    #[arg(long, conflicts_with = "minutes")]
    pub work: Option<String>,
    /// Minutes a month for each of a property: the work of a block is their sum. walking_m is worked out: the metres that a block
    /// adds to a round through all.
    #[arg(long, value_parser = minutes, value_name = "PROPERTY=MINUTES")]
    pub minutes: Vec<(String, f64)>,
    /// Property that holds a block's doors.
    #[arg(long, requires = "doors_most")]
    pub doors: Option<String>,
    /// Doors that a cell may have.
    #[arg(long)]
    pub doors_most: Option<u64>,
    /// Property that holds a block's division: cells do not cross its border.
    #[arg(long)]
    pub division: Option<String>,
    /// Property that holds the cell that a block is in now.
    #[arg(long)]
    pub former: Option<String>,
    /// Lines that are hard to cross (GeoJSON, GeoParquet): property kind or highway (river, railway, wall, motorway, primary … bridge) or
    /// share (what a border along it costs, 0: closed). Bridges and crossings open what they cross.
    #[arg(long)]
    pub barriers: Vec<PathBuf>,
    /// Streets, rivers and railways of an OpenStreetMap extract: streets divide, rivers and railways close, streets over them open.
    #[arg(long)]
    pub streets: Option<PathBuf>,
    /// How blocks touch: along common edges, or where nothing else lies between.
    #[arg(long, value_enum, default_value_t = Touching::Auto)]
    pub touching: Touching,
    /// How far the ground of a block reaches, in metres, where they touch by what lies between.
    #[arg(long, default_value_t = 60.0)]
    pub reach: f64,
    /// Leave pieces of ground that touch nothing by themselves, in place of joining them to the nearest.
    #[arg(long)]
    pub no_joins: bool,
    /// More rules (TOML): together, apart.
    #[arg(long)]
    pub rules: Option<PathBuf>,
}

/// How blocks touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Touching {
    /// Along common edges where most blocks have some, else near.
    Auto,
    /// Along common edges.
    Edges,
    /// Where nothing else lies between.
    Near,
}

fn minutes(text: &str) -> Result<(String, f64), String> {
    let (property, minutes) = text.split_once('=').ok_or("PROPERTY=MINUTES, as in households=12")?;
    let minutes: f64 = minutes.parse().map_err(|_| format!("{minutes:?} is no number of minutes"))?;
    if !minutes.is_finite() || minutes < 0.0 {
        return Err(format!("{minutes} is no number of minutes"));
    }
    Ok((property.to_owned(), minutes))
}

/// How long it is looked for better cells.
#[derive(Clone, Copy, Debug, Args)]
pub struct EffortCall {
    /// What is drawn follows from this number.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Rounds: more make borders shorter; by the number of blocks where it is not given.
    #[arg(long)]
    pub rounds: Option<usize>,
    /// Stop after so many seconds with the best so far, as Ctrl-C does; what is drawn then depends on the machine.
    #[arg(long)]
    pub seconds: Option<f64>,
}

/// Where cells go.
#[derive(Clone, Debug, Args)]
pub struct OutCall {
    /// Where cells go: their shapes (.geojson, or .parquet for GeoParquet), or the number of each block's cell, a line each (.txt).
    #[arg(long)]
    pub out: PathBuf,
    /// Where the cell of each block goes (CSV): id, cell, and where known former.
    #[arg(long)]
    pub assign: Option<PathBuf>,
    /// Where a map goes (SVG).
    #[arg(long)]
    pub picture: Option<PathBuf>,
}

/// `gridweave grids draw`.
#[derive(Debug, Args)]
pub struct DrawCall {
    /// Blocks.
    #[command(flatten)]
    pub ground: GroundCall,
    /// How many cells.
    #[arg(long, required_unless_present = "target")]
    pub cells: Option<usize>,
    /// Work of a cell, in place of their number.
    #[arg(long, conflicts_with = "cells")]
    pub target: Option<f64>,
    /// How far the work of a cell may be from the mean, as a share of it. Where it is given cells keep to it or none are written
    /// as done; where it is not they come as near to 0.01 as blocks allow.
    #[arg(long)]
    pub tolerance: Option<f64>,
    /// How long.
    #[command(flatten)]
    pub effort: EffortCall,
    /// Where to.
    #[command(flatten)]
    pub out: OutCall,
}

/// `gridweave grids redraw`.
#[derive(Debug, Args)]
pub struct RedrawCall {
    /// Blocks.
    #[command(flatten)]
    pub ground: GroundCall,
    /// The number of each block's cell now, a line each, where the ground is a graph.
    #[arg(long)]
    pub parts: Option<PathBuf>,
    /// How many cells; as many as there are where it is not given.
    #[arg(long)]
    pub cells: Option<usize>,
    /// Codes that were given up, one a line: new cells do not get them again.
    #[arg(long)]
    pub retired: Option<PathBuf>,
    /// How far the work of a cell may be from the mean, as a share of it.
    #[arg(long, default_value_t = 0.05)]
    pub tolerance: f64,
    /// Where it goes what other tolerances would cost (CSV): tolerance, reached, moved_share, moved_blocks.
    #[arg(long)]
    pub curve: Option<PathBuf>,
    /// How long.
    #[command(flatten)]
    pub effort: EffortCall,
    /// Where to.
    #[command(flatten)]
    pub out: OutCall,
}

/// `gridweave grids report`.
#[derive(Debug, Args)]
pub struct ReportGridsCall {
    /// Blocks.
    #[command(flatten)]
    pub ground: GroundCall,
    /// The number of each block's cell, a line each, where the ground is a graph.
    #[arg(long)]
    pub parts: Option<PathBuf>,
    /// The same before: what changed hands is told.
    #[arg(long)]
    pub before: Option<PathBuf>,
    /// Property that holds the cell that a block was in before.
    #[arg(long)]
    pub before_property: Option<String>,
    /// Where the table of cells goes (CSV); printed where it is not given.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// `gridweave grids check`.
#[derive(Debug, Args)]
pub struct CheckGridsCall {
    /// Blocks.
    #[command(flatten)]
    pub ground: GroundCall,
    /// The number of each block's cell, a line each, where the ground is a graph.
    #[arg(long)]
    pub parts: Option<PathBuf>,
    /// How many cells there should be; as many as there are where it is not given.
    #[arg(long)]
    pub cells: Option<usize>,
    /// How far the work of a cell may be from the mean, as a share of it.
    #[arg(long, default_value_t = 0.05)]
    pub tolerance: f64,
}

/// `gridweave grids compare`.
#[derive(Debug, Args)]
pub struct CompareCall {
    /// Blocks.
    #[command(flatten)]
    pub ground: GroundCall,
    /// The number of each block's cell in the first network, a line each, where the ground is a graph.
    #[arg(long)]
    pub parts: Option<PathBuf>,
    /// The same in the second network.
    #[arg(long)]
    pub other: Option<PathBuf>,
    /// Property that holds the block's cell in the second network.
    #[arg(long)]
    pub other_property: Option<String>,
    /// Where it goes which cells have what in common (CSV).
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Where suggestions go (CSV), those that cost least first; printed where it is not given.
    #[arg(long)]
    pub suggestions: Option<PathBuf>,
}
