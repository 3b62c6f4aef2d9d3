//! The postings of many segments together, in blocks that a search can skip.
//!
//! Terms are spread over 2ⁿ buckets by their first bits, so that a query reads a few small values however many rows there
//! are. The bytes of a bucket:
//!
//! ```text
//!  u8 = 1              version of the format
//!  for each term, ascending:
//!    u8, u32           bucket of 64 and mark of the term, little-endian
//!    varint            rows that it occurs in
//!    varint            bytes of its blocks
//!    blocks of up to 128 rows each:
//!      varint          last row of the block, less the row after the last one of the block before
//!      u8, u8          most occurrences in a row, and the shortest row
//!      varint          bytes of the postings
//!      for each row:   varint  rows since the last one, less one
//!                      u8      occurrences, at most 255
//!                      u8      length of the row's text, see `length_code`
//! ```
//!
//! From the most occurrences and the shortest row follows a score that no row of the block exceeds.

use super::postings::{NotABucket, Posting, take, varint};
use super::terms::Term;
use std::collections::BTreeMap;
use std::ops::Range;

const VERSION: u8 = 1;

/// Rows in a block.
pub const BLOCK_ROWS: usize = 128;

/// Bits of a term.
const TERM_BITS: u32 = 38;

/// The most buckets there are: 2 to this power.
pub const LEVEL_MAX: u8 = 16;

/// The bits that choose a bucket among those of so many rows: of usual texts, a bucket has some 16 kB.
#[must_use]
pub fn level(rows: u64) -> u8 {
    let buckets = (rows / 40).max(1);
    (buckets.ilog2() as u8).min(LEVEL_MAX)
}

/// The bucket of a term among 2^`level`.
#[must_use]
pub fn bucket_at(term: Term, level: u8) -> u32 {
    let number = (u64::from(term.bucket) << 32) | u64::from(term.mark);
    (number >> (TERM_BITS - u32::from(level.min(LEVEL_MAX)))) as u32
}

/// The first term that is in this bucket of 2^`level`, or would be.
#[must_use]
pub fn first_of(bucket: u32, level: u8) -> Term {
    let number = u64::from(bucket) << (TERM_BITS - u32::from(level.min(LEVEL_MAX)));
    Term { bucket: (number >> 32) as u8, mark: number as u32 }
}

/// Postings by term, those of each by row.
pub type Terms = BTreeMap<Term, Vec<Posting>>;

/// The bytes of a bucket that holds these terms.
#[must_use]
pub fn encode<'a>(terms: impl IntoIterator<Item = (&'a Term, &'a Vec<Posting>)>) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    let (mut blocks, mut body) = (Vec::new(), Vec::new());
    for (term, postings) in terms {
        blocks.clear();
        let mut next = 0;
        for some in postings.chunks(BLOCK_ROWS) {
            body.clear();
            let first = next;
            for posting in some {
                varint(posting.row - next, &mut body);
                body.extend_from_slice(&[posting.count, posting.length]);
                next = posting.row + 1;
            }
            varint(next - 1 - first, &mut blocks);
            blocks.push(some.iter().map(|posting| posting.count).max().unwrap_or(0));
            blocks.push(some.iter().map(|posting| posting.length).min().unwrap_or(0));
            varint(body.len() as u32, &mut blocks);
            blocks.extend_from_slice(&body);
        }
        bytes.push(term.bucket);
        bytes.extend_from_slice(&term.mark.to_le_bytes());
        varint(postings.len() as u32, &mut bytes);
        varint(blocks.len() as u32, &mut bytes);
        bytes.extend_from_slice(&blocks);
    }
    bytes
}

/// The postings of a term.
#[derive(Clone, Debug)]
pub struct List<'a> {
    bytes: &'a [u8],
    blocks: Vec<Block>,
    rows: u32,
}

/// Some neighbouring postings of a term.
#[derive(Clone, Debug)]
pub struct Block {
    /// The rows they are among; the last one is one of theirs.
    pub rows: Range<u32>,
    /// Most occurrences in a row.
    pub count: u8,
    /// The shortest row, as [`length_code`](super::postings::length_code) has it.
    pub length: u8,
    at: Range<usize>,
}

const CUT: NotABucket = NotABucket("are cut short");

