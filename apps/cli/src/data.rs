//! What goes into and comes out of a database: imports, accounts, the ledger, pushes.

use crate::WrongCall;
use crate::args::{
    AccountCommand, ExportCommand, ImportCommand, LedgerCommand, PushCall, ReportCall, Settings,
};
use crate::kernels::unhex;
use crate::serve::configuration;
use anyhow::{Context, anyhow, bail};
use gridweave_access::ops::create_account;
use gridweave_addresses::BaseFeature;
use gridweave_addresses::ops::{import_base_map, import_places};
use gridweave_atlas::crs::{Converter, Crs, Zone};
use gridweave_atlas::{Geometry, Shape, geojson, wkb};
use gridweave_core::{DivisionCode, Grant, Role};
use gridweave_db::{OpError, Tx};
use gridweave_files::{Format, Table, osm, read_table, shp, write_csv};
use gridweave_registers::RowKind;
use gridweave_server::{App, Config, assembly, demo_accounts, export, http, import as files};
use gridweave_territory::ops::{draw_plan, import_divisions, publish_plan};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

fn open(settings: &Settings) -> anyhow::Result<App> {
    Ok(App::open(configuration(settings)?)?)
}

fn write<T: Send + 'static>(
    app: &App,
    work: impl FnMut(&mut Tx) -> Result<T, OpError> + Send + 'static,
) -> anyhow::Result<T> {
    app.db.write_blocking(work).map_err(|error| anyhow!(error))
}

fn crs(name: &str) -> anyhow::Result<Crs> {
    Crs::from_name(name)
        .ok_or_else(|| WrongCall(format!("--crs {name:?}: use wgs84, gcj02, bd09 or epsg:3857")).into())
}

/// A text file, unpacked where it ends in `.gz`.
fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = bytes(path)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let raw = std::fs::read(path).with_context(|| path.display().to_string())?;
    if path.extension().is_some_and(|ending| ending == "gz") {
        let mut clear = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(raw.as_slice()), &mut clear)
            .with_context(|| path.display().to_string())?;
        return Ok(clear);
    }
    Ok(raw)
}

/// `gridweave ledger`.
pub fn ledger(settings: &Settings, what: LedgerCommand) -> anyhow::Result<ExitCode> {
    let LedgerCommand::Verify = what;
    let app = open(settings)?;
    let found = app.db.read_blocking(gridweave_ledger::verify)?;
    if settings.json {
        println!("{}", serde_json::to_string(&found)?);
    } else {
        for head in &found.heads {
            println!("lane {}: {} entries, ends in {}", head.lane, head.seq, head.hash);
        }
        for broken in &found.broken {
            println!("lane {}: entry {} is {}", broken.lane, broken.seq, broken.what);
        }
        println!(
            "{} entries, {}",
            found.entries,
            if found.broken.is_empty() { "every chain holds" } else { "BROKEN" }
        );
    }
    Ok(if found.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `gridweave account`.
pub fn account(settings: &Settings, what: AccountCommand) -> anyhow::Result<ExitCode> {
    let AccountCommand::Create { login, name, role, division, department, with_password } = what;
    let role = Role::from_name(&role).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        WrongCall(format!("--role {role:?}: use one of {}", names.join(", ")))
    })?;
    let division = match division {
        Some(code) => Some(DivisionCode::parse(&code).map_err(|error| WrongCall(error.to_string()))?),
        None => None,
    };
    let password = match with_password {
        true => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            Some(line.trim_end_matches(['\n', '\r']).to_owned())
        }
        false => None,
    };
    let app = open(settings)?;
    let ctx = app.system.clone();
    let input =
        create_account::Input { login, name, department, password, grants: vec![Grant { role, division }] };
    let made = write(&app, move |tx| create_account::run(tx, &ctx, &input))?;
    match (&made.key, settings.json) {
        (key, true) => println!("{}", json!({ "account": made.account, "key": key })),
        (Some(key), false) => println!("{key}"),
        (None, false) => println!("{}", made.account),
    }
    Ok(ExitCode::SUCCESS)
}

