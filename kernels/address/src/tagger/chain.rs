//! The best sequences of labels: through the scores of each token and the weights between two.

use super::LABELS;
use crate::ElementKind;

const KINDS: usize = ElementKind::COUNT;

/// Weights between a token and the one before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Edges {
    /// From a kind (the last: the beginning of the text) to the beginning of a kind.
    pub enter: [[f32; KINDS]; KINDS + 1],
    /// From the beginning or the inside of a kind to its inside.
    pub stay: [[f32; 2]; KINDS],
}

impl Default for Edges {
    fn default() -> Self {
        Self { enter: [[0.0; KINDS]; KINDS + 1], stay: [[0.0; 2]; KINDS] }
    }
}

impl Edges {
    pub(super) fn all(&self) -> impl Iterator<Item = f32> {
        self.enter.iter().flatten().chain(self.stay.iter().flatten()).copied()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.enter.iter_mut().flatten().chain(self.stay.iter_mut().flatten())
    }

    pub(super) fn add(&mut self, other: &Edges, share: f32) {
        for (sum, weight) in self.all_mut().zip(other.all()) {
            *sum += share * weight;
        }
    }

    pub(super) fn step(&mut self, slope: &Edges, squares: &mut Edges, step: f32) {
        for ((weight, slope), square) in self.all_mut().zip(slope.all()).zip(squares.all_mut()) {
            *square += slope * slope;
            *weight -= step * slope / (*square + 1e-4).sqrt();
        }
    }
}

/// Labels of all tokens and their score.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Path {
    pub score: f32,
    pub labels: Vec<u8>,
}

/// How many paths are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    pub paths: usize,
    /// None that is worse than the best by more.
    pub within: f32,
}

impl Most {
    pub const ONE: Self = Self { paths: 1, within: 0.0 };
}

/// Another way to reach a token than the best.
struct Detour {
    /// Of the whole path.
    score: f32,
    /// The path whose labels it has from `at` on.
    from: usize,
    /// It is another label before this token,
    at: usize,
    /// namely this.
    label: u8,
    /// Score of what follows that label.
    rest: f32,
}

fn best_of(detours: &[Detour]) -> Option<usize> {
    (0..detours.len()).max_by(|a, b| detours[*a].score.total_cmp(&detours[*b].score))
}

/// A path's score is known to this.
const ROUNDING: f32 = 0.05;

/// The best scores up to each label of each token. Memory is kept.
#[derive(Default)]
pub(super) struct Lattice {
    /// The best up to the beginning of each kind, and to its inside.
    reached: Vec<[[f32; KINDS]; 2]>,
    scores: Vec<[f32; LABELS]>,
    detours: Vec<Detour>,
    spare: Vec<Vec<u8>>,
}

impl Lattice {
    /// Begins another text.
    pub fn clear(&mut self) {
        self.reached.clear();
        self.scores.clear();
    }

    /// One token more.
    pub fn push(&mut self, edges: &Edges, scores: [f32; LABELS]) {
        let (mut begin, mut inside) = (edges.enter[KINDS], [f32::MIN; KINDS]);
        if let Some([b, i]) = self.reached.last() {
            begin = [f32::MIN; KINDS];
            for (other, enter) in edges.enter[..KINDS].iter().enumerate() {
                let before = b[other].max(i[other]);
                for (best, enter) in begin.iter_mut().zip(enter) {
                    let value = before + enter;
                    *best = if value > *best { value } else { *best };
                }
            }
            for kind in 0..KINDS {
                let [from_begin, from_inside] = edges.stay[kind];
                inside[kind] = (b[kind] + from_begin).max(i[kind] + from_inside);
            }
        }
        for kind in 0..KINDS {
            begin[kind] += scores[kind * 2];
            inside[kind] = (inside[kind] + scores[kind * 2 + 1]).max(f32::MIN);
        }
        self.reached.push([begin, inside]);
        self.scores.push(scores);
    }

    fn up_to(&self, at: usize, label: usize) -> f32 {
        self.reached[at][label % 2][label / 2]
    }

    /// The best paths, best first.
    pub fn best(&mut self, edges: &Edges, most: Most, paths: &mut Vec<Path>) {
        self.spare.extend(paths.drain(..).map(|path| path.labels));
        self.detours.clear();
        let count = self.reached.len();
        if count == 0 || most.paths == 0 {
            return;
        }
        let mut detours = std::mem::take(&mut self.detours);
        let mut next = Detour { score: f32::MIN, from: 0, at: count, label: 0, rest: 0.0 };
        for label in 0..LABELS {
            let score = self.up_to(count - 1, label);
            if score > next.score {
                next = Detour { score, label: label as u8, ..next };
            }
        }
        // Impossible paths are worth f32::MIN and less.
        let floor = (next.score - most.within).max(f32::MIN / 2.0);
        for label in (0..LABELS).filter(|label| *label != usize::from(next.label) && most.paths > 1) {
            let score = self.up_to(count - 1, label);
            if score >= floor {
                detours.push(Detour { score, from: 0, at: count, label: label as u8, rest: 0.0 });
            }
        }
        loop {
            let floor = if paths.len() + 1 < most.paths { floor } else { f32::INFINITY };
            let mut labels = self.spare.pop().unwrap_or_default();
            self.walk(edges, &next, paths, floor, &mut detours, &mut labels);
            paths.push(Path { score: next.score, labels });
            if paths.len() >= most.paths {
                break;
            }
            let Some(best) = best_of(&detours) else { break };
            next = detours.swap_remove(best);
        }
        self.detours = detours;
    }

