//! Files of geometry as layers to be drawn: GeoParquet, CSV with a WKB column, GeoJSON; all their columns
//! become properties.

use crate::columns::{geometry, no_column};
use crate::faults::Faults;
use crate::locate::ends_in;
use anyhow::Context;
use gridweave_atlas::{Geometry, geojson};
use gridweave_files::batches::{Column, open_batches, read_ahead};
use gridweave_tiles::{Feature, LayerSource, Property};
use serde_json::Value;
use std::borrow::Cow;
use std::path::Path;

const ROWS_AT_ONCE: usize = 1 << 16;

/// Reads a file as one layer, named after it. What cannot be drawn is told on standard error with its place,
/// and counted.
pub fn read(path: &Path) -> anyhow::Result<LayerSource> {
    Ok(read_counted(path)?.0)
}

/// The same, with how many features could not be read.
pub fn read_counted(path: &Path) -> anyhow::Result<(LayerSource, u64)> {
    let name =
        path.file_stem().map_or_else(|| "layer".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let mut found = Reading { path, features: Vec::new(), faults: Faults::default() };
    if ends_in(path, &[".geojson", ".json"]) {
        found.geojson()?;
    } else {
        found.table()?;
    }
    if found.faults.count() > 0 {
        eprintln!("{}: {} features cannot be used", path.display(), found.faults.count());
    }
    Ok((LayerSource { name, features: found.features }, found.faults.count()))
}

struct Reading<'a> {
    path: &'a Path,
    features: Vec<Feature>,
    faults: Faults,
}

impl Reading<'_> {
    fn fault(&mut self, place: &str, why: &str) {
        self.faults.tell(|| format!("{} {place}: {why}", self.path.display()));
    }

    fn table(&mut self) -> anyhow::Result<()> {
        let batches = open_batches(self.path)?;
        let header = batches.header().to_vec();
        let at = |name: &str| header.iter().position(|column| column == name);
        let place = match (at("geometry"), at("lon"), at("lat")) {
            (Some(geometry), ..) => vec![geometry],
            (None, Some(lon), Some(lat)) => vec![lon, lat],
            _ => return Err(no_column(&header, "geometry (or lon and lat)", self.path)),
        };
        let keys: Vec<Cow<'static, str>> = header.iter().map(|name| Cow::Owned(name.clone())).collect();
        for batch in read_ahead(batches, (0..header.len()).collect(), ROWS_AT_ONCE) {
            let batch = batch?;
            for bad in &batch.bad {
                self.fault(&format!("line {}", bad.line), &bad.why);
            }
            for row in 0..batch.rows {
                let geometry = match geometry_of(&batch.columns, &place, row) {
                    Ok(geometry) => geometry,
                    Err(why) => {
                        self.fault(&format!("row {}", batch.first_row + row as u64), &why);
                        continue;
                    }
                };
                let mut feature = Feature::new(geometry);
                for (i, column) in batch.columns.iter().enumerate().filter(|(i, _)| !place.contains(i)) {
                    if let Some(value) = property(column, row) {
                        feature.properties.push((keys[i].clone(), value));
                    }
                }
                self.features.push(feature);
            }
        }
        Ok(())
    }

    fn geojson(&mut self) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(self.path).with_context(|| self.path.display().to_string())?;
        let found = geojson::read(&text)
            .map_err(|why| crate::WrongCall(format!("{}: {why}", self.path.display())))?;
        for bad in &found.bad {
            self.fault(&format!("feature {}", bad.number), &bad.why);
        }
        for read in found.good {
            let mut feature = Feature::new(read.geometry);
            for (key, value) in read.properties {
                let value = match value {
                    Value::Null => continue,
                    Value::Bool(value) => Property::Bool(value),
                    Value::String(text) => Property::Text(text),
                    Value::Number(number) => match number.as_i64() {
                        Some(whole) => Property::Int(whole),
                        None => Property::Float(number.as_f64().unwrap_or(f64::NAN)),
                    },
                    // Tiles know no lists and objects.
                    nested => Property::Text(nested.to_string()),
                };
                feature.properties.push((Cow::Owned(key), value));
            }
            self.features.push(feature);
        }
        Ok(())
    }
}

fn geometry_of(columns: &[Column], place: &[usize], row: usize) -> Result<Geometry, String> {
    if let [lon, lat] = place {
        let at = (columns[*lon].number(row), columns[*lat].number(row));
        return match at {
            (Some(lon), Some(lat)) if lon.is_finite() && lat.is_finite() => Ok(Geometry::Point([lon, lat])),
            _ => Err("no point can be read here".to_owned()),
        };
    }
    geometry(&columns[place[0]], row).ok_or("no geometry")?.map_err(|why| why.to_string())
}

fn property(column: &Column, row: usize) -> Option<Property> {
    match column {
        Column::Bool(values) => values[row].map(Property::Bool),
        Column::Int(values) => values[row].map(Property::Int),
        Column::Float(values) => values[row].map(Property::Float),
        Column::Text(values) => values[row].clone().filter(|text| !text.is_empty()).map(Property::Text),
        Column::Numbered(numbered) => Some(Property::Text(numbered.text(row).to_owned())),
        // Other bytes mean nothing to a map.
        Column::Bytes(_) => None,
    }
}
