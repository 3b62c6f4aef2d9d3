//! Streams that expand without end, behind every kind of filter.

use super::super::{Make, deflate};
use super::{Pdf, stream};

pub const FILES: [(&str, Make); 15] = [
    ("content-expands", content_expands),
    ("content-layers", content_layers),
    ("content-layers-by-reference", content_layers_by_reference),
    ("content-hex", content_hex),
    ("content-base85", content_base85),
    ("content-run-length", content_run_length),
    ("content-unknown-filters", content_unknown_filters),
    ("content-predictor", content_predictor),
    ("content-false-end", content_false_end),
    ("content-shared", content_shared),
    ("length-too-long", length_too_long),
    ("length-negative", length_negative),
    ("length-is-itself", length_is_itself),
    ("filters-without-end", filters_without_end),
    ("one-string", one_string),
];

const MEBIBYTE: usize = 1 << 20;

fn spaces(mebibytes: usize) -> Vec<u8> {
    deflate::bomb(b"BT /F 12 Tf (Otter) Tj ET ", &vec![b' '; MEBIBYTE], mebibytes)
}

fn filtered(dictionary: &str, data: &[u8]) -> Vec<u8> {
    Pdf::page().stream(4, dictionary, data).write()
}

/// Two gigabytes of the shortest text there is.
fn content_expands() -> Vec<u8> {
    let unit = b"(o)'".repeat(MEBIBYTE / 4);
    filtered("/Filter /FlateDecode", &deflate::bomb(b"BT /F 12 Tf 14 TL ", &unit, 2048))
}

fn content_layers() -> Vec<u8> {
    filtered("/Filter [/FlateDecode /FlateDecode]", &deflate::zlib(&spaces(4096)))
}

/// The list of filters is an object of its own, and so are its members.
fn content_layers_by_reference() -> Vec<u8> {
    let data = deflate::zlib(&deflate::zlib(&spaces(4096)));
    Pdf::page()
        .stream(4, "/Filter 6 0 R", &data)
        .object(6, "[7 0 R 7 0 R 8 0 R]")
        .object(7, "/FlateDecode")
        .object(8, "7 0 R")
        .write()
}

fn content_hex() -> Vec<u8> {
    let hex: String = spaces(1024).iter().map(|byte| format!("{byte:02X}")).collect();
    filtered("/Filter [/ASCIIHexDecode /FlateDecode]", format!("{hex}>").as_bytes())
}

fn content_base85() -> Vec<u8> {
    let mut text = Vec::new();
    for group in spaces(1024).chunks(4) {
        let mut word = [0; 4];
        word[..group.len()].copy_from_slice(group);
        let mut value = u32::from_be_bytes(word);
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = b'!' + (value % 85) as u8;
            value /= 85;
        }
        text.extend_from_slice(&digits[..=group.len()]);
    }
    text.extend(b"~>");
    filtered("/Filter [/A85 /Fl]", &text)
}

/// Runs of 128 letters, two bytes each, and these deflated: 60,000 times as much.
fn content_run_length() -> Vec<u8> {
    let unit = [0x81, b' '].repeat(MEBIBYTE / 2);
    filtered("/Filter [/FlateDecode /RunLengthDecode]", &deflate::bomb(b"", &unit, 64))
}

fn content_unknown_filters() -> Vec<u8> {
    filtered(
        "/Filter [/FlateDecode /LZWDecode /CCITTFaxDecode /JBIG2Decode /DCTDecode /Crypt /Own]",
        &spaces(1024),
    )
}

fn content_predictor() -> Vec<u8> {
    let parms = "/DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32 /BitsPerComponent 16 >>";
    filtered(&format!("/Filter /FlateDecode {parms}"), &spaces(64))
}

/// The word that ends a stream stands inside of it, where it is seen by those who do not count.
fn content_false_end() -> Vec<u8> {
    let seen = b"BT (Otter) Tj ET % \nendstream\nendobj\n";
    filtered("/Filter /FlateDecode", &deflate::bomb_behind(seen, &vec![b' '; MEBIBYTE], 2048))
}

/// One content of 8 MiB, which the page names 60,000 times.
fn content_shared() -> Vec<u8> {
    let unit = b"(o)'".repeat(MEBIBYTE / 4);
    Pdf::page()
        .stream(6, "/Filter /FlateDecode", &deflate::bomb(b"BT /F 9 Tf ", &unit, 8))
        .object(3, format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents [{}] /Resources << /Font << /F 5 0 R >> >> >>",
            "6 0 R ".repeat(60_000)
        ))
        .write()
}

fn with_length(length: &str) -> Vec<u8> {
    let body = format!("<< /Length {length} >>\nstream\nBT /F 12 Tf (Otter) Tj ET\nendstream");
    Pdf::page().object(4, body).write()
}

fn length_too_long() -> Vec<u8> {
    with_length("18446744073709551615")
}

fn length_negative() -> Vec<u8> {
    with_length("-9223372036854775808")
}

fn length_is_itself() -> Vec<u8> {
    with_length("4 0 R")
}

/// 100,000 filters, most of which do nothing.
fn filters_without_end() -> Vec<u8> {
    let body = stream(&format!("/Filter [{}]", "/ASCIIHexDecode ".repeat(100_000)), b"42>");
    Pdf::page().object(4, body).write()
}

fn one_string() -> Vec<u8> {
    filtered(
        "/Filter /FlateDecode",
        &deflate::bomb_between(b"BT /F 12 Tf (", &vec![b'o'; MEBIBYTE], 1500, b") Tj ET"),
    )
}
