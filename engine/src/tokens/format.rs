//! The file format of `assets/cl100k.bin`.
//!
//! A byte-pair vocabulary is 256 tokens of one byte, and then tokens that each join two earlier ones. So the file
//! stores no strings: after the first 256 it gives each token, in rank order, as the ids of its left and right
//! half. Numbers are little-endian; `n` is the count of tokens.
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 4 | `HVBP` |
//! | 4 | 4 | version, 1 |
//! | 8 | 4 | `n` |
//! | 12 | 4 | FNV-1a (32 bit) of all bytes from offset 16 |
//! | 16 | 256 | the byte of token 0, 1, … 255 |
//! | 272 | `n - 256` | bits 0-7 of the left half of token 256, 257, … |
//! | | `n - 256` | bits 8-15 of the left half |
//! | | `n - 256` | bits 0-7 of the right half |
//! | | `n - 256` | bits 8-15 of the right half |
//! | | `⌈(n - 65536) / 8⌉` | bit 16 of the left half of token 65536, 65537, …, lowest bit first; nothing if `n` ≤ 65536 |
//! | | the same | bit 16 of the right half |
//!
//! Halves have a lower id than their token, which is why the tokens before 65536 need no bit 16. Bytes of one kind
//! stand together because gzip then packs them best: 340 kB for cl100k_base, against 358 kB for pairs of
//! variable-length integers, 398 kB for sorted strings with shared prefixes and their ranks, and 429 kB for the
//! strings in rank order.

use std::fmt;

/// Tokens of a single byte; they come first in every vocabulary.
pub(super) const BYTE_TOKENS: usize = 256;
/// Ids take at most 17 bits.
pub(super) const TOKENS_MAX: usize = 1 << 17;

const MAGIC: &[u8; 4] = b"HVBP";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 16;
/// The first id that needs a 17th bit.
const HIGH_BIT_FROM: usize = 1 << 16;

/// A vocabulary as the file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Vocabulary {
    /// The byte of each token below 256.
    pub bytes: [u8; BYTE_TOKENS],
    /// Left and right half of each token from 256 on, in rank order.
    pub pairs: Vec<(u32, u32)>,
}

/// Why bytes are not a token table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableError {
    /// They do not begin like one.
    NotATable,
    /// They are a table of another version.
    Version(u32),
    /// They are longer or shorter than the header says, as after an interrupted download.
    Length {
        /// Bytes that the header promises.
        expected: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// A byte was changed on the way.
    Checksum,
    /// The table was written wrongly: this token does not join two earlier ones, joins the same two as another,
    /// or is too long.
    Corrupt {
        /// The id of the token.
        rank: u32,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATable => {
                write!(f, "not a token table: load the file assets/cl100k.bin of this release")
            }
            Self::Version(version) => write!(
                f,
                "token table of version {version}, this program reads version {VERSION}: \
                 load the cl100k.bin that came with it"
            ),
            Self::Length { expected, actual } => {
                write!(f, "token table has {actual} bytes instead of {expected}: fetch it again")
            }
            Self::Checksum => write!(f, "token table is damaged (checksum mismatch): fetch it again"),
            Self::Corrupt { rank } => write!(
                f,
                "token table is wrong at token {rank}: make it again with the example make_cl100k_table"
            ),
        }
    }
}

impl std::error::Error for TableError {}

/// Parses a table file. The ids of halves are not checked here but when they are put to use.
pub(super) fn read(file: &[u8]) -> Result<Vocabulary, TableError> {
    let (header, body) = file.split_at_checked(HEADER_BYTES).ok_or(TableError::NotATable)?;
    let field = |i: usize| u32::from_le_bytes([header[i], header[i + 1], header[i + 2], header[i + 3]]);
    if !header.starts_with(MAGIC) {
        return Err(TableError::NotATable);
    }
    if field(4) != VERSION {
        return Err(TableError::Version(field(4)));
    }
    let token_count = field(8) as usize;
    if !(BYTE_TOKENS..=TOKENS_MAX).contains(&token_count) {
        return Err(TableError::NotATable);
    }
    let expected = HEADER_BYTES + body_bytes(token_count);
    if file.len() != expected {
        return Err(TableError::Length { expected, actual: file.len() });
    }
    if field(12) != fnv1a(body) {
        return Err(TableError::Checksum);
    }

    let mut bytes = [0; BYTE_TOKENS];
    let (byte_tokens, planes) = body.split_at(BYTE_TOKENS);
    bytes.copy_from_slice(byte_tokens);
    let pair_count = token_count - BYTE_TOKENS;
    let (low, high) = planes.split_at(4 * pair_count);
    let (left_high, right_high) = high.split_at(high.len() / 2);
    let id = |i: usize, plane: usize, high: &[u8]| {
        let low_bits = u16::from_le_bytes([low[plane * pair_count + i], low[(plane + 1) * pair_count + i]]);
        let bit16 = (BYTE_TOKENS + i)
            .checked_sub(HIGH_BIT_FROM)
            .map_or(0, |bit| u32::from(high[bit / 8] >> (bit % 8) & 1));
        u32::from(low_bits) | bit16 << 16
    };
    let pairs = (0..pair_count).map(|i| (id(i, 0, left_high), id(i, 2, right_high))).collect();
    Ok(Vocabulary { bytes, pairs })
}

