//! Rows that are stored and loaded together, and their bytes.
//!
//! All numbers are little-endian:
//!
//! ```text
//!  0  "hvec"            what this is
//!  4  u16 = 1           version of the format
//!  6  u16 = 0           reserved
//!  8  u32 dim           values in a row, 1 to DIM_MAX
//! 12  u32 count         rows
//! 16  f32 × count       scales
//!     f32 × count       residuals (see `quantize`)
//!     i8 × count × dim  rows, −127 to 127
//!     u32               CRC-32 (IEEE) of everything before it
//! ```
//!
//! The float rows are stored one by one ([`encode_f32_row`]), as a search needs only a few of them.

use super::DIM_MAX;
use super::error::VectorError;
use super::quantize::{QuantizedRow, is_plausible};

const MAGIC: [u8; 4] = *b"hvec";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 16;
const CHECKSUM_BYTES: usize = 4;

/// The int8 rows of one segment. Row `n` is the `n`th that was pushed.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentVectors {
    id: u64,
    dim: usize,
    pub(super) values: Vec<i8>,
    pub(super) scales: Vec<f32>,
    pub(super) residuals: Vec<f32>,
    /// Whether `values` are 2-bit codes, four a byte, instead of int8.
    pub(super) packed: bool,
}

impl SegmentVectors {
    /// A segment without rows. `id` tells it from the other segments of a workspace; it is not part of the bytes.
    ///
    /// # Errors
    /// [`VectorError::DimRange`] unless `dim` is 1 to [`DIM_MAX`].
    pub fn new(id: u64, dim: usize) -> Result<Self, VectorError> {
        if dim == 0 || dim > DIM_MAX {
            return Err(VectorError::DimRange(dim));
        }
        Ok(Self { id, dim, values: Vec::new(), scales: Vec::new(), residuals: Vec::new(), packed: false })
    }

