//! The filters that stream data is encoded with (ISO 32000-2, 7.4), each decoded up to a ceiling.
//!
//! The library decodes without one. What it is to decode by itself is decoded here first, so that its size is
//! known.

use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_syntax::Filter;
use hayro_syntax::object::Dict;
use hayro_syntax::object::dict::keys::{BITS_PER_COMPONENT, COLORS, COLUMNS, EARLY_CHANGE, PREDICTOR};

/// Why a filter gave nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FilterFault {
    Damaged,
    TooLarge,
}

/// What a filter gave.
#[derive(Debug, PartialEq)]
pub(crate) struct Filtered {
    pub bytes: Vec<u8>,
    /// Whether the data was decoded to its end. If not, the library tries a decoder of its own.
    pub complete: bool,
}

/// Output below this size is decoded once; above, once to measure it and once into exactly that much memory.
const DECODED_ONCE_BYTES: u64 = 8 * 1024 * 1024;
/// Longest row of a predictor, in samples. The library allocates a row before it looks at the data.
const MAX_COLUMNS: usize = 1 << 20;

/// Parameters of LZW and deflate.
pub(crate) struct Parameters {
    predictor: u8,
    colors: u8,
    bits_per_component: u8,
    columns: usize,
    early_change: bool,
}

impl Parameters {
    pub fn read(dict: &Dict<'_>) -> Self {
        Self {
            predictor: dict.get(PREDICTOR).unwrap_or(1),
            colors: dict.get(COLORS).unwrap_or(1),
            bits_per_component: dict.get(BITS_PER_COMPONENT).unwrap_or(8),
            columns: dict.get(COLUMNS).unwrap_or(1),
            early_change: dict.get::<u8>(EARLY_CHANGE).is_none_or(|early| early != 0),
        }
    }

    pub fn has_predictor(&self) -> bool {
        self.predictor != 1
    }

    /// Whether a predictor with these numbers can be undone without surprises.
    pub fn is_sane(&self) -> bool {
        !self.has_predictor()
            || (1..=32).contains(&self.colors)
                && matches!(self.bits_per_component, 1 | 2 | 4 | 8 | 16)
                && u16::from(self.colors) * u16::from(self.bits_per_component) < 256
                && (1..=MAX_COLUMNS).contains(&self.columns)
    }
}

/// Undoes one filter, but not a predictor. Gives at most `most` bytes.
pub(crate) fn apply(
    filter: Filter,
    data: &[u8],
    parameters: &Parameters,
    most: u64,
) -> Result<Filtered, FilterFault> {
    let whole = |bytes| Filtered { bytes, complete: true };
    match filter {
        Filter::FlateDecode => inflate(data, most),
        Filter::LzwDecode => lzw(data, parameters.early_change, most).map(whole),
        Filter::RunLengthDecode => run_length(data, most).map(whole),
        Filter::Ascii85Decode => ascii_85(data, most).map(whole),
        Filter::AsciiHexDecode => ascii_hex(data, most).map(whole),
        _ => Err(FilterFault::Damaged),
    }
}

/// Inflates data with or without its header. Of damaged data comes what can be decoded.
pub(crate) fn inflate(data: &[u8], most: u64) -> Result<Filtered, FilterFault> {
    let with_header = read_all(|| ZlibDecoder::new(data), most)?;
    if with_header.complete {
        return Ok(with_header);
    }
    let without = read_all(|| DeflateDecoder::new(data), most)?;
    Ok(if without.complete || with_header.bytes.is_empty() { without } else { with_header })
}

fn read_all<R: Read>(open: impl Fn() -> R, most: u64) -> Result<Filtered, FilterFault> {
    let mut reader = open().take(most.saturating_add(1));
    let mut bytes = Vec::new();
    let mut complete = reader.by_ref().take(DECODED_ONCE_BYTES).read_to_end(&mut bytes).is_ok();
    let mut length = bytes.len() as u64;
    if complete && length == DECODED_ONCE_BYTES {
        // What is counted here is decoded again below, instead of letting a vector grow by doubling.
        let (rest, ended_well) = count(&mut reader);
        length += rest;
        complete = ended_well;
    }
    if length > most {
        return Err(FilterFault::TooLarge);
    }
    if length > bytes.len() as u64 {
        bytes = Vec::new();
        bytes.reserve_exact(length as usize);
        let _ = open().take(length).read_to_end(&mut bytes);
    }
    Ok(Filtered { bytes, complete })
}

