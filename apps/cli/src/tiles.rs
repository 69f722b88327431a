//! `gridweave tiles`: the map's tiles as a file for use elsewhere.

use crate::WrongCall;
use crate::args::{Settings, TilesCommand};
use crate::serve::configuration;
use anyhow::Context;
use gridweave_atlas::tile::TileId;
use gridweave_files::mbtiles::MbTiles;
use gridweave_files::unfinished;
use gridweave_server::{App, layers};
use gridweave_tiles::LayerSet;
use indicatif::ProgressBar;
use pmtiles::{Compression, PmTilesStreamWriter, PmTilesWriter, TileCoord, TileType};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const TILES_AT_ONCE: usize = 4096;
const ZOOM_MAX: u8 = 18;

/// Where tiles go.
enum Sink {
    MbTiles(Box<MbTiles>),
    PmTiles(Box<PmTilesStreamWriter<File>>, PathBuf),
}

impl Sink {
    fn create(out: &Path, set: &str, tiles: &LayerSet, zooms: (u8, u8)) -> anyhow::Result<Self> {
        let fields: Vec<Value> =
            tiles.fields().iter().map(|(id, fields)| json!({ "id": id, "fields": fields })).collect();
        let vector_layers = json!({ "vector_layers": fields }).to_string();
        let [west, south, east, north] = tiles.bounds().unwrap_or([-180.0, -85.0, 180.0, 85.0]);
        match out.extension().and_then(|ending| ending.to_str()) {
            Some("mbtiles") => {
                let metadata = [
                    ("name", set.to_owned()),
                    ("format", "pbf".to_owned()),
                    ("bounds", format!("{west},{south},{east},{north}")),
                    ("minzoom", zooms.0.to_string()),
                    ("maxzoom", zooms.1.to_string()),
                    ("type", "baselayer".to_owned()),
                    ("json", vector_layers),
                ];
                Ok(Sink::MbTiles(Box::new(MbTiles::create(out, &metadata)?)))
            }
            Some("pmtiles") => {
                let unfinished = unfinished(out);
                let file = File::create(&unfinished).with_context(|| out.display().to_string())?;
                let writer = PmTilesWriter::new(TileType::Mvt)
                    .tile_compression(Compression::Gzip)
                    .min_zoom(zooms.0)
                    .max_zoom(zooms.1)
                    .bounds(west, south, east, north)
                    .metadata(&vector_layers)
                    .create(file)?;
                Ok(Sink::PmTiles(Box::new(writer), unfinished))
            }
            _ => Err(WrongCall(format!("{}: use .mbtiles or .pmtiles", out.display())).into()),
        }
    }

    fn add(&mut self, id: TileId, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Sink::MbTiles(file) => file.add(id.z, id.x, id.y, bytes)?,
            Sink::PmTiles(writer, _) => {
                writer.add_tile(TileCoord::new(id.z, id.x, id.y)?, bytes)?;
            }
        }
        Ok(())
    }

    fn finish(self, out: &Path) -> anyhow::Result<()> {
        match self {
            Sink::MbTiles(file) => file.finish()?,
            Sink::PmTiles(writer, unfinished) => {
                writer.finalize()?;
                std::fs::rename(unfinished, out).with_context(|| out.display().to_string())?;
            }
        }
        Ok(())
    }
}

/// `gridweave tiles`.
pub fn run(settings: &Settings, what: TilesCommand) -> anyhow::Result<ExitCode> {
    let TilesCommand::Export { set, out, min_zoom, max_zoom } = what;
    if min_zoom > max_zoom || max_zoom > ZOOM_MAX {
        let why = format!("zooms go from --min-zoom up to --max-zoom, at most {ZOOM_MAX}");
        return Err(WrongCall(why).into());
    }
    let app = App::open(configuration(settings)?)?;
    let name = set.clone();
    let found = app.db.read_blocking(move |tx| layers::named(tx, &name))?;
    let tiles = found.ok_or_else(|| WrongCall(format!("no set {set:?}; there are: base, cells")))?;
    let mut sink = Sink::create(&out, &set, &tiles, (min_zoom, max_zoom))?;
    let mut ids = tiles.tiles_within(min_zoom, max_zoom);
    if matches!(sink, Sink::PmTiles(..)) {
        // In the order of the file: neighbours lie together and the directory stays small.
        ids.sort_by_key(|id| TileCoord::new(id.z, id.x, id.y).map(pmtiles::TileId::from).ok());
    }
    let bar = ProgressBar::new(ids.len() as u64);
    let (mut written, mut bytes) = (0u64, 0u64);
    for some in ids.chunks(TILES_AT_ONCE) {
        let cut: Vec<Vec<u8>> = some.par_iter().map(|id| tiles.tile(*id)).collect::<Result<_, _>>()?;
        for (id, tile) in some.iter().zip(cut) {
            if !tile.is_empty() {
                sink.add(*id, &tile)?;
                written += 1;
                bytes += tile.len() as u64;
            }
        }
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    sink.finish(&out)?;
    if settings.json {
        println!("{}", json!({ "tiles": written, "bytes": bytes }));
    } else {
        eprintln!("{written} tiles, {bytes} bytes before compression, in {}", out.display());
    }
    Ok(ExitCode::SUCCESS)
}
