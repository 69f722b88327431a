//! The index as a file: written once, opened in place by any number of processes.
//!
//! ```text
//! "GWATLAS\0" · version u32 · length of the directory u32 · length of the file u64 · XXH3 of the directory u64
//! directory (JSON): frame, layers with name and sections (offset, length, XXH3)
//! sections, each at a multiple of 64 bytes, little-endian
//! ```
//!
//! Every checksum is looked at when the file is opened, so that what was cut off or altered is refused
//! with a reason rather than answered from. To change the index, write another file and rename it over
//! the old one: readers go on with what they have mapped.

use super::frame::Frame;
use super::{Index, Layer, Outlines};
use crate::polygon::Bounds;
use bytemuck::{AnyBitPattern, NoUninit};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Raised whenever the meaning of the bytes changes.
pub const FORMAT_VERSION: u32 = 2;
const MAGIC: &[u8; 8] = b"GWATLAS\0";
const HEAD: usize = 32;
const ALIGN: usize = 64;

/// Bytes that stay where they are for as long as the index lives: a mapped file, or memory.
pub trait Source: AsRef<[u8]> + Send + Sync {}
impl<T: AsRef<[u8]> + Send + Sync> Source for T {}

/// Why a file is no index.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSnapshot {
    /// Something else, or cut off in the head.
    #[error("this is no compiled index")]
    NotOne,
    /// Written by another version.
    #[error("the index is of format {found}, this program reads {FORMAT_VERSION}: make it anew")]
    Version {
        /// Its version.
        found: u32,
    },
    /// Cut off, or altered.
    #[error("the index is damaged ({what}): make it anew")]
    Damaged {
        /// Which part.
        what: String,
    },
    /// This machine's numbers are of another order.
    #[error("compiled indexes are for little-endian machines")]
    Endian,
}

/// An array of the index: made here, or a part of a file. Cheap to clone.
pub(crate) enum Section<T> {
    /// Made here.
    Owned(Arc<Vec<T>>),
    /// A part of a source, checked when it was opened.
    Shared(Arc<dyn Source>, std::ops::Range<usize>),
}

impl<T> Clone for Section<T> {
    fn clone(&self) -> Self {
        match self {
            Section::Owned(values) => Section::Owned(values.clone()),
            Section::Shared(source, range) => Section::Shared(source.clone(), range.clone()),
        }
    }
}

impl<T: AnyBitPattern + NoUninit> Section<T> {
    pub(crate) fn owned(values: Vec<T>) -> Self {
        Section::Owned(Arc::new(values))
    }

    pub(crate) fn get(&self) -> &[T] {
        match self {
            Section::Owned(values) => values,
            Section::Shared(source, range) => source
                .as_ref()
                .as_ref()
                .get(range.clone())
                .and_then(|bytes| bytemuck::try_cast_slice(bytes).ok())
                .unwrap_or_default(),
        }
    }
}

/// The codes of cells: all of them in one text.
#[derive(Clone)]
pub(crate) struct Codes {
    starts: Section<u32>,
    text: Section<u8>,
}

impl Codes {
    pub(crate) fn new(codes: &[String]) -> Self {
        let mut starts = vec![0u32];
        let mut text = Vec::new();
        for code in codes {
            text.extend_from_slice(code.as_bytes());
            starts.push(text.len() as u32);
        }
        Self { starts: Section::owned(starts), text: Section::owned(text) }
    }

    /// The same with more codes behind.
    pub(crate) fn with<'a>(&self, more: impl Iterator<Item = &'a str>) -> Self {
        let (mut starts, mut text) = (self.starts.get().to_vec(), self.text.get().to_vec());
        for code in more {
            text.extend_from_slice(code.as_bytes());
            starts.push(text.len() as u32);
        }
        Self { starts: Section::owned(starts), text: Section::owned(text) }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.get().len().saturating_sub(1)
    }

    pub(crate) fn get(&self, cell: usize) -> Option<&str> {
        let starts = self.starts.get();
        let range = *starts.get(cell)? as usize..*starts.get(cell + 1)? as usize;
        std::str::from_utf8(self.text.get().get(range)?).ok()
    }
}

#[derive(Serialize, Deserialize)]
struct Part {
    offset: usize,
    bytes: usize,
    xxh3: u64,
}

#[derive(Serialize, Deserialize)]
struct LayerEntry {
    name: String,
    /// See [`Layer::clean_words`].
    clean_words: usize,
    /// In the order of [`LAYER_PARTS`].
    parts: Vec<Part>,
}

const LAYER_PARTS: [&str; 8] =
    ["codes", "code text", "cells", "boxes", "rings", "vertices", "grids", "edges that decide"];

#[derive(Serialize, Deserialize)]
struct Directory {
    /// West, south, east, north of everything, as bit patterns: exact.
    frame: [u64; 4],
    /// What the index was made of, in the writer's words.
    made_of: String,
    layers: Vec<LayerEntry>,
}

fn shared<T>(source: &Arc<dyn Source>, entry: &LayerEntry, part: usize) -> Section<T> {
    let Part { offset, bytes, .. } = entry.parts[part];
    Section::Shared(source.clone(), offset..offset + bytes)
}

