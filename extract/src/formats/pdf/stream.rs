//! Decoding streams under a budget.

use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro_syntax::Filter;
use hayro_syntax::object::Stream;
use hayro_syntax::object::dict::keys::{DECODE_PARMS, DP};

use super::super::budget::Budget;
use crate::Limit;

/// Why a stream gave nothing.
pub(crate) enum StreamFault {
    Damaged,
    Limit(Limit),
}

/// Decodes a stream that holds no picture. Deflated data that breaks off is handed back as far as it goes.
pub(crate) fn decode(stream: &Stream<'_>, budget: &mut Budget) -> Result<Vec<u8>, StreamFault> {
    let raw = stream.raw_data();
    budget.spend(raw.len() as u64).map_err(StreamFault::Limit)?;
    let filters = stream.filters();
    let has_parameters = stream.dict().contains_key(DECODE_PARMS) || stream.dict().contains_key(DP);
    let data = if filters.as_slice() == [Filter::FlateDecode] && !has_parameters {
        inflate(&raw, budget.expandable_bytes())
    } else {
        None
    };
    let data = match data {
        Some(data) => data,
        None => {
            affordable(stream, budget).map_err(StreamFault::Limit)?;
            stream.decoded_data().map_err(|_| StreamFault::Damaged)?.into_owned()
        }
    };
    budget.spend(data.len() as u64).map_err(StreamFault::Limit)?;
    Ok(data)
}

/// How often content may be passed in search for the ends of its inline pictures; a few times is normal.
const MAX_SEARCHES: usize = 16;
/// Content below this size is searched quickly however it is made.
const SEARCHED_QUICKLY_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of content up to which inline pictures can be found in reasonable time: the length of all, but for
/// hostile content. From each `BI` the library searches for `EI`, and from each of those that may be false
/// for both, so many that stand alone take quadratic time.
pub(crate) fn searchable_bytes(content: &[u8]) -> usize {
    let is_space = |at: Option<usize>| at.and_then(|at| content.get(at)).is_none_or(u8::is_ascii_whitespace);
    let mut costs = Vec::new();
    let (mut next_begin, mut next_end) = (content.len(), content.len());
    for at in memchr::memrchr_iter(b'I', content) {
        let Some(start) = at.checked_sub(1).filter(|_| is_space(Some(at + 1))) else { continue };
        match content[start] {
            b'B' if is_space(start.checked_sub(1)) => {
                costs.push((start, next_end - start));
                next_begin = start;
            }
            b'E' => {
                costs.push((start, next_begin.max(next_end) - start));
                next_end = start;
            }
            _ => {}
        }
    }
    if next_begin == content.len() {
        return content.len();
    }
    let most = MAX_SEARCHES * content.len().max(SEARCHED_QUICKLY_BYTES);
    let mut searched = 0;
    for (start, cost) in costs.into_iter().rev().skip_while(|(start, _)| *start < next_begin) {
        searched += cost;
        if searched > most {
            return start;
        }
    }
    content.len()
}

/// Whether a stream that the library is about to decode by itself is sure to fit into the budget.
pub(crate) fn affordable(stream: &Stream<'_>, budget: &Budget) -> Result<(), Limit> {
    let filters = stream.filters();
    let raw = stream.raw_data();
    let most =
        filters.iter().fold(raw.len() as u64, |bytes, filter| bytes.saturating_mul(max_ratio(*filter)));
    if most <= budget.expandable_bytes() {
        return Ok(());
    }
    if filters.as_slice() == [Filter::FlateDecode] {
        let limit = budget.expandable_bytes();
        let mut reader = ZlibDecoder::new(&*raw).take(limit);
        let length = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_or(0);
        if length < limit {
            return Ok(());
        }
    }
    Err(Limit::MaxExpandedBytes)
}

/// Inflates up to one byte more than `limit`; `None` if nothing comes out.
fn inflate(data: &[u8], limit: u64) -> Option<Vec<u8>> {
    let mut inflated = Vec::new();
    let outcome = ZlibDecoder::new(data).take(limit.saturating_add(1)).read_to_end(&mut inflated);
    (outcome.is_ok() || !inflated.is_empty()).then_some(inflated)
}

/// Bytes that one byte can become.
fn max_ratio(filter: Filter) -> u64 {
    match filter {
        Filter::FlateDecode => 1032,
        Filter::LzwDecode => 2731,
        Filter::RunLengthDecode => 64,
        Filter::Ascii85Decode => 4,
        Filter::AsciiHexDecode | Filter::Crypt => 1,
        // Not decoded at all.
        Filter::CcittFaxDecode | Filter::Jbig2Decode | Filter::DctDecode | Filter::JpxDecode => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_pictures_must_end() {
        let fine = b"BI /W 1 ID \x00EI \xff EI Q BT (EI ) Tj ET\n".repeat(50_000);
        assert_eq!(searchable_bytes(&fine), fine.len());
        let text = b"(EI ) Tj ".repeat(200_000);
        assert_eq!(searchable_bytes(&text), text.len());
        let endless = b"BI ID ".repeat(200_000);
        assert!(searchable_bytes(&endless) < 1000);
        let ends = [b"BI ID ".as_slice(), &b"EI [ ".repeat(200_000)].concat();
        assert!(searchable_bytes(&ends) < 1000);
    }
}
