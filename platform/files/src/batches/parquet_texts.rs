//! The texts of a Parquet column, page by page. Where the file says a text once and then its number (dictionary
//! encoding) so do we: whoever reads a million cells of ten texts need look at ten.
//!
//! Only the two encodings that nearly all writers use for texts are read here, plain and dictionary (Apache Parquet
//! format, Encodings.md); of a column with another one the parquet crate reads each cell.

use super::{Cells, Dictionary};
use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use std::sync::atomic::{AtomicU64, Ordering};

type Parquet<T> = Result<T, ParquetError>;

fn broken(why: &str) -> ParquetError {
    ParquetError::General(why.to_owned())
}

/// Reads the texts of one column of a row group.
pub(super) struct TextPages {
    pages: Box<dyn PageReader>,
    /// The definition level of a cell that is not empty.
    full: i16,
    dictionary: Dictionary,
    /// Cells that are left of the page.
    left: usize,
    levels: Option<Hybrid>,
    values: Values,
    /// The levels and numbers of the cells in hand.
    known: Vec<u32>,
    numbers: Vec<u32>,
}

enum Values {
    /// Each text behind its length, from a place on.
    Plain(Bytes, usize),
    /// The number of each text in the dictionary.
    Numbers(Hybrid),
}

/// Can the texts of this column be read here?
pub(super) fn is_read(column: &ColumnChunkMetaData) -> bool {
    let known = |encoding: Encoding| {
        #[expect(deprecated, reason = "old writers say so of levels")]
        let old = encoding == Encoding::BIT_PACKED;
        old || matches!(
            encoding,
            Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY | Encoding::RLE
        )
    };
    column.column_descr().max_rep_level() == 0 && column.encodings().all(known)
}

impl TextPages {
    pub(super) fn new(pages: Box<dyn PageReader>, column: &ColumnChunkMetaData) -> Self {
        Self {
            pages,
            full: column.column_descr().max_def_level(),
            dictionary: Dictionary::default(),
            left: 0,
            levels: None,
            values: Values::Plain(Bytes::new(), 0),
            known: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Hands the next `rows` cells to `see`, some at a time.
    pub(super) fn see(&mut self, rows: usize, see: &mut dyn FnMut(Cells)) -> Parquet<()> {
        let mut wanted = rows;
        while wanted > 0 {
            if self.left == 0 {
                self.next_page(wanted, rows)?;
                continue;
            }
            let count = wanted.min(self.left);
            self.some(count, see)?;
            self.left -= count;
            wanted -= count;
        }
        Ok(())
    }

    fn some(&mut self, count: usize, see: &mut dyn FnMut(Cells)) -> Parquet<()> {
        self.known.clear();
        let filled = match &mut self.levels {
            Some(levels) => {
                levels.take(count, &mut self.known)?;
                self.known.iter().filter(|level| **level == self.full as u32).count()
            }
            None => count,
        };
        let (known, full) = (&self.known, self.full as u32);
        match &mut self.values {
            Values::Plain(bytes, at) => {
                // All are walked over before the first is seen, so that a damaged page is never half seen.
                let end = (0..filled).try_fold(*at, |at, _| plain(bytes, at).map(|(_, end)| end))?;
                let mut next = *at;
                let mut cell = || plain(bytes, next).ok().map(|(text, end)| (next = end, valid(text)).1);
                if known.is_empty() {
                    see(Cells::Each(&mut (0..count).map(|_| cell())));
                } else {
                    let cells = known.iter().map(|level| if *level == full { cell() } else { None });
                    see(Cells::Each(&mut { cells }));
                }
                *at = end;
            }
            Values::Numbers(numbers) => {
                self.numbers.clear();
                numbers.take(filled, &mut self.numbers)?;
                let end = self.dictionary.len() as u32;
                if self.numbers.iter().any(|number| *number >= end) {
                    return Err(broken("a number that the dictionary does not have"));
                }
                self.numbers.iter_mut().for_each(|number| *number += 1);
                if !known.is_empty() && filled < count {
                    let mut given = self.numbers.drain(..).collect::<Vec<_>>().into_iter();
                    let cells =
                        known.iter().map(|level| if *level == full { given.next().unwrap_or(0) } else { 0 });
                    self.numbers.extend(cells);
                }
                see(Cells::Numbered(&self.dictionary, &self.numbers));
            }
        }
        Ok(())
    }

    fn next_page(&mut self, wanted: usize, rows: usize) -> Parquet<()> {
        let page = self.pages.get_next_page()?.ok_or_else(|| {
            ParquetError::EOF(format!("{} rows where {rows} were announced", rows - wanted))
        })?;
        let (count, encoding, levels, values) = match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                self.dictionary = Dictionary::of(buf, num_values as usize)?;
                return Ok(());
            }
            Page::DataPage { buf, num_values, encoding, .. } => {
                let (levels, values) = if self.full > 0 {
                    let length = word(&buf, 0).ok_or_else(|| broken("a page ends within its levels"))?;
                    parted(&buf, 4, length as usize)?
                } else {
                    (Bytes::new(), buf)
                };
                (num_values, encoding, levels, values)
            }
            Page::DataPageV2 {
                buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                let (levels, values) =
                    parted(&buf, rep_levels_byte_len as usize, def_levels_byte_len as usize)?;
                (num_values, encoding, levels, values)
            }
        };
        self.left = count as usize;
        self.levels = (self.full > 0).then(|| Hybrid::new(levels, bits(self.full as u32)));
        self.values = match encoding {
            Encoding::PLAIN => Values::Plain(values, 0),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = u32::from(*values.first().unwrap_or(&0));
                if width > 32 {
                    return Err(broken("numbers of more than 32 bits"));
                }
                Values::Numbers(Hybrid::new(values.slice(values.len().min(1)..), width))
            }
            other => return Err(broken(&format!("encoding {other} was not announced"))),
        };
        Ok(())
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}

