//! The parsers, and the one function that chooses between them.

#[cfg_attr(not(feature = "formats"), allow(dead_code, reason = "text has nothing to expand"))]
mod budget;
mod detect;
#[cfg(feature = "formats")]
mod docx;
mod encoding;
#[cfg(feature = "formats")]
mod html;
#[cfg(feature = "formats")]
mod markdown;
#[cfg(feature = "formats")]
mod pdf;
mod text;
#[cfg(feature = "formats")]
mod xml;
#[cfg(feature = "formats")]
mod zip;

#[cfg(feature = "formats")]
use crate::Format;
use crate::{ExtractError, Extracted, Limit, Limits, Source};
use budget::Budget;

/// Reads one file.
///
/// The name's extension decides how; where it says nothing, the content does, then the MIME type. Every
/// document in the answer has text. A file that holds none is an error, and so is one that needs a password,
/// breaks a limit or cannot be understood; parts that cannot be read while others can are listed in
/// [`Extracted::skipped`].
///
/// Conversion follows reference §6.7, with the faults of §15.19 mended: PDF pages are separated and their
/// places kept, web pages come without their tags and their navigation.
pub fn extract(source: Source<'_>, limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut budget = Budget::new(source.name, limits);
    if source.bytes.len() as u64 > limits.max_bytes {
        return Err(budget.breach(Limit::MaxBytes));
    }
    let mut extracted = match detect::detect(&source)? {
        #[cfg(feature = "formats")]
        Format::Html => html::extract(&source, &mut budget)?,
        #[cfg(feature = "formats")]
        Format::Pdf => pdf::extract(&source, &mut budget)?,
        #[cfg(feature = "formats")]
        Format::Docx => docx::extract(&source, &mut budget)?,
        format => text::extract(&source, format, &mut budget)?,
    };
    extracted.documents.retain(|document| !document.text.trim().is_empty());
    if extracted.documents.is_empty() {
        return Err(ExtractError::Empty { name: source.name.into() });
    }
    let text_bytes: u64 = extracted.documents.iter().map(|document| document.text.len() as u64).sum();
    if text_bytes > limits.max_text_bytes {
        return Err(budget.breach(Limit::MaxTextBytes));
    }
    for document in &mut extracted.documents {
        for value in
            [&mut document.title, &mut document.author, &mut document.description].into_iter().flatten()
        {
            value.truncate(value.floor_char_boundary(MAX_METADATA_BYTES));
        }
    }
    Ok(extracted)
}

/// Longest title, author or description. They are kept with each document and written into each answer.
const MAX_METADATA_BYTES: usize = 16 * 1024;

#[cfg(test)]
#[cfg(feature = "formats")]
pub(crate) mod testing {
    use super::*;
    use crate::Document;

    /// Reads a file that gives one document and skips nothing.
    #[track_caller]
    pub fn one(name: &str, bytes: &[u8]) -> Document {
        let extracted = extract(name, bytes);
        assert_eq!(extracted.skipped, []);
        assert_eq!(extracted.documents.len(), 1);
        extracted.documents.into_iter().next().unwrap()
    }

    /// Reads a file that gives something.
    #[track_caller]
    pub fn extract(name: &str, bytes: &[u8]) -> Extracted {
        super::extract(Source { name, mime: None, bytes }, &Limits::default()).unwrap()
    }

    /// Makes a zip archive.
    pub fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        use std::io::Write;
        let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
        for (name, text) in parts {
            let file = archive.new_file(*name).compression_method(rawzip::CompressionMethod::DEFLATE);
            let (mut entry, config) = file.start().unwrap();
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut data = config.wrap(encoder);
            data.write_all(text.as_bytes()).unwrap();
            let (encoder, descriptor) = data.finish().unwrap();
            encoder.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap()
    }

    /// Reads a file that gives nothing, and says why.
    #[track_caller]
    pub fn error(name: &str, bytes: &[u8]) -> String {
        error_within(name, bytes, &Limits::default())
    }

    /// The same, under other limits.
    #[track_caller]
    pub fn error_within(name: &str, bytes: &[u8], limits: &Limits) -> String {
        super::extract(Source { name, mime: None, bytes }, limits).unwrap_err().to_string()
    }
}

#[cfg(test)]
#[cfg(feature = "formats")]
mod tests {
    use super::testing::*;
    use super::*;

    #[test]
    fn a_file_beyond_its_limit_is_refused_by_name() {
        let limits = Limits { max_bytes: 3, ..Limits::default() };
        assert_eq!(
            error_within("a.txt", b"four", &limits),
            "Error processing a.txt: it exceeds the limit max_bytes (3). Send a smaller file or raise the limit."
        );
    }

    #[test]
    fn what_a_file_says_about_itself_has_a_length() {
        let title = "é".repeat(100_000);
        let document = one(
            "a.html",
            format!("<title>{title}</title><meta name=author content={title}><p>Text").as_bytes(),
        );
        assert_eq!(document.title.unwrap().len(), MAX_METADATA_BYTES);
        assert_eq!(document.author.unwrap().len(), MAX_METADATA_BYTES);
    }

    #[test]
    fn a_file_without_text_is_an_error() {
        for bytes in [&b""[..], b" \r\n\t"] {
            assert_eq!(error("empty.txt", bytes), "No text content found in empty.txt.");
        }
    }
}

#[cfg(test)]
#[cfg(not(feature = "formats"))]
mod lean_tests {
    use super::*;
    use crate::Format;

    fn read(name: &str, bytes: &[u8]) -> Result<Extracted, ExtractError> {
        extract(Source { name, mime: None, bytes }, &Limits::default())
    }

    #[test]
    fn text_is_read_as_ever() {
        let extracted = read("guide.md", b"# Guide\n\nFirst.").unwrap();
        assert_eq!(extracted.documents[0].text, "# Guide\n\nFirst.");
        assert!(extracted.documents[0].markdown);
    }

    #[test]
    fn what_was_left_out_is_said() {
        for (name, bytes) in
            [("a.pdf", &b"%PDF-1.7"[..]), ("a.html", b"<p>Hi"), ("a.docx", b"PK"), ("page", b"<html>")]
        {
            assert_eq!(
                read(name, bytes).unwrap_err().to_string(),
                format!(
                    "Error processing {name}: this build reads plain text, Markdown, CSV and JSON only. Send the file \
                     as text, or import a workspace that holds it."
                )
            );
        }
        assert!(!Format::Pdf.is_read());
        assert!(crate::accepted_types().all(|accepted| accepted.mime != "text/html"));
    }

    #[test]
    fn what_nobody_reads_is_refused_as_ever() {
        let refused = ExtractError::Unsupported { name: "a.zip".into(), extension: "zip".into() };
        assert_eq!(read("a.zip", b"PK\0\0\0\0\0"), Err(refused));
    }
}
