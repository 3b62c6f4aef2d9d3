//! Bytes to characters.

use std::borrow::Cow;

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes a guess is made from, beginning with the first that is not ASCII.
const GUESS_FROM_BYTES: usize = 64 * 1024;

/// Decodes a text file. In this order: a byte order mark, the `declared` label, UTF-16 by its zeroes, UTF-8
/// if the bytes are (or nearly are) UTF-8, and for the rest the legacy encoding that fits best. The mark
/// itself is no content and is left out. Never fails: what does not decode becomes U+FFFD.
pub(crate) fn decode<'a>(bytes: &'a [u8], declared: Option<&str>) -> Cow<'a, str> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => declared
            .and_then(|label| Encoding::for_label(label.trim().as_bytes()))
            .unwrap_or_else(|| guess(bytes)),
    };
    encoding.decode(bytes).0
}

/// The `charset` parameter of a MIME type.
pub(crate) fn charset(mime: &str) -> Option<&str> {
    mime.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

/// Whether this is UTF-16, marked or not.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding != UTF_8,
        None => unmarked_utf16(bytes).is_some(),
    }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // First, as Western UTF-16 is valid UTF-8 as well, only with a zero after each letter.
    if let Some(utf16) = unmarked_utf16(bytes) {
        return utf16;
    }
    if is_mostly_utf8(bytes) {
        return UTF_8;
    }
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&bytes[first..bytes.len().min(first + GUESS_FROM_BYTES)], true);
    let encoding = detector.guess(None, chardetng::Utf8Detection::Deny);
    // Never Latin-2 or the like for a stray byte between ASCII letters.
    if encoding.is_single_byte() && bytes.iter().filter(|byte| !byte.is_ascii()).count() < 2 {
        return WINDOWS_1252;
    }
    encoding
}

/// A log with a few torn characters is still UTF-8: more sequences are right than wrong.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let mut right = 0_usize;
    let mut wrong = 0_usize;
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    wrong == 0 || right > wrong
}

/// Western text in UTF-16 has a zero in every other byte; nothing else has.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(1024)];
    let zeroes = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeroes(0), zeroes(1), sample.len() / 2);
    if pairs < 2 {
        None
    } else if even * 50 <= pairs && odd * 10 >= pairs * 7 {
        Some(UTF_16LE)
    } else if odd * 50 <= pairs && even * 10 >= pairs * 7 {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_found() {
        let utf16: Vec<u8> = "Otters swim".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked: Vec<u8> = "\u{feff}Füße".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let japanese = encoding_rs::SHIFT_JIS.encode("日本語のテキストです。川でカワウソが泳ぐ。").0;
        let cases: [(&[u8], Option<&str>, &str); 9] = [
            (include_bytes!("../../testdata/latin1.txt"), None, "Café naïve über\n"),
            ("Grüße 🚀".as_bytes(), None, "Grüße 🚀"),
            (b"\xef\xbb\xbfFirst\r\n", None, "First\r\n"),
            (b"\xef\xbb\xbfFirst", Some("windows-1252"), "First"),
            (&utf16, None, "Otters swim"),
            (&marked, None, "Füße"),
            (&japanese, None, "日本語のテキストです。川でカワウソが泳ぐ。"),
            (b"\xcf\xf0\xe8", Some("windows-1251"), "При"),
            (b"sehr sch\xc3\xb6n und gr\xc3\xbcn \xff", None, "sehr schön und grün \u{fffd}"),
        ];
        for (bytes, declared, text) in cases {
            assert_eq!(decode(bytes, declared), text);
        }
    }

    #[test]
    fn the_charset_is_read_from_a_mime_type() {
        assert_eq!(charset("text/plain; boundary=x; Charset=\"koi8-r\""), Some("koi8-r"));
        assert_eq!(charset("text/plain"), None);
    }
}
