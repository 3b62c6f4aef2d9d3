//! The inner loops, one implementation per instruction set.
//!
//! [`scalar`] defines every result. The others return the same bits: integer sums are exact, and a float sum
//! has one prescribed order and no fused multiply-add, so the same text and the same rows score alike on an
//! x86 server, an ARM laptop and in a browser tab.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod codes;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
pub mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

pub use codes::{CodeQuery, dot_rows_codes};

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;

// What every machine of the target has; AVX2 is asked for at run time before falling back to it.
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
use neon as baseline;
#[cfg(not(any(
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
use scalar as baseline;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use simd128 as baseline;

/// The integer dot product of one int8 row with an int16 query of the same length.
///
/// Wraps modulo 2³² if the true sum does not fit; [`QuantizedQuery`](crate::vector::quantize::QuantizedQuery)
/// chooses its range so that it always fits.
///
/// # Panics
/// If the lengths differ.
#[must_use]
pub fn dot_i8_i16(row: &[i8], query: &[i16]) -> i32 {
    assert_eq!(row.len(), query.len(), "row and query have the same dimension");
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return avx2.dot_i8_i16(row, query);
    }
    baseline::dot_i8_i16(row, query)
}

/// [`dot_i8_i16`] of every row of a row-major matrix: `scores[i]` is row `i` times `query`.
///
/// # Panics
/// Unless `rows.len() == query.len() * scores.len()` and the query has at least one value.
pub fn dot_rows_i8_i16(rows: &[i8], query: &[i16], scores: &mut [i32]) {
    assert!(!query.is_empty(), "the query has at least one value");
    assert_eq!(Some(rows.len()), query.len().checked_mul(scores.len()), "one score for each row");
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return avx2.dot_rows_i8_i16(rows, query, scores);
    }
    baseline::dot_rows_i8_i16(rows, query, scores);
}

/// The float dot product of two slices of the same length, summed in the one order [`scalar::dot_f32`] defines.
///
/// # Panics
/// If the lengths differ.
#[must_use]
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "both vectors have the same dimension");
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return avx2.dot_f32(a, b);
    }
    baseline::dot_f32(a, b)
}

/// Adds `scale * row` to `sum`, element by element: one rounding for the product, one for the sum.
///
/// # Panics
/// If the lengths differ.
pub fn add_scaled_i8(sum: &mut [f32], scale: f32, row: &[i8]) {
    assert_eq!(sum.len(), row.len(), "sum and row have the same dimension");
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return avx2.add_scaled_i8(sum, scale, row);
    }
    baseline::add_scaled_i8(sum, scale, row);
}

/// [`add_scaled_i8`] of four rows, one after the other: the same bits, with the sum read and written once.
///
/// # Panics
/// If the lengths differ.
pub fn add_scaled_4_i8(sum: &mut [f32], scales: [f32; 4], rows: [&[i8]; 4]) {
    assert!(rows.iter().all(|row| row.len() == sum.len()), "sum and rows have the same dimension");
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return avx2.add_scaled_4_i8(sum, scales, rows);
    }
    baseline::add_scaled_4_i8(sum, scales, rows);
}

/// Asks for a row that will be read soon, where the processor can be asked.
#[inline]
pub fn prefetch(row: &[i8]) {
    #[cfg(target_arch = "x86_64")]
    avx2::prefetch(row);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    // Lengths around every vector width, and two that real models have.
    fn dim() -> impl Strategy<Value = usize> {
        prop_oneof![8 => 1usize..70, 1 => Just(256), 1 => Just(384)]
    }

    // Numbers of many magnitudes and both signs: a different order of summing them shows in the last bit.
    fn float() -> impl Strategy<Value = f32> {
        prop_oneof![8 => -1.0f32..1.0, 1 => -1e6f32..1e6, 1 => -1e-30f32..1e-30, 1 => Just(-0.0)]
    }

    proptest! {
        #[test]
        fn dot_i8_i16_equals_the_scalar_twin(
            (row, query) in dim().prop_flat_map(|n| (vec(any::<i8>(), n), vec(any::<i16>(), n)))
        ) {
            prop_assert_eq!(dot_i8_i16(&row, &query), scalar::dot_i8_i16(&row, &query));
        }

        #[test]
        fn a_matrix_of_rows_scores_as_its_rows_do(
            (rows, query) in (0usize..11, dim()).prop_flat_map(|(count, n)| {
                (vec(any::<i8>(), n * count), vec(any::<i16>(), n))
            })
        ) {
            let mut scores = vec![0; rows.len() / query.len()];
            dot_rows_i8_i16(&rows, &query, &mut scores);
            let expected: Vec<i32> =
                rows.chunks_exact(query.len()).map(|row| scalar::dot_i8_i16(row, &query)).collect();
            prop_assert_eq!(scores, expected);
        }

        #[test]
        fn dot_f32_equals_the_scalar_twin_bit_for_bit(
            (a, b) in dim().prop_flat_map(|n| (vec(float(), n), vec(float(), n)))
        ) {
            prop_assert_eq!(dot_f32(&a, &b).to_bits(), scalar::dot_f32(&a, &b).to_bits());
        }

        #[test]
        fn add_scaled_i8_equals_the_scalar_twin_bit_for_bit(
            (sum, row) in dim().prop_flat_map(|n| (vec(float(), n), vec(any::<i8>(), n))),
            scale in float(),
        ) {
            let mut fast = sum.clone();
            add_scaled_i8(&mut fast, scale, &row);
            let mut slow = sum;
            scalar::add_scaled_i8(&mut slow, scale, &row);
            let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&fast), bits(&slow));
        }
    }

    proptest! {
        #[test]
        fn four_rows_are_added_one_after_the_other(
            (sum, rows) in dim().prop_flat_map(|n| (vec(float(), n), vec(any::<i8>(), 4 * n))),
            scales in [float(), float(), float(), float()],
        ) {
            let four: Vec<&[i8]> = rows.chunks_exact(sum.len()).collect();
            let mut fast = sum.clone();
            add_scaled_4_i8(&mut fast, scales, [four[0], four[1], four[2], four[3]]);
            let mut slow = sum;
            scales.iter().zip(four).for_each(|(scale, row)| scalar::add_scaled_i8(&mut slow, *scale, row));
            let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&fast), bits(&slow));
        }
    }

    #[test]
    fn the_largest_products_do_not_saturate() {
        // Two neighbours at the extremes are where a 16-bit multiply-add would overflow.
        let row = vec![-128i8; 64];
        let query = vec![i16::MAX; 64];
        assert_eq!(dot_i8_i16(&row, &query), -128 * 32_767 * 64);
    }

    #[test]
    fn no_values_sum_to_positive_zero() {
        assert_eq!(dot_f32(&[], &[]).to_bits(), 0.0f32.to_bits());
        assert_eq!(dot_i8_i16(&[], &[]), 0);
    }
}
