//! A city on the streets and buildings of a real map.

use crate::layout::{Anchor, Cell, Ground, HOMES_PER_CELL, Line, Plot, Tree};
use crate::names::Distinct;
use crate::{CityError, Options};
use gridweave_atlas::{Bounds, Geometry, Point, Polygon, Shape, geojson};
use gridweave_core::{Rng, SeededRng};
use gridweave_files::osm;
use std::path::Path;

/// Floor space of a home with its share of stairs, in square metres.
const HOME_M2: f64 = 110.0;
const SMALLEST_M2: f64 = 40.0;

pub(crate) fn read(options: &Options, path: &Path, rng: &mut SeededRng) -> Result<Ground, CityError> {
    let geo = path.extension().is_some_and(|ending| ending == "geojson" || ending == "json");
    let extract = if geo { from_geojson(options, path)? } else { osm::read(path)? };
    ground(options, path, extract, rng)
}

/// Buildings and roads of GeoJSON files, in OpenStreetMap's words.
fn from_geojson(options: &Options, path: &Path) -> Result<osm::Extract, CityError> {
    let load = |path: &Path| -> Result<Vec<osm::Feature>, CityError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| gridweave_files::FileError::Io { path: path.display().to_string(), source })?;
        let found =
            geojson::read(&text).map_err(|why| CityError::BadMap(format!("{}: {why}", path.display())))?;
        let feature = |(i, feature): (usize, geojson::Feature)| {
            let get = |key: &str| feature.properties.get(key).and_then(|v| v.as_str()).map(str::to_owned);
            osm::Feature {
                id: format!("g{i}"),
                class: get("kind_detail")
                    .or_else(|| get("highway"))
                    .or_else(|| get("building"))
                    .unwrap_or_default(),
                name: get("name"),
                street: get("addr_street").or_else(|| get("addr:street")),
                number: get("addr_housenumber").or_else(|| get("addr:housenumber")),
                levels: None,
                geometry: feature.geometry,
            }
        };
        Ok(found.good.into_iter().enumerate().map(feature).collect())
    };
    let mut extract = osm::Extract { buildings: load(path)?, ..osm::Extract::default() };
    if let Some(roads) = &options.roads {
        extract.roads = load(roads)?;
    }
    Ok(extract)
}

fn ground(
    options: &Options,
    path: &Path,
    extract: osm::Extract,
    rng: &mut SeededRng,
) -> Result<Ground, CityError> {
    let shapes: Vec<(&osm::Feature, Shape, f64)> = extract
        .buildings
        .iter()
        .filter_map(|building| match &building.geometry {
            Geometry::Shape(shape) => Some((building, shape.clone(), shape.area_m2())),
            _ => None,
        })
        .filter(|(_, _, area)| *area >= SMALLEST_M2)
        .collect();
    if shapes.is_empty() {
        return Err(CityError::NoBuildings(path.display().to_string()));
    }
    // Floors are chosen so that the buildings hold the homes wanted.
    let area: f64 = shapes.iter().map(|(_, _, area)| area).sum();
    let floors_mean = (options.households as f64 * HOME_M2 / area).max(0.05);
    let bounds = shapes.iter().fold(Bounds::EMPTY, |sum, (_, shape, _)| sum.union(shape.bounds()));
    let lattice = Lattice::new(bounds, options.households.div_ceil(HOMES_PER_CELL).max(1));
    let tree = Tree::new(options, lattice.columns, lattice.rows);
    let mut ground = Ground {
        divisions: tree.divisions.clone(),
        cells: Vec::new(),
        lines: lines(&extract),
        anchors: Vec::new(),
        plots: Vec::new(),
    };
    let mut orders = std::collections::HashMap::<i64, i64>::new();
    let mut numbers = vec![0; lattice.columns * lattice.rows];
    for y in (0..lattice.rows).rev() {
        for x in 0..lattice.columns {
            let (community, _) = tree.of_cell(x, y);
            let order = orders.entry(community).or_default();
            *order += 1;
            numbers[y * lattice.columns + x] = ground.cells.len();
            ground.cells.push(Cell {
                code: community * 1000 + *order,
                name: format!("第{order}网格"),
                shape: lattice.shape(x, y),
                households: 0,
            });
        }
    }
    let streets = Streets::new(&extract.roads);
    let mut used = std::collections::HashSet::new();
    for (building, shape, area) in shapes {
        let at = shape.inner_point();
        let (x, y) = lattice.cell(at);
        let (community, prefix) = tree.of_cell(x, y);
        let street = building.street.clone().unwrap_or_else(|| streets.nearest(at));
        let number = number_of(building.number.as_deref(), &street, &mut used);
        let homes = area * floors_mean / HOME_M2;
        let homes = homes.floor() as usize + usize::from(rng.chance(homes.fract()));
        let name = format!("{street}{number}号");
        ground.anchors.push(Anchor {
            kind: "building",
            address: format!("{prefix}{name}"),
            name,
            outline: Some(shape.clone()),
            at,
            community,
            is_building: true,
        });
        if homes > 0 {
            let rooms = homes.clamp(1, 4);
            let floors = homes.div_ceil(rooms).clamp(1, 30);
            ground.plots.push(Plot {
                cell: numbers[y * lattice.columns + x],
                anchor: ground.anchors.len() - 1,
                name: String::new(),
                outline: shape,
                at,
                units: homes.div_ceil(rooms * floors).max(1),
                floors,
                rooms,
            });
        }
    }
    Ok(ground)
}

