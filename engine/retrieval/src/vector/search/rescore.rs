use super::Candidate;
use crate::vector::error::VectorError;
use crate::vector::kernel::dot_f32;
use crate::vector::score::{cosine_distance, wire_score};
use crate::vector::unit::unit;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// One of the best rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The segment that holds the row.
    pub segment: u64,
    /// The row's number in it, from 0.
    pub n: u32,
    /// The cosine of the angle between row and query, `[-1, 1]` but for rounding; 0 if either is zero.
    pub cosine: f32,
}

impl Hit {
    /// The cosine distance, `[0, 2]` but for rounding.
    #[must_use]
    pub fn distance(&self) -> f32 {
        cosine_distance(self.cosine)
    }

    /// The similarity as clients get it, `[0, 1]`: see [`wire_score`].
    #[must_use]
    pub fn score(&self) -> f64 {
        wire_score(self.distance())
    }
}

/// Ranks candidates by their float rows: the second phase, fed row by row as they are loaded.
pub struct Rescore {
    query: Vec<f32>,
    k: usize,
    /// The best `k` so far, the worst on top.
    best: BinaryHeap<Worst>,
}

impl Rescore {
    /// Looks for the `k` best rows for `query`, which may have any length but no other dimension than the rows.
    ///
    /// # Errors
    /// What [`unit()`] finds.
    pub fn new(query: &[f32], k: usize) -> Result<Self, VectorError> {
        Ok(Self { query: unit(query)?, k, best: BinaryHeap::new() })
    }

    /// Whether loading this candidate's row can still change the result. Offer those with the highest
    /// [`upper`](Candidate::upper) first, and most of the others need not be loaded.
    #[must_use]
    pub fn wants(&self, candidate: &Candidate) -> bool {
        self.best.len() < self.k || self.best.peek().is_some_and(|worst| candidate.upper >= worst.0.cosine)
    }

    /// Compares the float row of a candidate, which [`unit()`] made when it was stored. Each row once.
    ///
    /// # Errors
    /// [`VectorError::Dim`] if it has not the query's dimension.
    pub fn push(&mut self, segment: u64, n: u32, row: &[f32]) -> Result<(), VectorError> {
        if row.len() != self.query.len() {
            return Err(VectorError::Dim { expected: self.query.len(), found: row.len() });
        }
        self.best.push(Worst(Hit { segment, n, cosine: dot_f32(&self.query, row) }));
        if self.best.len() > self.k {
            self.best.pop();
        }
        Ok(())
    }

    /// The best rows by descending cosine; equal ones by ascending segment and row.
    #[must_use]
    pub fn finish(self) -> Vec<Hit> {
        self.best.into_sorted_vec().into_iter().map(|Worst(hit)| hit).collect()
    }
}

/// The `k` best of `rows` (segment, number, float row) for `query`: [`Rescore`] in one call.
///
/// # Errors
/// As [`Rescore::new`] and [`Rescore::push`].
pub fn rescore<'a>(
    query: &[f32],
    rows: impl IntoIterator<Item = (u64, u32, &'a [f32])>,
    k: usize,
) -> Result<Vec<Hit>, VectorError> {
    let mut rescore = Rescore::new(query, k)?;
    rows.into_iter().try_for_each(|(segment, n, row)| rescore.push(segment, n, row))?;
    Ok(rescore.finish())
}

/// A hit ordered so that the best comes first and the worst is on top of a heap.
struct Worst(Hit);

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.0, &other.0);
        b.cosine.total_cmp(&a.cosine).then_with(|| (a.segment, a.n).cmp(&(b.segment, b.n)))
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Worst {}
