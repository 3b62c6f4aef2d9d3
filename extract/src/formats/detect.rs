//! What a file is to be read as.

use super::encoding;
use crate::format::extension;
use crate::{ExtractError, Format, Source};

/// How much of an unknown file is looked at (reference §6.7).
const SAMPLE_BYTES: usize = 1024;

/// Chooses by extension; by content and MIME type where there is none or an unknown one. Text must look like
/// text, whatever it is called.
pub(crate) fn detect(source: &Source<'_>) -> Result<Format, ExtractError> {
    let announced = Format::from_name(source.name);
    let format = announced
        .or_else(|| sniff(source.bytes))
        .or_else(|| source.mime.and_then(Format::from_mime).filter(|format| format.is_text()))
        .unwrap_or(Format::Text);
    if format.is_read() && (!format.is_text() || looks_like_text(source.bytes)) {
        return Ok(format);
    }
    let name = source.name.to_owned();
    if format.is_parsed() && !format.is_read() {
        return Err(ExtractError::LeftOut { name });
    }
    Err(match extension(source.name) {
        Some(extension) if announced.is_some_and(Format::is_text) => ExtractError::Broken {
            name,
            reason: format!("it is called .{extension}, but its content is not text"),
        },
        Some(extension) => ExtractError::Unsupported { name, extension },
        None => ExtractError::NoExtension { name },
    })
}

/// Formats that show themselves in their first bytes, for files whose name says nothing.
fn sniff(bytes: &[u8]) -> Option<Format> {
    let head = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    if head.starts_with(b"%PDF-") {
        return Some(Format::Pdf);
    }
    let start: String = head
        .iter()
        .map(|byte| byte.to_ascii_lowercase() as char)
        .skip_while(|c| !c.is_ascii_graphic())
        .collect();
    (start.starts_with("<!doctype html") || start.starts_with("<html")).then_some(Format::Html)
}

/// Whether the first [`SAMPLE_BYTES`] hold less than a tenth of control characters (reference §6.7). UTF-16
/// is text too; rich text is not, as its markup would drown its words.
fn looks_like_text(bytes: &[u8]) -> bool {
    if encoding::is_utf16(bytes) {
        return true;
    }
    let head = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    if head.starts_with(b"{\\rtf") {
        return false;
    }
    let control =
        head.iter().filter(|byte| byte.is_ascii_control() && !b"\t\n\x0b\x0c\r\x1b".contains(byte)).count();
    control * 10 < head.len() || head.is_empty()
}

#[cfg(test)]
#[cfg(feature = "formats")]
mod tests {
    use super::*;
    use crate::formats::testing::*;

    const BLOB: &[u8] = include_bytes!("../../testdata/blob.bin");
    const NOTES: &[u8] = include_bytes!("../../testdata/notes.txt");
    const PDF: &[u8] = include_bytes!("../../testdata/small.pdf");

    #[test]
    fn anything_that_looks_like_text_is_text() {
        for name in ["notes.txt", "NOTES.TXT", "notes.xyz", "Makefile", "main.rs", ".bashrc"] {
            assert_eq!(one(name, NOTES).format, Format::Text, "{name}");
        }
    }

    #[test]
    fn binaries_are_refused_with_the_known_words() {
        let cases = [
            (
                "blob.bin",
                "File extension .bin not supported for parsing and cannot be assumed as text file type.",
            ),
            (
                "photo.PNG",
                "File extension .png not supported for parsing and cannot be assumed as text file type.",
            ),
            ("blob", "No file extension found. This file cannot be processed."),
            ("blob.txt", "Error processing blob.txt: it is called .txt, but its content is not text"),
        ];
        for (name, message) in cases {
            assert_eq!(error(name, BLOB), message);
        }
        assert!(error("letter.rtf", b"{\\rtf1\\ansi Dear all}").contains(".rtf not supported"));
    }

    #[test]
    fn what_is_announced_is_read_and_nothing_else() {
        for file_type in crate::file_types() {
            let bytes = match file_type.format {
                Format::Pdf => PDF,
                Format::Json => b"[1]",
                Format::Docx => include_bytes!("../../testdata/small.docx"),
                _ => NOTES,
            };
            for extension in file_type.extensions {
                let name = format!("file.{extension}");
                let source = Source { name: &name, mime: None, bytes };
                let unsupported =
                    ExtractError::Unsupported { name: name.clone(), extension: (*extension).into() };
                match crate::accepted_types().any(|accepted| accepted == file_type) {
                    true => assert_eq!(one(&name, bytes).format, Format::from_name(&name).unwrap()),
                    false => assert_eq!(crate::extract(source, &crate::Limits::default()), Err(unsupported)),
                }
            }
        }
    }

    #[test]
    fn content_speaks_where_the_name_does_not() {
        assert_eq!(one("download", PDF).format, Format::Pdf);
        assert_eq!(one("page", b"\n<!DOCTYPE html><p>Otters</p>").format, Format::Html);
    }

    #[test]
    fn the_mime_type_speaks_last() {
        let source =
            Source { name: "readme", mime: Some("text/markdown; charset=utf-8"), bytes: b"# Otters" };
        assert_eq!(detect(&source), Ok(Format::Markdown));
        let source = Source { name: "page.html", mime: Some("text/plain"), bytes: b"<p>Otters" };
        assert_eq!(detect(&source), Ok(Format::Html));
    }
}
