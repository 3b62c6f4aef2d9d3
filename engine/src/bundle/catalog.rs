use super::block::key;
use super::{
    BundleError, END, FRAME_BYTES, HEADER_BYTES, KEY_BYTES_MAX, MAGIC, TRAILER_BYTES, VALUE_BYTES_MAX,
    VERSION, u16_at, u32_at, u64_at,
};
use crate::seam::{Key, KeyRange};
use std::ops::Range;

/// Checks a file's first [`HEADER_BYTES`] (or more) bytes.
///
/// # Errors
/// [`BundleError::NotABundle`], [`BundleError::TooNew`], [`BundleError::CutShort`].
pub fn check_header(bytes: &[u8]) -> Result<(), BundleError> {
    let start = &bytes[..bytes.len().min(MAGIC.len())];
    if start.is_empty() || !MAGIC.starts_with(start) {
        return Err(BundleError::NotABundle);
    }
    let version = u16_at(bytes, MAGIC.len()).ok_or(BundleError::CutShort)? as u16;
    match version {
        VERSION => Ok(()),
        0 => Err(BundleError::damaged("its version is 0")),
        found => Err(BundleError::TooNew { found }),
    }
}

/// The end of a bundle: where its index is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// The bytes of the index in the file.
    pub index: Range<u64>,
    crc: u32,
    blocks: u32,
}

impl Trailer {
    /// Where the trailer of a file of `len` bytes is.
    ///
    /// # Errors
    /// [`BundleError::CutShort`] if no bundle is so short.
    pub fn range(len: u64) -> Result<Range<u64>, BundleError> {
        let least = (HEADER_BYTES + FRAME_BYTES + TRAILER_BYTES) as u64;
        if len < least { Err(BundleError::CutShort) } else { Ok(len - TRAILER_BYTES as u64..len) }
    }

    /// Reads the last [`TRAILER_BYTES`] bytes of a file of `len` bytes.
    ///
    /// # Errors
    /// [`BundleError::CutShort`] if they are no trailer, [`BundleError::Damaged`] if they make no sense.
    pub fn decode(bytes: &[u8], len: u64) -> Result<Trailer, BundleError> {
        let numbers = |at| u32_at(bytes, at).ok_or(BundleError::CutShort);
        if bytes.len() != TRAILER_BYTES || !bytes.ends_with(&END) {
            return Err(BundleError::CutShort);
        }
        if crate::checksum::crc32(&bytes[..20]) != numbers(20)? {
            return Err(BundleError::damaged("its trailer does not match its checksum"));
        }
        let start = u64_at(bytes, 0).ok_or(BundleError::CutShort)?;
        let index_len = u64::from(numbers(8)?);
        let fits = start.checked_add(index_len) == Trailer::range(len).ok().map(|range| range.start);
        if !fits || start < (HEADER_BYTES + FRAME_BYTES) as u64 {
            return Err(BundleError::damaged("its index is not where the trailer says"));
        }
        Ok(Trailer { index: start..start + index_len, crc: numbers(12)?, blocks: numbers(16)? })
    }
}

/// A block in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its first key.
    pub first: Key,
    /// Its entries' bytes in the file.
    pub range: Range<u64>,
    /// Their CRC-32.
    pub crc: u32,
}

/// Where each block of a bundle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    places: Vec<Place>,
}

/// Bytes of an index entry in front of its key.
const ENTRY_BYTES: usize = 18;

