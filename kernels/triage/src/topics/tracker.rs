//! Topics followed from window to window.

use hashbrown::HashSet;
use serde::Serialize;

/// What became of a topic from one window to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was not there before.
    Appears,
    /// A fifth more people than before, or more.
    Grows,
    /// About as many.
    Stays,
    /// A fifth fewer, or fewer.
    Fades,
    /// It is made of several of before.
    Merges,
}

/// A topic that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// Its number, the same in each window.
    pub id: usize,
    /// What became of it.
    pub state: State,
    /// The others that it took in.
    pub merged: Vec<usize>,
}

/// Follows topics from window to window, by the messages that they share.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    before: Vec<(usize, HashSet<u64>, usize)>,
    next: usize,
    ended: Vec<usize>,
}

impl Tracker {
    /// The topics of the window before that are not in the last one.
    pub fn ended(&self) -> &[usize] {
        &self.ended
    }

    /// Follows the topics of the next window: of each its messages, by numbers that stay, and its people. `from` says which
    /// messages the window still holds: those with a number that `still` holds. A topic goes on where half of the messages
    /// that are left of the one before are in it.
    pub fn follow(&mut self, topics: &[(HashSet<u64>, usize)], still: &HashSet<u64>) -> Vec<Followed> {
        let mut found: Vec<Followed> = Vec::new();
        let mut taken: HashSet<usize> = HashSet::new();
        for (members, people) in topics {
            let mut before: Vec<(usize, usize, usize)> = self
                .before
                .iter()
                .filter(|(id, ..)| !taken.contains(id))
                .filter_map(|(id, old, people)| {
                    let left = old.iter().filter(|n| still.contains(*n)).count();
                    let shared = old.intersection(members).count();
                    (shared > 0 && shared * 2 >= left).then_some((shared, *id, *people))
                })
                .collect();
            before.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            taken.extend(before.iter().map(|(_, id, _)| *id));
            let followed = match before.first() {
                None => {
                    self.next += 1;
                    Followed { id: self.next, state: State::Appears, merged: Vec::new() }
                }
                Some((_, id, then)) => {
                    let state = if before.len() > 1 {
                        State::Merges
                    } else if people * 5 >= then * 6 {
                        State::Grows
                    } else if people * 5 <= then * 4 {
                        State::Fades
                    } else {
                        State::Stays
                    };
                    Followed { id: *id, state, merged: before[1..].iter().map(|(_, id, _)| *id).collect() }
                }
            };
            found.push(followed);
        }
        self.ended = self.before.iter().map(|(id, ..)| *id).filter(|id| !taken.contains(id)).collect();
        self.before = found
            .iter()
            .zip(topics)
            .map(|(followed, (members, people))| (followed.id, members.clone(), *people))
            .collect();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_followed() {
        let mut tracker = Tracker::default();
        let set = |numbers: &[u64]| numbers.iter().copied().collect::<HashSet<u64>>();
        let all = set(&(0..100).collect::<Vec<_>>());
        let first = tracker.follow(&[(set(&[1, 2, 3]), 3), (set(&[10, 11]), 2)], &all);
        assert!(first.iter().all(|one| one.state == State::Appears));
        let second =
            tracker.follow(&[(set(&[1, 2, 3, 4, 5]), 5), (set(&[10, 11]), 2), (set(&[20, 21]), 2)], &all);
        let states: Vec<(usize, State)> = second.iter().map(|one| (one.id, one.state)).collect();
        assert_eq!(states, [(1, State::Grows), (2, State::Stays), (3, State::Appears)]);
        // Of the first only 4 and 5 are left in the window; the second and third are one now.
        let third =
            tracker.follow(&[(set(&[4, 5]), 2), (set(&[10, 11, 20, 21]), 4)], &set(&[4, 5, 10, 11, 20, 21]));
        assert!(tracker.ended().is_empty());
        assert_eq!((third[0].id, third[0].state), (1, State::Fades));
        assert_eq!((third[1].id, third[1].state, third[1].merged.clone()), (2, State::Merges, vec![3]));
        assert!(tracker.follow(&[], &set(&[4])).is_empty());
        assert_eq!(tracker.ended(), [1, 2]);
    }
}
