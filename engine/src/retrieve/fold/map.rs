//! Which segments a fold holds, and where their rows are.

use crate::lexical::folded::LEVEL_MAX;
use crate::retrieve::index::{part_name, part_rows};
use std::ops::Range;

const VERSION: u8 = 1;

/// Rows of a segment whose vectors are stored in its fold. Those of a larger one are a large value of their own.
pub const SMALL_ROWS: u64 = 256;

/// The segments of a fold, in its order.
///
/// Bytes: u8 version, u8 level of its terms, u32 dimension, little-endian, and for each segment u64 number, u32 rows, u8 1
/// if its vectors are in the fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldMap {
    /// The bits that choose a bucket of its terms.
    pub level: u8,
    /// Values in a vector.
    pub dim: usize,
    segments: Vec<Folded>,
    rows: u32,
}

/// A segment in a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folded {
    /// Its number.
    pub segment: u64,
    /// The number that its first row has in the fold.
    pub start: u32,
    /// Its rows.
    pub rows: u32,
    /// Whether its vectors are in the fold.
    pub packed: bool,
}

impl FoldMap {
    /// No segments, for vectors of `dim` values.
    pub fn new(dim: usize) -> FoldMap {
        FoldMap { level: 0, dim, segments: Vec::new(), rows: 0 }
    }

    /// Adds a segment; false if a fold takes no more rows.
    pub fn push(&mut self, segment: u64, rows: u64, packed: bool) -> bool {
        let Some((rows, end)) =
            u32::try_from(rows).ok().and_then(|rows| Some((rows, self.rows.checked_add(rows)?)))
        else {
            return false;
        };
        self.segments.push(Folded { segment, start: self.rows, rows, packed });
        self.rows = end;
        true
    }

    /// All rows.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// All segments, by ascending start.
    pub fn segments(&self) -> &[Folded] {
        &self.segments
    }

    /// The part of a segment, and the row in it, that row `row` is.
    pub fn place(&self, row: u32) -> Option<(u64, u32)> {
        let at = self.segments.partition_point(|segment| segment.start <= row).checked_sub(1)?;
        let found = self.segments.get(at)?;
        let (n, full) = (row - found.start, part_rows(self.dim) as u32);
        (n < found.rows).then(|| (part_name(found.segment, u64::from(n / full)), n % full))
    }

    /// The segments in each of the values that hold vectors, by their places in [`FoldMap::segments`].
    pub fn packs(&self) -> Vec<Vec<usize>> {
        let full = part_rows(self.dim) as u32;
        let (mut packs, mut rows) = (Vec::<Vec<usize>>::new(), 0);
        for (at, segment) in self.segments.iter().enumerate().filter(|(_, segment)| segment.packed) {
            match packs.last_mut() {
                Some(pack) if rows + segment.rows <= full => pack.push(at),
                _ => {
                    packs.push(vec![at]);
                    rows = 0;
                }
            }
            rows += segment.rows;
        }
        packs
    }

    /// Memory that it takes.
    pub fn bytes(&self) -> usize {
        self.segments.capacity() * size_of::<Folded>()
    }

    /// The bytes to store.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, self.level];
        bytes.extend_from_slice(&(self.dim as u32).to_le_bytes());
        for segment in &self.segments {
            bytes.extend_from_slice(&segment.segment.to_le_bytes());
            bytes.extend_from_slice(&segment.rows.to_le_bytes());
            bytes.push(u8::from(segment.packed));
        }
        bytes
    }

    /// Reads what [`FoldMap::encode`] wrote.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn decode(bytes: &[u8]) -> Result<FoldMap, &'static str> {
        let cut = "its bytes are cut short";
        let ([version, level], rest) = bytes.split_first_chunk::<2>().ok_or(cut)?;
        let (dim, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let dim = u32::from_le_bytes(*dim) as usize;
        if *version != VERSION || *level > LEVEL_MAX || !(1..=crate::vector::DIM_MAX).contains(&dim) {
            return Err("its bytes are of a version this program does not know");
        }
        let mut map = FoldMap { level: *level, ..FoldMap::new(dim) };
        let (entries, rest) = rest.as_chunks::<13>();
        map.segments.reserve_exact(entries.len());
        for entry in entries {
            let (segment, more) = entry.split_first_chunk::<8>().ok_or(cut)?;
            let (rows, more) = more.split_first_chunk::<4>().ok_or(cut)?;
            let rows = u32::from_le_bytes(*rows);
            let packed = more == [1];
            let fits = !packed || (rows as usize) <= part_rows(dim);
            if !fits || !map.push(u64::from_le_bytes(*segment), u64::from(rows), packed) {
                return Err("it counts more rows than there can be");
            }
        }
        if rest.is_empty() { Ok(map) } else { Err(cut) }
    }
}

/// Ranges of rows, ascending, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone(Vec<Range<u32>>);

impl Gone {
    /// Adds the rows of a segment.
    pub fn add(&mut self, segment: &Folded) {
        let at = self.0.partition_point(|range| range.start < segment.start);
        if self.0.get(at).is_none_or(|range| range.start != segment.start) {
            self.0.insert(at, segment.start..segment.start + segment.rows);
        }
    }

    /// Whether a row is among them.
    pub fn has(&self, row: u32) -> bool {
        let at = self.0.partition_point(|range| range.end <= row);
        self.0.get(at).is_some_and(|range| range.start <= row)
    }

    /// Whether any row of a range may be among them.
    pub fn touches(&self, rows: &Range<u32>) -> bool {
        let at = self.0.partition_point(|range| range.end <= rows.start);
        self.0.get(at).is_some_and(|range| range.start < rows.end)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows they are.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|range| u64::from(range.end - range.start)).sum()
    }

    /// Memory that they take.
    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Range<u32>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> FoldMap {
        let mut map = FoldMap { level: 3, ..FoldMap::new(256) };
        for (segment, rows) in [(7, 1), (9, 5000), (8, 200), (4, 1900), (5, 40)] {
            assert!(map.push(segment, rows, rows <= 2000));
        }
        map
    }

    #[test]
    fn a_map_comes_back_from_its_bytes() {
        let bytes = map().encode();
        assert_eq!(FoldMap::decode(&bytes).as_ref(), Ok(&map()));
        for end in 0..bytes.len() {
            let known = FoldMap::decode(&bytes[..end]);
            assert!(known.is_err() || (end - 6) % 13 == 0, "{end}");
        }
    }

    #[test]
    fn a_row_is_found_in_its_segment() {
        let map = map();
        assert_eq!(map.rows(), 7141);
        assert_eq!(map.place(0), Some((part_name(7, 0), 0)));
        assert_eq!(map.place(1 + 4999), Some((part_name(9, 2), 4999 - 4096)));
        assert_eq!(map.place(7140), Some((part_name(5, 0), 39)));
        assert_eq!(map.place(7141), None);
    }

    #[test]
    fn small_segments_fill_values_in_order() {
        // 1 and 200 rows, 1,900 do not fit with them, 40 do.
        assert_eq!(map().packs(), [vec![0, 2], vec![3, 4]]);
    }

    #[test]
    fn rows_that_are_gone_are_told_from_the_others() {
        let (map, mut gone) = (map(), Gone::default());
        for at in [3, 0, 3] {
            gone.add(&map.segments()[at]);
        }
        assert_eq!(gone.rows(), 1901);
        assert!(gone.has(0) && !gone.has(1) && gone.has(5201) && gone.has(7100) && !gone.has(7101));
        assert!(gone.touches(&(1..5202)) && !gone.touches(&(1..5201)));
    }
}
