//! Products of a query with rows in 2 bits a value: the same sums as of unpacked rows, from a quarter of the bytes.

#[cfg(target_arch = "x86_64")]
use super::Avx2;
use super::baseline;

/// Bytes of a row that are looked at in one go; each pair of them is a number of eight codes.
pub(super) const BLOCK: usize = 32;
/// Codes in a block.
const CODES: usize = 4 * BLOCK;

/// Query values for one place in each of a block's sixteen numbers.
pub(super) type Plane = [i16; 16];

/// A query in the order in which rows of codes are taken apart.
///
/// A block is sixteen 16-bit numbers; masking two bits of each gives sixteen codes, whose query values stand together
/// in a plane. Nothing is shifted but once: a code that is left where it is counts 1, 4, 16 or 64 times, and has a sum
/// of its own.
#[derive(Clone, Debug)]
pub struct CodeQuery {
    /// For each block, the planes of the lowest two bits to the highest.
    pub(super) blocks: Vec<[Plane; 8]>,
    /// Query values behind the last whole block.
    pub(super) tail: Vec<i16>,
    /// Three times the sum of all values: code `c` stands for `2 c − 3`.
    pub(super) three_sums: i32,
}

impl CodeQuery {
    /// 128 times the number of values times the largest magnitude must fit 31 bits, as it does for a
    /// [`QuantizedQuery`](crate::vector::quantize::QuantizedQuery): sums count their codes up to 64 times.
    #[must_use]
    pub fn new(query: &[i16]) -> CodeQuery {
        let (blocks, tail) = query.as_chunks::<CODES>();
        let plane = |block: &[i16; CODES], t: usize| std::array::from_fn(|lane| block[8 * lane + t]);
        CodeQuery {
            blocks: blocks.iter().map(|block| std::array::from_fn(|t| plane(block, t))).collect(),
            tail: tail.to_vec(),
            three_sums: query.iter().fold(0i32, |sum, &q| sum.wrapping_add(3 * i32::from(q))),
        }
    }

    /// Bytes of a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        BLOCK * self.blocks.len() + self.tail.len().div_ceil(4)
    }

    /// The sum of the levels' products with `row`, from that of its codes in whole blocks.
    pub(super) fn finish(&self, codes: i32, row: &[u8]) -> i32 {
        // A row may end in a whole block of bytes whose last byte is not full.
        let tail = row.get(BLOCK * self.blocks.len()..).unwrap_or_default();
        let rest = self.tail.iter().enumerate().fold(codes, |sum, (n, &q)| {
            let code = tail.get(n / 4).map_or(0, |byte| (byte >> (2 * (n % 4))) & 3);
            sum.wrapping_add(i32::from(code) * i32::from(q))
        });
        rest.wrapping_mul(2).wrapping_sub(self.three_sums)
    }
}

/// The products of rows of codes, one after the other, with a query: `scores[i]` is that of row `i`, whose levels are
/// −3, −1, 1 and 3.
///
/// # Panics
/// Unless `rows.len() == query.row_bytes() * scores.len()`.
pub fn dot_rows_codes(rows: &[u8], query: &CodeQuery, scores: &mut [i32]) {
    assert_eq!(Some(rows.len()), query.row_bytes().checked_mul(scores.len()), "one score for each row");
    if query.row_bytes() == 0 {
        return scores.fill(0);
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = Avx2::detect() {
        return avx2.dot_rows_codes(rows, query, scores);
    }
    baseline::dot_rows_codes(rows, query, scores);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::kernel::scalar;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn by_the_book(row: &[u8], query: &[i16]) -> i32 {
        let level = |n: usize| 2 * i32::from((row[n / 4] >> (2 * (n % 4))) & 3) - 3;
        query.iter().enumerate().map(|(n, &q)| level(n) * i32::from(q)).sum()
    }

    /// Values as large as a query of so many may have.
    fn queries(dim: usize) -> impl Strategy<Value = Vec<i16>> {
        let most = (i32::MAX as usize / (128 * dim)).min(32_767) as i16;
        vec(-most..=most, dim)
    }

    proptest! {
        #[test]
        fn products_are_those_of_the_levels(
            (query, rows) in prop_oneof![1usize..300, Just(125), Just(126), Just(256), Just(384), Just(1536)].prop_flat_map(|dim| {
                let rows = (0usize..6).prop_flat_map(move |count| vec(any::<u8>(), count * dim.div_ceil(4)));
                (queries(dim), rows)
            })
        ) {
            let kernel = CodeQuery::new(&query);
            let bytes = query.len().div_ceil(4);
            prop_assert_eq!(kernel.row_bytes(), bytes);
            let expected: Vec<i32> = rows.chunks_exact(bytes).map(|row| by_the_book(row, &query)).collect();
            let mut scores = vec![7; expected.len()];
            dot_rows_codes(&rows, &kernel, &mut scores);
            prop_assert_eq!(&scores, &expected);
            scalar::dot_rows_codes(&rows, &kernel, &mut scores);
            prop_assert_eq!(scores, expected);
        }
    }

    #[test]
    fn the_largest_products_fit() {
        let dim = crate::vector::DIM_MAX;
        let most = (i32::MAX as usize / (128 * dim)) as i16;
        for (byte, sign) in [(0xff, 1), (0, -1)] {
            let mut scores = [0];
            dot_rows_codes(&vec![byte; dim / 4], &CodeQuery::new(&vec![most; dim]), &mut scores);
            assert_eq!(scores, [sign * 3 * i32::from(most) * dim as i32]);
        }
    }
}
