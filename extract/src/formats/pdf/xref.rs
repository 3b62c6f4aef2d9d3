//! Where the objects of a file are: its cross-reference tables and streams (ISO 32000-2, 7.5.4 and 7.5.8).
//!
//! The library reads them without a limit, and decodes whatever stream they name. So they are read here, under the
//! budget, and the library gets a table that was written here ([`super::file`]).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use hayro_syntax::object::dict::keys::{INDEX, PREV, SIZE, W, XREF_STM};
use hayro_syntax::object::{Array, Dict, FromBytes, ObjectIdentifier, Stream};
use hayro_syntax::reader::{Reader, ReaderExt};
use memchr::memmem;

use super::super::budget::Budget;
use super::scan::Readings;
use super::stream::{StreamFault, decode};
use crate::Limit;

/// Sections that one file may have; each saved change adds one.
const MAX_SECTIONS: usize = 256;
/// Length of a line of a table.
const LINE_BYTES: usize = 20;

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Entry {
    /// At this offset of the file.
    At(usize),
    /// In an object stream, under this index.
    In { stream: u32, index: u32 },
}

/// All objects of a file.
pub(crate) type Entries = BTreeMap<ObjectIdentifier, Entry>;

/// A table, and the dictionary that names the root.
pub(crate) struct Table<'b> {
    pub entries: Entries,
    pub trailer: Dict<'b>,
}

/// Follows the sections of a file from the last one on. `None` if any of them cannot be read, as then the table as a
/// whole is worth nothing.
pub(crate) fn read<'b>(
    bytes: &'b [u8],
    readings: &mut Readings,
    budget: &mut Budget,
) -> Result<Option<Table<'b>>, Limit> {
    let Some(start) = start(bytes) else { return Ok(None) };
    let mut entries = Entries::new();
    let mut trailer = None;
    let mut visited = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(at) = waiting.pop() {
        if visited.len() >= MAX_SECTIONS || !visited.insert(at) {
            return Ok(None);
        }
        let most = budget.limits().max_entries as usize;
        let mut section = Section { entries: &mut entries, readings, most };
        let Some(dict) = section.read(bytes, at, budget)? else { return Ok(None) };
        // The part for newer readers counts before what the section changed.
        for key in [PREV, XREF_STM] {
            if let Some(at) = dict.get::<i32>(key) {
                let Ok(at) = usize::try_from(at) else { return Ok(None) };
                waiting.push(at);
            }
        }
        trailer.get_or_insert(dict);
    }
    Ok(trailer.map(|trailer| Table { entries, trailer }))
}

fn start(bytes: &[u8]) -> Option<usize> {
    let at = memmem::rfind(bytes, b"startxref")?;
    let mut reader = Reader::new_with(bytes, at + b"startxref".len());
    reader.skip_white_spaces_and_comments();
    reader.read_without_context::<i32>()?.try_into().ok()
}

/// Takes up the entries of one section. What a newer section said stays.
struct Section<'e> {
    entries: &'e mut Entries,
    readings: &'e mut Readings,
    most: usize,
}

