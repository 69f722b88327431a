//! The ground: divisions, cells and roads of an invented city, and the plots to build on.

use crate::Options;
use crate::names::Distinct;
use gridweave_atlas::{Geometry, Point, Polygon, Shape};
use gridweave_core::{Rng, SeededRng};

/// Homes that a base cell is made for.
pub(crate) const HOMES_PER_CELL: usize = 400;
/// Unassigned province 99, so that no invented code meets a real one.
const CITY: i64 = 990_100_000_000;
const WEST: f64 = 114.20;
const SOUTH: f64 = 30.45;
/// Side of a cell in degrees: about 290 m.
const STEP_LON: f64 = 0.0030;
const STEP_LAT: f64 = 0.0026;

/// A division.
#[derive(Clone, Debug)]
pub struct Division {
    /// 12 digits.
    pub code: i64,
    /// Name.
    pub name: String,
    /// Outline of a district or street, where it has one.
    pub shape: Option<Shape>,
}

/// A cell of the base network.
#[derive(Clone, Debug)]
pub struct Cell {
    /// 15 digits.
    pub code: i64,
    /// Name.
    pub name: String,
    /// Outline.
    pub shape: Shape,
    /// Homes in it.
    pub households: i64,
}

/// A line or area of the base map.
#[derive(Clone, Debug)]
pub struct Line {
    /// `road`, `water`, `green`.
    pub layer: &'static str,
    /// Finer class.
    pub class: String,
    /// Name.
    pub name: Option<String>,
    /// Geometry.
    pub geometry: Geometry,
}

/// A building to be filled with homes.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub cell: usize,
    /// What stands before the building in an address, in full: `…新华路202号东湖花园`.
    pub anchor: usize,
    pub name: String,
    pub outline: Shape,
    pub at: Point,
    pub units: usize,
    pub floors: usize,
    pub rooms: usize,
}

/// A compound, or a house number that buildings stand under.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub kind: &'static str,
    pub name: String,
    pub address: String,
    pub outline: Option<Shape>,
    pub at: Point,
    pub community: i64,
    /// The building is the anchor itself: a house number with one house.
    pub is_building: bool,
}

pub(crate) struct Ground {
    pub divisions: Vec<Division>,
    pub cells: Vec<Cell>,
    pub lines: Vec<Line>,
    pub anchors: Vec<Anchor>,
    pub plots: Vec<Plot>,
}

/// Where a cell of a lattice lies in the tree of divisions: communities of 2 × 2 cells, streets of
/// 2 × 2 communities, districts of 2 × 2 streets.
pub(crate) struct Tree {
    pub divisions: Vec<Division>,
    codes: std::collections::HashMap<(usize, usize), (i64, String)>,
}

impl Tree {
    pub(crate) fn new(options: &Options, columns: usize, rows: usize) -> Self {
        let mut divisions = vec![Division { code: CITY, name: options.name.clone(), shape: None }];
        let (mut districts, mut streets, mut communities) =
            (Distinct::districts(), Distinct::streets(), Distinct::communities());
        let mut codes = std::collections::HashMap::new();
        let mut district_codes = std::collections::HashMap::new();
        let mut street_codes = std::collections::HashMap::new();
        let mut street_counts = std::collections::HashMap::<i64, i64>::new();
        let mut community_counts = std::collections::HashMap::<i64, i64>::new();
        for y in (0..rows.div_ceil(2)).rev() {
            for x in 0..columns.div_ceil(2) {
                let made = district_codes.len() as i64;
                let (district, district_name) = district_codes
                    .entry((x / 4, y / 4))
                    .or_insert_with(|| {
                        let code = CITY + (made + 1) * 1_000_000;
                        let name = districts.next();
                        divisions.push(Division { code, name: name.clone(), shape: None });
                        (code, name)
                    })
                    .clone();
                let (street, street_name) = street_codes
                    .entry((x / 2, y / 2))
                    .or_insert_with(|| {
                        let count = street_counts.entry(district).or_default();
                        *count += 1;
                        let code = district + *count * 1000;
                        let name = streets.next();
                        divisions.push(Division { code, name: name.clone(), shape: None });
                        (code, name)
                    })
                    .clone();
                let count = community_counts.entry(street).or_default();
                *count += 1;
                let (code, name) = (street + *count, communities.next());
                divisions.push(Division { code, name: name.clone(), shape: None });
                let prefix = format!("{}{district_name}{street_name}{name}", options.name);
                codes.insert((x, y), (code, prefix));
            }
        }
        Self { divisions, codes }
    }