    /// A segment of the given rows, each made by [`unit()`](super::unit::unit).
    ///
    /// # Errors
    /// As [`SegmentVectors::new`] and [`SegmentVectors::push`].
    pub fn quantize<'a>(
        id: u64,
        dim: usize,
        rows: impl IntoIterator<Item = &'a [f32]>,
    ) -> Result<Self, VectorError> {
        let mut segment = Self::new(id, dim)?;
        rows.into_iter().try_for_each(|row| segment.push(row))?;
        Ok(segment)
    }

    /// Rows that are exactly `scales` times the levels of `codes`, each in whole bytes.
    pub(super) fn of_codes(id: u64, dim: usize, codes: &[u8], scales: Vec<f32>) -> Self {
        let residuals = vec![0.0; scales.len()];
        Self { id, dim, values: bytemuck::cast_slice(codes).to_vec(), scales, residuals, packed: true }
    }

    /// Adds a row that [`unit()`](super::unit::unit) made.
    ///
    /// # Errors
    /// [`VectorError::Dim`] for another length, [`VectorError::TooManyRows`], or what [`QuantizedRow::new`] finds.
    pub fn push(&mut self, row: &[f32]) -> Result<(), VectorError> {
        if row.len() != self.dim {
            return Err(VectorError::Dim { expected: self.dim, found: row.len() });
        }
        if self.len() == u32::MAX as usize {
            return Err(VectorError::TooManyRows);
        }
        let row = QuantizedRow::new(row)?;
        self.values.extend_from_slice(&row.values);
        self.scales.push(row.scale);
        self.residuals.push(row.residual);
        Ok(())
    }

    /// The segment's name within its workspace.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Values in a row.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// The bytes to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(encoded_len(self.dim, self.len()).unwrap_or(0));
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        // `new` and `push` keep both within 32 bits.
        bytes.extend_from_slice(&(self.dim as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        for number in self.scales.iter().chain(&self.residuals) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(bytemuck::cast_slice(&self.values));
        let checksum = crate::checksum::crc32(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads what [`SegmentVectors::encode`] wrote.
    ///
    /// # Errors
    /// [`VectorError::Stored`] if the bytes are of another kind, version or length, if the checksum does not fit, or if
    /// a number could not have been written.
    pub fn decode(id: u64, bytes: &[u8]) -> Result<Self, VectorError> {
        let (header, body) =
            bytes.split_first_chunk::<HEADER_BYTES>().ok_or(VectorError::Stored("are cut short"))?;
        let ([magic, version, dim, count], _) = header.as_chunks::<4>() else {
            return Err(VectorError::Stored("are cut short"));
        };
        if *magic != MAGIC {
            return Err(VectorError::Stored("are something else"));
        }
        if *version != [VERSION.to_le_bytes()[0], VERSION.to_le_bytes()[1], 0, 0] {
            return Err(VectorError::Stored("are of a version this program does not know"));
        }
        let (dim, count) = (u32::from_le_bytes(*dim) as usize, u32::from_le_bytes(*count) as usize);
        if dim == 0 || dim > DIM_MAX {
            return Err(VectorError::Stored("have an impossible dimension"));
        }
        if encoded_len(dim, count) != Some(bytes.len()) {
            return Err(VectorError::Stored("have another length than their header says"));
        }
        let (checked, checksum) =
            bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(VectorError::Stored("are cut short"))?;
        if crate::checksum::crc32(checked) != u32::from_le_bytes(*checksum) {
            return Err(VectorError::Stored("do not match their checksum"));
        }
        let (scales, rest) = body.split_at(4 * count);
        let (residuals, rest) = rest.split_at(4 * count);
        let values: &[i8] = bytemuck::cast_slice(&rest[..count * dim]);
        let segment = Self {
            id,
            dim,
            values: values.to_vec(),
            scales: floats(scales),
            residuals: floats(residuals),
            packed: false,
        };
        if !segment.is_plausible() {
            return Err(VectorError::Stored("have numbers that no row has"));
        }
        Ok(segment)
    }

    fn is_plausible(&self) -> bool {
        let mut numbers = self.scales.iter().zip(&self.residuals);
        numbers.all(|(&scale, &residual)| is_plausible(scale, residual, self.dim))
            && !self.values.contains(&i8::MIN)
    }
}

/// The number of bytes a segment takes; `None` if it does not fit into memory.
fn encoded_len(dim: usize, count: usize) -> Option<usize> {
    count.checked_mul(8 + dim)?.checked_add(HEADER_BYTES + CHECKSUM_BYTES)
}

/// The bytes of one float row: its values, little-endian.
#[must_use]
pub fn encode_f32_row(row: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; 4 * row.len()];
    bytes.as_chunks_mut::<4>().0.iter_mut().zip(row).for_each(|(four, value)| *four = value.to_le_bytes());
    bytes
}

/// Reads what [`encode_f32_row`] wrote of a row of `dim` values.
///
/// # Errors
/// [`VectorError::Stored`] if there are more or fewer, or one is not finite.
pub fn decode_f32_row(bytes: &[u8], dim: usize) -> Result<Vec<f32>, VectorError> {
    if Some(bytes.len()) != dim.checked_mul(4) {
        return Err(VectorError::Stored("have another length than their dimension needs"));
    }
    let row = floats(bytes);
    if !row.iter().all(|value| value.is_finite()) {
        return Err(VectorError::Stored("have a value that is no finite number"));
    }
    Ok(row)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().map(|&number| f32::from_le_bytes(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::unit::unit;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn segment(rows: &[&[f32]]) -> SegmentVectors {
        SegmentVectors::quantize(7, rows[0].len(), rows.iter().copied()).unwrap()
    }

    fn stored_problem(bytes: &[u8]) -> &'static str {
        match SegmentVectors::decode(7, bytes) {
            Err(VectorError::Stored(problem)) => problem,
            other => panic!("{other:?}"),
        }
    }

    /// `bytes` with a checksum that fits, so that what is behind it is looked at.
    fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
        let end = bytes.len() - CHECKSUM_BYTES;
        let checksum = crate::checksum::crc32(&bytes[..end]);
        bytes[end..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    #[test]
    fn the_bytes_are_as_documented() {
        let bytes = segment(&[&[0.0, -1.0]]).encode();
        assert_eq!(bytes[..16], *b"hvec\x01\0\0\0\x02\0\0\0\x01\0\0\0");
        assert_eq!(bytes[16..20], (1.0f32 / 127.0).to_le_bytes());
        assert_eq!(bytes[24..26], [0, 0x81]);
        assert_eq!(bytes.len(), 30);
    }

    #[test]
    fn a_segment_without_rows_can_be_stored() {
        let empty = SegmentVectors::new(3, 256).unwrap();
        assert_eq!(SegmentVectors::decode(3, &empty.encode()), Ok(empty));
    }

    #[test]
    fn rows_of_another_embedder_are_refused() {
        let mut segment = SegmentVectors::new(0, 3).unwrap();
        assert_eq!(segment.push(&[1.0]), Err(VectorError::Dim { expected: 3, found: 1 }));
        assert_eq!(SegmentVectors::new(0, 0), Err(VectorError::DimRange(0)));
        assert_eq!(SegmentVectors::new(0, 8193), Err(VectorError::DimRange(8193)));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let bytes = segment(&[&[0.6, 0.8, 0.0], &[0.0, 0.0, 1.0]]).encode();
        for length in 0..bytes.len() {
            assert!(SegmentVectors::decode(7, &bytes[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentVectors::decode(7, &damaged).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn the_problem_is_named() {
        let bytes = segment(&[&[0.6, 0.8]]).encode();
        let with = |at: usize, new: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + new.len()].copy_from_slice(new);
            sealed(bytes)
        };
        assert_eq!(stored_problem(&with(0, b"H")), "are something else");
        assert_eq!(stored_problem(&with(4, &[2])), "are of a version this program does not know");
        assert_eq!(stored_problem(&with(8, &[0])), "have an impossible dimension");
        assert_eq!(stored_problem(&with(12, &[255; 4])), "have another length than their header says");
        for number in [-1.0f32, 0.01, f32::NAN, f32::INFINITY] {
            assert_eq!(stored_problem(&with(16, &number.to_le_bytes())), "have numbers that no row has");
            assert_eq!(stored_problem(&with(20, &number.to_le_bytes())), "have numbers that no row has");
        }
        assert_eq!(stored_problem(&with(24, &[0x80])), "have numbers that no row has");
    }

    #[test]
    fn float_rows_are_checked() {
        let row = [0.25f32, -1.0];
        assert_eq!(decode_f32_row(&encode_f32_row(&row), 2), Ok(row.to_vec()));
        assert!(decode_f32_row(&encode_f32_row(&row), 3).is_err());
        assert!(decode_f32_row(&[0; 7], 2).is_err());
        assert!(decode_f32_row(&encode_f32_row(&[f32::NAN]), 1).is_err());
        assert!(decode_f32_row(&[], usize::MAX).is_err());
    }

    proptest! {
        #[test]
        fn what_was_stored_comes_back(
            rows in (1usize..40).prop_flat_map(|dim| vec(vec(-1.0f32..1.0, dim), 1..20)),
        ) {
            let rows: Vec<_> = rows.iter().map(|row| unit(row).unwrap()).collect();
            let segment = SegmentVectors::quantize(9, rows[0].len(), rows.iter().map(Vec::as_slice)).unwrap();
            prop_assert_eq!(SegmentVectors::decode(9, &segment.encode()), Ok(segment));
            for row in rows {
                prop_assert_eq!(decode_f32_row(&encode_f32_row(&row), row.len()), Ok(row));
            }
        }

        #[test]
        fn any_bytes_are_an_answer(bytes in vec(any::<u8>(), 0..200)) {
            prop_assert!(SegmentVectors::decode(0, &bytes).is_err());
        }

        #[test]
        fn mutations_behind_a_good_checksum_never_panic(
            changes in vec((0usize..64, any::<u8>()), 1..6),
        ) {
            let mut bytes = segment(&[&[0.6, 0.8, 0.0], &[0.0, 0.0, 1.0]]).encode();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            // Whatever is accepted is a segment: it can be written and read again.
            if let Ok(segment) = SegmentVectors::decode(0, &sealed(bytes)) {
                prop_assert_eq!(SegmentVectors::decode(0, &segment.encode()), Ok(segment));
            }
        }
    }
}
