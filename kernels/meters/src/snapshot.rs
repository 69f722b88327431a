//! A scan as bytes: what a file holds between two runs.

use crate::fleet::Fleet;
use crate::hours::{Hourly, Hours, Rhythm};
use crate::neighbours::Neighbours;
use crate::scan::Scan;
use serde::{Deserialize, Serialize};
use std::io::Write;
use xxhash_rust::xxh3::Xxh3Default;

/// The first bytes of a file; the number is the format's.
const MAGIC: &[u8; 16] = b"gridweave-mtr-2\n";
/// Parts of what is kept.
pub const SECTIONS: usize = 4;
/// Behind those the checksum, and the length of each section.
const FIXED: usize = 16 + 8 + 8 * SECTIONS;

/// Why bytes are no scan.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSnapshot {
    /// Something else.
    #[error("this is no state of meters")]
    Other,
    /// Written by a program that keeps something else.
    #[error("this state of meters is of another version of the program; scan the readings again")]
    Version,
    /// Cut off or changed.
    #[error("this state of meters is damaged; scan the readings again")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Head {
    fleet: Fleet,
    neighbours: Neighbours,
    rhythm: Option<Rhythm>,
    running: Option<i32>,
    meters: usize,
}

/// What has to be kept of a scan that is finished: the head, the meters, their running days where they have hours, and
/// their names. 72 bytes a meter, 28 more with hours. Bytes are in the machine's order. Where little has changed,
/// most stretches of these bytes are what they were.
pub fn sections(scan: &Scan) -> [Vec<u8>; SECTIONS] {
    let meters = scan.keys.len();
    let hours = scan.hours.as_ref();
    let mut names = Vec::new();
    for place in 0..meters {
        let name = scan.keys.name(place).as_bytes();
        names.extend_from_slice(&(name.len() as u32).to_ne_bytes());
        names.extend_from_slice(name);
    }
    let mut kept: Vec<Hourly> = hours.map(|hours| hours.meters.clone()).unwrap_or_default();
    if hours.is_some() {
        kept.resize(meters, Hourly::default());
    }
    let head = Head {
        fleet: scan.fleet.clone(),
        neighbours: scan.neighbours.clone(),
        rhythm: hours.map(|hours| hours.rhythm),
        running: hours.and_then(|hours| hours.running),
        meters,
    };
    let head = serde_json::to_vec(&head).unwrap_or_default();
    [head, bytemuck::cast_slice(&scan.meters[..meters]).to_vec(), bytemuck::cast_slice(&kept).to_vec(), names]
}

/// The scan of these sections, ready to go on; who is on the care list and who lies beside whom is not kept.
pub fn of_sections(sections: [&[u8]; SECTIONS]) -> Result<Scan, BadSnapshot> {
    let [head, meters, hourly, mut names] = sections;
    let head: Head = serde_json::from_slice(head).map_err(|_| BadSnapshot::Version)?;
    let mut scan = Scan::new(head.fleet);
    scan.neighbours = head.neighbours;
    scan.meters = many(meters);
    if scan.meters.len() != head.meters {
        return Err(BadSnapshot::Damaged);
    }
    if let Some(rhythm) = head.rhythm {
        let mut hours = Hours::new(rhythm);
        hours.meters = many(hourly);
        hours.running = head.running;
        scan.hours = Some(hours);
    }
    for _ in 0..head.meters {
        let (length, rest) = names.split_first_chunk().ok_or(BadSnapshot::Damaged)?;
        let length = u32::from_ne_bytes(*length) as usize;
        let (name, rest) = rest.split_at_checked(length).ok_or(BadSnapshot::Damaged)?;
        scan.keys.place(std::str::from_utf8(name).map_err(|_| BadSnapshot::Damaged)?);
        names = rest;
    }
    if scan.keys.len() != head.meters {
        return Err(BadSnapshot::Damaged);
    }
    Ok(scan)
}

/// Writes [`sections`] as one, with a checksum.
pub fn write_snapshot(scan: &Scan, out: &mut impl Write) -> std::io::Result<()> {
    let sections = sections(scan);
    let mut sum = Xxh3Default::new();
    sections.iter().for_each(|section| sum.update(section));
    out.write_all(MAGIC)?;
    out.write_all(&sum.digest().to_ne_bytes())?;
    sections.iter().try_for_each(|section| out.write_all(&(section.len() as u64).to_ne_bytes()))?;
    sections.iter().try_for_each(|section| out.write_all(section))
}

/// The scan that was written.
pub fn read_snapshot(bytes: &[u8]) -> Result<Scan, BadSnapshot> {
    let fixed = bytes.get(..FIXED).ok_or(BadSnapshot::Other)?;
    if fixed[..14] != MAGIC[..14] {
        return Err(BadSnapshot::Other);
    }
    if &fixed[..16] != MAGIC {
        return Err(BadSnapshot::Version);
    }
    let number = |at: usize| fixed[at..at + 8].try_into().map_or(0, u64::from_ne_bytes);
    let body = &bytes[FIXED..];
    let mut sum = Xxh3Default::new();
    sum.update(body);
    if sum.digest() != number(16) {
        return Err(BadSnapshot::Damaged);
    }
    let (mut left, mut found) = (body, [&body[..0]; SECTIONS]);
    for (n, section) in found.iter_mut().enumerate() {
        let length = usize::try_from(number(24 + 8 * n)).map_err(|_| BadSnapshot::Damaged)?;
        (*section, left) = left.split_at_checked(length).ok_or(BadSnapshot::Damaged)?;
    }
    of_sections(found)
}

/// Records from bytes that may lie anywhere.
fn many<T: bytemuck::Pod>(bytes: &[u8]) -> Vec<T> {
    match bytemuck::try_cast_slice(bytes) {
        Ok(records) => records.to_vec(),
        Err(_) => bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect(),
    }
}
