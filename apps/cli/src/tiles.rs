//! `gridweave tiles`: the map's tiles as a file for use elsewhere.

use crate::WrongCall;
use crate::args::{Settings, TilesCommand, TilesFrom};
use crate::serve::{configuration, ended};
use anyhow::Context;
use gridweave_atlas::tile::TileId;
use gridweave_files::mbtiles::{MbTiles, gzip};
use gridweave_files::unfinished;
use gridweave_server::App;
use gridweave_server::layers::MapSet;
use gridweave_tiles::{LayerSet, LayerSource, Tiles};
use indicatif::ProgressBar;
use pmtiles::{Compression, Compressor, PmTilesStreamWriter, PmTilesWriter, TileCoord, TileType};
use rayon::prelude::*;
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Instant;

const TILES_AT_ONCE: usize = 1024;
const ZOOM_MAX: u8 = 18;

/// Tiles come packed: packing is what the cores share.
struct Packed;

impl Compressor for Packed {
    fn compression(&self) -> Compression {
        Compression::Gzip
    }

    fn compress(
        &self,
        write: &mut dyn FnMut(&mut dyn std::io::Write) -> std::io::Result<()>,
        out: &mut dyn std::io::Write,
    ) -> pmtiles::PmtResult<()> {
        Ok(write(out)?)
    }
}

/// Where tiles go.
enum Sink {
    MbTiles(Box<MbTiles>),
    PmTiles(Box<PmTilesStreamWriter<File>>, PathBuf),
}

impl Sink {
    fn create(out: &Path, set: &str, tiles: &LayerSet, zooms: (u8, u8)) -> anyhow::Result<Self> {
        let vector_layers = json!({ "vector_layers": tiles.vector_layers() }).to_string();
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
                    .tile_codec(Packed)
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

    /// Adds a packed tile.
    fn add(&mut self, id: TileId, packed: &[u8]) -> anyhow::Result<()> {
        match self {
            Sink::MbTiles(file) => file.add(id.z, id.x, id.y, packed)?,
            Sink::PmTiles(writer, _) => {
                writer.add_tile(TileCoord::new(id.z, id.x, id.y)?, packed)?;
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
    match what {
        TilesCommand::Export { from, out, min_zoom, max_zoom } => {
            if min_zoom > max_zoom || max_zoom > ZOOM_MAX {
                let why = format!("zooms go from --min-zoom up to --max-zoom, at most {ZOOM_MAX}");
                return Err(WrongCall(why).into());
            }
            export(settings, &from, &out, (min_zoom, max_zoom))
        }
        TilesCommand::Serve { layers, name, keep_mib } => serve(settings, &layers, name, keep_mib << 20),
    }
}

/// The set of files, a layer each.
fn of_files(files: &[PathBuf]) -> anyhow::Result<LayerSet> {
    let mut sources: Vec<LayerSource> = Vec::new();
    for path in files {
        let source = crate::layer_files::read(path)?;
        if sources.iter().any(|other| other.name == source.name) {
            let why = format!("{}: two files of one name make two layers of one name", path.display());
            return Err(WrongCall(why).into());
        }
        sources.push(source);
    }
    Ok(LayerSet::new(sources))
}

fn of_city(settings: &Settings, set: &str) -> anyhow::Result<LayerSet> {
    let named = MapSet::named(set);
    let wanted = named.ok_or_else(|| WrongCall(format!("no set {set:?}; there are: base, cells")))?;
    Ok(App::open(configuration(settings)?)?.db.read_blocking(move |tx| wanted.layers(tx))?)
}

fn export(settings: &Settings, from: &TilesFrom, out: &Path, zooms: (u8, u8)) -> anyhow::Result<ExitCode> {
    let clock = Instant::now();
    let (name, tiles) = match &from.set {
        Some(set) => (set.as_str(), of_city(settings, set)?),
        None => ("files", of_files(&from.layers)?),
    };
    let read_s = clock.elapsed().as_secs_f64();
    let clock = Instant::now();
    let mut sink = Sink::create(out, name, &tiles, zooms)?;
    let mut ids = tiles.tiles_within(zooms.0, zooms.1);
    if matches!(sink, Sink::PmTiles(..)) {
        // In the order of the file: neighbours lie together and the directory stays small.
        ids.sort_by_key(|id| TileCoord::new(id.z, id.x, id.y).map(pmtiles::TileId::from).ok());
    }
    let bar = ProgressBar::new(ids.len() as u64);
    let (mut written, mut bytes) = (0u64, 0u64);
    let pack = |id: &TileId| -> anyhow::Result<Option<(TileId, usize, Vec<u8>)>> {
        let tile = tiles.tile(*id)?;
        Ok(if tile.is_empty() { None } else { Some((*id, tile.len(), gzip(&tile)?)) })
    };
    // While some are written the next are cut.
    let (ready, coming) = mpsc::sync_channel(2);
    std::thread::scope(|scope| -> anyhow::Result<()> {
        scope.spawn(|| {
            let ready = ready;
            for some in ids.chunks(TILES_AT_ONCE) {
                let packed: anyhow::Result<Vec<_>> = some.par_iter().map(pack).collect();
                // Nobody listens any more when a write has failed.
                if ready.send((some.len(), packed)).is_err() {
                    return;
                }
            }
        });
        for (count, packed) in coming {
            for (id, length, tile) in packed?.into_iter().flatten() {
                sink.add(id, &tile)?;
                written += 1;
                bytes += length as u64;
            }
            bar.inc(count as u64);
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    sink.finish(out)?;
    let cut_s = clock.elapsed().as_secs_f64();
    if settings.json {
        println!("{}", json!({ "tiles": written, "bytes": bytes, "read_s": read_s, "cut_s": cut_s }));
    } else {
        eprintln!("{written} tiles, {bytes} bytes before compression, in {}", out.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(settings: &Settings, files: &[PathBuf], name: String, keep: u64) -> anyhow::Result<ExitCode> {
    let listen = settings.listen.as_deref().unwrap_or("127.0.0.1:8090");
    let tiles = Arc::new(Tiles::keeping(of_files(files)?, keep));
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}; is another server running there?"))?;
        // Scripts read this line to learn the port.
        println!("gridweave listens on http://{}/tiles/{name}.json", listener.local_addr()?);
        gridweave_server::http::tiles::run(listener, [(name, tiles)].into(), ended()).await?;
        Ok(ExitCode::SUCCESS)
    })
}
