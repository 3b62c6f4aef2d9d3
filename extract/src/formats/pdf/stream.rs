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
    let filters = stream.filters();
    let has_parameters = stream.dict().contains_key(DECODE_PARMS) || stream.dict().contains_key(DP);
    let data = if filters.as_slice() == [Filter::FlateDecode] && !has_parameters {
        inflate(&stream.raw_data(), budget.expandable_bytes())
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
