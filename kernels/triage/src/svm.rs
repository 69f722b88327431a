//! A linear support vector machine for each category against the others, with squared hinge loss, by dual coordinate
//! descent (Hsieh, Chang, Lin, Keerthi, Sundararajan: "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML
//! 2008).

use crate::vocabulary::Vector;
use gridweave_chance::Chance;
use rayon::prelude::*;

/// Rounds over all examples at the most.
const ROUNDS_MAX: usize = 100;
/// It has settled where no example's gradient is further from what is allowed.
const SETTLED: f32 = 0.01;

/// Numbers that are added beside each other.
pub(crate) const LANES: usize = 8;

/// The weights of all categories: those of a feature beside each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Weights {
    pub classes: usize,
    /// Numbers of a feature: how much it tells, its weights, and noughts that fill up.
    pub stride: usize,
    of: Vec<f32>,
    pub offsets: Vec<f32>,
    /// All weights of a category are whole multiples of its step, so that they are kept in two bytes.
    pub steps: Vec<f32>,
}

/// Steps of the largest weight.
const STEPS: f32 = i16::MAX as f32;

impl Weights {
    /// Weights all nought; `scales` are how much each feature tells.
    fn noughts(scales: &[f32], offsets: Vec<f32>, steps: Vec<f32>) -> Self {
        let stride = (offsets.len() + 1).next_multiple_of(LANES);
        let mut of = vec![0.0; scales.len() * stride];
        of.chunks_exact_mut(stride).zip(scales).for_each(|(row, scale)| row[0] = *scale);
        Self { classes: offsets.len(), stride, of, offsets, steps }
    }

    /// Weights that are `counts` of steps, those of a feature beside each other.
    pub(crate) fn from_steps(scales: &[f32], offsets: Vec<f32>, steps: Vec<f32>, counts: &[i16]) -> Self {
        let mut weights = Self::noughts(scales, offsets, steps);
        let (classes, stride) = (weights.classes, weights.stride);
        for (row, counts) in weights.of.chunks_exact_mut(stride).zip(counts.chunks_exact(classes)) {
            let worth = counts.iter().zip(&weights.steps).map(|(count, step)| f32::from(*count) * step);
            row[1..=classes].iter_mut().zip(worth).for_each(|(weight, worth)| *weight = worth);
        }
        weights
    }

    /// The weights of a feature in steps.
    pub(crate) fn in_steps(&self, feature: u32) -> impl Iterator<Item = i16> {
        self.row(feature).iter().zip(&self.steps).map(|(weight, step)| (weight / step).round() as i16)
    }

    /// How much a feature tells, its weights, and noughts.
    #[inline]
    pub(crate) fn row_and_scale(&self, feature: u32) -> &[f32] {
        &self.of[feature as usize * self.stride..][..self.stride]
    }

    /// The weights of a feature.
    #[inline]
    pub(crate) fn row(&self, feature: u32) -> &[f32] {
        &self.of[feature as usize * self.stride + 1..][..self.classes]
    }

    /// What each machine says of a vector: above 0 is yes.
    pub(crate) fn decide(&self, vector: &Vector) -> Vec<f32> {
        let mut said = self.offsets.clone();
        for (feature, value) in &vector.of {
            said.iter_mut().zip(self.row(*feature)).for_each(|(sum, weight)| *sum += weight * value);
        }
        said
    }
}

/// Learns the machines of `classes` categories; `labels` are the categories of the vectors, `scales` how much each
/// feature tells. The larger `cost`, the more an example on the wrong side counts.
pub(crate) fn learn(
    vectors: &[&Vector],
    labels: &[usize],
    (scales, classes): (&[f32], usize),
    cost: f32,
    seed: u64,
) -> Weights {
    let squares: Vec<f32> =
        vectors.par_iter().map(|vector| 1.0 + vector.of.iter().map(|(_, v)| v * v).sum::<f32>()).collect();
    let machines: Vec<(Vec<f32>, f32)> = (0..classes)
        .into_par_iter()
        .map(|class| {
            let side = |example: usize| if labels[example] == class { 1.0 } else { -1.0 };
            machine(vectors, &side, &squares, scales.len(), cost, Chance::new(seed ^ (class as u64) << 32))
        })
        .collect();
    let (machines, offsets): (Vec<Vec<f32>>, Vec<f32>) = machines.into_iter().unzip();
    let step = |machine: &Vec<f32>| {
        let most = machine.iter().fold(0f32, |most, weight| most.max(weight.abs()));
        if most > 0.0 { most / STEPS } else { 1.0 }
    };
    let steps: Vec<f32> = machines.iter().map(step).collect();
    let mut counts = Vec::with_capacity(scales.len() * classes);
    for feature in 0..scales.len() {
        let of = machines.iter().zip(&steps).map(|(machine, step)| (machine[feature] / step).round() as i16);
        counts.extend(of);
    }
    Weights::from_steps(scales, offsets, steps, &counts)
}

fn machine(
    vectors: &[&Vector],
    side: &dyn Fn(usize) -> f32,
    squares: &[f32],
    features: usize,
    cost: f32,
    mut chance: Chance,
) -> (Vec<f32>, f32) {
    let (mut weights, mut offset) = (vec![0f32; features], 0f32);
    let mut alphas = vec![0f32; vectors.len()];
    let slack = 0.5 / cost;
    let mut order: Vec<usize> = (0..vectors.len()).collect();
    for _ in 0..ROUNDS_MAX {
        for at in (1..order.len()).rev() {
            order.swap(at, chance.below(at + 1));
        }
        let mut furthest = 0f32;
        for example in &order {
            let (vector, y) = (vectors[*example], side(*example));
            let said = vector.of.iter().fold(offset, |sum, (n, value)| sum + weights[*n as usize] * value);
            let alpha = alphas[*example];
            let gradient = y * said - 1.0 + slack * alpha;
            // At the bound only a step inwards is allowed.
            let allowed = if alpha == 0.0 { gradient.min(0.0) } else { gradient };
            furthest = furthest.max(allowed.abs());
            if allowed.abs() < 1e-9 {
                continue;
            }
            let next = (alpha - gradient / (squares[*example] + slack)).max(0.0);
            alphas[*example] = next;
            let step = (next - alpha) * y;
            vector.of.iter().for_each(|(n, value)| weights[*n as usize] += step * value);
            offset += step;
        }
        if furthest < SETTLED {
            break;
        }
    }
    (weights, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_of_two_points_is_the_one_that_the_equations_give() {
        // One point at 1 is yes, one at -1 no: w = b-free solution of min w²/2 + C·2·max(0, 1 - w)².
        let at = |value: f32| Vector { of: vec![(0, value)] };
        let (yes, no) = (at(1.0), at(-1.0));
        let weights = learn(&[&yes, &no], &[0, 1], (&[1.0], 2), 1.0, 1);
        // w = 4C / (1 + 4C) with both points' pull, and no offset.
        let row = weights.row(0);
        assert!((row[0] - 0.8).abs() < 0.01, "{weights:?}");
        assert!((row[1] + 0.8).abs() < 0.01 && weights.offsets.iter().all(|o| o.abs() < 0.01));
        assert!(weights.decide(&yes)[0] > 0.7 && weights.decide(&no)[0] < -0.7);
    }
}
