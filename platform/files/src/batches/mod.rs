//! Tables of any length, a batch of columns at a time: CSV (also .csv.gz) and Parquet in and out.
//!
//! Where [`crate::read_table`] holds a whole table as text, this holds a million rows at the most, each
//! column in its own type.

mod csv_batches;
mod parquet_batches;
mod parquet_texts;

use crate::table::{BadRow, FileError, Format};
use crate::unfinished::unfinished;
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

/// The values of a column in a batch; none where a cell is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Truth values.
    Bool(Vec<Option<bool>>),
    /// Whole numbers.
    Int(Vec<Option<i64>>),
    /// Doubles.
    Float(Vec<Option<f64>>),
    /// Texts.
    Text(Vec<Option<String>>),
    /// Texts that are held elsewhere, by number.
    Numbered(Numbered),
    /// Bytes, such as WKB.
    Bytes(Vec<Option<Vec<u8>>>),
}

/// Texts that rows have by number.
pub trait Texts: std::fmt::Debug + Send + Sync {
    /// The text of a number.
    fn text(&self, number: u32) -> &str;
}

impl Texts for Vec<String> {
    fn text(&self, number: u32) -> &str {
        &self[number as usize]
    }
}

/// Texts, and which of them each row has.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The texts.
    pub texts: Arc<dyn Texts>,
    /// The number of each row's.
    pub of: Vec<u32>,
}

impl Numbered {
    /// A row's text.
    pub fn text(&self, row: usize) -> &str {
        self.texts.text(self.of[row])
    }

    /// The texts of the rows.
    pub fn each(&self) -> impl Iterator<Item = &str> + Clone {
        self.of.iter().map(|number| self.texts.text(*number))
    }
}

impl PartialEq for Numbered {
    fn eq(&self, other: &Self) -> bool {
        self.each().eq(other.each())
    }
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Truth values.
    Bool,
    /// Whole numbers.
    Int,
    /// Doubles.
    Float,
    /// Texts.
    Text,
    /// Bytes.
    Bytes,
}

impl Column {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Bool(values) => values.len(),
            Column::Int(values) => values.len(),
            Column::Float(values) => values.len(),
            Column::Text(values) => values.len(),
            Column::Numbered(numbered) => numbered.of.len(),
            Column::Bytes(values) => values.len(),
        }
    }

    /// Has it no row?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Column::Bool(_) => Kind::Bool,
            Column::Int(_) => Kind::Int,
            Column::Float(_) => Kind::Float,
            Column::Text(_) | Column::Numbered(_) => Kind::Text,
            Column::Bytes(_) => Kind::Bytes,
        }
    }

    /// A column of some of the rows.
    pub fn rows(&self, rows: &[usize]) -> Column {
        fn some<T: Clone>(values: &[Option<T>], rows: &[usize]) -> Vec<Option<T>> {
            rows.iter().map(|row| values[*row].clone()).collect()
        }
        match self {
            Column::Bool(values) => Column::Bool(some(values, rows)),
            Column::Int(values) => Column::Int(some(values, rows)),
            Column::Float(values) => Column::Float(some(values, rows)),
            Column::Text(values) => Column::Text(some(values, rows)),
            Column::Numbered(numbered) => {
                let of = rows.iter().map(|row| numbered.of[*row]).collect();
                Column::Numbered(Numbered { texts: numbered.texts.clone(), of })
            }
            Column::Bytes(values) => Column::Bytes(some(values, rows)),
        }
    }

    /// A cell as text; bytes as hexadecimal, empty where there is none.
    pub fn text(&self, row: usize) -> String {
        match self {
            Column::Bool(values) => values[row].map(|v| v.to_string()).unwrap_or_default(),
            Column::Int(values) => values[row].map(|v| v.to_string()).unwrap_or_default(),
            Column::Float(values) => values[row].map(|v| v.to_string()).unwrap_or_default(),
            Column::Text(values) => values[row].clone().unwrap_or_default(),
            Column::Numbered(numbered) => numbered.text(row).to_owned(),
            Column::Bytes(values) => {
                values[row].iter().flatten().map(|byte| format!("{byte:02x}")).collect::<String>()
            }
        }
    }

    /// Hands all cells to `see` as texts; an empty text is none.
    pub fn see_texts(&self, n: usize, see: &SeeTexts) {
        if let Column::Text(all) = self {
            return see(n, Cells::Each(&mut all.iter().map(Option::as_deref)));
        }
        let texts: Vec<String> = (0..self.len()).map(|row| self.text(row)).collect();
        let cells = texts.iter().map(|text| Some(text.as_str()).filter(|text| !text.is_empty()));
        see(n, Cells::Each(&mut { cells }));
    }

    /// A cell as a number: numbers themselves, and texts that are one.
    pub fn number(&self, row: usize) -> Option<f64> {
        match self {
            Column::Float(values) => values[row],
            Column::Int(values) => values[row].map(|v| v as f64),
            Column::Text(values) => values[row].as_deref().and_then(|text| text.trim().parse().ok()),
            Column::Numbered(numbered) => numbered.text(row).trim().parse().ok(),
            Column::Bool(_) | Column::Bytes(_) => None,
        }
    }
}

