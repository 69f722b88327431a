//! A scan as bytes: what a file holds between two runs.

use crate::fleet::Fleet;
use crate::hours::{Hourly, Hours, Rhythm};
use crate::keys::Keys;
use crate::meter::Meter;
use crate::neighbours::Neighbours;
use crate::scan::Scan;
use serde::{Deserialize, Serialize};
use std::io::Write;
use xxhash_rust::xxh3::Xxh3Default;

/// The first bytes of a file; the number is the format's.
const MAGIC: &[u8; 16] = b"gridweave-mtr-1\n";
/// The head's length and the checksum of all that follows.
const FIXED: usize = 16 + 8 + 8;

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
    hourly: usize,
    names: usize,
}

/// Writes what has to be kept of a scan that is finished: 72 bytes a meter, 28 more where days have hours, and its
/// name. Bytes are in the machine's order.
pub fn write_snapshot(scan: &Scan, out: &mut impl Write) -> std::io::Result<()> {
    let meters = scan.keys.len();
    let hours = scan.hours.as_ref();
    let mut names = Vec::new();
    for place in 0..meters {
        let name = scan.keys.name(place).as_bytes();
        names.extend_from_slice(&(name.len() as u32).to_ne_bytes());
        names.extend_from_slice(name);
    }
    names.resize(names.len().next_multiple_of(8), 0);
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
        hourly: kept.len(),
        names: names.len(),
    };
    let mut head = serde_json::to_vec(&head)?;
    head.resize(head.len().next_multiple_of(8), b' ');
    let parts: [&[u8]; 4] =
        [&head, bytemuck::cast_slice(&scan.meters[..meters]), bytemuck::cast_slice(&kept), &names];
    let mut sum = Xxh3Default::new();
    parts.iter().for_each(|part| sum.update(part));
    out.write_all(MAGIC)?;
    out.write_all(&(head.len() as u64).to_ne_bytes())?;
    out.write_all(&sum.digest().to_ne_bytes())?;
    parts.iter().try_for_each(|part| out.write_all(part))
}

/// The scan that was written, ready to go on; who is on the care list and who lies beside whom is not kept.
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
    if sum.digest() != number(24) {
        return Err(BadSnapshot::Damaged);
    }
    let mut left = body;
    let mut part = |length: usize| {
        let (part, rest) = left.split_at_checked(length).ok_or(BadSnapshot::Damaged)?;
        left = rest;
        Ok::<_, BadSnapshot>(part)
    };
    let head = part(usize::try_from(number(16)).map_err(|_| BadSnapshot::Damaged)?)?;
    let head: Head = serde_json::from_slice(head).map_err(|_| BadSnapshot::Version)?;
    let mut scan = Scan::new(head.fleet);
    scan.neighbours = head.neighbours;
    scan.meters = many(part(head.meters.saturating_mul(size_of::<Meter>()))?);
    let hourly = many(part(head.hourly.saturating_mul(size_of::<Hourly>()))?);
    if let Some(rhythm) = head.rhythm {
        let mut hours = Hours::new(rhythm);
        hours.meters = hourly;
        hours.running = head.running;
        scan.hours = Some(hours);
    }
    let mut names = part(head.names)?;
    let mut keys = Keys::default();
    for _ in 0..head.meters {
        let (length, rest) = names.split_first_chunk().ok_or(BadSnapshot::Damaged)?;
        let length = u32::from_ne_bytes(*length) as usize;
        let (name, rest) = rest.split_at_checked(length).ok_or(BadSnapshot::Damaged)?;
        keys.place(std::str::from_utf8(name).map_err(|_| BadSnapshot::Damaged)?);
        names = rest;
    }
    scan.keys = keys;
    Ok(scan)
}

/// Records from bytes that may lie anywhere.
fn many<T: bytemuck::Pod>(bytes: &[u8]) -> Vec<T> {
    match bytemuck::try_cast_slice(bytes) {
        Ok(records) => records.to_vec(),
        Err(_) => bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect(),
    }
}
