//! Writing the table that a copy of a file ends in, see [`super::file`].

use std::io::Write;

use hayro_syntax::object::dict::keys::{ENCRYPT, ID, INFO};
use hayro_syntax::object::{Array, Dict, MaybeRef, Object, ObjectIdentifier};
use memchr::{memchr_iter, memmem};

use super::scan::HIDDEN_TYPE;
use super::xref::{Entries, Entry};

/// Numbers of the objects that are added, which are the largest a file can have.
const OWN_ROOT: u32 = 8_388_600;
const OWN_PAGES: u32 = 8_388_601;
const OWN_PAGE: u32 = 8_388_602;
const OWN_TABLE: u32 = 8_388_603;

/// What a file says about itself in its last dictionary: `/Encrypt`, `/ID` and `/Info`, as they stand there.
#[derive(Default)]
pub(crate) struct Trailer(Vec<u8>);

impl Trailer {
    pub fn read(dict: &Dict<'_>) -> Self {
        let mut text = Vec::new();
        for key in [ENCRYPT, ID, INFO] {
            let value = match dict.get_raw::<Object<'_>>(key) {
                Some(MaybeRef::Ref(reference)) => reference.to_string().into_bytes(),
                Some(MaybeRef::NotRef(Object::Dict(dict))) => dict.data().to_vec(),
                Some(MaybeRef::NotRef(Object::Array(array))) => bracketed(&array),
                _ => continue,
            };
            text.extend([b" /", key, b" ", &value].concat());
        }
        Self(text)
    }
}

fn bracketed(array: &Array<'_>) -> Vec<u8> {
    [b"[", array.data(), b"]"].concat()
}

/// Adds a root with one blank page and a table to the end of a copy. The table is not compressed.
pub(crate) fn with_table(mut copy: Vec<u8>, entries: &Entries, trailer: &Trailer) -> Vec<u8> {
    let mut own = Vec::new();
    let mut entries = entries.clone();
    let mut add = |number: u32, body: &str| {
        entries.insert(ObjectIdentifier::new(number, 0), Entry::At(copy.len() + 1 + own.len()));
        own.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    };
    add(OWN_ROOT, &format!("<</Type/Catalog/Pages {OWN_PAGES} 0 R>>"));
    add(OWN_PAGES, &format!("<</Type/Pages/Count 1/Kids[{OWN_PAGE} 0 R]>>"));
    add(OWN_PAGE, "<</Type/Page>>");

    let start = copy.len() + 1 + own.len();
    let (index, rows) = rows(&entries);
    let size = entries.keys().map(|id| id.obj_number).max().unwrap_or(0).saturating_add(1);
    copy.reserve_exact(own.len() + index.len() + rows.len() + trailer.0.len() + 512);
    copy.push(b'\n');
    copy.append(&mut own);
    copy.extend(format!("{OWN_TABLE} 0 obj\n<</Type/XRef/W[1 4 4]/Size {size}/Root {OWN_ROOT} 0 R").bytes());
    copy.extend(format!("/Length {}/Index[", rows.len()).bytes());
    copy.extend(&index);
    copy.push(b']');
    copy.extend(&trailer.0);
    copy.extend(b">>\nstream\n");
    copy.extend(&rows);
    copy.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    copy
}

/// The ranges of numbers, and a row for each object.
fn rows(entries: &Entries) -> (Vec<u8>, Vec<u8>) {
    let mut index = Vec::new();
    let mut rows = Vec::with_capacity(entries.len() * 9);
    let mut range: Option<(u32, u32)> = None;
    let mut end = |range: Option<(u32, u32)>| {
        if let Some((first, count)) = range {
            // Memory takes every write.
            let _ = write!(index, "{first} {count} ");
        }
    };
    for (id, entry) in entries {
        let number = id.obj_number;
        range = match range {
            Some((first, count)) if first.checked_add(count) == Some(number) => Some((first, count + 1)),
            other => {
                end(other);
                Some((number, 1))
            }
        };
        let (kind, second, third) = match entry {
            Entry::At(offset) => (1, *offset as u32, id.gen_number as u32),
            Entry::In { stream, index } => (2, *stream, *index),
        };
        rows.push(kind);
        rows.extend(second.to_be_bytes());
        rows.extend(third.to_be_bytes());
    }
    end(range);
    (index, rows)
}

/// Changes the name by which the library would know object streams if it scanned the file, which it does when anything is
/// wrong. It would decode all of them.
pub(crate) fn hide_object_streams(copy: &mut [u8]) {
    const NAME: &[u8] = b"/ObjStm";
    let plain: Vec<usize> = memmem::find_iter(copy, NAME).map(|at| at + 1).collect();
    for at in plain {
        copy[at..at + HIDDEN_TYPE.len()].copy_from_slice(HIDDEN_TYPE);
    }
    // Any character of a name may be written as two digits.
    let escaped: Vec<usize> = memchr_iter(b'#', copy).filter_map(|at| escaped_name(copy, at)).collect();
    for at in escaped {
        copy[at] = b'X';
    }
}

/// Where the name begins that has an escape at this place, if it is that of object streams. The escape is undone.
fn escaped_name(copy: &[u8], escape: usize) -> Option<usize> {
    let longest = 3 * HIDDEN_TYPE.len();
    let start = escape.saturating_sub(longest);
    let slash = memchr::memrchr(b'/', &copy[start..escape])? + start + 1;
    let mut name = Vec::new();
    let mut rest = &copy[slash..];
    while name.len() < HIDDEN_TYPE.len() {
        let byte = match rest {
            [b'#', high, low, ..] => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                let (high, low) = (digit(high)?, digit(low)?);
                rest = &rest[3..];
                (high << 4 | low) as u8
            }
            [byte, ..] => {
                rest = &rest[1..];
                *byte
            }
            [] => return None,
        };
        name.push(byte);
    }
    (name == b"ObjStm").then_some(slash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_streams_are_hidden_however_their_type_is_written() {
        let mut file =
            b"<</Type/ObjStm>> <</Type /#4fbjStm>> <</Type/ObjSt#6D/N 1>> /Obj#53tn ObjStm".to_vec();
        hide_object_streams(&mut file);
        assert_eq!(
            String::from_utf8(file).unwrap(),
            "<</Type/ObjXtm>> <</Type /X4fbjStm>> <</Type/XbjSt#6D/N 1>> /Obj#53tn ObjStm"
        );
    }
}
