//! OpenStreetMap extracts (`.osm.pbf`): roads, railways, buildings, house numbers, points of interest,
//! water and green.

use crate::table::FileError;
use gridweave_atlas::{Geometry, Point, Polygon, Shape};
use osmpbf::{Element, ElementReader};
use std::collections::HashMap;
use std::path::Path;

/// What an extract holds, by use.
#[derive(Clone, Debug, Default)]
pub struct Extract {
    /// Ways for wheels and feet.
    pub roads: Vec<Feature>,
    /// Buildings, with their house number where they carry one.
    pub buildings: Vec<Feature>,
    /// House numbers at a point of their own.
    pub house_numbers: Vec<Feature>,
    /// Shops, offices, amenities.
    pub pois: Vec<Feature>,
    /// Rivers and lakes.
    pub water: Vec<Feature>,
    /// Railways.
    pub rails: Vec<Feature>,
    /// Parks, woods, meadows.
    pub green: Vec<Feature>,
}

/// One thing on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Kind and number in OpenStreetMap: `w123`.
    pub id: String,
    /// Its class: `residential`, `river`, `supermarket`.
    pub class: String,
    /// Name.
    pub name: Option<String>,
    /// Street of an address.
    pub street: Option<String>,
    /// House number of an address.
    pub number: Option<String>,
    /// Storeys.
    pub levels: Option<u32>,
    /// Where.
    pub geometry: Geometry,
}

#[derive(Default)]
struct Raw {
    nodes: HashMap<i64, Point>,
    ways: HashMap<i64, Vec<i64>>,
    tagged_nodes: Vec<(i64, Tags)>,
    tagged_ways: Vec<(i64, Tags)>,
    relations: Vec<(i64, Tags, Vec<(i64, bool)>)>,
}

type Tags = HashMap<String, String>;

/// Reads an extract into memory: about 100 bytes a node.
pub fn read(path: &Path) -> Result<Extract, FileError> {
    let broken = |error: osmpbf::Error| FileError::broken(path.display().to_string(), error);
    let reader = ElementReader::from_path(path).map_err(broken)?;
    let mut raw = Raw::default();
    reader.for_each(|element| raw.take(&element)).map_err(broken)?;
    Ok(raw.extract())
}