fn say(settings: &Settings, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let text =
        if settings.json { serde_json::to_string(value)? } else { serde_json::to_string_pretty(value)? };
    println!("{text}");
    Ok(())
}

/// Rows that were not taken, ready to be mended: line, column, reason.
fn write_rejects(path: Option<&Path>, rows: &Value) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let header = ["line", "column", "code", "value"].map(str::to_owned);
    let mut file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
    let text = |row: &Value, key: &str| row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned);
    let rows = rows.as_array().cloned().unwrap_or_default();
    let cells = rows.iter().map(|row| {
        let value = if row["value"].is_null() { text(row, "detail") } else { text(row, "value") };
        vec![text(row, "line"), text(row, "column"), text(row, "code"), value]
    });
    write_csv(&mut file, &header, cells)?;
    Ok(())
}

/// `gridweave import`.
pub fn import(settings: &Settings, what: ImportCommand) -> anyhow::Result<ExitCode> {
    let app = open(settings)?;
    match what {
        ImportCommand::Divisions { file, crs: name } => {
            let (rows, bad) = files::division_rows(&read_table(&file)?, crs(&name)?);
            let ctx = app.system.clone();
            let done = write(&app, move |tx| import_divisions::run(tx, &ctx, &rows))?;
            say(settings, &json!({ "imported": done, "rejected": bad }))?;
        }
        ImportCommand::Outlines { file, crs: name } => {
            let (rows, bad) = files::division_outlines(&text(&file)?, crs(&name)?).map_err(WrongCall)?;
            let ctx = app.system.clone();
            let done = write(&app, move |tx| import_divisions::run(tx, &ctx, &rows))?;
            say(settings, &json!({ "imported": done, "rejected": bad }))?;
        }
        ImportCommand::Cells { file, network, crs: name, publish } => {
            let (rows, bad) = files::cell_rows(&text(&file)?, crs(&name)?).map_err(WrongCall)?;
            let count = rows.len();
            let input = draw_plan::Input { network, name: file.display().to_string(), cells: rows };
            let ctx = app.system.clone();
            let drawn = write(&app, move |tx| {
                let drawn = draw_plan::run(tx, &ctx, &input)?;
                if publish {
                    publish_plan::run(tx, &ctx, &drawn.plan, None)?;
                }
                Ok(drawn)
            })?;
            let findings =
                json!({ "plan": drawn.plan, "cells": count, "findings": drawn.findings, "rejected": bad });
            say(settings, &findings)?;
        }
        ImportCommand::Places { file, outlines, crs: name, rejects } => {
            let done = import_places_file(&app, &file, outlines.as_deref(), crs(&name)?)?;
            write_rejects(rejects.as_deref(), &serde_json::to_value(&done.rejected)?)?;
            say(settings, &done)?;
        }
        ImportCommand::Register { kind, file, rejects, check } => {
            let done = import_register_file(&app, &kind, &file, check)?;
            write_rejects(rejects.as_deref(), &done["rejected"])?;
            say(settings, &done)?;
        }
        ImportCommand::Osm { file } => {
            let extract = osm::read(&file)?;
            let (ctx, rooms) = (app.system.clone(), app.clone());
            let source = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let (features, places) =
                write(&app, move |tx| files::import_osm(tx, &ctx, &rooms, &source, &extract))?;
            say(settings, &json!({ "base_features": features, "places": places }))?;
        }
        ImportCommand::Basemap { file, utm } => {
            let features = base_map(&file, utm)?;
            let ctx = app.system.clone();
            let source = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let count = write(&app, move |tx| import_base_map::run(tx, &ctx, &source, &features))?;
            say(settings, &json!({ "base_features": count }))?;
        }
        ImportCommand::City { folder, accounts } => {
            import_city(settings, &app, &folder)?;
            if accounts {
                let workers = demo_accounts::create(&app).map_err(|error| anyhow!(error))?;
                say(settings, &json!({ "workers": workers, "password": demo_accounts::PASSWORD }))?;
            }
        }
    }
    app.runner().drain()?;
    Ok(ExitCode::SUCCESS)
}

