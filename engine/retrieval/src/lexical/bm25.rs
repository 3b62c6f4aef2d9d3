//! How well words match: Okapi BM25 with the usual `k1 = 1.2` and `b = 0.75`.

use super::postings::{Posting, length_of};

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// What is known of all rows of a workspace.
#[derive(Clone, Copy, Debug)]
pub struct Corpus {
    /// Rows.
    pub rows: u64,
    /// Words of all of them.
    pub words: u64,
}

impl Corpus {
    /// The weight of a term that occurs in `rows` rows: more for rare ones, never below 0.
    #[must_use]
    pub fn weight(self, rows: u64) -> f64 {
        let (all, with) = (self.rows.max(rows) as f64, rows as f64);
        ln(1.0 + (all - with + 0.5) / (with + 0.5))
    }

    /// What one occurrence adds to a row's score, for a term of this weight.
    #[must_use]
    pub fn score(self, weight: f64, posting: Posting) -> f64 {
        let mean = (self.words as f64 / self.rows.max(1) as f64).max(1.0);
        let count = f64::from(posting.count);
        let norm = K1 * (1.0 - B + B * length_of(posting.length) / mean);
        weight * count * (K1 + 1.0) / (count + norm)
    }
}

/// The natural logarithm of a number of at least 1, from arithmetic alone: those of the machines differ in the last bit.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    // ln m = 2 artanh((m − 1) / (m + 1)); with m below 2 that is a third at most.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let (square, mut power, mut sum) = (s * s, s, 0.0);
    for n in 0..18 {
        sum += power / f64::from(2 * n + 1);
        power *= square;
    }
    2.0 * sum + f64::from(exponent) * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::postings::length_code;

    #[test]
    fn the_logarithm_is_one() {
        for x in [1.0, 1.5, 2.0, 3.0, 10.0, 1e3, 123_456.789, 1e15] {
            assert!((ln(x) - x.ln()).abs() < 1e-12 * x.ln().max(1.0), "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn rare_words_in_short_rows_count_more() {
        let corpus = Corpus { rows: 1000, words: 100_000 };
        assert!(corpus.weight(1) > corpus.weight(10) && corpus.weight(1000) > 0.0);
        let score = |count, words| corpus.score(1.0, Posting { row: 0, count, length: length_code(words) });
        assert!(score(2, 100) > score(1, 100) && score(1, 50) > score(1, 200));
        // A row of the mean length: the weight itself.
        assert!((score(1, 100) - 1.0).abs() < 0.05);
    }
}
