//! Check sums of stored values: damage of the disk is an error that names the record, never another text.
//!
//! Every value is stored with a CRC-32 of its key and its bytes. The key is part of it, so that the value of another
//! record does not pass for this one either. There are two forms:
//!
//! | value | stored as |
//! | --- | --- |
//! | a JSON object `{…}` | `{…,"_sum":"1a2b3c4d"}` |
//! | any other JSON value `v` | `{"_value":v,"_sum":"1a2b3c4d"}` |
//! | bytes: texts, vectors, words | the bytes, [`MARK`], the sum (u32, little-endian) |
//!
//! JSON stays JSON, for people with `sqlite3`. [`MARK`] cannot occur in UTF-8. A value without a sum was written before
//! there were sums (layout 1), or by hand: it is taken as it is. Damage could make a value with a sum look like one
//! without, so what resembles a mark has to be one; and the length of a text is known from its document.
//!
//! The numbers of sequences and of the layout (`seq/…`, `meta/…`) have no sum: hosts count them, and other builds read
//! them.

use crate::checksum::crc32_of;
use crate::seam::Key;
use bytes::{BufMut, Bytes, BytesMut};

/// In front of the sum of a value that is not JSON. No byte of it occurs in UTF-8.
pub const MARK: [u8; 8] = [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8];

/// Bytes that a sum adds to a value that is not JSON.
const MARK_BYTES: usize = MARK.len() + 4;

/// What a JSON value with a sum ends with; the sum's eight digits are between the two.
const TAIL: (&[u8], &[u8]) = (b"\"_sum\":\"", b"\"}");
const TAIL_BYTES: usize = TAIL.0.len() + 8 + TAIL.1.len();

/// What a JSON value that is no object begins with.
const VALUE: &[u8] = b"{\"_value\":";

/// How the values of a kind of record are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Bytes,
    /// Without a sum.
    Bare,
}

fn form(key: &Key) -> Form {
    match key.as_str().split_once('/').map_or("", |(kind, _)| kind) {
        "seq" | "meta" => Form::Bare,
        "doc.text" | "vec" | "code" | "term" | "row" => Form::Bytes,
        _ => Form::Json,
    }
}

/// The value as it is stored under `key`.
pub fn seal(key: &Key, value: &[u8]) -> Bytes {
    match form(key) {
        Form::Bare => Bytes::copy_from_slice(value),
        Form::Bytes => {
            let mut sealed = BytesMut::with_capacity(value.len() + MARK_BYTES);
            sealed.put_slice(value);
            sealed.put_slice(&MARK);
            sealed.put_u32_le(sum(key, value));
            sealed.freeze()
        }
        Form::Json => {
            let mut sealed = BytesMut::with_capacity(value.len() + VALUE.len() + 1 + TAIL_BYTES);
            match value.strip_suffix(b"}").filter(|_| value.starts_with(b"{")) {
                Some(members) => {
                    sealed.put_slice(members);
                    if members.len() > 1 {
                        sealed.put_u8(b',');
                    }
                }
                None => {
                    sealed.put_slice(VALUE);
                    sealed.put_slice(value);
                    sealed.put_u8(b',');
                }
            }
            sealed.put_slice(TAIL.0);
            sealed.put_slice(&digits(sum(key, value)));
            sealed.put_slice(TAIL.1);
            sealed.freeze()
        }
    }
}

/// Whether a stored value has a sum, which is checked then, and the value.
///
/// # Errors
/// What is wrong with it.
pub fn open(key: &Key, stored: Bytes) -> Result<Opened, &'static str> {
    match form(key) {
        Form::Bare => Ok(Opened { value: stored, checked: false }),
        Form::Bytes => open_bytes(key, stored),
        Form::Json => open_json(key, stored),
    }
}

/// A value, and whether its sum was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// As it was given to [`seal`].
    pub value: Bytes,
    /// False for values without a sum.
    pub checked: bool,
}

/// The value alone.
///
/// # Errors
/// What is wrong with it.
pub fn plain(key: &Key, stored: &Bytes) -> Result<Bytes, &'static str> {
    open(key, stored.clone()).map(|opened| opened.value)
}

const WRONG: &str = "its check sum does not match: it was damaged";

fn open_bytes(key: &Key, stored: Bytes) -> Result<Opened, &'static str> {
    let Some((value, tail)) = stored.split_last_chunk::<MARK_BYTES>() else {
        return Ok(Opened { value: stored, checked: false });
    };
    let (mark, stored_sum) = tail.split_at(MARK.len());
    if same(mark, &MARK) * 2 < MARK.len() {
        return Ok(Opened { value: stored, checked: false });
    }
    if mark != MARK || stored_sum != sum(key, value).to_le_bytes() {
        return Err(WRONG);
    }
    Ok(Opened { value: stored.slice(..value.len()), checked: true })
}

