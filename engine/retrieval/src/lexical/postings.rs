//! In which rows of a part a term occurs, and their bytes.
//!
//! The terms of a part are stored in 2ⁿ buckets by the first bits of the [`Term`], few for a short document and 64 for a
//! long one, so that a query reads only the buckets of its own terms. The bytes of one bucket:
//!
//! ```text
//!  u8 = 1              version of the format
//!  for each term, by ascending bucket and mark:
//!    u8                bucket of the term, 0 to 63
//!    u32               mark, little-endian
//!    varint            rows that it occurs in
//!    for each row:     varint  rows since the last one, less one
//!                      u8      occurrences, at most 255
//!                      u8      length of the row's text, see [`length_code`]
//!  u32                 CRC-32 (IEEE) of everything before it
//! ```

use super::terms::Term;

const VERSION: u8 = 1;
const CHECKSUM_BYTES: usize = 4;

/// The bits that choose a bucket among those of a part of so many rows.
#[must_use]
pub fn level(rows: u64) -> u8 {
    match rows {
        0..=1 => 3,
        2..=8 => 4,
        9..=32 => 5,
        _ => 6,
    }
}

/// All levels that a part can have.
pub const LEVELS: std::ops::RangeInclusive<u8> = 3..=6;

/// The bucket of a term among 2^`level`.
#[must_use]
pub fn bucket_at(term: Term, level: u8) -> u8 {
    term.bucket >> (6u8.saturating_sub(level))
}

/// A row that a term occurs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The row's number in its part.
    pub row: u32,
    /// Occurrences, 1 to 255.
    pub count: u8,
    /// The length of the row's text, as [`length_code`] has it.
    pub length: u8,
}

/// A number of words in 8 bits: exact up to 15, then within 6 parts of 100.
#[must_use]
pub fn length_code(words: u32) -> u8 {
    let Some(top) = words.checked_ilog2().filter(|top| *top >= 4) else { return words as u8 };
    // Three bits behind the first one.
    let code = 16 + (top - 4) * 8 + ((words >> (top - 3)) & 7);
    code.min(255) as u8
}

/// What [`length_code`] stands for: the middle of what it may have been.
#[must_use]
pub fn length_of(code: u8) -> f64 {
    let code = u32::from(code);
    if code < 16 {
        return f64::from(code);
    }
    let (top, rest) = (4 + (code - 16) / 8, (code - 16) % 8);
    let width = 1u64 << (top - 3);
    ((8 + u64::from(rest)) * width) as f64 + (width - 1) as f64 / 2.0
}

/// A bucket without terms yet.
pub(super) fn start() -> Vec<u8> {
    vec![VERSION]
}

/// Ends a bucket.
pub(super) fn seal(bytes: &mut Vec<u8>) {
    let checksum = crate::checksum::crc32(bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
}

/// Why bytes are no bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotABucket(pub &'static str);

/// Reads a bucket: `found` gets the postings of each term for which `wanted` is true.
///
/// # Errors
/// [`NotABucket`] if the bytes are of another version or length, do not match their checksum, or do not ascend.
pub fn read(
    bytes: &[u8],
    wanted: impl Fn(Term) -> bool,
    mut found: impl FnMut(Term, Posting),
) -> Result<(), NotABucket> {
    let cut = NotABucket("are cut short");
    let (checked, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(cut)?;
    if crate::checksum::crc32(checked) != u32::from_le_bytes(*checksum) {
        return Err(NotABucket("do not match their checksum"));
    }
    let (version, mut rest) = checked.split_first().ok_or(cut)?;
    if *version != VERSION {
        return Err(NotABucket("are of a version this program does not know"));
    }
    let mut last = None;
    while let Some((bucket, after)) = rest.split_first() {
        let (mark, after) = after.split_first_chunk::<4>().ok_or(cut)?;
        rest = after;
        let term = Term { bucket: *bucket, mark: u32::from_le_bytes(*mark) };
        if last.is_some_and(|last| last >= term) || term.bucket > 63 {
            return Err(NotABucket("have terms out of order"));
        }
        last = Some(term);
        let is_wanted = wanted(term);
        let mut next = 0u32;
        for _ in 0..take(&mut rest).ok_or(cut)? {
            let row = take(&mut rest).and_then(|gap| next.checked_add(gap)).ok_or(cut)?;
            let ([count, length], after) = rest.split_first_chunk::<2>().ok_or(cut)?;
            rest = after;
            next = row.checked_add(1).ok_or(cut)?;
            if *count == 0 {
                return Err(NotABucket("have a term that does not occur"));
            }
            if is_wanted {
                found(term, Posting { row, count: *count, length: *length });
            }
        }
    }
    Ok(())
}

pub(super) fn varint(mut number: u32, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::collect::Collected;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn buckets(texts: &[&str]) -> Vec<Vec<u8>> {
        let mut collected = Collected::default();
        texts.iter().for_each(|text| assert!(collected.push(&[text]) < 1 << 20));
        collected.encode().1.into_values().collect()
    }

    #[test]
    fn lengths_are_about_right() {
        for words in (0..5000).chain([100_000, 1 << 30]) {
            let close = length_of(length_code(words));
            assert!((close - f64::from(words)).abs() <= f64::from(words) * 0.0626, "{words}: {close}");
        }
        assert!((0..16).all(|words| length_of(length_code(words)) == f64::from(words)));
        assert!((0..254u8).all(|code| length_code(length_of(code) as u32) == code || code >= 240));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        for bytes in buckets(&["otters swim and otters sleep"]) {
            assert_eq!(read(&bytes, |_| true, |_, _| {}), Ok(()));
            for bit in 0..8 * bytes.len() {
                let mut damaged = bytes.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(read(&damaged, |_| true, |_, _| {}).is_err(), "bit {bit}");
            }
        }
    }

    proptest! {
        #[test]
        fn mutations_behind_a_good_checksum_never_panic(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let mut bytes = buckets(&["otters swim and otters sleep", "otters"]).swap_remove(0);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let end = bytes.len() - 4;
            let checksum = crate::checksum::crc32(&bytes[..end]);
            bytes[end..].copy_from_slice(&checksum.to_le_bytes());
            let _ = read(&bytes, |_| true, |_, _| {});
        }
    }
}
