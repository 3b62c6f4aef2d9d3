//! Decoding streams under a budget.

use hayro_syntax::Filter;
use hayro_syntax::object::dict::keys::{DECODE_PARMS, DP, F, FILTER};
use hayro_syntax::object::{Array, Dict, Name, Object, Stream};

use super::super::budget::Budget;
use super::filter::{self, FilterFault, Filtered, Parameters};
use crate::Limit;

/// Filters that one stream may have. Real files stay below four.
const MAX_FILTERS: usize = 16;
/// What deflate can expand to at most, for each byte.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// Why a stream gave nothing.
#[derive(Debug, PartialEq)]
pub(crate) enum StreamFault {
    Damaged,
    Limit(Limit),
}

impl From<FilterFault> for StreamFault {
    fn from(fault: FilterFault) -> Self {
        match fault {
            FilterFault::Damaged => Self::Damaged,
            FilterFault::TooLarge => Self::Limit(Limit::MaxExpandedBytes),
        }
    }
}

/// Decodes a stream that holds no picture, whatever its filters are. Deflated data that breaks off is handed back as
/// far as it goes.
pub(crate) fn decode(stream: &Stream<'_>, budget: &mut Budget) -> Result<Vec<u8>, StreamFault> {
    budget.spend(stream.raw_data().len() as u64).map_err(StreamFault::Limit)?;
    let data = decode_within(stream, budget.expandable_bytes().min(budget.held_bytes()))?;
    budget.spend(data.len() as u64).map_err(StreamFault::Limit)?;
    Ok(data)
}

/// Decodes a stream into at most `most` bytes, without any stage of it being larger.
pub(crate) fn decode_within(stream: &Stream<'_>, most: u64) -> Result<Vec<u8>, StreamFault> {
    match run(stream, most)? {
        Outcome::Bytes(bytes) => Ok(bytes),
        Outcome::Torn { bytes, .. } if !bytes.is_empty() => Ok(bytes),
        Outcome::Torn { most_bytes, .. } if most_bytes > most => Err(StreamFault::Damaged),
        Outcome::Predicted(_) | Outcome::Torn { .. } => {
            Ok(stream.decoded_data().map_err(|_| StreamFault::Damaged)?.into_owned())
        }
    }
}

/// How many bytes the library gets, at most, from decoding this stream by itself. A fault if any stage of that could be
/// larger than `most`.
pub(crate) fn measure(stream: &Stream<'_>, most: u64) -> Result<u64, StreamFault> {
    match run(stream, most)? {
        Outcome::Bytes(bytes) => Ok(bytes.len() as u64),
        Outcome::Predicted(bytes) => Ok(bytes),
        Outcome::Torn { most_bytes, .. } if most_bytes <= most => Ok(most_bytes),
        Outcome::Torn { .. } => Err(StreamFault::Damaged),
    }
}

enum Outcome {
    Bytes(Vec<u8>),
    /// All stages fit, but rows of so many bytes have to be put together by the library.
    Predicted(u64),
    /// Deflated data that is damaged, as far as it goes, and what the library could make of it at most.
    Torn {
        bytes: Vec<u8>,
        most_bytes: u64,
    },
}

/// Sends the data through the same filters that the library would.
fn run(stream: &Stream<'_>, most: u64) -> Result<Outcome, StreamFault> {
    let steps = steps(stream.dict())?;
    let raw = stream.raw_data();
    if raw.len() as u64 > most {
        return Err(StreamFault::Limit(Limit::MaxExpandedBytes));
    }
    let mut bytes: Option<Vec<u8>> = None;
    let mut predicted = false;
    let count = steps.len();
    for (index, (step, dict)) in steps.into_iter().enumerate() {
        if step == Filter::Crypt && index == 0 {
            continue;
        }
        let parameters = Parameters::read(&dict);
        let takes_parameters = matches!(step, Filter::FlateDecode | Filter::LzwDecode);
        if takes_parameters && !parameters.is_sane() {
            return Err(StreamFault::Damaged);
        }
        let input = bytes.as_deref().unwrap_or(&raw);
        let most_bytes = (input.len() as u64).saturating_mul(MAX_DEFLATE_RATIO);
        let Filtered { bytes: output, complete } = filter::apply(step, input, &parameters, most)?;
        if !complete {
            let is_last = index + 1 == count && !predicted && !parameters.has_predictor();
            if !is_last {
                return Err(StreamFault::Damaged);
            }
            return Ok(Outcome::Torn { bytes: output, most_bytes });
        }
        predicted |= takes_parameters && parameters.has_predictor();
        if predicted && index + 1 < count {
            // What the next filter would get is not known here.
            return Err(StreamFault::Damaged);
        }
        bytes = Some(output);
    }
    Ok(match bytes {
        Some(bytes) if predicted => Outcome::Predicted(bytes.len() as u64),
        Some(bytes) => Outcome::Bytes(bytes),
        None => Outcome::Bytes(raw.into_owned()),
    })
}

/// The filters of a stream with their parameters, as the library finds them.
fn steps<'a>(dict: &Dict<'a>) -> Result<Vec<(Filter, Dict<'a>)>, StreamFault> {
    if matches!(dict.get::<Object<'_>>(F), Some(Object::String(_) | Object::Dict(_))) {
        return Err(StreamFault::Damaged);
    }
    let one = |key| dict.get::<Name<'_>>(key);
    if let Some(filter) = one(F).or_else(|| one(FILTER)).and_then(|name| known(&name)) {
        let parameters = dict.get::<Dict<'a>>(DP).or_else(|| dict.get::<Dict<'a>>(DECODE_PARMS));
        return Ok(vec![(filter, parameters.unwrap_or_default())]);
    }
    let list = |key| dict.get::<Array<'a>>(key);
    let Some(names) = list(F).or_else(|| list(FILTER)) else { return Ok(Vec::new()) };
    let mut parameters =
        list(DP).or_else(|| list(DECODE_PARMS)).map(|parameters| parameters.iter::<Object<'a>>());
    let mut steps = Vec::new();
    for name in names.iter::<Name<'_>>() {
        let parameters = parameters.as_mut().and_then(Iterator::next).and_then(Object::into_dict);
        if let Some(filter) = known(&name) {
            steps.push((filter, parameters.unwrap_or_default()));
        }
        if steps.len() > MAX_FILTERS {
            return Err(StreamFault::Damaged);
        }
    }
    Ok(steps)
}

fn known(name: &[u8]) -> Option<Filter> {
    Some(match name {
        b"ASCIIHexDecode" | b"AHx" => Filter::AsciiHexDecode,
        b"ASCII85Decode" | b"A85" => Filter::Ascii85Decode,
        b"LZWDecode" | b"LZW" => Filter::LzwDecode,
        b"FlateDecode" | b"Fl" => Filter::FlateDecode,
        b"RunLengthDecode" | b"RL" => Filter::RunLengthDecode,
        b"CCITTFaxDecode" | b"CCF" => Filter::CcittFaxDecode,
        b"JBIG2Decode" => Filter::Jbig2Decode,
        b"DCTDecode" | b"DCT" => Filter::DctDecode,
        b"JPXDecode" => Filter::JpxDecode,
        b"Crypt" => Filter::Crypt,
        _ => return None,
    })
}
