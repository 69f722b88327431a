//! Readings of meters from tables: long or wide, columns by name or by themselves, row by row.

mod columns;
mod times;

pub use columns::ReadingColumns;
pub use times::{Moment, Times};

use crate::batches::{
    Batches, Column, Counts, Kind, RawColumn, RawPiece, RawTexts, open_batches, raw_pieces,
};
use crate::table::FileError;
use columns::{Shape, shape};
use gridweave_core::Zone;
use std::ops::Range;
use std::path::Path;

/// Why a table of readings is not read.
#[derive(Debug, thiserror::Error)]
pub enum BadReadings {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A column that was named and that it does not have.
    #[error("{file}: no column {wanted:?}; there are: {}", .header.join(", "))]
    NoColumn {
        /// The file.
        file: String,
        /// The name.
        wanted: String,
        /// Those that it has.
        header: Vec<String>,
    },
    /// Columns that were not found.
    #[error("{file}: which column is what? Say {}; there are: {}", .missing.join(", "), .header.join(", "))]
    Unclear {
        /// The file.
        file: String,
        /// As they are called on the command line.
        missing: Vec<&'static str>,
        /// Those that it has.
        header: Vec<String>,
    },
}

/// Rows of a batch of texts.
const BATCH_ROWS: usize = 1 << 16;

/// Why a row was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It names no meter.
    Meter,
    /// Its time cannot be read.
    Time,
    /// Its value is no number.
    Value,
    /// It has not as many cells as the header.
    Row,
}

impl Fault {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Fault::Meter => "no meter",
            Fault::Time => "no time that can be read",
            Fault::Value => "no number",
            Fault::Row => "not as many cells as the header",
        }
    }
}

/// A meter as its row names it.
#[derive(Clone, Copy)]
pub enum Name<'a> {
    /// In letters and digits.
    Text(&'a str),
    /// A whole number.
    Number(i64),
}

/// Meters as their rows name them.
#[derive(Clone, Copy)]
pub enum Names<'a> {
    /// Whole numbers of up to 32 bits.
    Ints(&'a [i32]),
    /// Whole numbers.
    Longs(&'a [i64]),
    /// So many texts, from a row on.
    Texts(&'a RawTexts, usize),
}

impl<'a> Names<'a> {
    /// A row's.
    pub fn get(self, row: usize) -> Name<'a> {
        match self {
            Names::Ints(all) => Name::Number(i64::from(all[row])),
            Names::Longs(all) => Name::Number(all[row]),
            Names::Texts(texts, from) => Name::Text(texts.get(from + row)),
        }
    }
}

/// Values of rows, all of them finite.
#[derive(Clone, Copy)]
pub enum Numbers<'a> {
    /// Of single precision.
    Floats(&'a [f32]),
    /// Of double precision.
    Doubles(&'a [f64]),
}

impl Numbers<'_> {
    /// Is there none?
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Numbers::Floats(all) => all.len(),
            Numbers::Doubles(all) => all.len(),
        }
    }

    /// A row's.
    pub fn get(self, row: usize) -> f64 {
        match self {
            Numbers::Floats(all) => f64::from(all[row]),
            Numbers::Doubles(all) => all[row],
        }
    }

    fn are_finite(self) -> bool {
        match self {
            Numbers::Floats(all) => all.iter().all(|value| value.is_finite()),
            Numbers::Doubles(all) => all.iter().all(|value| value.is_finite()),
        }
    }
}

