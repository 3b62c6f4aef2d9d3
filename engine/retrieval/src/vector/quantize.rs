//! Rows in 8 bits, queries in up to 16, and how far off that can be.
//!
//! A unit row `v` becomes integers `r` and a scale with `v̂ = scale · r`; a unit query `q` likewise becomes `q̂`. The
//! cosine the engine reports is the float sum `dot_f32(q, v)`. It differs from the integer product `q̂ · v̂` by at most
//!
//! ```text
//!   |q·v − q̂·v̂|          ≤ ‖q‖ ‖v − v̂‖ + ‖q − q̂‖ ‖v̂‖        (Cauchy-Schwarz, twice)
//!   |dot_f32(q, v) − q·v| ≤ γₙ ‖q‖ ‖v‖ + dim · 2⁻¹⁴⁹,  γₙ = n u / (1 − n u),  u = 2⁻²⁴
//! ```
//!
//! where `n = ⌈dim / 8⌉ + 4` is the most roundings any product goes through in `dot_f32`'s order (Higham, *Accuracy and
//! Stability of Numerical Algorithms*, §3.1). `‖v − v̂‖` is kept with each row, rounded up; the rest depends on the query.

use super::error::VectorError;
use super::unit::{norm, unit};

/// A row's length may differ from 1 by this much: f32 rounding leaves 10⁻⁷, stored floats of others a little more.
const UNIT_TOLERANCE: f64 = 1e-3;
/// Covers the roundings of the f64 arithmetic here, which are below 2⁻⁴⁰.
const SLACK: f64 = 1e-11;

/// A unit row in 8 bits: `row ≈ scale · values`.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedRow {
    /// Multiples of the scale, −127 to 127.
    pub values: Vec<i8>,
    /// The largest magnitude in the row, divided by 127; 0 for the zero row.
    pub scale: f32,
    /// The Euclidean length of `row − scale · values`, rounded up.
    pub residual: f32,
}

impl QuantizedRow {
    /// Quantises a row that [`unit()`] made.
    ///
    /// # Errors
    /// [`VectorError::NotFinite`], or [`VectorError::NotUnit`] if the length is neither 0 nor 1 ± 0.001.
    pub fn new(row: &[f32]) -> Result<Self, VectorError> {
        if !row.iter().all(|value| value.is_finite()) {
            return Err(VectorError::NotFinite);
        }
        let largest = row.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        if largest == 0.0 {
            return Ok(Self { values: vec![0; row.len()], scale: 0.0, residual: 0.0 });
        }
        let scale = largest / 127.0;
        let values: Vec<i8> =
            row.iter().map(|&v| nearest(v, f64::from(scale)).clamp(-127.0, 127.0) as i8).collect();
        // Two sums at once: each has to wait for its own last addition only.
        let (length, off) = row.iter().zip(&values).fold((0.0, 0.0), |(length, off), (&v, &r)| {
            let residual = f64::from(v) - f64::from(scale) * f64::from(r);
            (length + f64::from(v) * f64::from(v), off + residual * residual)
        });
        if (length.sqrt() - 1.0).abs() > UNIT_TOLERANCE {
            return Err(VectorError::NotUnit);
        }
        Ok(Self { values, scale, residual: round_up(off.sqrt() * (1.0 + SLACK)) })
    }
}

/// Whether a row could have these two numbers: what [`QuantizedRow::new`] makes is within these limits.
pub(super) fn is_plausible(scale: f32, residual: f32, dim: usize) -> bool {
    let scale_max = (1.0 + UNIT_TOLERANCE) / 127.0 * 1.000_001;
    let residual_max = 0.500_001 * f64::from(scale) * (dim as f64).sqrt() + 1e-6;
    (0.0..=scale_max).contains(&f64::from(scale)) && (0.0..=residual_max).contains(&f64::from(residual))
}

/// A query in as many bits as integer dot products with int8 rows allow, and the error that makes.
#[derive(Clone, Debug)]
pub struct QuantizedQuery {
    values: Vec<i16>,
    scale: f64,
    /// Error per unit of a row's residual.
    error_slope: f64,
    /// Error of any row that is not zero.
    error_base: f64,
}

impl QuantizedQuery {
    /// Quantises a query of any length; its direction is what counts.
    ///
    /// # Errors
    /// As [`unit()`].
    pub fn new(query: &[f32]) -> Result<Self, VectorError> {
        let query = unit(query)?;
        let dim = query.len();
        // 128 · values_max · dim < 2³¹, so no dot product with an int8 row overflows.
        let values_max = (i32::MAX as usize / (128 * dim)).min(32_767) as f64;
        let largest = query.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let scale = f64::from(largest) / values_max;
        let values: Vec<i16> = query
            .iter()
            .map(|&q| if scale > 0.0 { nearest(q, scale).clamp(-values_max, values_max) as i16 } else { 0 })
            .collect();
        let squares = query.iter().zip(&values).fold(0.0, |sum, (&q, &i)| {
            let off = f64::from(q) - scale * f64::from(i);
            sum + off * off
        });
        let (query_norm, query_residual) = (norm(&query), squares.sqrt());
        let roundings = (dim.div_ceil(8) + 4) as f64 * 2f64.powi(-24);
        let float_error = roundings / (1.0 - roundings) * query_norm * (1.0 + UNIT_TOLERANCE)
            + dim as f64 * 2f64.powi(-149);
        Ok(Self {
            values,
            scale,
            // ‖v̂‖ ≤ ‖v‖ + residual spreads the query's error over both terms.
            error_slope: (query_norm + query_residual) * (1.0 + SLACK),
            error_base: query_residual * (1.0 + UNIT_TOLERANCE) + float_error + SLACK,
        })
    }