    /// Community code and address prefix of a cell.
    pub(crate) fn of_cell(&self, x: usize, y: usize) -> (i64, String) {
        self.codes.get(&(x / 2, y / 2)).cloned().unwrap_or((CITY, String::new()))
    }
}

/// The base cells and the wider networks made of them: policing by communities, fire by streets.
pub(crate) fn networks(base: Vec<Cell>) -> Vec<(String, Cell)> {
    let mut all: Vec<(String, Cell)> = Vec::new();
    for (network, keep) in [("policing", 1_000), ("fire", 1_000_000)] {
        let mut groups: std::collections::BTreeMap<i64, Cell> = Default::default();
        for cell in &base {
            let group = cell.code / keep;
            let code =
                if keep == 1_000 { group * 1_000 + 1 } else { cell.code / 1_000_000 * 1_000_000 + 1_001 };
            let merged = groups.entry(group).or_insert_with(|| Cell {
                code,
                name: format!("{}片", cell.name),
                shape: Shape::default(),
                households: 0,
            });
            merged.shape.polygons.extend(cell.shape.polygons.iter().cloned());
            merged.households += cell.households;
        }
        all.extend(groups.into_values().map(|cell| (network.to_owned(), cell)));
    }
    all.extend(base.into_iter().map(|cell| ("base".to_owned(), cell)));
    all
}

/// Corner `(i, j)` of a lattice; inner ones are shaken, always the same way.
fn corner(options: &Options, i: usize, j: usize, columns: usize, rows: usize) -> Point {
    let mut rng = SeededRng::new(options.seed ^ ((i as u64) << 32 | j as u64) ^ 0x9e37_79b9);
    let inner = i > 0 && j > 0 && i < columns && j < rows;
    let mut shake = |step: f64| if inner { (rng.unit() - 0.5) * 0.24 * step } else { 0.0 };
    [WEST + i as f64 * STEP_LON + shake(STEP_LON), SOUTH + j as f64 * STEP_LAT + shake(STEP_LAT)]
}

pub(crate) fn invent(options: &Options, rng: &mut SeededRng) -> Ground {
    let wanted = options.households.div_ceil(HOMES_PER_CELL).max(1);
    let columns = ((wanted as f64).sqrt() * 1.2).ceil().max(1.0) as usize;
    let rows = wanted.div_ceil(columns);
    let tree = Tree::new(options, columns, rows);
    let mut ground = Ground {
        divisions: tree.divisions.clone(),
        cells: vec![],
        lines: vec![],
        anchors: vec![],
        plots: vec![],
    };
    let at = |i, j| corner(options, i, j, columns, rows);
    let mut road_names = Distinct::roads();
    let across: Vec<String> = (0..=rows).map(|_| road_names.next()).collect();
    let along: Vec<String> = (0..=columns).map(|_| road_names.next()).collect();
    let class = |n: usize| ["secondary", "residential", "primary", "residential"][n % 4].to_owned();
    for (j, name) in across.iter().enumerate() {
        let line = (0..=columns).map(|i| at(i, j)).collect();
        let geometry = Geometry::Lines(vec![line]);
        ground.lines.push(Line { layer: "road", class: class(j), name: Some(name.clone()), geometry });
    }
    for (i, name) in along.iter().enumerate() {
        let line = (0..=rows).map(|j| at(i, j)).collect();
        let geometry = Geometry::Lines(vec![line]);
        ground.lines.push(Line { layer: "road", class: class(i + 1), name: Some(name.clone()), geometry });
    }
    river(&mut ground, columns, rows);
    let mut compounds = Distinct::compounds();
    let mut orders = std::collections::HashMap::<i64, i64>::new();
    let mut left = options.households;
    for j in (0..rows).rev() {
        for i in 0..columns {
            let ring = vec![at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1), at(i, j)];
            let (community, prefix) = tree.of_cell(i, j);
            let order = orders.entry(community).or_default();
            *order += 1;
            let number = ground.cells.len();
            ground.cells.push(Cell {
                code: community * 1000 + *order,
                name: format!("第{order}网格"),
                shape: Polygon::from_ring(ring.clone()).into(),
                households: 0,
            });
            let door_number = 2 * (i * 7 + rng.below(4)) + 2;
            let name = compounds.next();
            let anchor = Anchor {
                kind: "compound",
                address: format!("{prefix}{}{door_number}号{name}", across[j]),
                name,
                outline: Some(inset(&ring, 0.07)),
                at: middle(&ring),
                community,
                is_building: false,
            };
            let homes = HOMES_PER_CELL.min(left);
            left -= homes;
            ground.anchors.push(anchor);
            rows_of_buildings(&mut ground, rng, &ring, number, homes);
            green(&mut ground, &ring);
        }
    }
    ground
}

