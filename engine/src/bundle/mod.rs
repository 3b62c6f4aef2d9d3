//! The file format `.hvs`: sorted keys and values in one file that can be sent as a stream and read in place.
//!
//! A bundle holds a workspace as the store holds it: the same keys, the same values. It is a header, blocks of
//! entries in key order, an index of the blocks, and a trailer that says where the index is. All numbers are
//! little-endian:
//!
//! ```text
//! header    8 bytes  89 48 56 53 0D 0A 1A 0A   no text file, and noticed when it was treated as one
//!           u16 = 1  version of the format
//!           u16 = 0  reserved
//! frame     u8       kind: 'B' a block, 'I' the index, 'X' why the file ends too early (UTF-8)
//!           u32      bytes that follow the checksum
//!           u32      CRC-32 (IEEE) of them
//! block     for each entry: u16 length of the key, u32 length of the value, key, value
//! index     for each block: u16 length of its first key, u64 where its entries begin in the file,
//!                           u32 their bytes, u32 their CRC-32, the key
//! trailer   u64      where the index begins in the file (behind its frame)
//!           u32      its bytes
//!           u32      its CRC-32
//!           u32      number of blocks
//!           u32      CRC-32 of these 20 bytes
//!           8 bytes  "HVS end\n"
//! ```
//!
//! Keys ascend through the whole file. A block ends before it would be larger than [`BLOCK_BYTES`], unless a single
//! entry is larger than that; a value has at most [`VALUE_BYTES_MAX`]. The first entry is [`MANIFEST`].
//!
//! There is no I/O here: [`Writer`] gives bytes, [`Catalog`] says which bytes to read, and [`Snapshot`] answers
//! reads of the store from any [`Source`] of byte ranges.

mod block;
mod catalog;
mod error;
mod manifest;
mod snapshot;
#[cfg(test)]
mod tests;
mod unpack;
mod writer;

pub use block::{Block, Entry};
pub use catalog::{Catalog, Place, Trailer, check_header};
pub use error::BundleError;
pub use manifest::{MANIFEST, Manifest};
pub use snapshot::{Snapshot, Source};
pub use unpack::unpack;
pub use writer::Writer;

/// The first bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"\x89HVS\r\n\x1a\n";
/// The last bytes of every whole bundle.
pub const END: [u8; 8] = *b"HVS end\n";
/// The version that this build writes, and the newest it reads.
pub const VERSION: u16 = 1;
/// Bytes of the header.
pub const HEADER_BYTES: usize = 12;
/// Bytes of a frame's head.
pub const FRAME_BYTES: usize = 9;
/// Bytes of the trailer.
pub const TRAILER_BYTES: usize = 32;
/// Entries of a block together, unless there is only one.
pub const BLOCK_BYTES: usize = 64 << 10;

/// The layout of the records in a bundle: the keys of [`crate::store::key`], and values without check sums, as each
/// block has one.
pub const LAYOUT: u32 = 1;
/// The largest value. Records are far below 1 MB; the bound is for what is no bundle of ours.
pub const VALUE_BYTES_MAX: usize = 32 << 20;
/// The longest key.
pub const KEY_BYTES_MAX: usize = 4096;

/// `N` bytes at `at`, if there are so many.
fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<usize> {
    bytes_at(bytes, at).map(|number| usize::from(u16::from_le_bytes(number)))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes_at(bytes, at).map(u64::from_le_bytes)
}
