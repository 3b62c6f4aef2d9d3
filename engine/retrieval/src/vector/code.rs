//! Rows in 2 bits a value, for workspaces too large to be read whole: a quarter of int8 rows, found again in float.
//!
//! A unit row is turned by a fixed rotation, after which all its values are about as large as each other. Each becomes
//! one of −3, −1, 1, 3, and the row gets a factor that makes the product with its code right for the row itself:
//! `x·q ≈ factor · (code · rotated q)`. That is off by about `0.37 / √dim` either way, so the rows that look best are
//! compared in float, which finds nearly all of the best; with one bit a value, many more would have to be looked at for
//! that (`docs/retrieval.md`).
//!
//! The bytes of a part, numbers little-endian:
//!
//! ```text
//!  0  "hcod"            what this is
//!  4  u16 = 1           version of the format
//!  6  u16 = 0           reserved
//!  8  u32 dim           values in a row, 1 to DIM_MAX
//! 12  u32 count         rows
//! 16  f32 × count       factors; 0 is the zero row
//!     u8 × count × ⌈dim / 4⌉   codes: value `n` in bits `2 (n mod 4)` of byte `⌊n / 4⌋`, 0 to 3 for −3 to 3
//!     u32               CRC-32 (IEEE) of everything before it
//! ```

use super::DIM_MAX;
use super::error::VectorError;
use super::rotation::Rotation;
use super::segment::SegmentVectors;

const MAGIC: [u8; 4] = *b"hcod";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 4;

/// Standard deviations that count as likely.
const DEVIATIONS: f64 = 3.0;

/// The cosine that a row of `dim` values hardly ever exceeds whose code has cosine `approx`: once in some 700 times.
///
/// A code differs from its row by a vector of length 0.37 at a right angle to it. How much of that lies along the query
/// is chance, spread like `0.37 · sin / √dim` where `sin` is that of the angle between row and query.
#[must_use]
pub fn likely_at_most(approx: f32, dim: usize) -> f32 {
    let cosine = f64::from(approx);
    let sine = (1.0 - cosine * cosine).max(0.0).sqrt();
    (cosine + DEVIATIONS * 0.37 * sine / (dim.max(1) as f64).sqrt()) as f32
}

/// The codes of a part's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    dim: usize,
    factors: Vec<f32>,
    packed: Vec<u8>,
}

impl Codes {
    /// No rows yet.
    ///
    /// # Errors
    /// [`VectorError::DimRange`] unless `dim` is 1 to [`DIM_MAX`].
    pub fn new(dim: usize) -> Result<Codes, VectorError> {
        if dim == 0 || dim > DIM_MAX {
            return Err(VectorError::DimRange(dim));
        }
        Ok(Codes { dim, factors: Vec::new(), packed: Vec::new() })
    }

    /// Adds a row that [`unit()`](super::unit::unit) made, turned by `rotation`.
    ///
    /// # Errors
    /// [`VectorError::Dim`] for another length.
    pub fn push(&mut self, rotation: &Rotation, row: &[f32]) -> Result<(), VectorError> {
        if row.len() != self.dim {
            return Err(VectorError::Dim { expected: self.dim, found: row.len() });
        }
        let turned = rotation.turn(row);
        let step = (1.0 / (self.dim as f64).sqrt()) as f32;
        let code = |value: f32| u8::from(value >= -step) + u8::from(value >= 0.0) + u8::from(value >= step);
        // In this order, in which every host adds them.
        let (mut product, mut squares) = (0.0, 0.0);
        for fours in turned.chunks(4) {
            let mut byte = 0;
            for (n, &value) in fours.iter().enumerate() {
                let code = code(value);
                byte |= code << (2 * n);
                product += f64::from(value) * (2.0 * f64::from(code) - 3.0);
                squares += f64::from(value) * f64::from(value);
            }
            self.packed.push(byte);
        }
        self.factors.push(if product > 0.0 { (squares / product) as f32 } else { 0.0 });
        Ok(())
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.factors.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.factors.is_empty()
    }

