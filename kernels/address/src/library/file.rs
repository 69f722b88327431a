//! The library as one file: sections of plain numbers and text, opened in place.
//!
//! `magic, how many sections, checksum of what follows the header, then (offset, bytes) of each`, little
//! endian as the processors that we build for are; sections begin at multiples of 8. Only ever replaced
//! whole.

use bytemuck::{AnyBitPattern, NoUninit};
use std::ops::Range;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: u64 = u64::from_le_bytes(*b"GWADDR\0\x02");
const SECTIONS: usize = 12;
const HEADER: usize = 8 * (3 + 2 * SECTIONS);

/// Bytes that last: a mapped file or memory.
pub trait Source: AsRef<[u8]> + Send + Sync {}
impl<T: AsRef<[u8]> + Send + Sync> Source for T {}

/// A file that cannot be opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidLibrary {
    /// It is another kind of file, or of another version.
    #[error("this is no compiled address library that this version reads; compile it again")]
    Foreign,
    /// Something is missing or has been changed.
    #[error("the compiled address library is damaged; compile it again")]
    Damaged,
}

/// The sections.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Part {
    /// Text of names, identifiers and addresses.
    Text,
    Names,
    /// Anchors of names.
    Postings,
    /// Hash → name.
    NameSlots,
    /// Which hashes are there at all, a bit each.
    Bloom,
    Anchors,
    /// Hash → place.
    DoorSlots,
    Places,
    /// Places by what they hang on and their numbers.
    ByAnchor,
    /// Names in the order of their letters, pinyin, initials.
    ByLetters,
    ByPinyin,
    ByInitials,
}

/// An open file.
#[derive(Clone)]
pub(crate) struct File {
    source: Arc<dyn Source>,
    parts: [Range<usize>; SECTIONS],
}

/// Memory that lies as the widest numbers want it.
struct Words(Vec<u64>, usize);

impl AsRef<[u8]> for Words {
    fn as_ref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.0)[..self.1]
    }
}

impl File {
    /// Puts sections, in their order, behind each other.
    pub fn of(sections: [&[u8]; SECTIONS]) -> Self {
        let mut at = HEADER;
        let mut parts: [Range<usize>; SECTIONS] = Default::default();
        for (part, bytes) in parts.iter_mut().zip(sections) {
            *part = at..at + bytes.len();
            at = (at + bytes.len()).next_multiple_of(8);
        }
        let mut words = vec![0u64; at / 8];
        let all: &mut [u8] = bytemuck::cast_slice_mut(&mut words);
        for (part, bytes) in parts.iter().zip(sections) {
            all[part.clone()].copy_from_slice(bytes);
        }
        let sum = xxh3_64(&all[HEADER..]);
        let ranges = parts.iter().flat_map(|part| [part.start as u64, part.len() as u64]);
        let header = [MAGIC, SECTIONS as u64, sum].into_iter().chain(ranges);
        words.iter_mut().zip(header).for_each(|(word, value)| *word = value);
        Self { source: Arc::new(Words(words, at)), parts }
    }

    /// Opens bytes in place. Reads each once, for the checksum.
    pub fn open(source: Arc<dyn Source>) -> Result<Self, InvalidLibrary> {
        let bytes = (*source).as_ref();
        let header: &[u64] = bytes
            .get(..HEADER)
            .and_then(|header| bytemuck::try_cast_slice(header).ok())
            .ok_or(InvalidLibrary::Foreign)?;
        if header[0] != MAGIC || header[1] != SECTIONS as u64 {
            return Err(InvalidLibrary::Foreign);
        }
        if header[2] != xxh3_64(&bytes[HEADER..]) {
            return Err(InvalidLibrary::Damaged);
        }
        let mut parts: [Range<usize>; SECTIONS] = Default::default();
        for (part, range) in parts.iter_mut().zip(header[3..].chunks_exact(2)) {
            let whole = |n: u64| usize::try_from(n).map_err(|_| InvalidLibrary::Damaged);
            let (start, length) = (whole(range[0])?, whole(range[1])?);
            let end = start.checked_add(length).filter(|end| *end <= bytes.len() && start % 8 == 0);
            *part = start..end.ok_or(InvalidLibrary::Damaged)?;
        }
        Ok(Self { source, parts })
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        (*self.source).as_ref()
    }

    /// A section as bytes.
    pub fn text(&self, part: Part) -> &[u8] {
        &self.bytes()[self.parts[part as usize].clone()]
    }

    /// A section as records; none where it does not hold whole ones.
    pub fn records<T: AnyBitPattern + NoUninit>(&self, part: Part) -> &[T] {
        bytemuck::try_cast_slice(self.text(part)).unwrap_or(&[])
    }
}