fn import_places_file(
    app: &App,
    file: &Path,
    outlines: Option<&Path>,
    crs: Crs,
) -> anyhow::Result<import_places::Imported> {
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (table, mut shapes) = match ending.as_str() {
        "gpkg" => table_of(gridweave_files::gpkg::read(file)?),
        "shp" => table_of(gridweave_files::shp::read(file)?),
        "geojson" => table_of(geojson::read(&text(file)?).map_err(WrongCall)?.good),
        _ => (read_table(file)?, HashMap::new()),
    };
    if let Some(path) = outlines {
        let found =
            geojson::read(&text(path)?).map_err(|why| WrongCall(format!("{}: {why}", path.display())))?;
        for feature in found.good {
            if let (Some(code), Geometry::Shape(shape)) =
                (feature.properties.get("code").and_then(Value::as_str), feature.geometry)
            {
                shapes.insert(code.to_owned(), shape);
            }
        }
    }
    let (rows, bad) = files::place_rows(&table, &shapes, crs);
    let mut done = import_places::Imported::default();
    for chunk in rows.chunks(5_000) {
        let (ctx, cells, chunk) = (app.system.clone(), app.cells.clone(), chunk.to_vec());
        let part = write(app, move |tx| import_places::run(tx, &ctx, &cells, &chunk))?;
        done.rows += part.rows;
        done.added += part.added;
        done.changed += part.changed;
        done.rejected.extend(part.rejected);
    }
    done.rows += bad.len() as u64;
    done.rejected.extend(bad);
    Ok(done)
}

/// Features as a table of their properties, their outlines by code.
fn table_of(features: Vec<geojson::Feature>) -> (Table, HashMap<String, Shape>) {
    let (mut table, mut shapes) = (Table::default(), HashMap::new());
    for feature in &features {
        for key in feature.properties.keys() {
            if table.column(key).is_none() {
                table.header.push(key.clone());
            }
        }
    }
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    for (n, feature) in features.into_iter().enumerate() {
        let row = table
            .header
            .iter()
            .map(|key| feature.properties.get(key).map(cell).unwrap_or_default())
            .collect();
        table.rows.push((n as u64 + 1, row));
        if let (Some(code), Geometry::Shape(shape)) =
            (feature.properties.get("code").map(cell), feature.geometry)
        {
            shapes.insert(code, shape);
        }
    }
    (table, shapes)
}

fn import_register_file(app: &App, kind: &str, file: &Path, check: bool) -> anyhow::Result<Value> {
    let kind = RowKind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(|| {
        let names: Vec<&str> = RowKind::ALL.iter().map(|kind| kind.name()).collect();
        WrongCall(format!("{kind:?} is no register: use one of {}", names.join(", ")))
    })?;
    let table = std::sync::Arc::new(read_table(file)?);
    let (ctx, vault) = (app.system.clone(), app.vault.clone());
    if check {
        let report = files::check_register_rows(app, &ctx, kind, &table).map_err(|error| anyhow!(error))?;
        return Ok(serde_json::to_value(&report)?);
    }
    let done = write(app, move |tx| files::register_rows(tx, &ctx, &vault, kind, &table))?;
    Ok(serde_json::to_value(&done)?)
}

