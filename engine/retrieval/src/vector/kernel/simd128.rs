//! WebAssembly SIMD. `i32x4_dot_i16x8` is what an engine turns into one multiply-add; the compiler does not find
//! it by itself. No relaxed SIMD: its results may differ between browsers.

#![allow(unsafe_code)]

use super::codes::{BLOCK, CodeQuery, Plane};
use super::scalar;
use std::arch::wasm32::*;

pub(super) fn dot_i8_i16(row: &[i8], query: &[i16]) -> i32 {
    let (row_blocks, row_tail) = row.as_chunks::<16>();
    let (query_blocks, query_tail) = query.as_chunks::<16>();
    let mut sums = i32x4_splat(0);
    for (row, query) in row_blocks.iter().zip(query_blocks) {
        sums = add_products(sums, row, load_i16(query));
    }
    sum_lanes(sums).wrapping_add(scalar::dot_i8_i16(row_tail, query_tail))
}

pub(super) fn dot_rows_i8_i16(rows: &[i8], query: &[i16], scores: &mut [i32]) {
    let dim = query.len();
    let (pairs, rest) = scores.as_chunks_mut::<2>();
    let mut twos = rows.chunks_exact(2 * dim);
    for (pair, rows) in pairs.iter_mut().zip(&mut twos) {
        *pair = dot_2_rows(rows, query);
    }
    for (score, row) in rest.iter_mut().zip(twos.remainder().chunks_exact(dim)) {
        *score = dot_i8_i16(row, query);
    }
}

// Two rows at a time: each block of the query is loaded once for both, and the sums do not wait for each other.
fn dot_2_rows(rows: &[i8], query: &[i16]) -> [i32; 2] {
    let (a, b) = rows.split_at(query.len());
    let (query_blocks, query_tail) = query.as_chunks::<16>();
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut a_sums = i32x4_splat(0);
    let mut b_sums = i32x4_splat(0);
    for ((query, a), b) in query_blocks.iter().zip(a).zip(b) {
        let query = load_i16(query);
        a_sums = add_products(a_sums, a, query);
        b_sums = add_products(b_sums, b, query);
    }
    [(a_sums, a_tail), (b_sums, b_tail)]
        .map(|(sums, tail)| sum_lanes(sums).wrapping_add(scalar::dot_i8_i16(tail, query_tail)))
}

pub(super) fn dot_rows_codes(rows: &[u8], query: &CodeQuery, scores: &mut [i32]) {
    for (score, row) in scores.iter_mut().zip(rows.chunks_exact(query.row_bytes())) {
        *score = query.finish(sum_lanes(sum_codes(row, &query.blocks)), row);
    }
}

/// Four sums that together are those of codes and query values in whole blocks.
fn sum_codes(row: &[u8], query: &[[Plane; 8]]) -> v128 {
    let masks = [i16x8_splat(3), i16x8_splat(12), i16x8_splat(48), i16x8_splat(192)];
    let mut sums = [i32x4_splat(0); 4];
    for (block, planes) in row.as_chunks::<BLOCK>().0.iter().zip(query) {
        let (low_planes, high_planes) = planes.split_at(4);
        for half in 0..2 {
            // SAFETY: `half` is 0 or 1, and the array has 32 bytes; the load needs no alignment.
            let low = unsafe { v128_load(block.as_ptr().add(16 * half).cast()) };
            let high = u16x8_shr(low, 8);
            for (n, sum) in sums.iter_mut().enumerate() {
                let (below, above) = (load_i16(&low_planes[n])[half], load_i16(&high_planes[n])[half]);
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(v128_and(low, masks[n]), below));
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(v128_and(high, masks[n]), above));
            }
        }
    }
    // Each counts 4ⁿ times, without a rest.
    let fours = i32x4_add(sums[0], i32x4_shr(sums[1], 2));
    i32x4_add(fours, i32x4_add(i32x4_shr(sums[2], 4), i32x4_shr(sums[3], 6)))
}

