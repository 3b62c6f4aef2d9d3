//! The int8 rows of one workspace in memory, or their codes, in blocks that scan fast.

mod block;

pub(super) use block::Block;

use super::DIM_MAX;
use super::error::VectorError;
use super::segment::SegmentVectors;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows in a shared block. Enough that a scan runs long stretches; few enough that a copy of one is cheap (1 MB at 256
/// dimensions).
const BLOCK_ROWS: usize = 4096;
/// A segment of this size is a block of its own and is never copied.
const LARGE_SEGMENT_ROWS: usize = 1024;

/// The rows of all segments of one workspace, searched by [`candidates`](super::search::candidates).
///
/// Small segments share blocks, so 50,000 of one row scan like one of 50,000. A clone shares the blocks: it costs one
/// map entry per segment, and each side may change without the other noticing.
#[derive(Clone, Debug)]
pub struct VectorIndex {
    dim: usize,
    /// Whether rows are 2-bit codes.
    packed: bool,
    /// Where each segment's rows are; `None` if it has no rows.
    places: BTreeMap<u64, Option<u64>>,
    blocks: BTreeMap<u64, Arc<Block>>,
    /// The block that takes the next small segment, unless it is gone.
    open: Option<u64>,
    next_block: u64,
    rows: usize,
}

impl VectorIndex {
    /// An index without segments, for rows of `dim` values.
    ///
    /// # Errors
    /// [`VectorError::DimRange`] unless `dim` is 1 to [`DIM_MAX`].
    pub fn new(dim: usize) -> Result<Self, VectorError> {
        if dim == 0 || dim > DIM_MAX {
            return Err(VectorError::DimRange(dim));
        }
        Ok(Self {
            dim,
            packed: false,
            places: BTreeMap::new(),
            blocks: BTreeMap::new(),
            open: None,
            next_block: 0,
            rows: 0,
        })
    }

    /// An index for the [codes](super::code) of rows of `dim` values.
    ///
    /// # Errors
    /// As [`VectorIndex::new`].
    pub fn of_codes(dim: usize) -> Result<Self, VectorError> {
        Ok(Self { packed: true, ..Self::new(dim)? })
    }

    /// Adds a segment. One with this id is there already: nothing happens and the answer is false.
    ///
    /// # Errors
    /// [`VectorError::Dim`] if its rows have another length, [`VectorError::Kind`] if they are codes and the index is not
    /// one of codes, or the other way round.
    pub fn insert(&mut self, segment: SegmentVectors) -> Result<bool, VectorError> {
        if segment.dim() != self.dim {
            return Err(VectorError::Dim { expected: self.dim, found: segment.dim() });
        }
        if segment.packed != self.packed {
            return Err(VectorError::Kind);
        }
        if self.places.contains_key(&segment.id()) {
            return Ok(false);
        }
        self.rows += segment.len();
        let (id, block) = (segment.id(), Block::from_segment(segment));
        let place = if block.rows() == 0 { None } else { Some(self.place(block)) };
        self.places.insert(id, place);
        Ok(true)
    }

    /// Takes a segment out; false if it was not there. Its memory is given back once half of its block is gone.
    pub fn remove(&mut self, segment: u64) -> bool {
        let Some(place) = self.places.remove(&segment) else { return false };
        let Some(key) = place else { return true };
        let Some(block) = self.blocks.get_mut(&key) else { return true };
        self.rows -= Arc::make_mut(block).remove(segment);
        if 2 * block.live_rows() < block.rows() {
            self.rebuild(key);
        }
        true
    }

    /// Whether the segment is there.
    #[must_use]
    pub fn contains(&self, segment: u64) -> bool {
        self.places.contains_key(&segment)
    }

    /// The segments, ascending.
    pub fn segments(&self) -> impl Iterator<Item = u64> + '_ {
        self.places.keys().copied()
    }

    /// Whether rows are codes.
    pub(super) fn is_packed(&self) -> bool {
        self.packed
    }

    /// Bytes of a row.
    pub(super) fn row_bytes(&self) -> usize {
        if self.packed { self.dim.div_ceil(4) } else { self.dim }
    }

    /// Values in a row.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About how many bytes of memory the index takes, for a cache that has to stay below a limit.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // A B-tree entry is 24 bytes, and its nodes are two thirds full.
        self.places.len() * 36 + self.blocks.values().map(|block| block.bytes()).sum::<usize>()
    }

    pub(super) fn blocks(&self) -> impl Iterator<Item = &Arc<Block>> {
        self.blocks.values()
    }

    /// Stores the rows of one or more segments and returns the key of their block.
    fn place(&mut self, block: Block) -> u64 {
        if block.rows() >= LARGE_SEGMENT_ROWS {
            return self.add_block(block);
        }
        if let Some((key, open)) = self.open.and_then(|key| Some((key, self.blocks.get_mut(&key)?))) {
            if open.rows() + block.rows() <= BLOCK_ROWS {
                Arc::make_mut(open).append(&block);
                return key;
            }
            Arc::make_mut(open).shrink();
        }
        let key = self.add_block(block);
        self.open = Some(key);
        key
    }

    fn add_block(&mut self, block: Block) -> u64 {
        let key = self.next_block;
        self.next_block += 1;
        self.blocks.insert(key, Arc::new(block));
        key
    }

    /// Writes the live rows of a block anew, together with other small ones.
    fn rebuild(&mut self, key: u64) {
        let Some(block) = self.blocks.remove(&key) else { return };
        for run in block.runs() {
            let key = self.place(block.copy_run(run, self.row_bytes()));
            self.places.insert(run.segment, Some(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A segment whose rows all point along axis `id`.
    fn segment(id: u64, rows: usize) -> SegmentVectors {
        let mut row = [0.0f32; 4];
        row[(id % 4) as usize] = 1.0;
        SegmentVectors::quantize(id, 4, std::iter::repeat_n(&row[..], rows)).unwrap()
    }

    fn index(segments: impl IntoIterator<Item = (u64, usize)>) -> VectorIndex {
        let mut index = VectorIndex::new(4).unwrap();
        for (id, rows) in segments {
            assert_eq!(index.insert(segment(id, rows)), Ok(true));
        }
        index
    }

    /// Every row that is there, as `(segment, n, axis)`.
    fn rows(index: &VectorIndex) -> Vec<(u64, u32, usize)> {
        let mut rows = Vec::new();
        for block in index.blocks() {
            for run in block.runs() {
                for n in 0..run.count {
                    let at = (run.start + n) as usize;
                    let axis = block.values()[4 * at..4 * at + 4].iter().position(|&v| v == 127).unwrap();
                    rows.push((run.segment, n, axis));
                }
            }
        }
        rows.sort_unstable();
        rows
    }

    #[test]
    fn inserting_twice_is_inserting_once() {
        let mut index = index([(5, 3)]);
        assert_eq!(index.insert(segment(5, 2)), Ok(false));
        assert_eq!((index.len(), index.contains(5)), (3, true));
    }

    #[test]
    fn other_dimensions_are_refused() {
        let mut index = VectorIndex::new(3).unwrap();
        assert_eq!(index.insert(segment(0, 1)), Err(VectorError::Dim { expected: 3, found: 4 }));
        assert!(!index.contains(0));
        assert_eq!(VectorIndex::new(0).unwrap_err(), VectorError::DimRange(0));
    }

    #[test]
    fn a_segment_without_rows_is_remembered() {
        let mut index = index([(1, 0)]);
        assert!(index.contains(1) && index.is_empty());
        assert!(index.remove(1));
        assert!(!index.contains(1) && !index.remove(1));
    }

    #[test]
    fn many_small_segments_share_few_blocks() {
        let index = index((0..50_000).map(|id| (id, 1)));
        assert_eq!(index.len(), 50_000);
        assert_eq!(index.blocks.len(), 50_000usize.div_ceil(BLOCK_ROWS));
        // 4 bytes of values, 8 of numbers, 16 to say whose row it is, and the map.
        assert!(index.bytes() < 50_000 * 68, "{}", index.bytes());
    }

    #[test]
    fn memory_comes_back() {
        let mut index = index((0..20_000).map(|id| (id, 1)));
        let full = index.bytes();
        (0..20_000).filter(|id| id % 10 != 0).for_each(|id| assert!(index.remove(id)));
        assert_eq!(index.len(), 2000);
        assert!(index.bytes() < full / 4, "{} of {full}", index.bytes());
        assert_eq!(rows(&index), (0..2000).map(|n| (10 * n, 0, (10 * n % 4) as usize)).collect::<Vec<_>>());
    }

    #[test]
    fn a_clone_does_not_see_later_changes() {
        let mut index = index([(1, 2), (2, 3)]);
        let before = index.clone();
        index.remove(1);
        index.insert(segment(3, 1)).unwrap();
        assert_eq!(rows(&before), [(1, 0, 1), (1, 1, 1), (2, 0, 2), (2, 1, 2), (2, 2, 2)]);
        assert_eq!(rows(&index), [(2, 0, 2), (2, 1, 2), (2, 2, 2), (3, 0, 3)]);
    }

    proptest! {
        #[test]
        fn the_index_holds_what_a_map_of_segments_would(
            changes in proptest::collection::vec(
                (0u64..30, prop_oneof![6 => 0usize..8, 1 => Just(LARGE_SEGMENT_ROWS), 1 => 900usize..1100], any::<bool>()),
                1..60,
            ),
        ) {
            let mut index = VectorIndex::new(4).unwrap();
            let mut model = BTreeMap::new();
            for (id, count, insert) in changes {
                if insert {
                    let new = !model.contains_key(&id);
                    model.entry(id).or_insert(count);
                    prop_assert_eq!(index.insert(segment(id, count)), Ok(new));
                } else {
                    prop_assert_eq!(index.remove(id), model.remove(&id).is_some());
                }
            }
            prop_assert_eq!(index.segments().collect::<Vec<_>>(), model.keys().copied().collect::<Vec<_>>());
            prop_assert_eq!(index.len(), model.values().sum::<usize>());
            let expected: Vec<_> = model
                .iter()
                .flat_map(|(&id, &count)| (0..count as u32).map(move |n| (id, n, (id % 4) as usize)))
                .collect();
            prop_assert_eq!(rows(&index), expected);
        }
    }
}