fn base_map(file: &Path, utm: Option<u8>) -> anyhow::Result<Vec<BaseFeature>> {
    if file.extension().is_some_and(|ending| ending == "parquet") {
        let table = read_table(file)?;
        let shape = table.column("geometry").ok_or_else(|| WrongCall("no column geometry".to_owned()))?;
        let (highway, name) = (table.column("highway"), table.column("name"));
        let of = |row: &[String], column: Option<usize>| {
            column.map(|at| row[at].trim().to_owned()).filter(|text| !text.is_empty())
        };
        let converter = match utm {
            Some(number) => {
                let zone = Zone::utm_north(number)
                    .ok_or_else(|| WrongCall(format!("--utm {number}: zones go from 1 to 60")))?;
                Some(Converter::new(Crs::Transverse(zone), Crs::Wgs84))
            }
            None => None,
        };
        let mut features = Vec::new();
        for (line, row) in &table.rows {
            let geometry = unhex(&row[shape])
                .and_then(|bytes| wkb::read(&bytes).ok())
                .ok_or_else(|| anyhow!("{} row {line}: the geometry cannot be read", file.display()))?;
            let geometry = match &converter {
                Some(converter) => geometry.map(|p| converter.convert(p)),
                None => geometry,
            };
            features.push(BaseFeature {
                layer: "road".into(),
                class: of(row, highway).unwrap_or_else(|| "road".into()),
                name: of(row, name),
                geometry,
            });
        }
        return Ok(features);
    }
    Ok(files::base_features(&text(file)?).map_err(WrongCall)?)
}

fn import_city(settings: &Settings, app: &App, folder: &Path) -> anyhow::Result<()> {
    let sub = |what: ImportCommand| import(settings, what).map(drop);
    sub(ImportCommand::Divisions { file: folder.join("divisions.csv"), crs: "wgs84".into() })?;
    for network in ["policing", "fire", "base"] {
        let file = folder.join(format!("cells-{network}.geojson"));
        if file.exists() {
            sub(ImportCommand::Cells { file, network: network.into(), crs: "wgs84".into(), publish: true })?;
        }
    }
    sub(ImportCommand::Basemap { file: folder.join("basemap.geojson"), utm: None })?;
    let outlines = Some(folder.join("outlines.geojson"));
    sub(ImportCommand::Places {
        file: folder.join("places.csv"),
        outlines,
        crs: "wgs84".into(),
        rejects: None,
    })?;
    for kind in RowKind::ALL {
        let file = folder.join(format!("{}.csv", kind.name()));
        if file.exists() {
            let done = import_register_file(app, kind.name(), &file, false)?;
            say(settings, &json!({ "register": kind, "imported": done }))?;
        }
    }
    Ok(())
}