/// Who takes rows.
pub trait Rows {
    /// A reading; false ends the reading of files.
    fn take(&mut self, meter: Name<'_>, at: Moment, value: f64) -> bool;
    /// Readings of one moment: each meter's, and its value. As [`Rows::take`] for each.
    fn take_many(&mut self, meters: Names<'_>, at: Moment, values: Numbers<'_>) -> bool {
        (0..values.len()).all(|row| self.take(meters.get(row), at, values.get(row)))
    }
    /// The address that comes with a meter's next reading; may be empty.
    fn address(&mut self, _meter: &str, _address: &str) {}
    /// A row that is none.
    fn reject(&mut self, file: &Path, line: u64, fault: Fault, cell: &str);
    /// How far the file is, from 0 to 1, where that is known.
    fn progress(&mut self, share: f64);
}

/// Reads a table into `rows`; false where they have had enough. So many threads decode ahead where the format allows.
pub fn read_readings(
    path: &Path,
    wanted: &ReadingColumns,
    zone: Zone,
    threads: usize,
    rows: &mut dyn Rows,
) -> Result<bool, BadReadings> {
    let table = open_batches(path)?;
    let mut times = Times::new(zone);
    let shape = shape(wanted, path, &*table, &mut times)?;
    let typed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
    match shape {
        Shape::Long { meter, time, value, address: None } if typed && value_is_number(&*table, value) => {
            let counts = table.counts(time);
            let all = table.rows().unwrap_or(1).max(1) as f64;
            for piece in raw_pieces(path, &[meter, time, value], threads)? {
                let piece = piece?;
                let go_on = typed_rows(&piece, counts, path, &mut times, rows);
                rows.progress((piece.first_row as f64 + piece.rows as f64) / all);
                if !go_on {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        shape => text_rows(table, &shape, path, &mut times, rows),
    }
}

fn value_is_number(table: &dyn Batches, value: usize) -> bool {
    matches!(table.kinds()[value], Kind::Float | Kind::Int | Kind::Text)
}

/// Rows of typed columns, without a detour over texts.
fn typed_rows(
    piece: &RawPiece,
    counts: Option<(Counts, bool)>,
    path: &Path,
    times: &mut Times,
    rows: &mut dyn Rows,
) -> bool {
    let mut from = 0;
    while from < piece.rows {
        let (until, one_moment) = same_time(piece, from);
        let together = if one_moment { run(piece, from..until, counts, times) } else { None };
        let go_on = match together {
            Some((meters, moment, values)) => rows.take_many(meters, moment, values),
            None => each_row(piece, from..until, counts, path, times, rows),
        };
        if !go_on {
            return false;
        }
        from = until;
    }
    true
}

/// Rows of one moment are taken together from so many on.
const RUN_LEAST: usize = 64;

/// Where the rows of one moment end; where they are few, some rows of any moment, and false.
fn same_time(piece: &RawPiece, from: usize) -> (usize, bool) {
    fn run<T: PartialEq>(all: &[T]) -> usize {
        all.iter().take_while(|value| **value == all[0]).count()
    }
    let rest = piece.rows - from;
    let same = match piece.columns.get(1) {
        Some(RawColumn::Ints(all)) => run(&all[from..piece.rows]),
        Some(RawColumn::Longs(all)) => run(&all[from..piece.rows]),
        Some(RawColumn::Texts(all)) => {
            let first = all.get(from);
            (from..piece.rows).take_while(|row| all.get(*row) == first).count()
        }
        _ => 0,
    };
    if same < RUN_LEAST { (from + rest.min(16 * RUN_LEAST), false) } else { (from + same, true) }
}

/// Rows of one moment that can be taken together: whole, and of numbers.
fn run<'a>(
    piece: &'a RawPiece,
    rows: Range<usize>,
    counts: Option<(Counts, bool)>,
    times: &mut Times,
) -> Option<(Names<'a>, Moment, Numbers<'a>)> {
    let [meters, at, values] = piece.columns.as_slice() else { return None };
    if !piece.empty.is_empty() {
        return None;
    }
    let from = rows.start;
    let moment = match at {
        RawColumn::Ints(all) => times.number(i64::from(all[from]), counts)?,
        RawColumn::Longs(all) => times.number(all[from], counts)?,
        RawColumn::Texts(all) => times.text(all.get(from))?,
        _ => return None,
    };
    let names = match meters {
        RawColumn::Ints(all) => Names::Ints(&all[rows.clone()]),
        RawColumn::Longs(all) => Names::Longs(&all[rows.clone()]),
        RawColumn::Texts(all) => Names::Texts(all, from),
        _ => return None,
    };
    let numbers = match values {
        RawColumn::Floats(all) => Numbers::Floats(&all[rows]),
        RawColumn::Doubles(all) => Numbers::Doubles(&all[rows]),
        _ => return None,
    };
    numbers.are_finite().then_some((names, moment, numbers))
}

fn each_row(
    piece: &RawPiece,
    range: Range<usize>,
    counts: Option<(Counts, bool)>,
    path: &Path,
    times: &mut Times,
    rows: &mut dyn Rows,
) -> bool {
    let [meters, at, values] = piece.columns.as_slice() else { return true };
    let before = piece.empty.partition_point(|empty| (*empty as usize) < range.start);
    let mut empty = piece.empty[before..].iter().peekable();
    let mut last: Option<(i64, Moment)> = None;
    for row in range {
        let line = piece.first_row + row as u64;
        let is_empty = empty.next_if(|empty| **empty as usize == row).is_some();
        let meter = match meters {
            RawColumn::Texts(texts) => Name::Text(texts.get(row)),
            RawColumn::Ints(all) => Name::Number(i64::from(all[row])),
            RawColumn::Longs(all) => Name::Number(all[row]),
            // A number that was kept as a double.
            RawColumn::Doubles(all) => Name::Number(all[row] as i64),
            RawColumn::Floats(all) => Name::Number(all[row] as i64),
        };
        if matches!(meter, Name::Text("")) {
            rows.reject(path, line, Fault::Meter, "");
            continue;
        }
        let mut number = |value: i64| match last {
            Some((known, moment)) if known == value => Some(moment),
            _ => {
                let moment = times.number(value, counts);
                last = moment.map(|moment| (value, moment));
                moment
            }
        };
        let moment = match at {
            RawColumn::Ints(all) => number(i64::from(all[row])),
            RawColumn::Longs(all) => number(all[row]),
            RawColumn::Doubles(all) => number(all[row] as i64),
            RawColumn::Floats(all) => number(all[row] as i64),
            RawColumn::Texts(texts) => times.text(texts.get(row)),
        };
        let value = match values {
            _ if is_empty => None,
            RawColumn::Doubles(all) => Some(all[row]),
            RawColumn::Floats(all) => Some(f64::from(all[row])),
            RawColumn::Ints(all) => Some(f64::from(all[row])),
            RawColumn::Longs(all) => Some(all[row] as f64),
            RawColumn::Texts(texts) => texts.get(row).trim().parse().ok(),
        };
        match (moment, value.filter(|value| value.is_finite())) {
            (Some(moment), Some(value)) => {
                if !rows.take(meter, moment, value) {
                    return false;
                }
            }
            (None, _) => rows.reject(path, line, Fault::Time, ""),
            (_, None) => rows.reject(path, line, Fault::Value, ""),
        }
    }
    true
}

/// Rows of any table.
fn text_rows(
    mut table: Box<dyn Batches>,
    shape: &Shape,
    path: &Path,
    times: &mut Times,
    rows: &mut dyn Rows,
) -> Result<bool, BadReadings> {
    let header = table.header().to_vec();
    let columns: Vec<usize> = match shape {
        Shape::Long { meter, time, value, address } => {
            [*meter, *time, *value].into_iter().chain(*address).collect()
        }
        Shape::ByTime { meter, times } => {
            std::iter::once(*meter).chain(times.iter().map(|(at, _)| *at)).collect()
        }
        Shape::ByMeter { time, meters } => std::iter::once(*time).chain(meters.iter().copied()).collect(),
    };
    let most = (BATCH_ROWS * 3 / columns.len()).max(64);
    while let Some(batch) = table.next(&columns, most)? {
        for bad in &batch.bad {
            rows.reject(path, bad.line, Fault::Row, &bad.why);
        }
        for row in 0..batch.rows {
            // The header is the first line.
            let line = batch.first_row + row as u64 + 1;
            let first = cell(&batch.columns[0], row);
            let go_on = match shape {
                Shape::Long { .. } => {
                    let (time, value) = (cell(&batch.columns[1], row), cell(&batch.columns[2], row));
                    if let Some(address) = batch.columns.get(3).map(|column| cell(column, row)) {
                        rows.address(&first, &address);
                    }
                    one(&first, times.text(&time), (&time, &value), (path, line), rows)
                }
                Shape::ByTime { times, .. } => times.iter().enumerate().all(|(n, (_, moment))| {
                    let value = cell(&batch.columns[n + 1], row);
                    value.is_empty() || one(&first, Some(*moment), ("", &value), (path, line), rows)
                }),
                Shape::ByMeter { meters, .. } => match times.text(&first) {
                    None => {
                        rows.reject(path, line, Fault::Time, &first);
                        true
                    }
                    moment => meters.iter().enumerate().all(|(n, meter)| {
                        let value = cell(&batch.columns[n + 1], row);
                        value.is_empty() || one(&header[*meter], moment, ("", &value), (path, line), rows)
                    }),
                },
            };
            if !go_on {
                return Ok(false);
            }
        }
        if let Some(all) = table.rows() {
            rows.progress((batch.first_row as f64 + batch.rows as f64) / all.max(1) as f64);
        }
    }
    Ok(true)
}

fn cell(column: &Column, row: usize) -> std::borrow::Cow<'_, str> {
    match column {
        Column::Text(all) => all[row].as_deref().unwrap_or("").into(),
        Column::Numbered(all) => all.text(row).into(),
        other => other.text(row).into(),
    }
}

fn one(
    meter: &str,
    moment: Option<Moment>,
    (time, value): (&str, &str),
    (path, line): (&Path, u64),
    rows: &mut dyn Rows,
) -> bool {
    if meter.trim().is_empty() {
        rows.reject(path, line, Fault::Meter, meter);
        return true;
    }
    let Some(moment) = moment else {
        rows.reject(path, line, Fault::Time, time);
        return true;
    };
    match value.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => rows.take(Name::Text(meter), moment, number),
        _ => {
            rows.reject(path, line, Fault::Value, value);
            true
        }
    }
}