    /// Values in a row.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The bytes to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes =
            Vec::with_capacity(HEADER_BYTES + 4 * self.len() + self.packed.len() + CHECKSUM_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&(self.dim as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        self.factors.iter().for_each(|factor| bytes.extend_from_slice(&factor.to_le_bytes()));
        bytes.extend_from_slice(&self.packed);
        let checksum = crate::checksum::crc32(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads what [`Codes::encode`] wrote.
    ///
    /// # Errors
    /// [`VectorError::Stored`] if the bytes are of another kind, version or length, if the checksum does not fit, or if
    /// a factor could not have been written.
    pub fn decode(bytes: &[u8]) -> Result<Codes, VectorError> {
        let cut = VectorError::Stored("are cut short");
        let (checked, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(cut.clone())?;
        let (header, body) = checked.split_first_chunk::<HEADER_BYTES>().ok_or(cut.clone())?;
        let ([magic, version, dim, count], _) = header.as_chunks::<4>() else { return Err(cut) };
        if *magic != MAGIC {
            return Err(VectorError::Stored("are something else"));
        }
        if u32::from_le_bytes(*version) != u32::from(VERSION) {
            return Err(VectorError::Stored("are of a version this program does not know"));
        }
        let (dim, count) = (u32::from_le_bytes(*dim) as usize, u32::from_le_bytes(*count) as usize);
        if dim == 0 || dim > DIM_MAX {
            return Err(VectorError::Stored("have an impossible dimension"));
        }
        if count.checked_mul(4 + dim.div_ceil(4)) != Some(body.len()) {
            return Err(VectorError::Stored("have another length than their header says"));
        }
        if crate::checksum::crc32(checked) != u32::from_le_bytes(*checksum) {
            return Err(VectorError::Stored("do not match their checksum"));
        }
        let (factors, packed) = body.split_at(4 * count);
        let (factors, _) = factors.as_chunks::<4>();
        let factors: Vec<f32> = factors.iter().map(|&factor| f32::from_le_bytes(factor)).collect();
        // The product with the code is at least the sum of magnitudes, which is at least the length.
        if !factors.iter().all(|factor| (0.0..=1.01).contains(factor)) {
            return Err(VectorError::Stored("have numbers that no row has"));
        }
        Ok(Codes { dim, factors, packed: packed.to_vec() })
    }

    /// As a segment of an [index of codes](super::index::VectorIndex::of_codes), to be searched with a
    /// [rotated](super::rotation) query. The cosines that a scan finds are those of the codes, exactly.
    #[must_use]
    pub fn segment(&self, id: u64) -> SegmentVectors {
        SegmentVectors::of_codes(id, self.dim, &self.packed, self.factors.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::index::VectorIndex;
    use crate::vector::kernel::dot_f32;
    use crate::vector::rotation::{mixed, rotate};
    use crate::vector::search::candidates;
    use crate::vector::unit::unit;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn codes(rows: &[Vec<f32>]) -> Codes {
        let mut codes = Codes::new(rows[0].len()).unwrap();
        let rotation = Rotation::new(rows[0].len());
        rows.iter().for_each(|row| codes.push(&rotation, row).unwrap());
        codes
    }

    /// Numbers that look like chance, the same each time.
    fn noise(seed: u64, dim: usize) -> Vec<f32> {
        let value = |n: u64| (mixed((seed << 20) | n) >> 40) as f32 / (1 << 23) as f32 - 1.0;
        unit(&(0..dim as u64).map(value).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let bytes = codes(&[vec![1.0, 0.0, 0.0, 0.0, 0.0]]).encode();
        assert_eq!(bytes[..16], *b"hcod\x01\0\0\0\x05\0\0\0\x01\0\0\0");
        assert_eq!(bytes.len(), 16 + 4 + 2 + 4);
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let bytes = codes(&[noise(1, 9), noise(2, 9)]).encode();
        assert!(Codes::decode(&bytes).is_ok());
        for length in 0..bytes.len() {
            assert!(Codes::decode(&bytes[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Codes::decode(&damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_row_is_most_like_its_own_code() {
        for dim in [64, 100, 256, 384] {
            let rows: Vec<Vec<f32>> = (0..200).map(|seed| noise(seed, dim)).collect();
            let mut index = VectorIndex::of_codes(dim).unwrap();
            index.insert(codes(&rows).segment(7)).unwrap();
            for (n, row) in rows.iter().enumerate() {
                let found = candidates(&index, &rotate(row), 1, None).unwrap();
                assert_eq!(found.iter().map(|c| c.n as usize).collect::<Vec<_>>(), [n]);
                assert!((found[0].approx - 1.0).abs() < 1e-3, "{:?}", found[0]);
            }
        }
    }

    #[test]
    fn a_cosine_is_what_its_code_makes_likely() {
        let (rows, query): (Vec<_>, _) = ((0..1000).map(|seed| noise(seed, 256)).collect(), noise(5000, 256));
        let mut index = VectorIndex::of_codes(256).unwrap();
        index.insert(codes(&rows).segment(7)).unwrap();
        let found = candidates(&index, &rotate(&query), 1000, None).unwrap();
        assert_eq!(found.len(), 1000);
        let exceeds = |c: &&crate::vector::search::Candidate| {
            dot_f32(&query, &rows[c.n as usize]) > likely_at_most(c.approx, 256)
        };
        assert!(found.iter().filter(exceeds).count() < 10);
        assert!(found.iter().all(|c| likely_at_most(c.approx, 256) < c.approx + 0.07));
    }

    fn vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
        let value = || prop_oneof![8 => -1.0f32..1.0, 1 => Just(0.0)];
        prop_oneof![1usize..40, Just(256)].prop_flat_map(move |dim| (vec(value(), dim), vec(value(), dim)))
    }

    proptest! {
        #[test]
        fn what_was_stored_comes_back((a, b) in vectors()) {
            let codes = codes(&[unit(&a).unwrap(), unit(&b).unwrap()]);
            prop_assert_eq!(Codes::decode(&codes.encode()), Ok(codes.clone()));
            let segment = codes.segment(3);
            prop_assert_eq!((segment.len(), segment.dim(), segment.id()), (2, a.len(), 3));
        }

        #[test]
        fn any_bytes_are_an_answer(bytes in vec(any::<u8>(), 0..100)) {
            prop_assert!(Codes::decode(&bytes).is_err());
        }
    }
}
