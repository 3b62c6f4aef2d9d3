//! Files that are text already.

use serde::de::IgnoredAny;

use super::budget::Budget;
use super::encoding;
use crate::{Document, ExtractError, Extracted, Format, Source};

/// Hands the characters through unchanged, line ends included (reference §6.7).
pub(crate) fn extract(
    source: &Source<'_>,
    format: Format,
    _: &mut Budget,
) -> Result<Extracted, ExtractError> {
    let text = encoding::decode(source.bytes, source.mime.and_then(encoding::charset)).into_owned();
    let format = match format {
        // A .json file that is not JSON (lines of it, or JSON with comments) is still worth reading.
        Format::Json if serde_json::from_str::<IgnoredAny>(&text).is_err() => Format::Text,
        format => format,
    };
    let document = Document {
        title: None,
        author: None,
        description: None,
        text,
        pages: Vec::new(),
        format,
        markdown: format == Format::Markdown,
        part: None,
    };
    Ok(Extracted { documents: vec![document], skipped: Vec::new() })
}

#[cfg(test)]
#[cfg(feature = "formats")]
mod tests {
    use crate::Format;
    use crate::formats::testing::*;

    #[test]
    fn text_is_unchanged() {
        let cases: [(&str, &[u8], Format); 5] = [
            ("notes.txt", include_bytes!("../../testdata/notes.txt"), Format::Text),
            ("guide.md", include_bytes!("../../testdata/guide.md"), Format::Markdown),
            ("table.csv", include_bytes!("../../testdata/table.csv"), Format::Csv),
            ("data.json", include_bytes!("../../testdata/data.json"), Format::Json),
            ("naïve 日本語.txt", include_bytes!("../../testdata/unicode.txt"), Format::Text),
        ];
        for (name, bytes, format) in cases {
            let document = one(name, bytes);
            assert_eq!((document.text.as_bytes(), document.format), (bytes, format));
            assert_eq!(document.markdown, format == Format::Markdown);
        }
    }

    #[test]
    fn line_ends_stay_and_the_byte_order_mark_goes() {
        let document = one("crlf-bom.txt", include_bytes!("../../testdata/crlf-bom.txt"));
        assert_eq!(document.text, "First line\r\nSecond line\r\n\r\nThird line after a gap\r\n");
    }

    #[test]
    fn json_that_is_none_is_read_as_text() {
        for lines in ["{\"a\":1}\n{\"a\":2}\n", "{ // comment\n}"] {
            let document = one("log.json", lines.as_bytes());
            assert_eq!((document.text.as_str(), document.format), (lines, Format::Text));
        }
    }
}
