//! Messages as rows of a table: what their columns say, and the table again with columns added.

use crate::WrongCall;
use crate::args::{MessageColumns, ReadTexts};
use crate::columns::column;
use crate::faults::Faults;
use anyhow::Context;
use gridweave_core::Zone;
use gridweave_files::batches::{Batch, BatchWriter, Batches, Column, Kind, open_batches, read_ahead};
use gridweave_triage::Tree;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

/// Rows that are held at a time.
const ROWS_AT_ONCE: usize = 1 << 14;

/// A model of a file, or the one in the program.
pub fn model(path: Option<&Path>) -> anyhow::Result<Tree> {
    let Some(path) = path else { return Ok(gridweave_triage::shipped()?) };
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    Tree::from_bytes(&bytes).map_err(|why| WrongCall(format!("{}: {why}", path.display())).into())
}

/// The texts of several columns behind each other, parted so that no words run together.
pub fn together<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("。")
}

/// A table that is read batch by batch.
pub struct Messages {
    path: PathBuf,
    source: Option<Box<dyn Batches>>,
    header: Vec<String>,
    texts: Vec<usize>,
    time: Option<usize>,
    id: Option<usize>,
    lon_lat: Option<(usize, usize)>,
    faults: Faults,
}

/// What a row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// Its own number, or that of its row.
    pub id: String,
    /// Its text.
    pub text: String,
    /// When it came.
    pub at_ms: Option<i64>,
    /// Where.
    pub lon_lat: Option<[f64; 2]>,
}

/// How many rows were read, and how many could not be.
pub struct Counted {
    /// Rows.
    pub rows: usize,
    /// Rows that could not be read, and cells that say no time or no place.
    pub faults: u64,
}

impl Messages {
    /// Opens a table.
    pub fn open(read: &ReadTexts, columns: Option<&MessageColumns>) -> anyhow::Result<Self> {
        let source = open_batches(&read.file)?;
        let header = source.header().to_vec();
        let at = |name: &String| column(&header, name, &read.file);
        let texts = read.text.iter().map(at).collect::<anyhow::Result<_>>()?;
        let of = |name: fn(&MessageColumns) -> &Option<String>| {
            columns.and_then(|columns| name(columns).as_ref()).map(at).transpose()
        };
        let (time, id) = (of(|columns| &columns.time)?, of(|columns| &columns.id)?);
        let (lon, lat) = (of(|columns| &columns.lon)?, of(|columns| &columns.lat)?);
        let path = read.file.clone();
        Ok(Self {
            path,
            source: Some(source),
            texts,
            time,
            id,
            lon_lat: lon.zip(lat),
            header,
            faults: Faults::default(),
        })
    }

    /// Where a column stands.
    pub fn column(&self, name: &str) -> anyhow::Result<usize> {
        column(&self.header, name, &self.path)
    }

    /// Where the columns of the text stand.
    pub fn texts(&self) -> &[usize] {
        &self.texts
    }

    /// Reads all batches; what `add` makes of each goes to `out` behind its own columns, under these names.
    pub fn each(
        mut self,
        out: Option<&Path>,
        added: &[(&str, Kind)],
        mut add: impl FnMut(&mut Batch, Vec<Message>) -> anyhow::Result<Vec<Column>>,
    ) -> anyhow::Result<Counted> {
        if let Some((there, _)) = added.iter().find(|(name, _)| self.header.iter().any(|own| own == name)) {
            let why =
                format!("{}: there is a column {there:?} already; rename it first", self.path.display());
            return Err(WrongCall(why).into());
        }
        let Some(source) = self.source.take() else { return Ok(Counted { rows: 0, faults: 0 }) };
        let mut kinds = source.kinds();
        kinds.extend(added.iter().map(|(_, kind)| *kind));
        let names = added.iter().map(|(name, _)| (*name).to_owned());
        let all: Vec<String> = self.header.iter().cloned().chain(names).collect();
        let mut writer = out.map(|out| BatchWriter::create(Some(out), &all, &kinds)).transpose()?;
        let bar = source.rows().map_or_else(ProgressBar::no_length, ProgressBar::new);
        let mut rows = 0;
        for batch in read_ahead(source, (0..self.header.len()).collect(), ROWS_AT_ONCE) {
            let mut batch = batch?;
            for bad in &batch.bad {
                self.faults.tell(|| format!("{} line {}: {}", self.path.display(), bad.line, bad.why));
            }
            let messages = (0..batch.rows).map(|row| self.message(&batch, row)).collect();
            let added = add(&mut batch, messages)?;
            if let Some(writer) = &mut writer {
                writer.write(&batch.columns.iter().chain(&added).collect::<Vec<_>>())?;
            }
            rows += batch.rows;
            bar.inc(batch.rows as u64);
        }
        bar.finish_and_clear();
        writer.map(BatchWriter::finish).transpose()?;
        Ok(Counted { rows, faults: self.faults.count() })
    }

    fn message(&mut self, batch: &Batch, row: usize) -> Message {
        let cell = |at: usize| batch.columns[at].text(row);
        let line = batch.first_row + row as u64 + 1;
        let cells: Vec<String> = self.texts.iter().map(|at| cell(*at)).collect();
        let mut at_ms = None;
        if let Some(text) = self.time.map(cell).filter(|text| !text.trim().is_empty()) {
            at_ms = Zone::china().parse(&text).map(|at| at.0);
            if at_ms.is_none() {
                self.faults.tell(|| {
                    format!(
                        "{} line {line}: {text:?} is no time; write 2026-11-23 08:00",
                        self.path.display()
                    )
                });
            }
        }
        let mut lon_lat = None;
        if let Some((lon, lat)) = self.lon_lat {
            let number = |at: usize| batch.columns[at].number(row).or_else(|| cell(at).trim().parse().ok());
            lon_lat = number(lon).zip(number(lat)).map(|(lon, lat)| [lon, lat]);
            let outside = lon_lat.is_some_and(|[lon, lat]| lon.abs() > 180.0 || lat.abs() > 90.0);
            if outside || (lon_lat.is_none() && !cell(lon).trim().is_empty()) {
                let told = format!("{}, {}", cell(lon), cell(lat));
                self.faults
                    .tell(|| format!("{} line {line}: {told} is no place in degrees", self.path.display()));
                lon_lat = None;
            }
        }
        let id = self.id.map(cell).filter(|id| !id.is_empty());
        Message {
            id: id.unwrap_or_else(|| (line - 1).to_string()),
            text: together(cells.iter().map(String::as_str)),
            at_ms,
            lon_lat,
        }
    }
}