fn tags<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Tags {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

impl Raw {
    fn take(&mut self, element: &Element<'_>) {
        match element {
            Element::Node(node) => self.node(node.id(), [node.lon(), node.lat()], tags(node.tags())),
            Element::DenseNode(node) => self.node(node.id(), [node.lon(), node.lat()], tags(node.tags())),
            Element::Way(way) => {
                self.ways.insert(way.id(), way.refs().collect());
                let tags = tags(way.tags());
                if !tags.is_empty() {
                    self.tagged_ways.push((way.id(), tags));
                }
            }
            Element::Relation(relation) => {
                let tags = tags(relation.tags());
                if tags.get("type").is_some_and(|kind| kind == "multipolygon") {
                    let members = relation
                        .members()
                        .filter(|member| member.member_type == osmpbf::RelMemberType::Way)
                        .map(|member| (member.member_id, member.role().is_ok_and(|role| role == "inner")))
                        .collect();
                    self.relations.push((relation.id(), tags, members));
                }
            }
        }
    }

    fn node(&mut self, id: i64, at: Point, tags: Tags) {
        self.nodes.insert(id, at);
        if !tags.is_empty() {
            self.tagged_nodes.push((id, tags));
        }
    }

    fn points(&self, way: i64) -> Vec<Point> {
        self.ways
            .get(&way)
            .map(|refs| refs.iter().filter_map(|node| self.nodes.get(node).copied()).collect())
            .unwrap_or_default()
    }

    fn extract(&self) -> Extract {
        let mut out = Extract::default();
        for (id, tags) in &self.tagged_nodes {
            let Some(at) = self.nodes.get(id) else { continue };
            sort(&mut out, format!("n{id}"), tags, Geometry::Point(*at));
        }
        for (id, tags) in &self.tagged_ways {
            let points = self.points(*id);
            let closed = points.len() >= 4 && points.first() == points.last();
            let area = closed && !tags.contains_key("highway") && !tags.contains_key("barrier");
            let geometry = match area {
                true => Geometry::Shape(Polygon::from_ring(points).into()),
                false if points.len() >= 2 => Geometry::Lines(vec![points]),
                false => continue,
            };
            sort(&mut out, format!("w{id}"), tags, geometry);
        }
        for (id, tags, members) in &self.relations {
            if let Some(shape) = self.multipolygon(members) {
                sort(&mut out, format!("r{id}"), tags, Geometry::Shape(shape));
            }
        }
        out
    }

    /// Joins member ways to closed rings; each hole goes to the outer ring that contains it.
    fn multipolygon(&self, members: &[(i64, bool)]) -> Option<Shape> {
        let rings = |inner: bool| {
            let lines =
                members.iter().filter(|(_, is)| *is == inner).map(|(id, _)| self.points(*id)).collect();
            join(lines)
        };
        let mut polygons: Vec<Polygon> = rings(false).into_iter().map(Polygon::from_ring).collect();
        for hole in rings(true) {
            let home = polygons.iter_mut().find(|polygon| {
                let outer = Shape::from(Polygon::from_ring(polygon.rings[0].clone()));
                hole.first().is_some_and(|point| outer.contains(*point))
            });
            if let Some(polygon) = home {
                polygon.rings.push(hole);
            }
        }
        (!polygons.is_empty()).then_some(Shape { polygons })
    }
}

/// Joins lines end to end into closed rings; what stays open is left out.
fn join(mut lines: Vec<Vec<Point>>) -> Vec<Vec<Point>> {
    let mut rings = Vec::new();
    while let Some(mut ring) = lines.pop() {
        while ring.first() != ring.last() {
            let end = ring.last().copied();
            let next =
                lines.iter().position(|line| line.first().copied() == end || line.last().copied() == end);
            let Some(i) = next else { break };
            let mut line = lines.swap_remove(i);
            if line.first().copied() != end {
                line.reverse();
            }
            ring.extend(line.into_iter().skip(1));
        }
        if ring.len() >= 4 && ring.first() == ring.last() {
            rings.push(ring);
        }
    }
    rings
}

fn sort(out: &mut Extract, id: String, tags: &Tags, geometry: Geometry) {
    let get = |key: &str| tags.get(key).cloned();
    let is_area = matches!(geometry, Geometry::Shape(_));
    let feature = |class: String| Feature {
        id: id.clone(),
        class,
        name: get("name:zh").or_else(|| get("name")),
        street: get("addr:street").or_else(|| get("addr:place")),
        number: get("addr:housenumber"),
        levels: get("building:levels").and_then(|text| text.parse().ok()),
        geometry: geometry.clone(),
    };
    let is = |key: &str, values: &[&str]| tags.get(key).is_some_and(|value| values.contains(&value.as_str()));
    if let Some(class) = get("building").filter(|_| is_area) {
        out.buildings.push(feature(class));
    } else if let Some(class) = get("highway").filter(|_| matches!(geometry, Geometry::Lines(_))) {
        out.roads.push(feature(class));
    } else if is("railway", &["rail", "light_rail"]) && matches!(geometry, Geometry::Lines(_)) {
        out.rails.push(feature(get("railway").unwrap_or_default()));
    } else if is("natural", &["water"])
        || tags.contains_key("waterway")
        || is("landuse", &["basin", "reservoir"])
    {
        out.water.push(feature(get("waterway").unwrap_or_else(|| "water".to_owned())));
    } else if is_area
        && (is("landuse", &["forest", "grass", "meadow", "recreation_ground", "village_green", "cemetery"])
            || is("leisure", &["park", "garden", "pitch", "playground"])
            || is("natural", &["wood", "scrub", "grassland"]))
    {
        let class = ["leisure", "landuse", "natural"].iter().find_map(|key| get(key));
        out.green.push(feature(class.unwrap_or_default()));
    } else if let Some(class) = ["shop", "amenity", "office", "tourism"].iter().find_map(|key| get(key)) {
        if tags.contains_key("name") {
            out.pois.push(feature(class));
        }
    } else if tags.contains_key("addr:housenumber") && matches!(geometry, Geometry::Point(_)) {
        out.house_numbers.push(feature("house_number".to_owned()));
    }
    // A shop's building may carry the number as well; a node with both is a point of both kinds.
    let also = tags.contains_key("addr:housenumber") && matches!(geometry, Geometry::Point(_));
    if also && out.house_numbers.last().is_none_or(|last| last.id != id) {
        out.house_numbers.push(feature("house_number".to_owned()));
    }
}