    /// The labels of a detour's path, and the detours from it that are no worse than `floor`.
    fn walk(
        &self,
        edges: &Edges,
        of: &Detour,
        paths: &[Path],
        floor: f32,
        detours: &mut Vec<Detour>,
        labels: &mut Vec<u8>,
    ) {
        labels.clear();
        labels.resize(self.reached.len(), 0);
        if let Some(from) = paths.get(of.from) {
            labels[of.at..].copy_from_slice(&from.labels[of.at..]);
        }
        let (mut label, mut rest) = (usize::from(of.label), of.rest);
        for at in (0..of.at).rev() {
            labels[at] = label as u8;
            if at == 0 {
                break;
            }
            let kind = label / 2;
            let [begin, inside] = &self.reached[at - 1];
            rest += self.scores[at][label];
            let before = at - 1;
            let mut least = floor.min(of.score - ROUNDING);
            let pushed = detours.len();
            let best = loop {
                let mut reach = |label: usize, rest: f32| {
                    let score = self.up_to(before, label) + rest;
                    detours.push(Detour { score, from: paths.len(), at, label: label as u8, rest });
                };
                if label % 2 == 0 {
                    for other in 0..KINDS {
                        let rest = edges.enter[other][kind] + rest;
                        if begin[other].max(inside[other]) + rest >= least {
                            reach(other * 2, rest);
                            reach(other * 2 + 1, rest);
                        }
                    }
                } else {
                    reach(label - 1, edges.stay[kind][0] + rest);
                    reach(label, edges.stay[kind][1] + rest);
                }
                match best_of(&detours[pushed..]) {
                    Some(best) => break detours.swap_remove(pushed + best),
                    // A text so long that more than that was rounded.
                    None => least = f32::NEG_INFINITY,
                }
            };
            (label, rest) = (usize::from(best.label), best.rest);
            let mut far = pushed;
            while far < detours.len() {
                if detours[far].score >= floor {
                    far += 1;
                } else {
                    detours.swap_remove(far);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// All sequences of labels of a text of three tokens, best first.
    fn all(edges: &Edges, scores: &[[f32; LABELS]]) -> Vec<(f32, Vec<u8>)> {
        let mut found: Vec<(f32, Vec<u8>)> = vec![(0.0, Vec::new())];
        for scores in scores {
            let mut longer = Vec::new();
            for (sum, labels) in &found {
                for (label, score) in scores.iter().enumerate() {
                    let edge = match (labels.last().map(|last| usize::from(*last)), label % 2) {
                        (None, 0) => edges.enter[KINDS][label / 2],
                        (Some(last), 0) => edges.enter[last / 2][label / 2],
                        (Some(last), _) if last / 2 == label / 2 => edges.stay[label / 2][last % 2],
                        _ => continue,
                    };
                    let mut labels = labels.clone();
                    labels.push(label as u8);
                    longer.push((sum + edge + score, labels));
                }
            }
            found = longer;
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        found
    }

    #[test]
    fn the_best_paths_are_those_of_all_paths() {
        let mut state = 7u32;
        let mut chance = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 22) as f32
        };
        let mut edges = Edges::default();
        edges.all_mut().for_each(|weight| *weight = chance());
        let scores: Vec<[f32; LABELS]> = (0..3).map(|_| std::array::from_fn(|_| chance())).collect();
        let mut lattice = Lattice::default();
        scores.iter().for_each(|scores| lattice.push(&edges, *scores));
        let expected = all(&edges, &scores);
        let mut paths = Vec::new();
        lattice.best(&edges, Most { paths: 200, within: f32::INFINITY }, &mut paths);
        assert_eq!(paths.len(), 200);
        for (path, (score, labels)) in paths.iter().zip(&expected) {
            assert!((path.score - score).abs() < 1e-3);
            assert_eq!(&path.labels, labels);
        }
        lattice.best(&edges, Most { paths: 200, within: 0.5 }, &mut paths);
        let near = expected.iter().filter(|path| path.0 >= expected[0].0 - 0.5).count();
        assert!(near > 1 && near < 200);
        assert_eq!(paths.len(), near);
    }
}
