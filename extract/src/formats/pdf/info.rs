//! What a PDF says about itself.

use std::borrow::Cow;

use hayro_syntax::Pdf;

use super::super::markdown::clean;

/// Title, author and description of a PDF.
#[derive(Default)]
pub(crate) struct Info {
    pub title: Option<String>,
    pub author: Option<String>,
    pub description: Option<String>,
}

/// Reads the document information dictionary. AnythingLLM takes the program that made the file for its author
/// (reference §6.7); here it is the person. As there, the title stands in for a missing description.
pub(crate) fn read(pdf: &Pdf) -> Info {
    let metadata = pdf.metadata();
    let text = |value: &Option<Box<[u8]>>| {
        let text = clean(&text_string(value.as_deref()?)).split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    };
    let title = text(&metadata.title);
    Info {
        description: text(&metadata.subject).or_else(|| title.clone()),
        author: text(&metadata.author),
        title,
    }
}

/// Decodes a text string: UTF-16 or UTF-8 if marked, UTF-8 if it happens to be, else PDFDocEncoding (ISO
/// 32000-2,
/// 7.9.2.2).
pub(crate) fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => encoding_rs::UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xff, 0xfe, rest @ ..] => encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(_) => bytes.iter().map(|byte| document_char(*byte)).collect(),
        },
    }
}

/// A character of PDFDocEncoding (ISO 32000-2, annex D.2).
fn document_char(byte: u8) -> char {
    const FROM_18: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
    const FROM_80: [char; 33] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ',
        'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{fffd}', '€',
    ];
    match byte {
        0x18..=0x1f => FROM_18[usize::from(byte - 0x18)],
        0x80..=0xa0 => FROM_80[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_strings_come_in_four_encodings() {
        let cases: [(&[u8], &str); 5] = [
            (b"\xfe\xff\x00G\x20\xac", "G€"),
            (b"\xef\xbb\xbfGr\xc3\xbc\xc3\x9fe", "Grüße"),
            (b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
            (b"\x8dGr\xfc\xdfe\x8e \xa0", "“Grüße” €"),
            (b"plain", "plain"),
        ];
        for (bytes, text) in cases {
            assert_eq!(text_string(bytes), text);
        }
    }
}
