//! AVX2. Sixteen int8 values widen to int16, `vpmaddwd` multiplies them and adds neighbours in 32 bits.

#![allow(unsafe_code)]

use super::codes::{BLOCK, CodeQuery, Plane};
use super::scalar;
use std::arch::x86_64::*;

/// Proof that this machine has AVX2: only [`Avx2::detect`] makes one.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// Asks the processor once; later calls read the remembered answer.
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    #[inline]
    pub(super) fn dot_i8_i16(self, row: &[i8], query: &[i16]) -> i32 {
        // SAFETY: `self` exists only where AVX2 was detected.
        unsafe { dot_i8_i16(row, query) }
    }

    #[inline]
    pub(super) fn dot_rows_i8_i16(self, rows: &[i8], query: &[i16], scores: &mut [i32]) {
        // SAFETY: as above.
        unsafe { dot_rows_i8_i16(rows, query, scores) }
    }

    #[inline]
    pub(super) fn dot_rows_codes(self, rows: &[u8], query: &CodeQuery, scores: &mut [i32]) {
        // SAFETY: as above.
        unsafe { dot_rows_codes(rows, query, scores) }
    }

    #[inline]
    pub(super) fn dot_f32(self, a: &[f32], b: &[f32]) -> f32 {
        // SAFETY: as above.
        unsafe { dot_f32(a, b) }
    }

    #[inline]
    pub(super) fn add_scaled_i8(self, sum: &mut [f32], scale: f32, row: &[i8]) {
        // SAFETY: as above.
        unsafe { add_scaled_i8(sum, scale, row) }
    }

    #[inline]
    pub(super) fn add_scaled_4_i8(self, sum: &mut [f32], scales: [f32; 4], rows: [&[i8]; 4]) {
        // SAFETY: as above.
        unsafe { add_scaled_4_i8(sum, scales, rows) }
    }
}

/// Asks for the cache lines of a row. Every processor of this architecture can.
#[inline]
pub(super) fn prefetch(row: &[i8]) {
    for line in row.chunks(64) {
        // SAFETY: nothing is read; an address is all that is needed.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr()) };
    }
}

#[target_feature(enable = "avx2")]
fn dot_i8_i16(row: &[i8], query: &[i16]) -> i32 {
    let (row_blocks, row_tail) = row.as_chunks::<16>();
    let (query_blocks, query_tail) = query.as_chunks::<16>();
    let mut sums = _mm256_setzero_si256();
    for (row, query) in row_blocks.iter().zip(query_blocks) {
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(widen(row), load_i16(query)));
    }
    let zero = _mm256_setzero_si256();
    let [sum, ..] = sum_each([sums, zero, zero, zero]);
    sum.wrapping_add(scalar::dot_i8_i16(row_tail, query_tail))
}

#[target_feature(enable = "avx2")]
fn dot_rows_i8_i16(rows: &[i8], query: &[i16], scores: &mut [i32]) {
    let dim = query.len();
    let (quads, rest) = scores.as_chunks_mut::<4>();
    let mut fours = rows.chunks_exact(4 * dim);
    for (quad, rows) in quads.iter_mut().zip(&mut fours) {
        *quad = dot_4_rows(rows, query);
    }
    for (score, row) in rest.iter_mut().zip(fours.remainder().chunks_exact(dim)) {
        *score = dot_i8_i16(row, query);
    }
}

// Four rows at a time: each block of the query is loaded once for all of them, and the four sums do not wait
// for each other.
#[target_feature(enable = "avx2")]
fn dot_4_rows(rows: &[i8], query: &[i16]) -> [i32; 4] {
    let (front, back) = rows.split_at(2 * query.len());
    let (a, b) = front.split_at(query.len());
    let (c, d) = back.split_at(query.len());
    let (query_blocks, query_tail) = query.as_chunks::<16>();
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let ((c, c_tail), (d, d_tail)) = (c.as_chunks::<16>(), d.as_chunks::<16>());
    let mut sums = [_mm256_setzero_si256(); 4];
    for ((((query, a), b), c), d) in query_blocks.iter().zip(a).zip(b).zip(c).zip(d) {
        let query = load_i16(query);
        sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(widen(a), query));
        sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(widen(b), query));
        sums[2] = _mm256_add_epi32(sums[2], _mm256_madd_epi16(widen(c), query));
        sums[3] = _mm256_add_epi32(sums[3], _mm256_madd_epi16(widen(d), query));
    }
    let mut scores = sum_each(sums);
    if !query_tail.is_empty() {
        for (score, tail) in scores.iter_mut().zip([a_tail, b_tail, c_tail, d_tail]) {
            *score = score.wrapping_add(scalar::dot_i8_i16(tail, query_tail));
        }
    }
    scores
}

#[target_feature(enable = "avx2")]
fn dot_rows_codes(rows: &[u8], query: &CodeQuery, scores: &mut [i32]) {
    let bytes = query.row_bytes();
    for (scores, rows) in scores.chunks_mut(4).zip(rows.chunks(4 * bytes)) {
        let mut sums = [_mm256_setzero_si256(); 4];
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(bytes)) {
            *sum = sum_codes(row, &query.blocks);
        }
        let sums = sum_each(sums);
        for ((score, sum), row) in scores.iter_mut().zip(sums).zip(rows.chunks_exact(bytes)) {
            *score = query.finish(sum, row);
        }
    }
}