/// `gridweave export`.
pub fn export_files(settings: &Settings, what: ExportCommand) -> anyhow::Result<ExitCode> {
    let ExportCommand::Places { out, division, gbk } = what;
    let scope = match division {
        Some(code) => DivisionCode::parse(&code).map_err(|error| WrongCall(error.to_string()))?.scope(),
        None => gridweave_core::Scope::EVERYWHERE,
    };
    let ending = out.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let app = open(settings)?;
    if ending == "shp" {
        let letters = if gbk { shp::Letters::Gbk } else { shp::Letters::Utf8 };
        let features = app.db.read_blocking(|tx| export::export_features(tx, scope))?;
        shp::write(&out, &export::EXPORT_COLUMNS, &features, letters)?;
        return Ok(ExitCode::SUCCESS);
    }
    let format = export::ExportFormat::from_name(&ending)
        .ok_or_else(|| WrongCall(format!("{}: use .csv, .xlsx, .geojson, .gpkg or .shp", out.display())))?;
    app.db
        .read_blocking(|tx| export::export_places(tx, scope, format, &out))
        .with_context(|| out.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// `gridweave push`.
pub fn push(call: &PushCall) -> anyhow::Result<ExitCode> {
    let agent = agent();
    let (mut results, mut rejected) = (Vec::new(), Vec::new());
    for file in &call.files {
        let (format, _) = Format::of_path(file)?;
        let name = match format {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Xlsx => "xlsx",
            Format::Parquet => "parquet",
        };
        let url = format!("{}/api/v1/feeds/{}/push?format={name}", call.server, call.feed);
        let mut response = agent
            .post(&url)
            .header("authorization", &format!("Bearer {}", call.key))
            .send(&bytes(file)?)
            .with_context(|| format!("{} does not answer", call.server))?;
        let status = response.status();
        let answer: Value = response.body_mut().read_json().context("the answer is no JSON")?;
        if !status.is_success() {
            bail!(
                "{}: {} ({})",
                file.display(),
                answer["title"].as_str().unwrap_or("refused"),
                answer["code"]
            );
        }
        rejected.extend(answer["rejected"].as_array().cloned().unwrap_or_default());
        if !call.json {
            println!(
                "{}: {} rows, {} taken, {} rejected, {} signals, {} wait for a door{}{}",
                file.display(),
                answer["rows"],
                answer["accepted"],
                answer["rejected_count"],
                answer["signals"],
                answer["unmatched"],
                match answer["corrections"].as_u64() {
                    Some(n) if n > 0 => format!(", {n} permits wait for a steward"),
                    _ => String::new(),
                },
                if answer["repeated"] == true { " (was pushed before)" } else { "" }
            );
        }
        results.push(answer);
    }
    write_rejects(call.rejects.as_deref(), &Value::Array(rejected))?;
    if call.json {
        println!("{}", json!({ "pushes": results }));
    }
    Ok(ExitCode::SUCCESS)
}

/// `gridweave report`.
pub fn report(call: &ReportCall) -> anyhow::Result<ExitCode> {
    let agent = agent();
    let table = read_table(&call.file)?;
    for bad in &table.bad {
        eprintln!("{} line {}: {}", call.file.display(), bad.line, bad.why);
    }
    let need = |name: &str| {
        table.column(name).ok_or_else(|| WrongCall(format!("{}: no column {name:?}", call.file.display())))
    };
    let (title, id) = (need(&call.title)?, need(&call.id)?);
    let body = call.body.as_deref().map(need).transpose()?;
    let address = call.address.as_deref().map(need).transpose()?;
    let (mut opened, mut unlocated, mut refused) = (0u64, 0u64, 0u64);
    for (line, row) in &table.rows {
        let short: String = row[title].trim().chars().take(200).collect();
        let request = json!({
            "title": if short.is_empty() { "（无标题）" } else { short.as_str() },
            "description": body.map(|b| row[b].clone()).unwrap_or_default(),
            "category": call.category,
            "source": "hotline",
            "address": address.map_or_else(|| short.clone(), |a| row[a].clone()),
        });
        let mut response = agent
            .post(&format!("{}/api/v1/cases", call.server))
            .header("authorization", &format!("Bearer {}", call.key))
            .header("idempotency-key", &row[id])
            .send_json(&request)
            .with_context(|| format!("{} does not answer", call.server))?;
        let status = response.status();
        let answer: Value = response.body_mut().read_json().context("the answer is no JSON")?;
        if status.is_success() {
            opened += 1;
            unlocated += u64::from(answer["located"] == false);
        } else {
            refused += 1;
            eprintln!("line {line}: {} ({})", answer["title"].as_str().unwrap_or("refused"), answer["code"]);
        }
    }
    let summary = json!({ "rows": table.rows.len(), "cases": opened, "unlocated": unlocated, "refused": refused, "unreadable": table.bad.len() });
    println!("{summary}");
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `gridweave gen`: what `cargo xtask gen` writes into the tree.
pub fn generate(what: String) -> anyhow::Result<ExitCode> {
    match what.as_str() {
        "openapi" => println!("{}", serde_json::to_string_pretty(&http::openapi::build())?),
        "schema" => print!("{}", gridweave_db::migrate::schema_text(assembly::MIGRATIONS)),
        "config" => print!("{}", Config::example()),
        "config-schema" => {
            println!("{}", serde_json::to_string_pretty(&gridweave_server::config::json_schema())?)
        }
        "refusals" => println!("{}", serde_json::to_string_pretty(&gridweave_server::refusals::as_json())?),
        other => {
            return Err(WrongCall(format!(
                "{other:?}: use openapi, schema, config, config-schema, refusals"
            ))
            .into());
        }
    }
    Ok(ExitCode::SUCCESS)
}