impl Layer {
    fn bytes_of_parts(&self) -> [&[u8]; 8] {
        let outlines = &self.outlines;
        [
            bytemuck::cast_slice(self.codes.starts.get()),
            self.codes.text.get(),
            bytemuck::cast_slice(outlines.cells.get()),
            bytemuck::cast_slice(outlines.boxes.get()),
            bytemuck::cast_slice(outlines.first_vertices.get()),
            bytemuck::cast_slice(outlines.vertices.get()),
            bytemuck::cast_slice(self.grids.get()),
            bytemuck::cast_slice(self.lists.get()),
        ]
    }
}

impl Index {
    /// Writes the index. `made_of` is kept beside it, for whoever asks whether it is still true.
    pub fn write(&self, made_of: &str, out: &mut impl Write) -> io::Result<()> {
        // The directory's length depends on the offsets it holds, so room is left generously.
        let parts: usize = self.layers.len() * LAYER_PARTS.len();
        let names: usize = self.layers.iter().map(|layer| layer.name.len()).sum();
        let room = (512 + made_of.len() * 6 + names * 6 + self.layers.len() * 64 + parts * 96)
            .next_multiple_of(ALIGN);
        let mut at = HEAD + room;
        let mut layers = Vec::new();
        for layer in &self.layers {
            let mut listed = Vec::new();
            for bytes in layer.bytes_of_parts() {
                at = at.next_multiple_of(ALIGN);
                listed.push(Part { offset: at, bytes: bytes.len(), xxh3: xxh3_64(bytes) });
                at += bytes.len();
            }
            let (name, clean_words) = (layer.name.clone(), layer.clean_words);
            layers.push(LayerEntry { name, clean_words, parts: listed });
        }
        let Bounds { min, max } = self.frame.bounds;
        let frame = [min[0], min[1], max[0], max[1]].map(f64::to_bits);
        let directory = Directory { frame, made_of: made_of.to_owned(), layers };
        let mut text = serde_json::to_vec(&directory)?;
        text.resize(room, b' ');
        out.write_all(MAGIC)?;
        out.write_all(&FORMAT_VERSION.to_le_bytes())?;
        out.write_all(&(room as u32).to_le_bytes())?;
        out.write_all(&(at as u64).to_le_bytes())?;
        out.write_all(&xxh3_64(&text).to_le_bytes())?;
        out.write_all(&text)?;
        let mut at = HEAD + room;
        for bytes in self.layers.iter().flat_map(|layer| layer.bytes_of_parts()) {
            let pad = at.next_multiple_of(ALIGN) - at;
            out.write_all(&[0; ALIGN][..pad])?;
            out.write_all(bytes)?;
            at += pad + bytes.len();
        }
        Ok(())
    }

    /// Opens what [`Index::write`] wrote, in place. Reads every byte once, for the checksums.
    pub fn open(source: Arc<dyn Source>) -> Result<(Self, String), InvalidSnapshot> {
        if cfg!(target_endian = "big") {
            return Err(InvalidSnapshot::Endian);
        }
        let bytes: &[u8] = source.as_ref().as_ref();
        let head = bytes.get(..HEAD).filter(|head| head.starts_with(MAGIC)).ok_or(InvalidSnapshot::NotOne)?;
        let small = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let large = |at: usize| u64::from(small(at)) | u64::from(small(at + 4)) << 32;
        if small(8) != FORMAT_VERSION {
            return Err(InvalidSnapshot::Version { found: small(8) });
        }
        let damaged = |what: &str| InvalidSnapshot::Damaged { what: what.to_owned() };
        if large(16) != bytes.len() as u64 {
            return Err(damaged("its length"));
        }
        let text = bytes.get(HEAD..HEAD + small(12) as usize).ok_or_else(|| damaged("its directory"))?;
        if xxh3_64(text) != large(24) {
            return Err(damaged("its directory"));
        }
        let directory: Directory = serde_json::from_slice(text).map_err(|_| damaged("its directory"))?;
        if directory.layers.iter().any(|layer| layer.parts.len() != LAYER_PARTS.len()) {
            return Err(damaged("its directory"));
        }
        let parts: Vec<(&LayerEntry, usize, &Part)> = directory
            .layers
            .iter()
            .flat_map(|layer| layer.parts.iter().enumerate().map(move |(i, part)| (layer, i, part)))
            .collect();
        let wrong = parts.par_iter().find_any(|(_, _, part)| {
            let found = bytes.get(part.offset..part.offset.saturating_add(part.bytes));
            part.offset % ALIGN != 0 || found.is_none_or(|found| xxh3_64(found) != part.xxh3)
        });
        if let Some((layer, i, _)) = wrong {
            return Err(damaged(&format!("{} of layer {}", LAYER_PARTS[*i], layer.name)));
        }
        let [west, south, east, north] = directory.frame.map(f64::from_bits);
        let frame = Frame::new(Bounds { min: [west, south], max: [east, north] });
        let layers = directory.layers.iter().map(|entry| Layer {
            name: entry.name.clone(),
            codes: Codes { starts: shared(&source, entry, 0), text: shared(&source, entry, 1) },
            outlines: Outlines {
                cells: shared(&source, entry, 2),
                boxes: shared(&source, entry, 3),
                first_vertices: shared(&source, entry, 4),
                vertices: shared(&source, entry, 5),
            },
            grids: shared(&source, entry, 6),
            lists: shared(&source, entry, 7),
            clean_words: entry.clean_words,
        });
        Ok((Index { frame, layers: layers.collect() }, directory.made_of.clone()))
    }
}
