//! NEON, which every 64-bit ARM of this target has. Separate multiply and add: `vfmaq` would round once.

#![allow(unsafe_code)]

use super::codes::{BLOCK, CodeQuery, Plane};
use super::scalar;
use std::arch::aarch64::*;

// SAFETY of the four calls: this module is compiled only where every machine of the target has NEON.

pub(super) fn dot_i8_i16(row: &[i8], query: &[i16]) -> i32 {
    unsafe { dot(row, query) }
}

pub(super) fn dot_rows_i8_i16(rows: &[i8], query: &[i16], scores: &mut [i32]) {
    unsafe { dot_rows(rows, query, scores) }
}

pub(super) fn dot_rows_codes(rows: &[u8], query: &CodeQuery, scores: &mut [i32]) {
    for (score, row) in scores.iter_mut().zip(rows.chunks_exact(query.row_bytes())) {
        *score = query.finish(unsafe { sum_codes(row, &query.blocks) }, row);
    }
}

pub(super) fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    unsafe { dot_floats(a, b) }
}

pub(super) fn add_scaled_i8(sum: &mut [f32], scale: f32, row: &[i8]) {
    unsafe { add_scaled(sum, scale, row) }
}

pub(super) fn add_scaled_4_i8(sum: &mut [f32], scales: [f32; 4], rows: [&[i8]; 4]) {
    scales.into_iter().zip(rows).for_each(|(scale, row)| add_scaled_i8(sum, scale, row));
}

#[target_feature(enable = "neon")]
fn dot(row: &[i8], query: &[i16]) -> i32 {
    let (row_blocks, row_tail) = row.as_chunks::<16>();
    let (query_blocks, query_tail) = query.as_chunks::<16>();
    let mut sums = [vdupq_n_s32(0); 2];
    for (row, query) in row_blocks.iter().zip(query_blocks) {
        sums = add_products(sums, row, load_i16(query));
    }
    vaddvq_s32(vaddq_s32(sums[0], sums[1])).wrapping_add(scalar::dot_i8_i16(row_tail, query_tail))
}

#[target_feature(enable = "neon")]
fn dot_rows(rows: &[i8], query: &[i16], scores: &mut [i32]) {
    let dim = query.len();
    let (pairs, rest) = scores.as_chunks_mut::<2>();
    let mut twos = rows.chunks_exact(2 * dim);
    for (pair, rows) in pairs.iter_mut().zip(&mut twos) {
        *pair = dot_2_rows(rows, query);
    }
    for (score, row) in rest.iter_mut().zip(twos.remainder().chunks_exact(dim)) {
        *score = dot(row, query);
    }
}

// Two rows at a time: each block of the query is loaded once for both, and the sums do not wait for each other.
#[target_feature(enable = "neon")]
fn dot_2_rows(rows: &[i8], query: &[i16]) -> [i32; 2] {
    let (a, b) = rows.split_at(query.len());
    let (query_blocks, query_tail) = query.as_chunks::<16>();
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut a_sums = [vdupq_n_s32(0); 2];
    let mut b_sums = [vdupq_n_s32(0); 2];
    for ((query, a), b) in query_blocks.iter().zip(a).zip(b) {
        let query = load_i16(query);
        a_sums = add_products(a_sums, a, query);
        b_sums = add_products(b_sums, b, query);
    }
    [(a_sums, a_tail), (b_sums, b_tail)].map(|(sums, tail)| {
        vaddvq_s32(vaddq_s32(sums[0], sums[1])).wrapping_add(scalar::dot_i8_i16(tail, query_tail))
    })
}

/// The sum of codes and query values in whole blocks.
#[target_feature(enable = "neon")]
fn sum_codes(row: &[u8], query: &[[Plane; 8]]) -> i32 {
    let masks = [vdupq_n_u16(3), vdupq_n_u16(12), vdupq_n_u16(48), vdupq_n_u16(192)];
    let mut sums = [vdupq_n_s32(0); 4];
    for (block, planes) in row.as_chunks::<BLOCK>().0.iter().zip(query) {
        let (low_planes, high_planes) = planes.split_at(4);
        for half in 0..2 {
            // SAFETY: `half` is 0 or 1, and the array has 32 bytes; the load needs no alignment.
            let low = vreinterpretq_u16_u8(unsafe { vld1q_u8(block.as_ptr().add(16 * half)) });
            let high = vshrq_n_u16::<8>(low);
            for (n, sum) in sums.iter_mut().enumerate() {
                for (codes, plane) in [(low, &low_planes[n]), (high, &high_planes[n])] {
                    let codes = vreinterpretq_s16_u16(vandq_u16(codes, masks[n]));
                    let values = load_i16(plane)[half];
                    *sum = vmlal_s16(*sum, vget_low_s16(codes), vget_low_s16(values));
                    *sum = vmlal_high_s16(*sum, codes, values);
                }
            }
        }
    }
    // Each counts 4ⁿ times, without a rest.
    let fours = vaddq_s32(sums[0], vshrq_n_s32::<2>(sums[1]));
    vaddvq_s32(vaddq_s32(fours, vaddq_s32(vshrq_n_s32::<4>(sums[2]), vshrq_n_s32::<6>(sums[3]))))
}