/// Some rows of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The columns that were asked for, in that order.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
    /// Number of the first row in the file, the first being 1.
    pub first_row: u64,
    /// Rows that could not be read at all.
    pub bad: Vec<BadRow>,
}

/// Cells of a column as texts.
pub enum Cells<'a> {
    /// One after the other.
    Each(&'a mut dyn Iterator<Item = Option<&'a str>>),
    /// As their numbers in a dictionary, the first being 1; 0 for an empty cell.
    Numbered(&'a Dictionary, &'a [u32]),
}

impl Cells<'_> {
    /// Hands each cell to `see`.
    pub fn each(self, mut see: impl FnMut(Option<&str>)) {
        match self {
            Cells::Each(all) => all.for_each(see),
            Cells::Numbered(dictionary, numbers) => {
                numbers.iter().for_each(|n| see(n.checked_sub(1).map(|n| dictionary.text(n))));
            }
        }
    }
}

/// Texts that a file holds once, for a part of its rows.
#[derive(Debug, Default)]
pub struct Dictionary {
    serial: u64,
    /// Each text behind four bytes for its length.
    bytes: bytes::Bytes,
    ends: Vec<usize>,
}

impl Dictionary {
    /// Tells it from every other.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// What sees the cells of a column as texts; the first says which of the columns it is.
pub type SeeTexts<'a> = dyn Fn(usize, Cells) + Sync + 'a;

/// A table that is read a batch at a time.
pub trait Batches: Send {
    /// Names of the columns.
    fn header(&self) -> &[String];
    /// Types of the columns, as this file has them.
    fn kinds(&self) -> Vec<Kind>;
    /// How many rows there are, where the file says so.
    fn rows(&self) -> Option<u64>;
    /// The next rows, at most so many, of these columns; none at the end.
    fn next(&mut self, columns: &[usize], most: usize) -> Result<Option<Batch>, FileError>;

    /// The same as texts: each column is handed to `see`, some cells at a time, columns beside each other on all cores, and
    /// none is kept.
    fn next_texts(
        &mut self,
        columns: &[usize],
        most: usize,
        see: &SeeTexts,
    ) -> Result<Option<Batch>, FileError> {
        let Some(batch) = self.next(columns, most)? else { return Ok(None) };
        batch.columns.par_iter().enumerate().for_each(|(n, column)| column.see_texts(n, see));
        Ok(Some(Batch { columns: Vec::new(), ..batch }))
    }

