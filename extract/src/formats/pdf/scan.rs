//! Finding the objects of a file by looking at all of it, where its tables do not tell.

use std::collections::BTreeMap;
use std::ops::Range;

use hayro_syntax::object::dict::keys::{ROOT, TYPE};
use hayro_syntax::object::{Dict, FromBytes, Name, Object, ObjectIdentifier};
use hayro_syntax::reader::{Reader, ReaderExt};
use memchr::memmem;

use super::super::budget::Budget;
use super::filter::is_white_space;
use crate::{ExtractError, Limit};

/// How often the bytes of a file may be passed in reading its objects, which lie beside each other in real files.
const MAX_READINGS: u64 = 16;
/// Files below this size are read quickly however they are made.
const READ_QUICKLY_BYTES: u64 = 4 * 1024 * 1024;

/// What was found. Of two objects with one number the later one counts.
#[derive(Default)]
pub(crate) struct Found<'b> {
    pub objects: BTreeMap<ObjectIdentifier, usize>,
    /// Numbers of streams that hold objects.
    pub object_streams: Vec<u32>,
    /// Dictionaries that name a root, in file order.
    pub trailers: Vec<Dict<'b>>,
    /// Objects that say they are a root, in file order.
    pub roots: Vec<ObjectIdentifier>,
}

/// Why a file cannot be looked through.
#[derive(Debug, PartialEq)]
pub(crate) enum ScanFault {
    /// Objects overlap so often that reading them all would take too long.
    Tangled,
    Limit(Limit),
}

impl From<Limit> for ScanFault {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}

impl ScanFault {
    pub fn into_error(self, budget: &Budget) -> ExtractError {
        match self {
            Self::Tangled => budget.broken("its objects lie inside each other"),
            Self::Limit(limit) => budget.breach(limit),
        }
    }
}

/// Bytes that may still be passed in reading objects.
pub(crate) struct Readings {
    bytes_left: u64,
    /// Objects without an end that may still be followed to the end of the file.
    failures_left: u32,
    largest: usize,
}

impl Readings {
    pub fn of(bytes: &[u8]) -> Self {
        let bytes_left = MAX_READINGS * (bytes.len() as u64).max(READ_QUICKLY_BYTES);
        Self { bytes_left, failures_left: MAX_FAILURES, largest: 0 }
    }

    /// Takes note of bytes that came to those of the file, as they were expanded.
    pub fn extend(&mut self, bytes: usize) {
        self.bytes_left = self.bytes_left.saturating_add(MAX_READINGS * bytes as u64);
    }

    pub fn spend(&mut self, bytes: usize) -> Result<(), ScanFault> {
        self.bytes_left = self.bytes_left.checked_sub(bytes as u64).ok_or(ScanFault::Tangled)?;
        Ok(())
    }

    /// Length of the largest object so far.
    pub fn largest(&self) -> usize {
        self.largest
    }

    /// Where the object lies that begins after `at`; of a stream its dictionary. What is larger than any real object is
    /// taken for none.
    pub fn object(&mut self, bytes: &[u8], at: usize) -> Result<Option<Range<usize>>, ScanFault> {
        let object = self.any_object(bytes, at)?.filter(|object| object.len() <= MAX_OBJECT_BYTES);
        self.largest = self.largest.max(object.as_ref().map_or(0, Range::len));
        Ok(object)
    }

    fn any_object(&mut self, bytes: &[u8], at: usize) -> Result<Option<Range<usize>>, ScanFault> {
        let mut reader = Reader::new_with(bytes, at);
        reader.skip_white_spaces_and_comments();
        self.spend(reader.offset().saturating_sub(at))?;
        let start = reader.offset();
        let window = &bytes[..bytes.len().min(start.saturating_add(WINDOW_BYTES))];
        if let Some(object) = Reader::new_with(window, start).skip::<Object<'_>>(false) {
            self.spend(object.len())?;
            return Ok(Some(start..start + object.len()));
        }
        self.spend(window.len().saturating_sub(start))?;
        if window.len() == bytes.len() || self.failures_left == 0 {
            return Ok(None);
        }
        let object = reader.skip::<Object<'_>>(false);
        match object {
            Some(object) => self.spend(object.len())?,
            None => self.failures_left -= 1,
        }
        Ok(object.map(|object| start..start + object.len()))
    }
}

/// Largest object, without the data of streams. A dictionary takes ten times that in memory.
const MAX_OBJECT_BYTES: usize = 4 * 1024 * 1024;
/// Objects are expected to end within so many bytes; few go on.
const WINDOW_BYTES: usize = 64 * 1024;
/// Objects that go on to the end of the file without an end of their own; a torn file has one.
const MAX_FAILURES: u32 = 8;

/// The name that takes the place of `ObjStm`, see [`super::file`].
pub(crate) const HIDDEN_TYPE: &[u8] = b"ObjXtm";