    /// The integers to multiply rows with.
    #[must_use]
    pub fn values(&self) -> &[i16] {
        &self.values
    }

    /// Whether the query is the zero vector, which scores 0 with every row.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.scale == 0.0
    }

    /// The approximate cosine with a row from their integer product, and how far from `dot_f32` it can be.
    #[inline]
    #[must_use]
    pub fn estimate(&self, product: i32, scale: f32, residual: f32) -> Estimate {
        let cosine = f64::from(product) * (self.scale * f64::from(scale));
        // A zero row is represented exactly, and its float product is exactly 0.
        let error = if scale == 0.0 { 0.0 } else { self.error_slope * f64::from(residual) + self.error_base };
        Estimate { cosine, error }
    }
}

/// A cosine that is known up to an error: the float cosine is in `[cosine − error, cosine + error]`.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// The middle of the interval.
    pub cosine: f64,
    /// Half of its width; at least 0.
    pub error: f64,
}

/// The whole number nearest to `value / scale`, which is far below 2⁵¹; of two equally near ones the even one.
fn nearest(value: f32, scale: f64) -> f64 {
    // So many halves are lost in rounding the sum. `round_ties_even` is a call where the processor may be an old one.
    const SHIFT: f64 = 3.0 * (1u64 << 51) as f64;
    (f64::from(value) / scale + SHIFT) - SHIFT
}

/// The least f32 that is not below `value`.
pub(super) fn round_up(value: f64) -> f32 {
    let rounded = value as f32;
    if f64::from(rounded) < value { rounded.next_up() } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::DIM_MAX;
    use crate::vector::kernel::{dot_f32, dot_i8_i16};
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn the_largest_value_becomes_127() {
        let row = QuantizedRow::new(&[0.6, -0.8, 0.0]).unwrap();
        assert_eq!(row.values, [95, -127, 0]);
        assert_eq!(row.scale, 0.8 / 127.0);
        assert!(row.residual > 0.0 && row.residual < row.scale);
    }

    #[test]
    fn the_zero_row_is_exact() {
        let row = QuantizedRow::new(&[0.0; 5]).unwrap();
        assert_eq!(row, QuantizedRow { values: vec![0; 5], scale: 0.0, residual: 0.0 });
        let estimate = QuantizedQuery::new(&[1.0; 5]).unwrap().estimate(0, 0.0, 0.0);
        assert_eq!((estimate.cosine, estimate.error), (0.0, 0.0));
    }

    #[test]
    fn rows_of_other_lengths_are_refused() {
        assert_eq!(QuantizedRow::new(&[0.5, 0.5]), Err(VectorError::NotUnit));
        assert_eq!(QuantizedRow::new(&[1.0, f32::NAN]), Err(VectorError::NotFinite));
    }

    #[test]
    fn the_longest_extreme_vectors_do_not_overflow() {
        for dim in [1, 255, 256, 4096, DIM_MAX] {
            let query = QuantizedQuery::new(&vec![1.0; dim]).unwrap();
            let row = vec![-128i8; dim];
            let exact: i64 = query.values().iter().map(|&q| -128 * i64::from(q)).sum();
            assert_eq!(i64::from(dot_i8_i16(&row, query.values())), exact, "{dim} dimensions");
        }
    }

    #[test]
    fn short_queries_keep_15_bits() {
        assert_eq!(QuantizedQuery::new(&[2.0, -1.0]).unwrap().values(), [32_767, -16_384]);
    }

    /// Vectors with a few large and many small values are the worst for one scale per row.
    fn vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
        let value =
            || prop_oneof![4 => -1.0f32..1.0, 4 => -1e-3f32..1e-3, 1 => Just(0.0), 1 => -1e-40f32..1e-40];
        prop_oneof![1usize..40, Just(256)].prop_flat_map(move |dim| (vec(value(), dim), vec(value(), dim)))
    }

    proptest! {
        #[test]
        fn the_float_cosine_is_within_the_estimate((query, row) in vectors()) {
            let (unit_query, row) = (unit(&query).unwrap(), unit(&row).unwrap());
            let quantized = QuantizedRow::new(&row).unwrap();
            let query = QuantizedQuery::new(&query).unwrap();
            let product = dot_i8_i16(&quantized.values, query.values());
            let estimate = query.estimate(product, quantized.scale, quantized.residual);
            let cosine = f64::from(dot_f32(&unit_query, &row));
            prop_assert!((cosine - estimate.cosine).abs() <= estimate.error, "{cosine} and {estimate:?}");
        }

        #[test]
        fn what_is_made_is_plausible((_, row) in vectors()) {
            let row = QuantizedRow::new(&unit(&row).unwrap()).unwrap();
            prop_assert!(is_plausible(row.scale, row.residual, row.values.len()));
            prop_assert!(row.values.iter().all(|&value| value != -128));
        }

        #[test]
        fn rounding_up_never_lowers(value in 0.0f64..2.0) {
            let up = f64::from(round_up(value));
            prop_assert!(up >= value && up - value <= value * 1.2e-7 + 1e-45);
        }
    }
}