impl Catalog {
    /// Reads an index, the bytes at [`Trailer::index`].
    ///
    /// # Errors
    /// [`BundleError::Damaged`] if the checksum does not fit, or keys and places do not ascend within the file.
    pub fn decode(bytes: &[u8], trailer: &Trailer) -> Result<Catalog, BundleError> {
        let cut = || BundleError::damaged("its index is cut short");
        if bytes.len() as u64 != trailer.index.end - trailer.index.start {
            return Err(cut());
        }
        if crate::checksum::crc32(bytes) != trailer.crc {
            return Err(BundleError::damaged("its index does not match its checksum"));
        }
        let mut places: Vec<Place> = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let name_len = u16_at(bytes, at).ok_or_else(cut)?;
            let start = u64_at(bytes, at + 2).ok_or_else(cut)?;
            let len = u32_at(bytes, at + 10).ok_or_else(cut)?;
            let crc = u32_at(bytes, at + 14).ok_or_else(cut)?;
            let name = bytes.get(at + ENTRY_BYTES..at + ENTRY_BYTES + name_len).ok_or_else(cut)?;
            at += ENTRY_BYTES + name_len;
            let place = Place { first: key(name)?, range: start..start.saturating_add(u64::from(len)), crc };
            if !follows(places.last(), &place, trailer.index.start) {
                return Err(BundleError::damaged("its index names a block that cannot be"));
            }
            places.push(place);
        }
        if places.len() as u64 != u64::from(trailer.blocks) {
            return Err(BundleError::damaged("its index has another number of blocks than it should"));
        }
        Ok(Catalog { places })
    }

    /// The blocks in key order, which is their order in the file.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The one block that can hold `key`.
    pub fn block_of(&self, key: &Key) -> Option<usize> {
        self.places.partition_point(|place| place.first <= *key).checked_sub(1)
    }

    /// The blocks that can hold keys of a range.
    pub fn blocks_in(&self, range: &KeyRange) -> Range<usize> {
        let end = self.places.partition_point(|place| place.first < range.end);
        let start = self.block_of(&range.start).unwrap_or(0);
        start.min(end)..end
    }

    /// The whole file in pieces of at most `most` bytes (or of one block, if that is larger), for stores that keep a
    /// file as values of limited size. Each block lies inside one piece; the index behind them may take several.
    pub fn pieces(&self, len: u64, most: u64) -> Vec<Range<u64>> {
        let mut pieces: Vec<Range<u64>> = Vec::new();
        let (mut start, mut end) = (0, 0);
        for place in &self.places {
            if end > start && place.range.end - start > most {
                pieces.push(start..end);
                start = end;
            }
            end = place.range.end;
        }
        if end > start {
            pieces.push(start..end);
        }
        while end < len {
            let stop = len.min(end.saturating_add(most.max(1)));
            pieces.push(end..stop);
            end = stop;
        }
        pieces
    }

    /// The blocks of a whole file in memory.
    ///
    /// # Errors
    /// As [`check_header`], [`Trailer::decode`] and [`Catalog::decode`]; [`BundleError::BrokenOff`] if whoever wrote
    /// it could not finish.
    pub fn of_file(bytes: &[u8]) -> Result<Catalog, BundleError> {
        check_header(bytes)?;
        let len = bytes.len() as u64;
        let part = |range: Range<u64>| {
            let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
            bytes.get(range)
        };
        let trailer = Trailer::range(len).ok().and_then(part).ok_or(BundleError::CutShort);
        let trailer = trailer
            .and_then(|trailer| Trailer::decode(trailer, len))
            .map_err(|error| if error == BundleError::CutShort { why_it_ends(bytes) } else { error })?;
        Catalog::decode(part(trailer.index.clone()).ok_or(BundleError::CutShort)?, &trailer)
    }
}

/// What a file without a trailer says of that.
fn why_it_ends(bytes: &[u8]) -> BundleError {
    let mut at = HEADER_BYTES;
    while let (Some(kind), Some(len), Some(crc)) =
        (bytes.get(at), u32_at(bytes, at + 1), u32_at(bytes, at + 5))
    {
        let start = at + FRAME_BYTES;
        let Some(content) = bytes.get(start..start.saturating_add(len as usize)) else { break };
        if *kind == b'X' && crate::checksum::crc32(content) == crc {
            return BundleError::BrokenOff(String::from_utf8_lossy(content).into_owned());
        }
        at = start + content.len();
    }
    BundleError::CutShort
}

/// Whether a block may stand behind `last`, in front of `end`.
fn follows(last: Option<&Place>, place: &Place, end: u64) -> bool {
    let least = last.map_or(HEADER_BYTES as u64, |last| last.range.end) + FRAME_BYTES as u64;
    let len = place.range.end - place.range.start;
    place.range.start == least
        && place.range.end <= end
        && len > 0
        && len <= (VALUE_BYTES_MAX + KEY_BYTES_MAX + 6) as u64
        && last.is_none_or(|last| last.first < place.first)
}
