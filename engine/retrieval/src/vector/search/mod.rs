//! Exact search in two phases: an int8 scan that drops only what cannot win, then the float rows of the rest.

mod best;
mod rescore;
mod scan;

pub use best::Candidate;
pub use rescore::{Hit, Rescore, rescore};
pub use scan::{Allow, Scan};

use super::error::VectorError;
use super::index::VectorIndex;

/// Every row that may be among the `k` best for `query`, by ascending segment and row.
///
/// A row stays if its cosine could, by the bounds in [`quantize`](super::quantize), be as high as what the `k`th best row
/// has at least. Usually that is a few times `k`; among many near-duplicates it is all of them, as nothing is dropped
/// that could win. `allow` leaves out whole segments. Use a [`Scan`] to pause in between.
///
/// # Errors
/// [`VectorError::Dim`] if the query has not the index's dimension, or what [`unit()`](super::unit::unit) finds.
pub fn candidates(
    index: &VectorIndex,
    query: &[f32],
    k: usize,
    allow: Option<Allow<'_>>,
) -> Result<Vec<Candidate>, VectorError> {
    Ok(Scan::new(index, query, k, allow)?.finish())
}

#[cfg(test)]
mod tests;