/// Eight sums that together are those of codes and query values in whole blocks.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_codes(row: &[u8], query: &[[Plane; 8]]) -> __m256i {
    let masks = [_mm256_set1_epi16(3), _mm256_set1_epi16(12), _mm256_set1_epi16(48), _mm256_set1_epi16(192)];
    let mut sums = [_mm256_setzero_si256(); 4];
    for (block, planes) in row.as_chunks::<BLOCK>().0.iter().zip(query) {
        // SAFETY: the array has the 32 bytes that are read; the load needs no alignment.
        let low = unsafe { _mm256_loadu_si256(block.as_ptr().cast()) };
        let high = _mm256_srli_epi16::<8>(low);
        let (low_planes, high_planes) = planes.split_at(4);
        for (n, sum) in sums.iter_mut().enumerate() {
            let products = _mm256_madd_epi16(_mm256_and_si256(low, masks[n]), load_i16(&low_planes[n]));
            *sum = _mm256_add_epi32(*sum, products);
            let products = _mm256_madd_epi16(_mm256_and_si256(high, masks[n]), load_i16(&high_planes[n]));
            *sum = _mm256_add_epi32(*sum, products);
        }
    }
    // Each counts 4ⁿ times, without a rest.
    let fours = _mm256_add_epi32(sums[0], _mm256_srai_epi32::<2>(sums[1]));
    let sixty_fours = _mm256_add_epi32(_mm256_srai_epi32::<4>(sums[2]), _mm256_srai_epi32::<6>(sums[3]));
    _mm256_add_epi32(fours, sixty_fours)
}

#[target_feature(enable = "avx2")]
fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_tail) = a.as_chunks::<8>();
    let (b_blocks, b_tail) = b.as_chunks::<8>();
    let mut sums = _mm256_setzero_ps();
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        sums = _mm256_add_ps(sums, _mm256_mul_ps(load_f32(x), load_f32(y)));
    }
    let mut lanes = [0.0; 8];
    store_f32(&mut lanes, sums);
    scalar::finish_dot_f32(lanes, a_tail, b_tail)
}

#[target_feature(enable = "avx2")]
fn add_scaled_i8(sum: &mut [f32], scale: f32, row: &[i8]) {
    let (sum_blocks, sum_tail) = sum.as_chunks_mut::<8>();
    let (row_blocks, row_tail) = row.as_chunks::<8>();
    let scales = _mm256_set1_ps(scale);
    for (sum, row) in sum_blocks.iter_mut().zip(row_blocks) {
        let total = _mm256_add_ps(load_f32(sum), _mm256_mul_ps(scales, widen_f32(row)));
        store_f32(sum, total);
    }
    scalar::add_scaled_i8(sum_tail, scale, row_tail);
}

#[target_feature(enable = "avx2")]
fn add_scaled_4_i8(sum: &mut [f32], scales: [f32; 4], rows: [&[i8]; 4]) {
    let (sum_blocks, sum_tail) = sum.as_chunks_mut::<8>();
    let [(a, a_tail), (b, b_tail), (c, c_tail), (d, d_tail)] = rows.map(<[i8]>::as_chunks::<8>);
    let wide = [
        _mm256_set1_ps(scales[0]),
        _mm256_set1_ps(scales[1]),
        _mm256_set1_ps(scales[2]),
        _mm256_set1_ps(scales[3]),
    ];
    for ((((sum, a), b), c), d) in sum_blocks.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let mut total = load_f32(sum);
        total = _mm256_add_ps(total, _mm256_mul_ps(wide[0], widen_f32(a)));
        total = _mm256_add_ps(total, _mm256_mul_ps(wide[1], widen_f32(b)));
        total = _mm256_add_ps(total, _mm256_mul_ps(wide[2], widen_f32(c)));
        total = _mm256_add_ps(total, _mm256_mul_ps(wide[3], widen_f32(d)));
        store_f32(sum, total);
    }
    scalar::add_scaled_4_i8(sum_tail, scales, [a_tail, b_tail, c_tail, d_tail]);
}

/// The sum of each of four vectors of eight.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_each([a, b, c, d]: [__m256i; 4]) -> [i32; 4] {
    let sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let sums = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let mut out = [0; 4];
    // SAFETY: `out` has the 16 bytes that are written; the store needs no alignment.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), sums) };
    out
}

#[inline]
#[target_feature(enable = "avx2")]
fn widen(row: &[i8; 16]) -> __m256i {
    // SAFETY: the array has the 16 bytes that are read; the load needs no alignment.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(row.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx2")]
fn widen_f32(row: &[i8; 8]) -> __m256 {
    let bytes = _mm_cvtsi64_si128(i64::from_le_bytes(row.map(i8::cast_unsigned)));
    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_i16(values: &[i16; 16]) -> __m256i {
    // SAFETY: the array has the 32 bytes that are read; the load needs no alignment.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_f32(values: &[f32; 8]) -> __m256 {
    // SAFETY: the array has the 32 bytes that are read; the load needs no alignment.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_f32(values: &mut [f32; 8], lanes: __m256) {
    // SAFETY: the array has the 32 bytes that are written; the store needs no alignment.
    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), lanes) };
}