/// Looks through the whole file.
pub(crate) fn scan<'b>(
    bytes: &'b [u8],
    readings: &mut Readings,
    most: usize,
) -> Result<Found<'b>, ScanFault> {
    let mut found = Found::default();
    let trailer = memmem::Finder::new(b"/Root");
    let typed = memmem::Finder::new(b"/Type");
    for at in memmem::find_iter(bytes, b"obj") {
        let Some((id, start)) = header_before(bytes, at) else { continue };
        let Some(body) = readings.object(bytes, at + b"obj".len())? else { continue };
        let body = &bytes[body];
        found.objects.insert(id, start);
        if found.objects.len() > most {
            return Err(ScanFault::Limit(Limit::MaxEntries));
        }
        if !body.starts_with(b"<<") || trailer.find(body).is_none() && typed.find(body).is_none() {
            continue;
        }
        let Some(dict) = Dict::from_bytes(body) else { continue };
        match dict.get::<Name<'_>>(TYPE).as_deref() {
            Some(b"Catalog") => found.roots.push(id),
            Some(HIDDEN_TYPE) => found.object_streams.push(id.obj_number),
            _ => {}
        }
        if dict.contains_key(ROOT) {
            found.trailers.push(dict);
        }
    }
    for at in memmem::find_iter(bytes, b"trailer") {
        let Some(body) = readings.object(bytes, at + b"trailer".len())? else { continue };
        found.trailers.extend(Dict::from_bytes(&bytes[body]).filter(|dict| dict.contains_key(ROOT)));
    }
    Ok(found)
}

/// The number before the keyword `obj`, and where it begins.
fn header_before(bytes: &[u8], keyword: usize) -> Option<(ObjectIdentifier, usize)> {
    let digits = |end: usize| {
        let count = bytes[..end].iter().rev().take(10).take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(end - count)
    };
    let spaces = |end: usize| {
        let spaces = bytes[..end].iter().rev().take(HEADER_BYTES);
        end - spaces.take_while(|byte| is_white_space(**byte)).count()
    };
    let number_at =
        |start: usize, end: usize| std::str::from_utf8(&bytes[start..end]).ok()?.parse::<u32>().ok();
    let generation_end = spaces(keyword);
    let generation = digits(generation_end)?;
    let number_end = spaces(generation);
    let number = digits(number_end).filter(|_| number_end < generation)?;
    let before = number.checked_sub(1).and_then(|at| bytes.get(at));
    if before.is_some_and(|byte| !is_white_space(*byte) && !matches!(byte, b'>' | b']' | b')')) {
        return None;
    }
    let generation = i32::try_from(number_at(generation, generation_end)?).ok()?;
    Some((ObjectIdentifier::new(number_at(number, number_end)?, generation), number))
}

/// Whether an object with this number begins at an offset, and can be read.
pub(crate) fn is_at(
    bytes: &[u8],
    id: ObjectIdentifier,
    offset: usize,
    readings: &mut Readings,
) -> Result<bool, ScanFault> {
    let window = bytes.get(offset..).map(|rest| &rest[..rest.len().min(HEADER_BYTES)]).unwrap_or_default();
    let Some(keyword) = memmem::find(window, b"obj") else { return Ok(false) };
    let found = header_before(&window[..keyword], keyword);
    Ok(found == Some((id, 0)) && readings.object(bytes, offset + keyword + b"obj".len())?.is_some())
}

/// Longest header of an object: two numbers, some spaces, the keyword.
const HEADER_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_wherever_they_are() {
        let file = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj [] endobj 12 1obj(x)endobj\n\
            x3 0 obj 5 endobj 4 0 obj [ endobj\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>";
        let found = scan(file, &mut Readings::of(file), 9).unwrap();
        let numbers: Vec<_> = found.objects.keys().map(|id| (id.obj_number, id.gen_number)).collect();
        assert_eq!(numbers, [(1, 0), (2, 0), (12, 1)]);
        assert_eq!(found.roots.len(), 2);
        assert_eq!(found.trailers.len(), 1);
        assert_eq!(scan(file, &mut Readings::of(file), 2).err(), Some(ScanFault::Limit(Limit::MaxEntries)));
        for (id, offset) in &found.objects {
            assert!(is_at(file, *id, *offset, &mut Readings::of(file)).unwrap());
        }
    }

    #[test]
    fn objects_that_share_their_bytes_are_not_read_for_ever() {
        let headers: String = (0..20_000).map(|number| format!("{number} 0 obj % ")).collect();
        let file = [headers.as_bytes(), b"\n[", &b"1 ".repeat(1_000_000), b"]"].concat();
        assert_eq!(scan(&file, &mut Readings::of(&file), 99_999).err(), Some(ScanFault::Tangled));
    }
}
