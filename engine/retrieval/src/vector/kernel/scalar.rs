//! The definition of every kernel, in plain Rust. Slices have equal lengths; the parent module checks that.

use super::codes::{BLOCK, CodeQuery};

/// The integer dot product, modulo 2³².
#[must_use]
pub fn dot_i8_i16(row: &[i8], query: &[i16]) -> i32 {
    row.iter().zip(query).fold(0i32, |sum, (&x, &y)| sum.wrapping_add(i32::from(x) * i32::from(y)))
}

/// [`dot_i8_i16`] for every row of a row-major matrix with `query.len()` columns.
pub fn dot_rows_i8_i16(rows: &[i8], query: &[i16], scores: &mut [i32]) {
    for (row, score) in rows.chunks_exact(query.len()).zip(scores) {
        *score = dot_i8_i16(row, query);
    }
}

/// The float dot product in this order: lane `j` of eight sums the products `j, j + 8, j + 16 …` one after the
/// other, each product rounded before it is added; then `sum_lanes`.
#[must_use]
pub fn dot_f32(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_tail) = a.as_chunks::<8>();
    let (b_blocks, b_tail) = b.as_chunks::<8>();
    let mut lanes = [0.0f32; 8];
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for (lane, (x, y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *lane += x * y;
        }
    }
    finish_dot_f32(lanes, a_tail, b_tail)
}

/// Adds the products of a tail of fewer than eight values to the first lanes and sums the lanes.
pub(super) fn finish_dot_f32(mut lanes: [f32; 8], a_tail: &[f32], b_tail: &[f32]) -> f32 {
    for (lane, (x, y)) in lanes.iter_mut().zip(a_tail.iter().zip(b_tail)) {
        *lane += x * y;
    }
    sum_lanes(lanes)
}

/// Sums eight lanes as a fixed tree: halves, then quarters, then the last two.
fn sum_lanes([l0, l1, l2, l3, l4, l5, l6, l7]: [f32; 8]) -> f32 {
    ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
}

/// Adds `scale * row` to `sum`, element by element.
pub fn add_scaled_i8(sum: &mut [f32], scale: f32, row: &[i8]) {
    for (sum, &x) in sum.iter_mut().zip(row) {
        *sum += scale * f32::from(x);
    }
}

/// [`add_scaled_i8`] of four rows, one after the other.
pub fn add_scaled_4_i8(sum: &mut [f32], scales: [f32; 4], rows: [&[i8]; 4]) {
    scales.into_iter().zip(rows).for_each(|(scale, row)| add_scaled_i8(sum, scale, row));
}

/// The products of rows of codes with a query.
pub fn dot_rows_codes(rows: &[u8], query: &CodeQuery, scores: &mut [i32]) {
    for (row, score) in rows.chunks_exact(query.row_bytes()).zip(scores) {
        let (blocks, _) = row.as_chunks::<BLOCK>();
        let mut sum = 0i32;
        for (block, planes) in blocks.iter().zip(&query.blocks) {
            let (numbers, _) = block.as_chunks::<2>();
            for (t, plane) in planes.iter().enumerate() {
                for (number, &q) in numbers.iter().zip(plane) {
                    let code = (u16::from_le_bytes(*number) >> (2 * t)) & 3;
                    sum = sum.wrapping_add(i32::from(code) * i32::from(q));
                }
            }
        }
        *score = query.finish(sum, row);
    }
}