impl<'a> List<'a> {
    fn read(bytes: &'a [u8], rows: u32) -> Result<List<'a>, NotABucket> {
        let (mut rest, mut blocks, mut next) = (bytes, Vec::new(), 0u32);
        while !rest.is_empty() {
            let end = take(&mut rest)
                .and_then(|gap| next.checked_add(gap))
                .and_then(|last| last.checked_add(1))
                .ok_or(CUT)?;
            let ([count, length], after) = rest.split_first_chunk::<2>().ok_or(CUT)?;
            rest = after;
            let len = take(&mut rest).ok_or(CUT)? as usize;
            let from = bytes.len() - rest.len();
            rest = rest.get(len..).ok_or(CUT)?;
            blocks.push(Block { rows: next..end, count: *count, length: *length, at: from..from + len });
            next = end;
        }
        Ok(List { bytes, blocks, rows })
    }

    /// Rows that the term occurs in.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// All postings, block by block.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The postings of a block.
    ///
    /// # Errors
    /// [`NotABucket`] if the bytes are no postings.
    pub fn postings(&self, block: &Block, mut found: impl FnMut(Posting)) -> Result<(), NotABucket> {
        let mut rest = self.bytes.get(block.at.clone()).ok_or(CUT)?;
        let mut next = block.rows.start;
        while !rest.is_empty() {
            let row = match rest.split_first() {
                // Most rows are near the one before.
                Some((byte, after)) if *byte < 0x80 => {
                    rest = after;
                    next.checked_add(u32::from(*byte))
                }
                _ => take(&mut rest).and_then(|gap| next.checked_add(gap)),
            };
            let row = row.filter(|row| *row < block.rows.end).ok_or(CUT)?;
            let ([count, length], after) = rest.split_first_chunk::<2>().ok_or(CUT)?;
            rest = after;
            next = row + 1;
            found(Posting { row, count: *count, length: *length });
        }
        Ok(())
    }
}

/// The terms of a bucket for which `wanted` is true.
///
/// # Errors
/// [`NotABucket`] if the bytes are of another version or length, or do not ascend.
pub fn read(bytes: &[u8], wanted: impl Fn(Term) -> bool) -> Result<Vec<(Term, List<'_>)>, NotABucket> {
    let (version, mut rest) = bytes.split_first().ok_or(CUT)?;
    if *version != VERSION {
        return Err(NotABucket("are of a version this program does not know"));
    }
    let (mut found, mut last) = (Vec::new(), None);
    while let Some((bucket, after)) = rest.split_first() {
        let (mark, after) = after.split_first_chunk::<4>().ok_or(CUT)?;
        rest = after;
        let term = Term { bucket: *bucket, mark: u32::from_le_bytes(*mark) };
        if last.is_some_and(|last| last >= term) || term.bucket > 63 {
            return Err(NotABucket("have terms out of order"));
        }
        last = Some(term);
        let rows = take(&mut rest).ok_or(CUT)?;
        let len = take(&mut rest).ok_or(CUT)? as usize;
        let (blocks, after) = rest.split_at_checked(len).ok_or(CUT)?;
        rest = after;
        if wanted(term) {
            found.push((term, List::read(blocks, rows)?));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn term(mark: u32) -> Term {
        Term { bucket: (mark % 64) as u8, mark }
    }

    fn all(bytes: &[u8]) -> Result<Terms, NotABucket> {
        let mut terms = Terms::new();
        for (term, list) in read(bytes, |_| true)? {
            let mut postings = Vec::new();
            for block in list.blocks() {
                list.postings(block, |posting| postings.push(posting))?;
            }
            assert!(terms.insert(term, postings).is_none());
        }
        Ok(terms)
    }

    #[test]
    fn buckets_of_a_level_are_halved_by_the_next() {
        for mark in [0, 7, 1 << 31, u32::MAX] {
            for level in 0..LEVEL_MAX {
                assert_eq!(bucket_at(term(mark), level), bucket_at(term(mark), level + 1) >> 1);
            }
            assert_eq!(bucket_at(first_of(3, 7), 7), 3);
            let coarse = super::super::postings::bucket_at(term(mark), 6);
            assert_eq!(bucket_at(term(mark), 6), u32::from(coarse));
        }
        assert_eq!((level(0), level(64), level(2048), level(u64::MAX)), (0, 0, 5, LEVEL_MAX));
    }

    proptest! {
        #[test]
        fn what_was_stored_comes_back_in_blocks(lists in vec(vec((0u32..5, 1u8..=255, 0u8..200), 1..400), 0..6)) {
            let mut terms = Terms::new();
            for (n, gaps) in lists.iter().enumerate() {
                let mut row = 0;
                let postings = gaps.iter().map(|(gap, count, length)| {
                    row += gap + 1;
                    Posting { row: row - 1, count: *count, length: *length }
                });
                terms.insert(term(n as u32), postings.collect());
            }
            let bytes = encode(&terms);
            prop_assert_eq!(&all(&bytes).unwrap(), &terms);
            for (term, list) in read(&bytes, |_| true).unwrap() {
                prop_assert_eq!(list.rows() as usize, terms[&term].len());
                for block in list.blocks() {
                    list.postings(block, |p| assert!(p.count <= block.count && p.length >= block.length)).unwrap();
                }
            }
        }

        #[test]
        fn mutations_never_panic(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let postings = (0..300).map(|n| Posting { row: 3 * n, count: 1, length: 9 }).collect();
            let mut bytes = encode(&Terms::from([(term(1), postings), (term(2), vec![])]));
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(lists) = read(&bytes, |_| true) {
                for (_, list) in lists {
                    for block in list.blocks() {
                        let _ = list.postings(block, |_| {});
                    }
                }
            }
        }
    }
}
