//! Many numbers by their hashes.

/// Entries that one bucket holds, about: so few that sorting them stays near at hand.
const OF_BUCKET: usize = 256;

/// Puts entries, each a hash and what it is of, in the order of both. Hashes must be spread evenly: the first bits part
/// the entries into small buckets, which are sorted by themselves.
pub(crate) fn by_hash(entries: impl Iterator<Item = (u64, u32)> + Clone) -> Vec<(u64, u32)> {
    let count = entries.clone().count();
    let bits = (count / OF_BUCKET).max(1).ilog2().clamp(1, 12);
    let bucket = |hash: u64| (hash >> (64 - bits)) as usize;
    let mut ends = vec![0usize; 1 << bits];
    entries.clone().for_each(|(hash, _)| ends[bucket(hash)] += 1);
    let mut from = 0;
    for end in &mut ends {
        from += std::mem::replace(end, from);
    }
    let mut sorted = vec![(0, 0); count];
    for entry in entries {
        let at = &mut ends[bucket(entry.0)];
        sorted[*at] = entry;
        *at += 1;
    }
    let mut from = 0;
    for end in ends {
        sorted[from..end].sort_unstable();
        from = end;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_the_order_that_sorting_gives() {
        for count in [0u32, 1, 2, 700, 100_000] {
            let hash = |n: u32| u64::from(n % (count / 2 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let entries = (0..count).map(|n| (hash(n), n));
            let mut expected: Vec<(u64, u32)> = entries.clone().collect();
            expected.sort_unstable();
            assert_eq!(by_hash(entries), expected);
        }
        // Entries that are not spread at all are only slower.
        assert_eq!(by_hash([(1, 2), (1, 1)].into_iter()), [(1, 1), (1, 2)]);
    }
}