/// The building's own number where it is a plain one that is free, else the next free one.
fn number_of(given: Option<&str>, street: &str, used: &mut std::collections::HashSet<(String, u32)>) -> u32 {
    let wanted = given.and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut number = wanted;
    while !used.insert((street.to_owned(), number)) {
        number += if given.is_some() { 1000 } else { 1 };
    }
    number
}

fn lines(extract: &osm::Extract) -> Vec<Line> {
    let of = |layer: &'static str, features: &[osm::Feature]| -> Vec<Line> {
        features
            .iter()
            .map(|feature| Line {
                layer,
                class: feature.class.clone(),
                name: feature.name.clone(),
                geometry: feature.geometry.clone(),
            })
            .collect()
    };
    [("road", &extract.roads), ("water", &extract.water), ("green", &extract.green), ("poi", &extract.pois)]
        .into_iter()
        .flat_map(|(layer, features)| of(layer, features))
        .collect()
}

/// Square cells over the buildings.
struct Lattice {
    bounds: Bounds,
    columns: usize,
    rows: usize,
}

impl Lattice {
    fn new(bounds: Bounds, cells: usize) -> Self {
        let margin = 0.0005;
        let bounds = Bounds {
            min: [bounds.min[0] - margin, bounds.min[1] - margin],
            max: [bounds.max[0] + margin, bounds.max[1] + margin],
        };
        let width = (bounds.max[0] - bounds.min[0]) * bounds.center()[1].to_radians().cos();
        let height = bounds.max[1] - bounds.min[1];
        let columns = ((cells as f64 * width / height).sqrt().round() as usize).max(1);
        Self { bounds, columns, rows: cells.div_ceil(columns).max(1) }
    }

    fn at(&self, i: usize, j: usize) -> Point {
        let share = |k: usize, n: usize, axis: usize| {
            self.bounds.min[axis] + (self.bounds.max[axis] - self.bounds.min[axis]) * k as f64 / n as f64
        };
        [share(i, self.columns, 0), share(j, self.rows, 1)]
    }

    fn shape(&self, x: usize, y: usize) -> Shape {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)];
        Polygon::from_ring(corners.map(|(i, j)| self.at(i, j)).to_vec()).into()
    }

    fn cell(&self, p: Point) -> (usize, usize) {
        let of = |axis: usize, n: usize| {
            let share = (p[axis] - self.bounds.min[axis]) / (self.bounds.max[axis] - self.bounds.min[axis]);
            ((share * n as f64) as usize).min(n - 1)
        };
        (of(0, self.columns), of(1, self.rows))
    }
}

/// The street that a building lies at: the named road with the nearest vertex, else an invented one.
struct Streets {
    points: Vec<(Point, usize)>,
    names: Vec<String>,
}

impl Streets {
    fn new(roads: &[osm::Feature]) -> Self {
        let mut invented = Distinct::roads();
        let mut names: Vec<String> = Vec::new();
        let mut points = Vec::new();
        let any_named = roads.iter().any(|road| road.name.is_some());
        for road in roads {
            let Geometry::Lines(lines) = &road.geometry else { continue };
            let name = match &road.name {
                Some(name) => name.clone(),
                None if any_named => continue,
                None => invented.next(),
            };
            let number = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            });
            points.extend(lines.iter().flatten().map(|p| (*p, number)));
        }
        if names.is_empty() {
            names.push(invented.next());
        }
        points.sort_by(|a, b| a.0[0].total_cmp(&b.0[0]));
        Self { points, names }
    }

    fn nearest(&self, at: Point) -> String {
        let narrow = at[1].to_radians().cos();
        let distance = |p: &Point| ((p[0] - at[0]) * narrow).powi(2) + (p[1] - at[1]).powi(2);
        let start = self.points.partition_point(|(p, _)| p[0] < at[0]);
        let mut best: Option<(f64, usize)> = None;
        let mut try_point = |(p, number): &(Point, usize)| {
            let lon_apart = ((p[0] - at[0]) * narrow).powi(2);
            if best.is_some_and(|(d, _)| lon_apart > d) {
                return false;
            }
            let d = distance(p);
            if best.is_none_or(|(known, _)| d < known) {
                best = Some((d, *number));
            }
            true
        };
        let mut right = self.points[start..].iter();
        while right.next().is_some_and(&mut try_point) {}
        let mut left = self.points[..start].iter().rev();
        while left.next().is_some_and(&mut try_point) {}
        self.names[best.map_or(0, |(_, number)| number)].clone()
    }
}
