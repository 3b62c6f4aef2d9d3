//! Making sure that opening a PDF stays affordable.
//!
//! The library decodes object streams on its own, wholly, and keeps them. So the sum of what all streams
//! could become is looked at before it gets to see the file.

use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_syntax::object::{Dict, FromBytes, Name};
use memchr::memmem;

use super::super::budget::Budget;
use crate::Limit;

/// What deflate can expand to at most, for each byte.
const MAX_DEFLATE_RATIO: u64 = 1032;
/// How far before its `stream` keyword a dictionary may begin to be seen.
const DICTIONARY_WITHIN_BYTES: usize = 4096;
/// Compression within compression that is looked through.
const MAX_LAYERS: u32 = 4;

/// How often the bytes of a file may be passed in search for the ends of streams; once is normal.
const MAX_SEARCHES: u64 = 16;
/// Files below this size are searched quickly however they are made.
const SEARCHED_QUICKLY_BYTES: u64 = 4 * 1024 * 1024;

/// Whether streams end where the next one begins, at the latest.
pub(crate) fn has_ends(bytes: &[u8]) -> bool {
    let most = MAX_SEARCHES * (bytes.len() as u64).max(SEARCHED_QUICKLY_BYTES);
    let ends: Vec<usize> = memmem::find_iter(bytes, b"endstream").collect();
    let mut next = 0;
    let mut searched = 0;
    for start in memmem::find_iter(bytes, b"stream") {
        while ends.get(next).is_some_and(|end| *end < start) {
            next += 1;
        }
        // The keyword itself is part of its counterpart.
        let is_end = next > 0 && ends.get(next - 1).is_some_and(|end| *end + b"end".len() == start);
        if !is_end {
            searched += (ends.get(next).copied().unwrap_or(bytes.len()) - start) as u64;
        }
        if searched > most {
            return false;
        }
    }
    true
}

/// Copies the file, without the data of pictures: they are never read, so nothing shall be able to decode
/// them. Fails if the other streams together expand beyond `max_expanded_bytes`. Encrypted streams cannot be
/// measured here.
pub(crate) fn defuse(bytes: &[u8], budget: &Budget) -> Result<Vec<u8>, Limit> {
    let limit = budget.limits().max_expanded_bytes;
    let mut copy = bytes.to_vec();
    if (bytes.len() as u64).saturating_mul(MAX_DEFLATE_RATIO) <= limit && !is_layered(bytes) {
        return Ok(copy);
    }
    let end_finder = memmem::Finder::new(b"endstream");
    let mut expanded = 0_u64;
    let mut end = 0;
    for start in memmem::find_iter(bytes, b"stream") {
        let after = &bytes[start + b"stream".len()..];
        if start < end || !after.starts_with(b"\n") && !after.starts_with(b"\r") {
            continue;
        }
        let data = match end_finder.find(after) {
            Some(length) => &after[..length],
            None => after,
        };
        // Past the closing keyword, which holds the opening one.
        end = start + b"stream".len() + data.len() + b"endstream".len();
        if is_picture(&bytes[start.saturating_sub(DICTIONARY_WITHIN_BYTES)..start]) {
            copy[start..start + b"stream".len()].fill(b' ');
            continue;
        }
        expanded += expanded_bytes(data.trim_ascii_start(), limit - expanded, MAX_LAYERS);
        if expanded >= limit {
            return Err(Limit::MaxExpandedBytes);
        }
    }
    Ok(copy)
}

/// Whether any stream may be compressed more than once, so that the ratio says nothing.
fn is_layered(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"/Filter").any(|at| {
        let value = &bytes[at + b"/Filter".len()..];
        value.trim_ascii_start().starts_with(b"[")
            && value.iter().take_while(|byte| **byte != b']').filter(|byte| **byte == b'/').count() > 1
    })
}