    /// All rows that are left as texts, where a file can be read column by column from end to end: columns need not wait
    /// for each other. `told` hears of rows as they are done. None where a file cannot: it is asked for
    /// [`Self::next_texts`] then.
    fn all_texts(
        &mut self,
        _columns: &[usize],
        _see: &SeeTexts,
        _told: &(dyn Fn(u64) + Sync),
    ) -> Option<Result<Batch, FileError>> {
        None
    }
}

/// Opens a table by its ending: `.csv`, `.csv.gz` or `.parquet`.
pub fn open_batches(path: &Path) -> Result<Box<dyn Batches>, FileError> {
    let (format, zipped) = Format::of_path(path)?;
    let io = |source| FileError::Io { path: path.display().to_string(), source };
    let file = File::open(path).map_err(io)?;
    match format {
        Format::Parquet if !zipped => {
            Ok(Box::new(parquet_batches::ParquetBatches::open(file, &path.display().to_string())?))
        }
        Format::Csv => {
            let plain: Box<dyn Read + Send> = match zipped {
                true => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(file))),
                false => Box::new(file),
            };
            Ok(Box::new(csv_batches::CsvBatches::open(plain, &path.display().to_string())?))
        }
        _ => Err(FileError::Format(path.display().to_string())),
    }
}

/// Batches of a table that a thread of its own reads ahead, two at a time.
pub struct Ahead {
    batches: mpsc::Receiver<Result<Batch, FileError>>,
}

/// Reads these columns ahead, so many rows at the most in a batch.
pub fn read_ahead(mut table: Box<dyn Batches>, columns: Vec<usize>, most: usize) -> Ahead {
    let (send, batches) = mpsc::sync_channel(2);
    // Ends by itself: with the table, or when nobody listens any more.
    std::thread::spawn(move || {
        loop {
            let next = table.next(&columns, most).transpose();
            let last = !matches!(next, Some(Ok(_)));
            if next.is_some_and(|batch| send.send(batch).is_err()) || last {
                return;
            }
        }
    });
    Ahead { batches }
}

impl Iterator for Ahead {
    type Item = Result<Batch, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.recv().ok()
    }
}

/// Where batches go.
enum Sink {
    Csv(Box<csv_batches::CsvSink>),
    Parquet(Box<parquet_batches::ParquetSink>),
}

/// Writes batches to a file, which gets its name only when all is written: a run that was broken off
/// leaves what was there before.
pub struct BatchWriter {
    sink: Sink,
    /// The file as it is being written, and its name when it is done; none for standard output.
    names: Option<(PathBuf, PathBuf)>,
}

impl BatchWriter {
    /// Begins a file by its ending, or CSV on standard output where there is no path.
    pub fn create(path: Option<&Path>, header: &[String], kinds: &[Kind]) -> Result<Self, FileError> {
        let Some(path) = path else {
            let out: Box<dyn Write + Send> = Box::new(BufWriter::new(std::io::stdout()));
            return Ok(Self {
                sink: Sink::Csv(Box::new(csv_batches::CsvSink::new(out, header)?)),
                names: None,
            });
        };
        let format = match Format::of_path(path)? {
            (format @ (Format::Csv | Format::Parquet), false) => format,
            _ => return Err(FileError::Format(path.display().to_string())),
        };
        let unfinished = unfinished(path);
        let io = |source| FileError::Io { path: unfinished.display().to_string(), source };
        let file = File::create(&unfinished).map_err(io)?;
        let sink = match format {
            Format::Parquet => {
                Sink::Parquet(Box::new(parquet_batches::ParquetSink::new(file, header, kinds)?))
            }
            _ => Sink::Csv(Box::new(csv_batches::CsvSink::new(Box::new(BufWriter::new(file)), header)?)),
        };
        Ok(Self { sink, names: Some((unfinished, path.to_owned())) })
    }

    /// Writes rows: columns of the types that were announced, all of one length.
    pub fn write(&mut self, columns: &[&Column]) -> Result<(), FileError> {
        match &mut self.sink {
            Sink::Csv(sink) => sink.write(columns),
            Sink::Parquet(sink) => sink.write(columns),
        }
    }

