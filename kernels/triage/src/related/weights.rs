//! What evidence counts: a logistic regression.

use super::Evidence;
use serde::{Deserialize, Serialize};

/// What each piece of evidence counts: weights of a logistic regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RelatedWeights {
    /// Of [`Evidence::values`], in their order.
    pub of: [f64; VALUES],
}

/// Values of a piece of evidence.
pub const VALUES: usize = 16;

impl Default for RelatedWeights {
    /// Learnt from messages that `gridweave city messages --count 20000 --seed 11` writes.
    fn default() -> Self {
        Self {
            of: [
                -5.080, 8.333, 20.678, -14.387, 0.180, 10.022, -1.260, -7.609, -11.774, -2.737, -4.448,
                0.000, 13.607, -10.998, 8.715, -1.324,
            ],
        }
    }
}

impl RelatedWeights {
    /// The probability that the evidence's reports are of one matter.
    pub fn probability(&self, evidence: &Evidence) -> f64 {
        let sum: f64 = self.of.iter().zip(evidence.values()).map(|(weight, value)| weight * value).sum();
        1.0 / (1.0 + (-sum).exp())
    }

    /// Learns weights from evidence of which it is known whether it is of one matter: the likeliest, drawn a little
    /// towards 0, by Newton's method.
    pub fn learn(known: &[(Evidence, bool)]) -> Self {
        let rows: Vec<([f64; VALUES], f64)> =
            known.iter().map(|(evidence, same)| (evidence.values(), f64::from(u8::from(*same)))).collect();
        let mut weights = Self { of: [0.0; VALUES] };
        for _ in 0..40 {
            let mut gradient = [0f64; VALUES];
            let mut curve = [[0f64; VALUES]; VALUES];
            for (row, same) in &rows {
                let sum: f64 = weights.of.iter().zip(row).map(|(weight, value)| weight * value).sum();
                let told = 1.0 / (1.0 + (-sum).exp());
                for i in 0..VALUES {
                    gradient[i] += (told - same) * row[i];
                    for j in 0..=i {
                        curve[i][j] += told * (1.0 - told) * row[i] * row[j];
                    }
                }
            }
            for i in 0..VALUES {
                gradient[i] += weights.of[i] * 0.1;
                curve[i][i] += 0.1;
            }
            let step = solved(curve, gradient);
            weights.of.iter_mut().zip(step).for_each(|(weight, by)| *weight -= by.clamp(-2.0, 2.0));
            if step.iter().all(|by| by.abs() < 1e-6) {
                break;
            }
        }
        weights
    }
}

/// Solves a system whose matrix is symmetric and positive (Cholesky); only its lower half is read.
fn solved(mut matrix: [[f64; VALUES]; VALUES], mut right: [f64; VALUES]) -> [f64; VALUES] {
    for i in 0..VALUES {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - sum;
            matrix[i][j] = if i == j { rest.max(1e-12).sqrt() } else { rest / matrix[j][j] };
        }
    }
    for i in 0..VALUES {
        let sum: f64 = (0..i).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    for i in (0..VALUES).rev() {
        let sum: f64 = (i + 1..VALUES).map(|k| matrix[k][i] * right[k]).sum();
        right[i] = (right[i] - sum) / matrix[i][i];
    }
    right
}

impl Evidence {
    /// The evidence as numbers: 1, same text, likeness and its square, likeness of places where the distance is known and
    /// where it is not, rarest shared term, distance by logarithm, whether it is unknown, beyond 200 metres, days, whether they
    /// are unknown, agreement of categories, its product with likeness, whether it is unknown, another house.
    pub fn values(&self) -> [f64; VALUES] {
        let is = |yes: bool| f64::from(u8::from(yes));
        let near = self.metres.map_or(0.0, |metres| (1.0 + f64::from(metres) / 100.0).log2());
        let (likeness, place, category) =
            (f64::from(self.likeness), f64::from(self.place), f64::from(self.category.unwrap_or(0.0)));
        let unknown = is(self.metres.is_none());
        [
            1.0,
            is(self.same_text),
            likeness,
            likeness * likeness,
            place * (1.0 - unknown),
            place * unknown,
            f64::from(self.rarest) / 10.0,
            near,
            unknown,
            is(self.metres.is_some_and(|metres| metres > 200.0)),
            self.days.map_or(0.0, |days| f64::from(days) / 7.0),
            is(self.days.is_none()),
            category,
            category * likeness,
            is(self.category.is_none()),
            is(self.other_house),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_learnt() {
        let of = |likeness: f32| Evidence { likeness, ..Evidence::default() };
        let known: Vec<(Evidence, bool)> = (0..400).map(|n| (of(n as f32 / 400.0), n % 400 > 200)).collect();
        let weights = RelatedWeights::learn(&known);
        assert!(weights.probability(&of(0.9)) > 0.95 && weights.probability(&of(0.1)) < 0.05, "{weights:?}");
    }
}
