//! One layer, compiled: geometries ready to be cut, properties kept once each, a tree over their boxes.

use crate::{Feature, LayerSource, Property};
use fast_mvt::{MvtCoord, MvtGeomType, MvtLayerBuilder, MvtResult, MvtTileBuilder, MvtValueRef};
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};
use gridweave_atlas::tile::{CutKind, Cutter, Drawing, FixedBox, TileId};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

pub(crate) struct Layer {
    pub(crate) name: String,
    drawing: Drawing,
    /// For each feature the zooms that it is drawn at.
    zooms: Vec<(u8, u8)>,
    /// For each feature its first tag; one more at the end.
    first_tags: Vec<u32>,
    /// Numbers of a key and a value.
    tags: Vec<(u32, u32)>,
    keys: Vec<Cow<'static, str>>,
    values: Vec<Property>,
    tree: Option<RTree<u32>>,
    /// For each feature a hash of all that is drawn of it.
    pub(crate) hashes: Vec<u64>,
}

impl Layer {
    pub(crate) fn new(source: LayerSource) -> Self {
        let mut layer = Self {
            name: source.name,
            drawing: Drawing::default(),
            zooms: Vec::new(),
            first_tags: vec![0],
            tags: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
            tree: None,
            hashes: Vec::new(),
        };
        let (mut keys, mut values) = (HashMap::new(), HashMap::new());
        for feature in source.features {
            layer.add(feature, &mut keys, &mut values);
        }
        let boxes = layer.drawing.boxes();
        // A layer of more than u32::MAX features does not fit into memory before this.
        let count = u32::try_from(boxes.len()).unwrap_or(u32::MAX);
        if count > 0 {
            let mut builder = RTreeBuilder::<u32>::new(count);
            for reach in boxes {
                let [west, north, east, south] = halved(*reach);
                builder.add(west, north, east, south);
            }
            layer.tree = Some(builder.finish::<HilbertSort>());
        }
        layer
    }

    fn add(
        &mut self,
        feature: Feature,
        keys: &mut HashMap<Cow<'static, str>, u32>,
        values: &mut HashMap<ByBits, u32>,
    ) {
        let mut hash = DefaultHasher::new();
        (feature.min_zoom, feature.max_zoom).hash(&mut hash);
        feature.geometry.bits().for_each(|bits| bits.hash(&mut hash));
        for (key, value) in feature.properties {
            let value = ByBits(value);
            (&key, &value).hash(&mut hash);
            let key = *keys.entry(key).or_insert_with_key(|key| {
                self.keys.push(key.clone());
                self.keys.len() as u32 - 1
            });
            let value = *values.entry(value).or_insert_with_key(|value| {
                self.values.push(value.0.clone());
                self.values.len() as u32 - 1
            });
            self.tags.push((key, value));
        }
        self.first_tags.push(self.tags.len() as u32);
        self.zooms.push((feature.min_zoom, feature.max_zoom));
        self.drawing.add(&feature.geometry);
        self.hashes.push(hash.finish());
    }

    pub(crate) fn fields(&self) -> BTreeMap<String, &'static str> {
        self.tags
            .iter()
            .map(|(key, value)| (self.keys[*key as usize].to_string(), self.values[*value as usize].kind()))
            .collect()
    }

    /// The box of everything, if there is anything.
    pub(crate) fn reach(&self) -> Option<FixedBox> {
        let drawn = self.drawing.boxes().iter().filter(|b| b[0] <= b[2]);
        drawn.copied().reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
    }

    pub(crate) fn box_of(&self, number: usize) -> FixedBox {
        self.drawing.boxes()[number]
    }

    /// Features that may be drawn in a box, in no order.
    fn near(&self, reach: FixedBox) -> Vec<u32> {
        let Some(tree) = &self.tree else { return Vec::new() };
        let [west, north, east, south] = halved(reach);
        tree.search(west, north, east, south)
    }

    /// Is anything drawn at one of the zooms in a box?
    pub(crate) fn any_near(&self, reach: FixedBox, (low, high): (u8, u8)) -> bool {
        self.near(reach).into_iter().any(|number| {
            let (from, to) = self.zooms[number as usize];
            from <= high && low <= to
        })
    }

    /// Adds the layer to a tile, where anything of it is drawn there.
    pub(crate) fn encode(
        &self,
        id: TileId,
        cutter: &mut Cutter,
        tile: MvtTileBuilder,
    ) -> MvtResult<MvtTileBuilder> {
        let mut begun: Option<MvtLayerBuilder> = None;
        let mut waiting = Some(tile);
        let mut near = self.near(id.reach());
        near.sort_unstable();
        for number in near {
            let number = number as usize;
            let (from, to) = self.zooms[number];
            if !(from..=to).contains(&id.z) {
                continue;
            }
            let Some(cut) = cutter.cut(&self.drawing, number, id) else { continue };
            let layer = match (begun.take(), waiting.take()) {
                (Some(layer), _) => layer,
                (None, tile) => tile.unwrap_or_default().layer(self.name.as_str())?,
            };
            let kind = match cut.kind {
                CutKind::Point => MvtGeomType::Point,
                CutKind::Lines => MvtGeomType::LineString,
                CutKind::Rings => MvtGeomType::Polygon,
            };
            let mut feature = layer.feature_of(kind);
            for (run, outer) in cut.runs() {
                let coords = run.iter().map(|[x, y]| MvtCoord { x: *x, y: *y });
                match cut.kind {
                    CutKind::Point => feature.points(coords)?,
                    CutKind::Lines => feature.line(coords)?,
                    CutKind::Rings => feature.ring(coords, outer)?,
                };
            }
            let tags = self.first_tags[number] as usize..self.first_tags[number + 1] as usize;
            for (key, value) in &self.tags[tags] {
                let value = match &self.values[*value as usize] {
                    Property::Text(text) => MvtValueRef::String(text),
                    Property::Int(number) => MvtValueRef::Int(*number),
                    Property::Float(number) => MvtValueRef::Double(*number),
                    Property::Bool(value) => MvtValueRef::Bool(*value),
                };
                feature.tag_ref(&self.keys[*key as usize], value)?;
            }
            begun = Some(feature.end());
        }
        Ok(match (begun, waiting) {
            (Some(layer), _) => layer.end(),
            (None, tile) => tile.unwrap_or_default(),
        })
    }
}

/// The tree adds up two sides of a box, and the sum must fit. What meets still meets.
fn halved(reach: FixedBox) -> FixedBox {
    reach.map(|v| v >> 1)
}

/// A property compared by its bits.
struct ByBits(Property);

impl Hash for ByBits {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Property::Text(text) => text.hash(state),
            Property::Int(number) => number.hash(state),
            Property::Float(number) => number.to_bits().hash(state),
            Property::Bool(value) => value.hash(state),
        }
        std::mem::discriminant(&self.0).hash(state);
    }
}

impl PartialEq for ByBits {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Property::Float(a), Property::Float(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        }
    }
}

impl Eq for ByBits {}