pub(super) fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_tail) = a.as_chunks::<8>();
    let (b_blocks, b_tail) = b.as_chunks::<8>();
    let mut low = f32x4_splat(0.0);
    let mut high = f32x4_splat(0.0);
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        let (x_low, x_high) = load_f32(x);
        let (y_low, y_high) = load_f32(y);
        low = f32x4_add(low, f32x4_mul(x_low, y_low));
        high = f32x4_add(high, f32x4_mul(x_high, y_high));
    }
    let mut lanes = [0.0; 8];
    store_f32(&mut lanes, low, high);
    scalar::finish_dot_f32(lanes, a_tail, b_tail)
}

pub(super) fn add_scaled_i8(sum: &mut [f32], scale: f32, row: &[i8]) {
    let (sum_blocks, sum_tail) = sum.as_chunks_mut::<8>();
    let (row_blocks, row_tail) = row.as_chunks::<8>();
    let scales = f32x4_splat(scale);
    for (sum, row) in sum_blocks.iter_mut().zip(row_blocks) {
        let (low, high) = add_scaled(load_f32(sum), scales, row);
        store_f32(sum, low, high);
    }
    scalar::add_scaled_i8(sum_tail, scale, row_tail);
}

pub(super) fn add_scaled_4_i8(sum: &mut [f32], scales: [f32; 4], rows: [&[i8]; 4]) {
    let (sum_blocks, sum_tail) = sum.as_chunks_mut::<8>();
    let [(a, a_tail), (b, b_tail), (c, c_tail), (d, d_tail)] = rows.map(<[i8]>::as_chunks::<8>);
    let wide = scales.map(|scale| f32x4_splat(scale));
    for ((((sum, a), b), c), d) in sum_blocks.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        let total = add_scaled(load_f32(sum), wide[0], a);
        let total = add_scaled(total, wide[1], b);
        let total = add_scaled(total, wide[2], c);
        let (low, high) = add_scaled(total, wide[3], d);
        store_f32(sum, low, high);
    }
    scalar::add_scaled_4_i8(sum_tail, scales, [a_tail, b_tail, c_tail, d_tail]);
}

/// Adds eight products to eight sums.
#[inline]
fn add_scaled((low, high): (v128, v128), scales: v128, row: &[i8; 8]) -> (v128, v128) {
    // SAFETY: the array has the 8 bytes that are read; the load needs no alignment.
    let row = unsafe { i16x8_load_extend_i8x8(row.as_ptr()) };
    let row_low = f32x4_convert_i32x4(i32x4_extend_low_i16x8(row));
    let row_high = f32x4_convert_i32x4(i32x4_extend_high_i16x8(row));
    (f32x4_add(low, f32x4_mul(scales, row_low)), f32x4_add(high, f32x4_mul(scales, row_high)))
}

/// Adds sixteen products to four sums.
#[inline]
fn add_products(sums: v128, row: &[i8; 16], query: [v128; 2]) -> v128 {
    // SAFETY: the array has the 16 bytes that are read; the load needs no alignment.
    let row = unsafe { v128_load(row.as_ptr().cast()) };
    let sums = i32x4_add(sums, i32x4_dot_i16x8(i16x8_extend_low_i8x16(row), query[0]));
    i32x4_add(sums, i32x4_dot_i16x8(i16x8_extend_high_i8x16(row), query[1]))
}

#[inline]
fn sum_lanes(sums: v128) -> i32 {
    i32x4_extract_lane::<0>(sums)
        .wrapping_add(i32x4_extract_lane::<1>(sums))
        .wrapping_add(i32x4_extract_lane::<2>(sums))
        .wrapping_add(i32x4_extract_lane::<3>(sums))
}

#[inline]
fn load_i16(values: &[i16; 16]) -> [v128; 2] {
    // SAFETY: the array has the 32 bytes that are read; the loads need no alignment.
    unsafe { [v128_load(values.as_ptr().cast()), v128_load(values.as_ptr().add(8).cast())] }
}

#[inline]
fn load_f32(values: &[f32; 8]) -> (v128, v128) {
    // SAFETY: the array has the 32 bytes that are read; the loads need no alignment.
    unsafe { (v128_load(values.as_ptr().cast()), v128_load(values.as_ptr().add(4).cast())) }
}

#[inline]
fn store_f32(values: &mut [f32; 8], low: v128, high: v128) {
    // SAFETY: the array has the 32 bytes that are written; the stores need no alignment.
    unsafe {
        v128_store(values.as_mut_ptr().cast(), low);
        v128_store(values.as_mut_ptr().add(4).cast(), high);
    }
}