/// A river along the southern edge.
fn river(ground: &mut Ground, columns: usize, rows: usize) {
    let east = WEST + columns as f64 * STEP_LON;
    let south = SOUTH - STEP_LAT * 0.9;
    let _ = rows;
    let wave = |x: f64| ((x - WEST) * 900.0).sin() * 0.0003;
    let steps = 24;
    let x_at = |k: usize| WEST - STEP_LON + (east - WEST + 2.0 * STEP_LON) * k as f64 / steps as f64;
    let mut ring: Vec<Point> = (0..=steps).map(|k| [x_at(k), south + wave(x_at(k))]).collect();
    ring.extend((0..=steps).rev().map(|k| [x_at(k), south + STEP_LAT * 0.5 + wave(x_at(k) + 1.0)]));
    ring.push(ring[0]);
    let geometry = Geometry::Shape(Polygon::from_ring(ring).into());
    ground.lines.push(Line { layer: "water", class: "river".into(), name: Some("澜江".into()), geometry });
}

/// A strip of green in the middle of a compound.
fn green(ground: &mut Ground, ring: &[Point]) {
    let area = |u0: f64, v0: f64, u1: f64, v1: f64| {
        Polygon::from_ring(
            [(u0, v0), (u1, v0), (u1, v1), (u0, v1), (u0, v0)].map(|(u, v)| within(ring, u, v)).to_vec(),
        )
    };
    let geometry = Geometry::Shape(area(0.12, 0.47, 0.88, 0.53).into());
    ground.lines.push(Line { layer: "green", class: "garden".into(), name: None, geometry });
}

/// The point at the shares `u`, `v` of a quadrilateral.
fn within(ring: &[Point], u: f64, v: f64) -> Point {
    let mix = |axis: usize| {
        let south = ring[0][axis] * (1.0 - u) + ring[1][axis] * u;
        let north = ring[3][axis] * (1.0 - u) + ring[2][axis] * u;
        south * (1.0 - v) + north * v
    };
    [mix(0), mix(1)]
}

fn middle(ring: &[Point]) -> Point {
    within(ring, 0.5, 0.5)
}

fn inset(ring: &[Point], by: f64) -> Shape {
    let (a, b) = (by, 1.0 - by);
    Polygon::from_ring([(a, a), (b, a), (b, b), (a, b), (a, a)].map(|(u, v)| within(ring, u, v)).to_vec())
        .into()
}

/// Four rows of three houses, until the homes are housed.
fn rows_of_buildings(ground: &mut Ground, rng: &mut dyn Rng, ring: &[Point], cell: usize, homes: usize) {
    let anchor = ground.anchors.len() - 1;
    let mut left = homes as i64;
    for n in 0..12usize {
        if left <= 0 {
            break;
        }
        let (row, column) = (n / 3, n % 3);
        let (u, v) = (0.12 + column as f64 * 0.27, [0.14, 0.32, 0.58, 0.76][row]);
        let (du, dv) = (0.18 + rng.unit() * 0.04, 0.08 + rng.unit() * 0.03);
        let corners = [(u, v), (u + du, v), (u + du, v + dv), (u, v + dv), (u, v)];
        let outline: Shape = Polygon::from_ring(corners.map(|(u, v)| within(ring, u, v)).to_vec()).into();
        let (units, rooms) = (2, 2);
        let fair = (left as usize).div_ceil((12 - n) * units * rooms);
        let floors = (fair + rng.below(3)).saturating_sub(1).clamp(1, 33);
        left -= (units * floors * rooms) as i64;
        ground.plots.push(Plot {
            cell,
            anchor,
            name: format!("{}栋", n + 1),
            at: within(ring, u + du / 2.0, v + dv / 2.0),
            outline,
            units,
            floors,
            rooms,
        });
    }
}
