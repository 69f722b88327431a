//! Hash → numbers in one flat table: open addressing, a number in the lower half of a slot and the lower half of
//! its hash above it. Whoever asks compares what the number stands for.

/// No slot is this: numbers stay below.
const EMPTY: u64 = u64::MAX;

/// Where the search for a hash begins among so many slots.
pub(crate) fn home(hash: u64, slots: usize) -> usize {
    ((u128::from(hash) * slots as u128) >> 64) as usize
}

/// The table of these, more than one number where they share a hash.
pub(crate) fn slots_of(hashed: &[(u64, u32)]) -> Vec<u64> {
    let size = (hashed.len() * 4 / 3 + 1).max(2);
    let mut slots = vec![EMPTY; size];
    for (hash, number) in hashed {
        let mut at = home(*hash, size);
        while slots[at] != EMPTY {
            at = if at + 1 == size { 0 } else { at + 1 };
        }
        slots[at] = (hash & 0xffff_ffff) << 32 | u64::from(*number);
    }
    slots
}

/// The numbers under a hash, and now and then one of another hash, until `found` says that it is enough.
pub(crate) fn each(slots: &[u64], hash: u64, mut found: impl FnMut(u32) -> bool) {
    let size = slots.len();
    if size == 0 {
        return;
    }
    let mut at = home(hash, size);
    // A table of a damaged file might be full.
    for _ in 0..size {
        if slots[at] == EMPTY || (slots[at] >> 32 == hash & 0xffff_ffff && found(slots[at] as u32)) {
            return;
        }
        at = if at + 1 == size { 0 } else { at + 1 };
    }
}