/// Writes a table file. Ids must have at most 17 bits, and halves come before their token.
#[cfg_attr(target_arch = "wasm32", allow(dead_code))]
pub(super) fn write(vocabulary: &Vocabulary) -> Vec<u8> {
    let token_count = BYTE_TOKENS + vocabulary.pairs.len();
    let left = || vocabulary.pairs.iter().map(|pair| pair.0);
    let right = || vocabulary.pairs.iter().map(|pair| pair.1);
    let mut body = Vec::with_capacity(body_bytes(token_count));
    body.extend_from_slice(&vocabulary.bytes);
    body.extend(left().map(|id| id as u8));
    body.extend(left().map(|id| (id >> 8) as u8));
    body.extend(right().map(|id| id as u8));
    body.extend(right().map(|id| (id >> 8) as u8));
    body.extend(high_bits(left()));
    body.extend(high_bits(right()));

    let mut file = MAGIC.to_vec();
    file.extend_from_slice(&VERSION.to_le_bytes());
    file.extend_from_slice(&(token_count as u32).to_le_bytes());
    file.extend_from_slice(&fnv1a(&body).to_le_bytes());
    file.extend_from_slice(&body);
    file
}

fn body_bytes(token_count: usize) -> usize {
    BYTE_TOKENS + 4 * (token_count - BYTE_TOKENS) + 2 * token_count.saturating_sub(HIGH_BIT_FROM).div_ceil(8)
}

fn high_bits(halves: impl Iterator<Item = u32>) -> Vec<u8> {
    let bits: Vec<u8> = halves.skip(HIGH_BIT_FROM - BYTE_TOKENS).map(|id| (id >> 16) as u8).collect();
    bits.chunks(8).map(|eight| eight.iter().rev().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vocabulary(pairs: Vec<(u32, u32)>) -> Vocabulary {
        Vocabulary { bytes: std::array::from_fn(|byte| byte as u8), pairs }
    }

    #[test]
    fn a_small_table_reads_back() {
        let small = vocabulary(vec![(97, 98), (256, 99), (0, 257)]);
        let file = write(&small);
        assert_eq!(file.len(), 16 + 256 + 4 * 3);
        assert_eq!(read(&file), Ok(small));
    }

    #[test]
    fn errors_tell_what_is_wrong() {
        let file = write(&vocabulary(vec![(97, 98)]));
        assert_eq!(read(b""), Err(TableError::NotATable));
        assert_eq!(read(b"<!doctype html><html>"), Err(TableError::NotATable));
        let mut other = file.clone();
        other[4] = 2;
        assert_eq!(read(&other), Err(TableError::Version(2)));
        assert_eq!(read(&file[..270]), Err(TableError::Length { expected: 276, actual: 270 }));
        let mut damaged = file.clone();
        damaged[272] ^= 1;
        assert_eq!(read(&damaged), Err(TableError::Checksum));
        let mut absurd = file;
        absurd[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(&absurd), Err(TableError::NotATable));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn any_vocabulary_reads_back(count in 0..TOKENS_MAX - BYTE_TOKENS, seed: u64) {
            let pairs = (0..count as u64).map(|i| {
                let mixed = seed.wrapping_add(i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let below = i + BYTE_TOKENS as u64;
                ((mixed >> 40) as u32 % below as u32, (mixed >> 20) as u32 % below as u32)
            });
            let any = vocabulary(pairs.collect());
            prop_assert_eq!(read(&write(&any)), Ok(any));
        }

        #[test]
        fn no_bytes_make_reading_panic(mut file: Vec<u8>, good_header: bool) {
            if good_header && file.len() >= HEADER_BYTES {
                file[..4].copy_from_slice(MAGIC);
                file[4..8].copy_from_slice(&VERSION.to_le_bytes());
            }
            let _ = read(&file);
        }
    }
}