fn open_json(key: &Key, stored: Bytes) -> Result<Opened, &'static str> {
    let Some((body, tail)) = stored.split_last_chunk::<TAIL_BYTES>() else {
        return Ok(Opened { value: stored, checked: false });
    };
    let (name, rest) = tail.split_at(TAIL.0.len());
    let (stored_sum, end) = rest.split_at(8);
    let alike = same(name, TAIL.0) + same(end, TAIL.1);
    let all = TAIL.0.len() + TAIL.1.len();
    // Another last member with a name of four letters and a value of eight shares the six signs around them.
    if alike < all - 3 {
        return Ok(Opened { value: stored, checked: false });
    }
    let value = match body {
        b"{" => Bytes::from_static(b"{}"),
        _ => {
            let members = body.strip_suffix(b",").ok_or(WRONG)?;
            match members.strip_prefix(VALUE) {
                Some(value) => stored.slice(VALUE.len()..VALUE.len() + value.len()),
                None => [members, b"}"].concat().into(),
            }
        }
    };
    match alike == all && stored_sum == digits(sum(key, &value)) {
        true => Ok(Opened { value, checked: true }),
        false => Err(WRONG),
    }
}

fn sum(key: &Key, value: &[u8]) -> u32 {
    // The zero keeps the end of the key apart from the beginning of the value.
    crc32_of(&[key.as_str().as_bytes(), &[0], value])
}

/// A sum in hex.
fn digits(sum: u32) -> [u8; 8] {
    std::array::from_fn(|at| match (sum >> (28 - 4 * at)) as u8 & 15 {
        digit @ 0..10 => b'0' + digit,
        digit => b'a' + digit - 10,
    })
}

/// How many bytes are the same.
fn same(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::key;
    use proptest::prelude::*;

    fn values() -> Vec<(Key, Vec<u8>)> {
        vec![
            (key::workspace(1), br#"{"id":1,"name":"Otters"}"#.to_vec()),
            (key::workspace(2), b"{}".to_vec()),
            (key::workspace_slug("otters"), b"12".to_vec()),
            (key::placement_pin(1, 2), b"null".to_vec()),
            (key::chat_id(7), br#""chat/000000000001/main/000000000000/000000000007""#.to_vec()),
            (key::document_text("a", 0), "Otters swim at night. Über den Fluß.".into()),
            (key::document_text("a", 1), br#"{"_sum":"00000000"}"#.to_vec()),
            (key::document_text("a", 2), Vec::new()),
            (key::row(1, 2, 3), vec![0, 0, 128, 63, 255, 254, 253, 252, 251, 250, 249, 248]),
        ]
    }

    #[test]
    fn what_was_stored_comes_back() {
        for (key, value) in values() {
            let opened = open(&key, seal(&key, &value)).unwrap();
            assert_eq!((&opened.value[..], opened.checked), (&value[..], true), "{key}");
        }
    }

    #[test]
    fn json_stays_json_that_people_can_read() {
        let sealed = |key, value| String::from_utf8(seal(&key, value).to_vec()).unwrap();
        let record = sealed(key::workspace(1), br#"{"id":1}"#);
        assert_eq!(&record[..16], r#"{"id":1,"_sum":""#);
        let json: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!((&json["id"], json["_sum"].as_str().unwrap().len()), (&1.into(), 8));
        assert!(sealed(key::workspace_slug("a"), b"12").starts_with(r#"{"_value":12,"_sum":""#));
        assert_eq!(sealed(key::sequence("ws"), b"12"), "12");
    }

    #[test]
    fn values_of_an_older_build_are_taken_as_they_are() {
        for (key, value) in values() {
            let opened = open(&key, value.clone().into()).unwrap();
            let is_mark = value.ends_with(&MARK);
            assert!(is_mark || (&opened.value[..], opened.checked) == (&value[..], false), "{key}");
        }
        for json in [r#"{"id":1,"name":"12345678"}"#, r#"{"what":"12345678"}"#, r#"{"name":"x\"_sum"}"#] {
            assert_eq!(open(&key::workspace(1), json.into()).unwrap().value, json, "{json}");
        }
    }

    #[test]
    fn a_value_of_another_record_is_damage() {
        for (key, value) in values() {
            let other = Key::new(format!("{key}9"));
            assert_eq!(open(&other, seal(&key, &value)), Err(WRONG), "{key}");
        }
    }

    /// Every single byte, changed to every other.
    #[test]
    fn no_changed_byte_goes_unnoticed() {
        for (key, value) in values() {
            let sealed = seal(&key, &value);
            for at in 0..sealed.len() {
                for other in 0..=255u8 {
                    let mut bytes = sealed.to_vec();
                    if std::mem::replace(&mut bytes[at], other) != other {
                        assert_eq!(open(&key, bytes.into()), Err(WRONG), "{key}: byte {at} as {other}");
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn three_changed_bytes_never_give_another_value(
            which in 0usize..9,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let (key, value) = values().swap_remove(which);
            let mut bytes = seal(&key, &value).to_vec();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let opened = open(&key, bytes.into()).map(|opened| opened.value);
            prop_assert!(opened.is_err() || opened == Ok(value.into()), "{key}");
        }
    }
}
