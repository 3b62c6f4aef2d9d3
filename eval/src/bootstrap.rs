//! How far a mean over questions may be off: intervals by resampling, with a fixed seed.

use serde::Serialize;

/// A mean over questions with its 95 % bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Resamples of the questions.
const RESAMPLES: usize = 1000;

/// The mean of `values` and its interval; zeros without values. The same values give the same interval.
#[must_use]
pub fn estimate(values: &[f64]) -> Estimate {
    if values.is_empty() {
        return Estimate { mean: 0.0, low: 0.0, high: 0.0 };
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let mut random = Random(0x5eed);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| values.iter().map(|_| values[random.below(values.len())]).sum::<f64>() / count)
        .collect();
    means.sort_by(f64::total_cmp);
    Estimate { mean, low: means[RESAMPLES / 40], high: means[RESAMPLES - 1 - RESAMPLES / 40] }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        ((u128::from(mixed) * end as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_surrounds_its_mean() {
        let values: Vec<f64> = (0..200).map(|n| f64::from(n % 2)).collect();
        let estimate = estimate(&values);
        assert_eq!(estimate.mean, 0.5);
        // Two standard errors of a coin thrown 200 times are 0.07.
        assert!((0.40..0.46).contains(&estimate.low), "{estimate:?}");
        assert!((0.54..0.60).contains(&estimate.high), "{estimate:?}");
        assert_eq!(estimate, super::estimate(&values));
    }

    #[test]
    fn equal_values_have_no_spread() {
        assert_eq!(estimate(&[0.25; 9]), Estimate { mean: 0.25, low: 0.25, high: 0.25 });
        assert_eq!(estimate(&[]).mean, 0.0);
    }
}
