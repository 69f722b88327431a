//! What machines say as probabilities: a softmax of what they say, stretched by one number and moved by one a category
//! (vector scaling, after Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", ICML 2017), fitted to
//! texts that the machines had not seen.

/// Steps of fitting.
const STEPS: usize = 400;

/// A stretch, and a move for each category.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Calibration {
    pub stretch: f32,
    pub moves: Vec<f32>,
}

impl Calibration {
    /// The probability of each category.
    pub(crate) fn probabilities(&self, said: &[f32]) -> Vec<f32> {
        let mut all: Vec<f32> =
            said.iter().zip(&self.moves).map(|(said, by)| said * self.stretch + by).collect();
        let most = all.iter().copied().fold(f32::MIN, f32::max);
        all.iter_mut().for_each(|value| *value = (*value - most).exp());
        let sum: f32 = all.iter().sum();
        all.iter_mut().for_each(|value| *value /= sum);
        all
    }

    /// Fits it to what was said of texts and what they are: the likeliest, found by Adam (Kingma and Ba 2015), with moves
    /// drawn towards 0 as if by a few texts.
    pub(crate) fn fit(said: &[Vec<f32>], labels: &[usize], classes: usize) -> Self {
        let mut fitted = Self { stretch: 2.0, moves: vec![0.0; classes] };
        let (mut first, mut second) = (vec![0f64; classes + 1], vec![0f64; classes + 1]);
        let count = said.len().max(1) as f64;
        for step in 1..=STEPS {
            let mut gradient = vec![0f64; classes + 1];
            for (said, label) in said.iter().zip(labels) {
                let probabilities = fitted.probabilities(said);
                for (class, probability) in probabilities.iter().enumerate() {
                    let wrong = f64::from(*probability) - f64::from(u8::from(class == *label));
                    gradient[class] += wrong / count;
                    gradient[classes] += wrong * f64::from(said[class]) / count;
                }
            }
            for (n, gradient) in gradient.iter().enumerate() {
                let pulled = if n < classes { f64::from(fitted.moves[n]) * 5.0 / count } else { 0.0 };
                let gradient = gradient + pulled;
                first[n] = 0.9 * first[n] + 0.1 * gradient;
                second[n] = 0.99 * second[n] + 0.01 * gradient * gradient;
                let bias = |decay: f64| 1.0 - decay.powi(step as i32);
                let by = 0.03 * (first[n] / bias(0.9)) / ((second[n] / bias(0.99)).sqrt() + 1e-9);
                let of = if n < classes { &mut fitted.moves[n] } else { &mut fitted.stretch };
                *of -= by as f32;
            }
            fitted.stretch = fitted.stretch.clamp(0.1, 50.0);
        }
        fitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_is_right_three_times_of_four_says_so() {
        let said: Vec<Vec<f32>> =
            (0..400).map(|n| if n % 2 == 0 { vec![1.0, -1.0] } else { vec![-1.0, 1.0] }).collect();
        let labels: Vec<usize> = (0..400).map(|n| if n % 8 < 6 { n % 2 } else { 1 - n % 2 }).collect();
        let fitted = Calibration::fit(&said, &labels, 2);
        let probabilities = fitted.probabilities(&said[0]);
        assert!((probabilities[0] - 0.75).abs() < 0.01, "{fitted:?} {probabilities:?}");
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