/// `length` bytes from a place on, and what is behind them.
fn parted(bytes: &Bytes, from: usize, length: usize) -> Parquet<(Bytes, Bytes)> {
    let end = from.checked_add(length).filter(|end| *end <= bytes.len());
    let end = end.ok_or_else(|| broken("a page ends within its levels"))?;
    Ok((bytes.slice(from..end), bytes.slice(end..)))
}

/// The text that stands at a place behind its length, and where it ends.
fn plain(bytes: &[u8], at: usize) -> Parquet<(&[u8], usize)> {
    let found = || {
        let length = word(bytes, at)? as usize;
        let end = (at + 4).checked_add(length)?;
        Some((bytes.get(at + 4..end)?, end))
    };
    found().ok_or_else(|| broken("a page ends within a text"))
}

/// What is no text is shown as far as it is one.
fn valid(bytes: &[u8]) -> &str {
    simdutf8::basic::from_utf8(bytes).unwrap_or_else(|_| {
        let end = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        std::str::from_utf8(&bytes[..end]).unwrap_or_default()
    })
}

static DICTIONARIES: AtomicU64 = AtomicU64::new(1);

impl Dictionary {
    fn of(bytes: Bytes, count: usize) -> Parquet<Self> {
        let (mut ends, mut at) = (Vec::new(), 0);
        for _ in 0..count {
            at = plain(&bytes, at)?.1;
            ends.push(at);
        }
        Ok(Self { serial: DICTIONARIES.fetch_add(1, Ordering::Relaxed), bytes, ends })
    }

    /// The text of a number, the first being 0.
    pub fn text(&self, number: u32) -> &str {
        let from = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]) + 4;
        valid(&self.bytes[from..self.ends[number as usize]])
    }
}

/// Bits that numbers up to `most` need.
fn bits(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

/// Numbers of so many bits, as runs of one number and as packed bits in turn.
struct Hybrid {
    bytes: Bytes,
    at: usize,
    width: u32,
    /// Numbers that are left of the run.
    left: usize,
    /// The number of the run; of packed ones the bit where the next begins.
    run: Run,
}

enum Run {
    Same(u32),
    Packed(usize),
}

impl Hybrid {
    fn new(bytes: Bytes, width: u32) -> Self {
        Self { bytes, at: 0, width, left: 0, run: Run::Same(0) }
    }

    fn next_run(&mut self) -> Option<()> {
        let mut header = 0u64;
        for shift in (0..).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            header |= u64::from(byte & 127).checked_shl(shift).filter(|_| shift < 42)?;
            if byte < 128 {
                break;
            }
        }
        let count = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let length = self.width.div_ceil(8) as usize;
            let value = self.bytes.get(self.at..self.at + length)?;
            self.run = Run::Same(value.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
            (self.at, self.left) = (self.at + length, count);
        } else {
            self.run = Run::Packed(self.at * 8);
            // The last bits may be left away with the numbers that nobody needs.
            self.at = (self.at + count * self.width as usize).min(self.bytes.len());
            self.left = count * 8;
        }
        Some(())
    }

    fn take(&mut self, count: usize, into: &mut Vec<u32>) -> Parquet<()> {
        if self.width == 0 {
            into.extend(std::iter::repeat_n(0, count));
            return Ok(());
        }
        let mut wanted = count;
        while wanted > 0 {
            if self.left == 0 {
                self.next_run().ok_or_else(|| broken("a page ends within its numbers"))?;
                continue;
            }
            let some = wanted.min(self.left);
            match &mut self.run {
                Run::Same(value) => into.extend(std::iter::repeat_n(*value, some)),
                Run::Packed(bit) => {
                    let (width, from) = (self.width as usize, *bit);
                    *bit += some * width;
                    if *bit > self.bytes.len() * 8 {
                        return Err(broken("a page ends within its numbers"));
                    }
                    let mask = (1u64 << width) - 1;
                    let numbers = (0..some).map(|n| {
                        (eight(&self.bytes, (from + n * width) / 8) >> ((from + n * width) % 8) & mask) as u32
                    });
                    into.extend(numbers);
                }
            }
            self.left -= some;
            wanted -= some;
        }
        Ok(())
    }
}

/// Eight bytes from a place on, noughts behind the end.
#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    if let Some(whole) = bytes.get(at..at + 8).and_then(|some| some.try_into().ok()) {
        return u64::from_le_bytes(whole);
    }
    bytes[at..].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_packed_bits_are_read_across_their_bounds() {
        // The example of the format: 0 to 7 with three bits each, packed; then a run of ten fives.
        let mut hybrid =
            Hybrid::new(Bytes::from_static(&[0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010, 20, 5]), 3);
        let mut all = Vec::new();
        for count in [3, 6, 9] {
            hybrid.take(count, &mut all).unwrap_or_else(|error| unreachable!("{error}"));
        }
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
        assert!(hybrid.take(1, &mut all).is_err());
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        assert!(plain(&[3, 0, 0, 0, b'a'], 0).is_err());
        assert!(plain(&[255, 255, 255, 255], 0).is_err());
        assert!(plain(&[1, 0], 0).is_err());
        assert!(Dictionary::of(Bytes::from_static(&[1, 0, 0, 0, b'a']), 2).is_err());
        for bytes in [&[255u8; 12][..], &[0b11, 1], &[2], &[]] {
            assert!(
                Hybrid::new(Bytes::copy_from_slice(bytes), 3).take(8, &mut Vec::new()).is_err(),
                "{bytes:?}"
            );
        }
    }
}
