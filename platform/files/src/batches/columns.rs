//! The values of a column in a batch, each column in its own type.

use super::{Cells, SeeTexts};
use std::sync::Arc;

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