#[target_feature(enable = "neon")]
fn dot_floats(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_tail) = a.as_chunks::<8>();
    let (b_blocks, b_tail) = b.as_chunks::<8>();
    let mut low = vdupq_n_f32(0.0);
    let mut high = vdupq_n_f32(0.0);
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        let (x_low, x_high) = load_f32(x);
        let (y_low, y_high) = load_f32(y);
        low = vaddq_f32(low, vmulq_f32(x_low, y_low));
        high = vaddq_f32(high, vmulq_f32(x_high, y_high));
    }
    let mut lanes = [0.0; 8];
    store_f32(&mut lanes, low, high);
    scalar::finish_dot_f32(lanes, a_tail, b_tail)
}

#[target_feature(enable = "neon")]
fn add_scaled(sum: &mut [f32], scale: f32, row: &[i8]) {
    let (sum_blocks, sum_tail) = sum.as_chunks_mut::<8>();
    let (row_blocks, row_tail) = row.as_chunks::<8>();
    let scales = vdupq_n_f32(scale);
    for (sum, row) in sum_blocks.iter_mut().zip(row_blocks) {
        // SAFETY: the array has the 8 bytes that are read; the load needs no alignment.
        let row = vmovl_s8(unsafe { vld1_s8(row.as_ptr()) });
        let row_low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(row)));
        let row_high = vcvtq_f32_s32(vmovl_high_s16(row));
        let (low, high) = load_f32(sum);
        let low = vaddq_f32(low, vmulq_f32(scales, row_low));
        let high = vaddq_f32(high, vmulq_f32(scales, row_high));
        store_f32(sum, low, high);
    }
    scalar::add_scaled_i8(sum_tail, scale, row_tail);
}

/// Adds sixteen products to eight sums.
#[inline]
#[target_feature(enable = "neon")]
fn add_products([first, second]: [int32x4_t; 2], row: &[i8; 16], query: [int16x8_t; 2]) -> [int32x4_t; 2] {
    // SAFETY: the array has the 16 bytes that are read; the load needs no alignment.
    let row = unsafe { vld1q_s8(row.as_ptr()) };
    let row_low = vmovl_s8(vget_low_s8(row));
    let row_high = vmovl_high_s8(row);
    let first = vmlal_s16(first, vget_low_s16(row_low), vget_low_s16(query[0]));
    let second = vmlal_high_s16(second, row_low, query[0]);
    let first = vmlal_s16(first, vget_low_s16(row_high), vget_low_s16(query[1]));
    let second = vmlal_high_s16(second, row_high, query[1]);
    [first, second]
}

#[inline]
#[target_feature(enable = "neon")]
fn load_i16(values: &[i16; 16]) -> [int16x8_t; 2] {
    // SAFETY: the array has the 32 bytes that are read; the loads need no alignment.
    unsafe { [vld1q_s16(values.as_ptr()), vld1q_s16(values.as_ptr().add(8))] }
}

#[inline]
#[target_feature(enable = "neon")]
fn load_f32(values: &[f32; 8]) -> (float32x4_t, float32x4_t) {
    // SAFETY: the array has the 32 bytes that are read; the loads need no alignment.
    unsafe { (vld1q_f32(values.as_ptr()), vld1q_f32(values.as_ptr().add(4))) }
}

#[inline]
#[target_feature(enable = "neon")]
fn store_f32(values: &mut [f32; 8], low: float32x4_t, high: float32x4_t) {
    // SAFETY: the array has the 32 bytes that are written; the stores need no alignment.
    unsafe {
        vst1q_f32(values.as_mut_ptr(), low);
        vst1q_f32(values.as_mut_ptr().add(4), high);
    }
}
