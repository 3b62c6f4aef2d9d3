use crate::vector::quantize::{Estimate, round_up};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A row that may be among the best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The segment that holds the row.
    pub segment: u64,
    /// The row's number in it, from 0.
    pub n: u32,
    /// The cosine as the int8 row has it.
    pub approx: f32,
    /// No less than the cosine that the float row has.
    pub upper: f32,
}

/// The rows seen so far that may be among the `k` best.
///
/// Let `t` be the `k`th highest of the least cosines that the rows can have. Then `k` rows reach `t`, so a row that
/// cannot reach it is not among the `k` best, however ties are broken. Rows that only equal it stay.
pub(super) struct Best {
    k: usize,
    /// The `k` highest least cosines, lowest on top.
    lowers: BinaryHeap<Reverse<Total>>,
    /// `t`, or −∞ while fewer than `k` rows were seen.
    threshold: f64,
    found: Vec<Candidate>,
    /// The number of found rows at which those that fell behind are dropped.
    prune_at: usize,
}

impl Best {
    pub(super) fn new(k: usize) -> Self {
        Self { k, lowers: BinaryHeap::new(), threshold: f64::NEG_INFINITY, found: Vec::new(), prune_at: 1024 }
    }

    #[inline]
    pub(super) fn consider(&mut self, segment: u64, n: u32, estimate: Estimate) {
        let upper = estimate.cosine + estimate.error;
        if upper >= self.threshold {
            self.keep(
                Candidate { segment, n, approx: estimate.cosine as f32, upper: round_up(upper) },
                estimate.cosine - estimate.error,
            );
        }
    }

    fn keep(&mut self, candidate: Candidate, lower: f64) {
        self.found.push(candidate);
        self.lowers.push(Reverse(Total(lower)));
        if self.lowers.len() > self.k {
            self.lowers.pop();
        }
        if let Some(&Reverse(Total(threshold))) = self.lowers.peek().filter(|_| self.lowers.len() == self.k) {
            self.threshold = threshold;
        }
        if self.found.len() >= self.prune_at {
            self.prune();
            self.prune_at = 2 * self.found.len().max(512);
        }
    }

    fn prune(&mut self) {
        self.found.retain(|candidate| f64::from(candidate.upper) >= self.threshold);
    }

    /// The candidates by ascending segment and row. If all rows score the same, the first `k` are the best.
    pub(super) fn into_candidates(mut self, all_score_zero: bool) -> Vec<Candidate> {
        self.prune();
        self.found.sort_unstable_by_key(|candidate| (candidate.segment, candidate.n));
        if all_score_zero {
            self.found.truncate(self.k);
        }
        self.found
    }
}

/// A number that can be sorted. None here is NaN.
#[derive(Clone, Copy)]
struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Total {}
