//! What machines say as probabilities: a softmax of what they say, each category's stretched by one number and moved by
//! another (vector scaling, after Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", ICML 2017), fitted to
//! texts that the machines had not seen. Where there are many texts for few categories, what the other machines say counts too
//! (matrix scaling of the same authors): that a text is half of one category speaks for or against another.

/// Steps of fitting.
const STEPS: usize = 400;
/// Texts for each pair of categories from which on what other machines say is asked.
const TEXTS_FOR_PAIR: usize = 30;
/// Numbers are drawn towards where they begin as if by so many texts.
const DRAWN_BY: f64 = 5.0;
const PAIRS_DRAWN_BY: f64 = 1.0;

/// What each machine's word counts for each category, and a move for each.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Calibration {
    /// A row a category, a column a machine.
    pub counts: Vec<f32>,
    pub moves: Vec<f32>,
}

impl Calibration {
    /// The probability of each category.
    pub(crate) fn probabilities(&self, said: &[f32]) -> Vec<f32> {
        let rows = self.counts.chunks_exact(said.len());
        let of = |(row, by): (&[f32], &f32)| {
            row.iter().zip(said).fold(*by, |sum, (count, said)| sum + count * said)
        };
        let mut all: Vec<f32> = rows.zip(&self.moves).map(of).collect();
        let most = all.iter().copied().fold(f32::MIN, f32::max);
        all.iter_mut().for_each(|value| *value = (*value - most).exp());
        let sum: f32 = all.iter().sum();
        all.iter_mut().for_each(|value| *value /= sum);
        all
    }

    /// Fits it to what was said of texts and what they are: the likeliest, found by Adam (Kingma and Ba 2015), with moves
    /// and what other machines count drawn towards 0.
    pub(crate) fn fit(said: &[Vec<f32>], labels: &[usize], classes: usize) -> Self {
        let pairs = said.len() >= TEXTS_FOR_PAIR * classes * classes;
        let mut fitted = Self { counts: vec![0.0; classes * classes], moves: vec![0.0; classes] };
        (0..classes).for_each(|class| fitted.counts[class * (classes + 1)] = 2.0);
        // The numbers that are fitted: one stretch for all, or each one's own; then the moves.
        let (first_move, numbers) =
            if pairs { (classes * classes, classes * (classes + 1)) } else { (1, classes + 1) };
        let (mut first, mut second) = (vec![0f64; numbers], vec![0f64; numbers]);
        let count = said.len().max(1) as f64;
        for step in 1..=STEPS {
            let mut gradient = vec![0f64; numbers];
            for (said, label) in said.iter().zip(labels) {
                let probabilities = fitted.probabilities(said);
                for (class, probability) in probabilities.iter().enumerate() {
                    let wrong = (f64::from(*probability) - f64::from(u8::from(class == *label))) / count;
                    gradient[first_move + class] += wrong;
                    if pairs {
                        let row = &mut gradient[class * classes..][..classes];
                        row.iter_mut().zip(said).for_each(|(sum, said)| *sum += wrong * f64::from(*said));
                    } else {
                        gradient[0] += wrong * f64::from(said[class]);
                    }
                }
            }
            for (n, gradient) in gradient.iter().enumerate() {
                let pulled = if n >= first_move {
                    f64::from(fitted.moves[n - first_move]) * DRAWN_BY / count
                } else if pairs && n % (classes + 1) != 0 {
                    f64::from(fitted.counts[n]) * PAIRS_DRAWN_BY / count
                } else {
                    0.0
                };
                let gradient = gradient + pulled;
                first[n] = 0.9 * first[n] + 0.1 * gradient;
                second[n] = 0.99 * second[n] + 0.01 * gradient * gradient;
                let bias = |decay: f64| 1.0 - decay.powi(step as i32);
                let by = (0.03 * (first[n] / bias(0.9)) / ((second[n] / bias(0.99)).sqrt() + 1e-9)) as f32;
                if n >= first_move {
                    fitted.moves[n - first_move] -= by;
                } else if pairs {
                    fitted.counts[n] -= by;
                } else {
                    let stretch = (fitted.counts[0] - by).clamp(0.1, 50.0);
                    (0..classes).for_each(|class| fitted.counts[class * (classes + 1)] = stretch);
                }
            }
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

    #[test]
    fn what_another_machine_says_counts_where_there_are_many_texts() {
        // The machine of the second category says nothing by itself; the third's no makes the difference.
        let texts: Vec<(Vec<f32>, usize)> = (0..900)
            .map(|n| match n % 3 {
                0 => (vec![0.5, 0.0, -0.8], 0),
                1 => (vec![0.5, 0.0, 0.2], 1),
                _ => (vec![-0.5, 0.0, 0.4], 2),
            })
            .collect();
        let (said, labels): (Vec<Vec<f32>>, Vec<usize>) = texts.into_iter().unzip();
        let many = Calibration::fit(&said, &labels, 3);
        for n in 0..3 {
            let probabilities = many.probabilities(&said[n]);
            assert!(probabilities[n] > 0.8, "{n} {probabilities:?}");
        }
        let few = Calibration::fit(&said[..150], &labels[..150], 3);
        assert!((0..9).all(|n| n % 4 == 0 || few.counts[n] == 0.0), "{few:?}");
    }
}