    /// Ends the file and gives it its name.
    pub fn finish(self) -> Result<(), FileError> {
        match self.sink {
            Sink::Csv(sink) => sink.finish()?,
            Sink::Parquet(sink) => sink.finish()?,
        }
        match self.names {
            Some((unfinished, name)) => std::fs::rename(&unfinished, &name)
                .map_err(|source| FileError::Io { path: name.display().to_string(), source }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn all(path: &Path, columns: &[usize], most: usize) -> (Vec<Column>, Vec<BadRow>) {
        let mut batches = open_batches(path).unwrap();
        let (mut found, mut bad): (Vec<Column>, Vec<BadRow>) = (Vec::new(), Vec::new());
        while let Some(batch) = batches.next(columns, most).unwrap() {
            bad.extend(batch.bad);
            assert!(batch.rows <= most && batch.columns.iter().all(|column| column.len() == batch.rows));
            for (i, column) in batch.columns.into_iter().enumerate() {
                match (found.get_mut(i), column) {
                    (None, column) => found.push(column),
                    (Some(Column::Bool(all)), Column::Bool(more)) => all.extend(more),
                    (Some(Column::Int(all)), Column::Int(more)) => all.extend(more),
                    (Some(Column::Float(all)), Column::Float(more)) => all.extend(more),
                    (Some(Column::Text(all)), Column::Text(more)) => all.extend(more),
                    (Some(Column::Bytes(all)), Column::Bytes(more)) => all.extend(more),
                    (Some(other), column) => unreachable!("{other:?} then {column:?}"),
                }
            }
        }
        (found, bad)
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::Text(vec![Some("东湖花园".into()), None, Some("a,\"b\"".into())]),
            Column::Float(vec![Some(114.25), Some(-0.1), None]),
            Column::Int(vec![None, Some(-7), Some(1 << 40)]),
            Column::Bool(vec![Some(true), Some(false), None]),
            Column::Bytes(vec![Some(vec![1, 2, 255]), None, Some(vec![])]),
            Column::Numbered(Numbered {
                texts: Arc::new(vec!["同".to_owned(), "x,y".to_owned()]),
                of: vec![1, 0, 1],
            }),
        ]
    }

    fn written(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let header = ["名称", "lon", "n", "ok", "geometry", "few"].map(str::to_owned);
        let kinds: Vec<Kind> = columns().iter().map(Column::kind).collect();
        let mut writer = BatchWriter::create(Some(&path), &header, &kinds).unwrap();
        writer.write(&columns().iter().collect::<Vec<_>>()).unwrap();
        assert!(!path.exists(), "it has its name only when it is whole");
        writer.write(&columns().iter().collect::<Vec<_>>()).unwrap();
        writer.finish().unwrap();
        (folder, path)
    }

    #[test]
    fn parquet_comes_back_as_it_was_whatever_the_batch() {
        let (_folder, path) = written("t.parquet");
        let batches = open_batches(&path).unwrap();
        assert_eq!((batches.header()[0].as_str(), batches.rows()), ("名称", Some(6)));
        for most in [1, 2, 4, 100] {
            let (found, _) = all(&path, &[0, 1, 2, 3, 4, 5], most);
            let twice = |column: &Column| (0..3).chain(0..3).map(|i| column.text(i)).collect::<Vec<_>>();
            for (found, expected) in found.iter().zip(columns()) {
                assert_eq!((0..6).map(|i| found.text(i)).collect::<Vec<_>>(), twice(&expected), "{most}");
                assert_eq!(found.kind(), expected.kind());
            }
        }
        assert_eq!(all(&path, &[1], 10).0[0].number(1), Some(-0.1));
    }

    #[test]
    fn long_columns_of_parquet_are_read_at_once_without_disturbing_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.parquet");
        let cell = |column: usize, row: usize| {
            let mixed = (row * 8 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            format!("{mixed:x}新华路{}号", mixed % 977)
        };
        let columns: Vec<Column> = (0..6)
            .map(|column| Column::Text((0..40_000).map(|row| Some(cell(column, row))).collect()))
            .collect();
        let header: Vec<String> = (0..6).map(|n| format!("c{n}")).collect();
        let mut writer = BatchWriter::create(Some(&path), &header, &[Kind::Text; 6]).unwrap();
        writer.write(&columns.iter().collect::<Vec<_>>()).unwrap();
        writer.finish().unwrap();
        for _ in 0..5 {
            assert!(all(&path, &[0, 1, 2, 3, 4, 5], 7000).0 == columns);
        }
        let seen: Vec<std::sync::Mutex<Vec<Option<String>>>> = (0..6).map(|_| Default::default()).collect();
        let mut batches = open_batches(&path).unwrap();
        let see: &SeeTexts =
            &|n, cells| cells.each(|cell| seen[n].lock().unwrap().push(cell.map(str::to_owned)));
        while batches.next_texts(&[0, 1, 2, 3, 4, 5], 7000, see).unwrap().is_some() {}
        let mut batches = open_batches(&path).unwrap();
        let told = std::sync::atomic::AtomicU64::new(0);
        let count = |rows: u64| {
            told.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
        };
        let batch = batches.all_texts(&[0, 1, 2, 3, 4, 5], see, &count).unwrap().unwrap();
        assert_eq!((batch.rows, told.into_inner(), batch.first_row), (40_000, 40_000, 1));
        assert!(batches.next(&[0], 10).unwrap().is_none());
        for (cells, column) in seen.into_iter().zip(columns) {
            // Once as batches and once as a whole.
            let rows: Vec<usize> = (0..40_000).chain(0..40_000).collect();
            assert!(Column::Text(cells.into_inner().unwrap()) == column.rows(&rows));
        }
    }

    #[test]
    fn texts_that_come_again_are_read_by_number_and_empty_cells_stay_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("few.parquet");
        // Few texts, then so many that the writer gives its dictionary up, with empty cells and empty texts in between.
        let cell = |row: usize| match row % 7 {
            0 => None,
            1 => Some(String::new()),
            n if row < 60_000 => Some(["北苑区", "翠竹区", "x"][(row / 7 + n) % 3].to_owned()),
            _ => Some(format!("新华路{row}号甲乙丙丁")),
        };
        let column = Column::Text((0..130_000).map(cell).collect());
        let mut writer = BatchWriter::create(Some(&path), &["c".to_owned()], &[Kind::Text]).unwrap();
        writer.write(&[&column]).unwrap();
        writer.write(&[&Column::Text(vec![None; 9])]).unwrap();
        writer.finish().unwrap();
        for most in [1000, 8192, 200_000] {
            assert_eq!(
                all(&path, &[0], most).0[0].rows(&[1, 2, 77_777, 130_004]),
                column.rows(&[1, 2, 77_777, 0])
            );
            let (numbered, texts) = (std::sync::Mutex::new(0), std::sync::Mutex::new(Vec::new()));
            let see: &SeeTexts = &|_, cells| {
                if let Cells::Numbered(_, numbers) = &cells {
                    *numbered.lock().unwrap() += numbers.len();
                }
                cells.each(|cell| texts.lock().unwrap().push(cell.map(str::to_owned)));
            };
            let mut batches = open_batches(&path).unwrap();
            while batches.next_texts(&[0], most, see).unwrap().is_some() {}
            let expected = (0..130_000).map(cell).chain([const { None }; 9]).collect::<Vec<_>>();
            assert!(texts.into_inner().unwrap() == expected);
            let numbered = numbered.into_inner().unwrap();
            assert!((60_000..130_000).contains(&numbered), "{numbered} by number");
        }
    }

    #[test]
    fn csv_keeps_every_cell_and_says_which_rows_are_broken() {
        let (folder, path) = written("t.csv");
        let (found, bad) = all(&path, &[0, 1, 4], 2);
        assert_eq!(found[0].text(2), "a,\"b\"");
        assert_eq!((found[1].number(1), found[2].text(0).as_str()), (Some(-0.1), "0102ff"));
        assert_eq!(bad, []);
        let broken = folder.path().join("b.csv");
        std::fs::write(&broken, "id,lon\n1,2\n3\n4,5,6\n7,8\n").unwrap();
        let (found, bad) = all(&broken, &[0], 10);
        assert_eq!((found[0].text(0), found[0].text(1), found[0].len()), ("1".into(), "7".into(), 2));
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, "no parquet").unwrap();
        let error = open_batches(&path).err().unwrap().to_string();
        assert!(error.contains("x.parquet"), "{error}");
        assert!(matches!(open_batches(&folder.path().join("y.txt")), Err(FileError::Format(_))));
    }
}