impl Section<'_> {
    fn read<'b>(
        &mut self,
        bytes: &'b [u8],
        at: usize,
        budget: &mut Budget,
    ) -> Result<Option<Dict<'b>>, Limit> {
        let mut reader = Reader::new_with(bytes, at);
        reader.skip_white_spaces_and_comments();
        if reader.clone().read_without_context::<ObjectIdentifier>().is_some() {
            self.stream(bytes, reader, budget)
        } else {
            self.table(bytes, reader)
        }
    }

    fn body(&mut self, bytes: &[u8], at: usize) -> Option<Range<usize>> {
        self.readings.object(bytes, at).ok().flatten()
    }

    fn add(&mut self, number: u32, generation: i32, entry: Entry) -> Result<(), Limit> {
        self.entries.entry(ObjectIdentifier::new(number, generation)).or_insert(entry);
        if self.entries.len() > self.most { Err(Limit::MaxEntries) } else { Ok(()) }
    }

    fn table<'b>(&mut self, bytes: &'b [u8], mut reader: Reader<'b>) -> Result<Option<Dict<'b>>, Limit> {
        reader.skip_white_spaces();
        if reader.forward_tag(b"xref").is_none() {
            return Ok(None);
        }
        loop {
            reader.skip_white_spaces();
            let Some(first) = reader.read_without_context::<u32>() else { break };
            reader.skip_white_spaces();
            let Some(count) = reader.read_without_context::<u32>() else { return Ok(None) };
            reader.skip_white_spaces();
            for number in first..first.saturating_add(count) {
                let Some(entry) = reader.read_bytes(LINE_BYTES).and_then(line) else { return Ok(None) };
                if let Some((offset, generation)) = entry {
                    self.add(number, generation, Entry::At(offset))?;
                }
            }
        }
        if reader.forward_tag(b"trailer").is_none() {
            return Ok(None);
        }
        Ok(self.body(bytes, reader.offset()).and_then(|body| Dict::from_bytes(&bytes[body])))
    }

    fn stream<'b>(
        &mut self,
        bytes: &'b [u8],
        mut reader: Reader<'b>,
        budget: &mut Budget,
    ) -> Result<Option<Dict<'b>>, Limit> {
        let _ = reader.read_without_context::<ObjectIdentifier>();
        let Some(body) = self.body(bytes, reader.offset()) else { return Ok(None) };
        // The data of the stream is behind its dictionary.
        let Some(stream) = bytes.get(body.start..).and_then(Stream::from_bytes) else { return Ok(None) };
        let dict = stream.dict().clone();
        let (Some(size), Some(widths)) = (dict.get::<u32>(SIZE), dict.get::<[u8; 3]>(W)) else {
            return Ok(None);
        };
        if !(1..=8).contains(&widths[1]) {
            return Ok(None);
        }
        let data = match decode(&stream, budget) {
            Ok(data) => data,
            Err(StreamFault::Damaged) => return Ok(None),
            Err(StreamFault::Limit(limit)) => return Err(limit),
        };
        let index = dict.get::<Array<'_>>(INDEX);
        let whole = index.is_none().then_some((0, size));
        let ranges = index.iter().flat_map(|index| index.iter::<(u32, u32)>()).chain(whole);
        let mut rows = Rows { data: &data, widths: widths.map(usize::from) };
        for (first, count) in ranges {
            for number in first..first.saturating_add(count) {
                match rows.next() {
                    Some(Row::Free) => {}
                    Some(Row::Used(generation, entry)) => self.add(number, generation, entry)?,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(dict))
    }
}

/// Offset and generation of a line of a table, if it is in use.
fn line(line: &[u8]) -> Option<Option<(usize, i32)>> {
    let number = |digits: &[u8]| -> Option<u32> { std::str::from_utf8(digits).ok()?.parse().ok() };
    let all_digits = line[..10].iter().chain(&line[11..16]).all(u8::is_ascii_digit);
    let (offset, generation) = (number(&line[..10])?, number(&line[11..16])?);
    let entry = (offset as usize, i32::try_from(generation).ok()?);
    all_digits.then_some((line[17] == b'n').then_some(entry))
}

enum Row {
    Free,
    Used(i32, Entry),
}

/// The rows of a cross-reference stream.
struct Rows<'d> {
    data: &'d [u8],
    widths: [usize; 3],
}

impl<'d> Rows<'d> {
    fn next(&mut self) -> Option<Row> {
        let [kind, second, third] = self.widths;
        // A kind is one byte, or left out.
        let kind = if kind == 0 { 1 } else { self.field(1)?.first().copied()? };
        let (second, third) = (self.field(second)?, self.field(third)?);
        let third = if third.is_empty() { 0 } else { number(third).or((kind == 0).then_some(0))? };
        match kind {
            0 => Some(Row::Free),
            1 => Some(Row::Used(third as i32, Entry::At(number(second)? as usize))),
            2 => Some(Row::Used(0, Entry::In { stream: number(second)?, index: third })),
            _ => None,
        }
    }

    fn field(&mut self, length: usize) -> Option<&'d [u8]> {
        let (field, rest) = self.data.split_at_checked(length)?;
        self.data = rest;
        Some(field)
    }
}

fn number(field: &[u8]) -> Option<u32> {
    matches!(field.len(), 1..=4 | 8).then_some(())?;
    let value = field.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    u32::try_from(value).ok()
}
