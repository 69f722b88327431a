//! Writes a city as a folder of ordinary files.

use crate::{City, CityError};
use gridweave_atlas::Geometry;
use gridweave_atlas::geojson::{Feature, collection_json};
use gridweave_core::Zone;
use gridweave_files::{FileError, write_csv};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Writes the folder; `progress` is told the share done, from 0 to 1.
pub fn write(city: &City, folder: &Path, progress: &mut dyn FnMut(f64)) -> Result<(), CityError> {
    let out = Folder(folder);
    for below in ["readings", "truth"] {
        let path = folder.join(below);
        std::fs::create_dir_all(&path).map_err(|source| io(&path, source))?;
    }
    let options = &city.options;
    out.text(
        "city.json",
        &json!({
            "name": options.name, "seed": options.seed, "households": city.meters.len(), "days": options.days,
            "start": Zone::date_text(options.start_day),
        })
        .to_string(),
    )?;
    out.csv(
        "divisions.csv",
        &["code", "name"],
        city.divisions.iter().map(|d| vec![d.code.to_string(), d.name.clone()]),
    )?;
    let mut networks: Vec<&str> = city.cells.iter().map(|(network, _)| network.as_str()).collect();
    networks.dedup();
    for network in networks {
        let cells = city.cells.iter().filter(|(name, _)| name == network).map(|(_, cell)| {
            let properties = json!({ "code": format!("{:015}", cell.code), "name": cell.name, "households": cell.households });
            feature(Geometry::Shape(cell.shape.clone()), properties)
        });
        out.geojson(&format!("cells-{network}.geojson"), cells.collect())?;
    }
    let lines = city.lines.iter().map(|line| {
        feature(line.geometry.clone(), json!({ "layer": line.layer, "class": line.class, "name": line.name }))
    });
    out.geojson("basemap.geojson", lines.collect())?;
    let outlines = city.places.iter().filter_map(|place| {
        let shape = place.outline.clone()?;
        Some(feature(Geometry::Shape(shape), json!({ "code": place.code })))
    });
    out.geojson("outlines.geojson", outlines.collect())?;
    out.csv(
        "places.csv",
        &["code", "kind", "parent", "name", "address", "lon", "lat", "division"],
        city.places.iter().map(|p| {
            vec![
                p.code.clone(),
                p.kind.to_owned(),
                p.parent.clone().unwrap_or_default(),
                p.name.clone(),
                p.address.clone(),
                format!("{:.7}", p.at[0]),
                format!("{:.7}", p.at[1]),
                p.division.to_string(),
            ]
        }),
    )?;
    registers(city, &out)?;
    progress(0.3);
    truth(city, &out)?;
    let days = city.options.days.max(1) as f64;
    for (n, day) in city.days().enumerate() {
        out.csv(
            &format!("readings/{}.csv", Zone::date_text(day)),
            &["meter", "time", "value", "address"],
            city.readings(day).into_iter().map(|r| {
                vec![
                    r.meter,
                    Zone::date_text(r.day),
                    format!("{:.3}", r.value),
                    r.address.unwrap_or_default(),
                ]
            }),
        )?;
        progress(0.3 + 0.7 * (n + 1) as f64 / days);
    }
    Ok(())
}

fn registers(city: &City, out: &Folder<'_>) -> Result<(), CityError> {
    let text = |value: &str| value.to_owned();
    out.csv(
        "people.csv",
        &["code", "name", "sex", "identity", "phone"],
        city.people
            .iter()
            .map(|p| vec![p.code.clone(), p.name.clone(), text(p.sex), p.identity.clone(), p.phone.clone()]),
    )?;
    out.csv(
        "organisations.csv",
        &["code", "name", "kind"],
        city.organisations.iter().map(|o| vec![o.code.clone(), o.name.clone(), text(o.kind)]),
    )?;
    out.csv(
        "dwellings.csv",
        &["place", "occupancy"],
        city.dwellings.iter().map(|d| vec![d.place.clone(), text(d.occupancy)]),
    )?;
    out.csv(
        "devices.csv",
        &["code", "kind", "place"],
        city.meters
            .iter()
            .filter(|m| m.registered)
            .map(|m| vec![m.code.clone(), text("water_meter"), m.place.clone()]),
    )?;
    out.csv(
        "ties.csv",
        &["subject", "place", "kind"],
        city.ties.iter().map(|t| vec![t.subject.clone(), t.place.clone(), text(t.kind)]),
    )?;
    out.csv(
        "absences.csv",
        &["place", "from", "until", "told_by"],
        city.absences.iter().map(|a| {
            vec![a.place.clone(), Zone::date_text(a.from), Zone::date_text(a.until), text("household")]
        }),
    )?;
    out.csv(
        "care.csv",
        &["person", "label", "level", "owner", "purpose", "until"],
        city.care.iter().map(|c| {
            let until = Zone::date_text(city.options.start_day + 400);
            vec![c.person.clone(), text(c.label), text("1"), text("民政"), text("居家养老巡访"), until]
        }),
    )
}

fn truth(city: &City, out: &Folder<'_>) -> Result<(), CityError> {
    out.csv(
        "truth/events.csv",
        &["meter", "place", "kind", "since", "cause"],
        city.truth.iter().map(|t| {
            vec![
                t.meter.clone(),
                t.place.clone(),
                t.kind.to_owned(),
                Zone::date_text(t.since),
                t.cause.to_owned(),
            ]
        }),
    )?;
    out.csv(
        "truth/meters.csv",
        &["meter", "place"],
        city.meters.iter().map(|m| vec![m.code.clone(), m.place.clone()]),
    )
}

fn io(path: &Path, source: std::io::Error) -> FileError {
    FileError::Io { path: path.display().to_string(), source }
}

fn feature(geometry: Geometry, properties: Value) -> Feature {
    let properties: Map<String, Value> = match properties {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    Feature { geometry, properties }
}

struct Folder<'a>(&'a Path);

impl Folder<'_> {
    fn text(&self, name: &str, text: &str) -> Result<(), CityError> {
        let path = self.0.join(name);
        Ok(std::fs::write(&path, text).map_err(|source| io(&path, source))?)
    }

    fn geojson(&self, name: &str, features: Vec<Feature>) -> Result<(), CityError> {
        self.text(name, &collection_json(&features).to_string())
    }

    fn csv(
        &self,
        name: &str,
        header: &[&str],
        rows: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), CityError> {
        let path = self.0.join(name);
        let mut out = BufWriter::new(File::create(&path).map_err(|source| io(&path, source))?);
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        Ok(write_csv(&mut out, &header, rows)?)
    }
}