/// How many bytes are left, and whether they could be read to their end.
fn count(reader: &mut impl Read) -> (u64, bool) {
    let mut buffer = vec![0; 64 * 1024];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return (total, true),
            Ok(length) => total += length as u64,
            Err(_) => return (total, false),
        }
    }
}

/// Output that stops at a ceiling.
struct Output {
    bytes: Vec<u8>,
    most: u64,
}

impl Output {
    fn new(most: u64) -> Self {
        Self { bytes: Vec::new(), most }
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), FilterFault> {
        if (self.bytes.len() + piece.len()) as u64 > self.most {
            return Err(FilterFault::TooLarge);
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

fn run_length(data: &[u8], most: u64) -> Result<Vec<u8>, FilterFault> {
    let mut output = Output::new(most);
    let mut rest = data;
    loop {
        let (length, after) = rest.split_first().ok_or(FilterFault::Damaged)?;
        match length {
            128 => break,
            0..=127 => {
                let Some((piece, after)) = after.split_at_checked(usize::from(*length) + 1) else { break };
                output.push(piece)?;
                rest = after;
            }
            _ => {
                let (byte, after) = after.split_first().ok_or(FilterFault::Damaged)?;
                output.push(&[*byte; 128][..257 - usize::from(*length)])?;
                rest = after;
            }
        }
    }
    Ok(output.bytes)
}

fn ascii_hex(data: &[u8], most: u64) -> Result<Vec<u8>, FilterFault> {
    let mut output = Output::new(most);
    let mut high = None;
    for byte in data.iter().take_while(|byte| **byte != b'>').filter(|byte| !is_white_space(**byte)) {
        let digit = char::from(*byte).to_digit(16).ok_or(FilterFault::Damaged)? as u8;
        match high.take() {
            Some(high) => output.push(&[high << 4 | digit])?,
            None => high = Some(digit),
        }
    }
    if let Some(high) = high {
        output.push(&[high << 4])?;
    }
    Ok(output.bytes)
}

fn ascii_85(data: &[u8], most: u64) -> Result<Vec<u8>, FilterFault> {
    fn flush(group: &mut Vec<u8>, output: &mut Output) -> Result<(), FilterFault> {
        let length = match group.len() {
            0 => return Ok(()),
            1 => return Err(FilterFault::Damaged),
            length => length - 1,
        };
        group.resize(5, b'u');
        let value = group.drain(..).fold(0_u64, |value, digit| value * 85 + u64::from(digit - b'!'));
        let value = u32::try_from(value).map_err(|_| FilterFault::Damaged)?;
        output.push(&value.to_be_bytes()[..length])
    }
    let mut output = Output::new(most);
    let mut group = Vec::with_capacity(5);
    for byte in data.iter().filter(|byte| !is_white_space(**byte)) {
        match byte {
            b'!'..=b'u' => {
                group.push(*byte);
                if group.len() == 5 {
                    flush(&mut group, &mut output)?;
                }
            }
            b'z' => {
                flush(&mut group, &mut output)?;
                output.push(&[0; 4])?;
            }
            b'~' => break,
            _ => return Err(FilterFault::Damaged),
        }
    }
    flush(&mut group, &mut output)?;
    Ok(output.bytes)
}

const LZW_CLEAR: usize = 256;
const LZW_END: usize = 257;
const LZW_ENTRIES: usize = 4096;

/// Every code stands for bytes that were written before: where they begin, and how many they are.
fn lzw(data: &[u8], early_change: bool, most: u64) -> Result<Vec<u8>, FilterFault> {
    let mut output = Output::new(most);
    let mut entries: Vec<(usize, usize)> = Vec::with_capacity(LZW_ENTRIES);
    let mut before: Option<(usize, usize)> = None;
    let mut bits = Bits { data, at: 0 };
    loop {
        let known = LZW_END + 1 + entries.len();
        let width = match known + usize::from(early_change) {
            2048.. => 12,
            1024.. => 11,
            512.. => 10,
            _ => 9,
        };
        let Some(code) = bits.next(width) else { break };
        if code == LZW_CLEAR {
            entries.clear();
            before = None;
            continue;
        }
        if code == LZW_END {
            break;
        }
        let start = output.bytes.len();
        if code < LZW_CLEAR {
            output.push(&[code as u8])?;
        } else if code < known {
            let (from, length) = entries[code - LZW_END - 1];
            if (start + length) as u64 > most {
                return Err(FilterFault::TooLarge);
            }
            output.bytes.extend_from_within(from..from + length);
        } else {
            // The entry that is about to be made: what came before, and its first byte once more.
            let Some((from, length)) = before.filter(|_| code == known && known < LZW_ENTRIES) else {
                return Err(FilterFault::Damaged);
            };
            if (start + length + 1) as u64 > most {
                return Err(FilterFault::TooLarge);
            }
            output.bytes.extend_from_within(from..from + length);
            output.bytes.extend_from_within(from..from + 1);
        }
        if let Some((from, length)) = before.filter(|_| known < LZW_ENTRIES) {
            // The byte after what came before is the first of what was written now.
            entries.push((from, length + 1));
        }
        before = Some((start, output.bytes.len() - start));
    }
    Ok(output.bytes)
}

/// Codes of some bits each, highest bit first.
struct Bits<'d> {
    data: &'d [u8],
    at: usize,
}

impl Bits<'_> {
    fn next(&mut self, width: usize) -> Option<usize> {
        let end = self.at + width;
        if end > self.data.len() * 8 {
            return None;
        }
        let bytes = &self.data[self.at / 8..end.div_ceil(8)];
        let value = bytes.iter().fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
        let code = value >> (bytes.len() * 8 - width - self.at % 8) & ((1 << width) - 1);
        self.at = end;
        Some(code)
    }
}

pub(crate) fn is_white_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, ZlibEncoder};
    use hayro_syntax::object::{FromBytes, Stream};
    use proptest::prelude::*;

    use super::*;

    const ALL: [(Filter, &str); 5] = [
        (Filter::FlateDecode, "FlateDecode"),
        (Filter::LzwDecode, "LZWDecode"),
        (Filter::RunLengthDecode, "RunLengthDecode"),
        (Filter::Ascii85Decode, "ASCII85Decode"),
        (Filter::AsciiHexDecode, "ASCIIHexDecode"),
    ];

    fn none() -> Parameters {
        Parameters::read(&Dict::empty())
    }

    fn ours(filter: Filter, data: &[u8], most: u64) -> Result<Vec<u8>, FilterFault> {
        apply(filter, data, &none(), most).map(|filtered| filtered.bytes)
    }

    /// What the library makes of the same data.
    fn theirs(filter: &str, data: &[u8]) -> Option<Vec<u8>> {
        let object = [
            format!("<< /Length {} /Filter /{filter} >>\nstream\n", data.len()).as_bytes(),
            data,
            b"\nendstream",
        ]
        .concat();
        let stream = Stream::from_bytes(&object)?;
        Some(stream.decoded_data().ok()?.into_owned())
    }

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn each_filter_is_undone() {
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
        raw.write_all(b"text").unwrap();
        let cases: [(Filter, &[u8], &[u8]); 6] = [
            (Filter::FlateDecode, &deflated(b"text"), b"text"),
            (Filter::FlateDecode, &raw.finish().unwrap(), b"text"),
            (Filter::AsciiHexDecode, b"74 65\n787>ff", b"texp"),
            (Filter::Ascii85Decode, b"FCf] =z~>", b"text\0\0\0\0"),
            (Filter::RunLengthDecode, b"\x03text\xfe!\x80", b"text!!!"),
            (Filter::LzwDecode, b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", b"-----A---B"),
        ];
        for (filter, data, bytes) in cases {
            assert_eq!(ours(filter, data, 100).unwrap(), bytes, "{filter:?}");
            assert_eq!(ours(filter, data, bytes.len() as u64 - 1), Err(FilterFault::TooLarge), "{filter:?}");
        }
    }

    #[test]
    fn large_output_takes_exactly_its_size() {
        let data = deflated(&vec![b' '; 20_000_000]);
        let filtered = inflate(&data, 20_000_000).unwrap();
        assert_eq!(
            (filtered.bytes.len(), filtered.bytes.capacity(), filtered.complete),
            (20_000_000, 20_000_000, true)
        );
        assert_eq!(inflate(&data, 19_999_999), Err(FilterFault::TooLarge));
        let torn = inflate(&data[..data.len() - 10], 20_000_000).unwrap();
        assert!(!torn.complete && torn.bytes.len() > 1_000_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The measure must never be below what the library then allocates.
        #[test]
        fn the_library_decodes_the_same(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            for (filter, name) in ALL {
                let ours = apply(filter, &data, &none(), 1 << 20);
                let theirs = theirs(name, &data);
                if let Ok(Filtered { bytes, complete: true }) = &ours {
                    prop_assert_eq!(theirs.as_deref(), Some(bytes.as_slice()), "{}", name);
                } else if ours == Err(FilterFault::Damaged) {
                    prop_assert_eq!(theirs, None, "{}", name);
                }
            }
        }
    }
}