/// Whether the dictionary that ends a piece of the file describes a picture.
fn is_picture(before: &[u8]) -> bool {
    let Some(object) = memmem::rfind(before, b"obj") else { return false };
    let Some(start) = memmem::find(&before[object..], b"<<") else { return false };
    let dictionary = Dict::from_bytes(&before[object + start..]);
    dictionary
        .and_then(|dictionary| dictionary.get::<Name<'_>>(b"Subtype"))
        .is_some_and(|name| &*name == b"Image")
}

/// How many bytes deflated data becomes, counted up to `limit`; 0 for data that is not deflated.
fn expanded_bytes(data: &[u8], limit: u64, layers: u32) -> u64 {
    let zlib =
        data.len() > 1 && data[0] & 0x0f == 8 && (u16::from(data[0]) << 8 | u16::from(data[1])) % 31 == 0;
    if zlib {
        count(ZlibDecoder::new(data), limit, layers)
    } else {
        // Some writers leave the header out, and readers forgive them.
        count(DeflateDecoder::new(data), limit, 1)
    }
}

fn count(mut reader: impl Read, limit: u64, layers: u32) -> u64 {
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    while let Ok(length) = reader.read(&mut buffer) {
        if total == 0 && layers > 1 && length > 1 {
            // The first block tells whether there is another layer inside; all of it is needed to measure
            // that.
            let inner = &buffer[..length];
            if inner[0] & 0x0f == 8 && (u16::from(inner[0]) << 8 | u16::from(inner[1])) % 31 == 0 {
                let mut whole = inner.to_vec();
                let rest = reader.by_ref().take(limit.saturating_sub(length as u64));
                let _ = { rest }.read_to_end(&mut whole);
                return (whole.len() as u64).max(expanded_bytes(&whole, limit, layers - 1));
            }
        }
        total += length as u64;
        if length == 0 || total >= limit {
            break;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;
    use crate::Limits;

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn object(dictionary: &str, data: &[u8]) -> Vec<u8> {
        [b"1 0 obj\n<< ", dictionary.as_bytes(), b" >>\nstream\n", data, b"\nendstream\nendobj\n"].concat()
    }

    fn defused(file: &[u8], max_expanded_bytes: u64) -> Result<Vec<u8>, Limit> {
        let limits = Limits { max_expanded_bytes, ..Limits::default() };
        defuse(file, &Budget::new("a.pdf", &limits))
    }

    #[test]
    fn what_streams_become_is_counted_together() {
        let file = object("/Filter /FlateDecode", &deflate(&[b' '; 100_000])).repeat(3);
        assert_eq!(defused(&file, 250_000), Err(Limit::MaxExpandedBytes));
        assert_eq!(defused(&file, 350_000).unwrap(), file);
    }

    #[test]
    fn streams_have_ends() {
        assert!(has_ends(&object("", &[b'x'; 1000]).repeat(10_000)));
        let endless = b"1 0 obj\n<< /Length 9 >>\nstream\nx\nendobj\n".repeat(100_000);
        assert!(!has_ends(&endless));
        assert!(!has_ends(&[endless.as_slice(), b"endstream"].concat()));
    }

    #[test]
    fn layers_are_looked_through() {
        let file = object("/Filter [/FlateDecode /FlateDecode]", &deflate(&deflate(&[b' '; 4_000_000])));
        assert!(file.len() < 300);
        assert_eq!(defused(&file, 3_000_000), Err(Limit::MaxExpandedBytes));
        assert_eq!(defused(&file, 5_000_000).unwrap(), file);
    }

    #[test]
    fn pictures_cannot_be_decoded_any_more() {
        let picture = object("/Subtype /Image /Filter /FlateDecode", &deflate(&[0; 1_000_000]));
        let copy = defused(&picture, 100_000).unwrap();
        assert_eq!(copy.len(), picture.len());
        assert_eq!(memmem::find_iter(&copy, b"stream").count(), 1, "only the end is left");
    }
}
