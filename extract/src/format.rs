//! The kinds of file there are.

use serde::{Deserialize, Serialize};

use crate::file_types;

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Plain text, and everything that looks like it: source code, logs, configuration.
    Text,
    /// Markdown.
    Markdown,
    /// Emacs Org mode.
    Org,
    /// AsciiDoc.
    AsciiDoc,
    /// reStructuredText.
    Rst,
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
    /// A web page.
    Html,
    /// PDF.
    Pdf,
    /// Word document (Office Open XML).
    Docx,
    /// PowerPoint presentation (Office Open XML).
    Pptx,
    /// Excel workbook (Office Open XML).
    Xlsx,
    /// OpenDocument text.
    Odt,
    /// OpenDocument presentation.
    Odp,
    /// Mailbox.
    Mbox,
    /// E-book.
    Epub,
    /// Picture; its text would have to be recognised.
    Image,
    /// Sound or film; its speech would have to be transcribed.
    Audio,
}

/// What AnythingLLM stores for a document that does not name an author or describe itself (reference §6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatDefaults {
    /// `docAuthor` where [`Document::author`](crate::Document::author) is absent.
    pub author: &'static str,
    /// `description` where [`Document::description`](crate::Document::description) is absent. A workbook's
    /// sheets are described as `Spreadsheet data from sheet: NAME` instead.
    pub description: &'static str,
    /// `docSource`.
    pub source: &'static str,
}

impl Format {
    /// The format that a file name announces by its extension, in any case. `None` for unknown extensions and
    /// names without one; such a file may still be text.
    pub fn from_name(name: &str) -> Option<Self> {
        let extension = extension(name)?;
        match extension.as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "org" => Some(Self::Org),
            "adoc" | "asciidoc" => Some(Self::AsciiDoc),
            "rst" => Some(Self::Rst),
            "htm" | "xhtml" => Some(Self::Html),
            "jpeg" => Some(Self::Image),
            known => file_types().iter().find(|t| t.extensions.contains(&known)).map(|t| t.format),
        }
    }

    /// The format that a MIME type announces; parameters are ignored. `None` for unknown types.
    pub fn from_mime(mime: &str) -> Option<Self> {
        let essence = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "text/markdown" => Some(Self::Markdown),
            "application/xhtml+xml" => Some(Self::Html),
            known => file_types().iter().find(|t| t.mime == known).map(|t| t.format),
        }
    }

    /// Whether the parsers of this build read it. The vocabulary alone speaks for all of them, as they are elsewhere.
    pub fn is_read(self) -> bool {
        let all = cfg!(feature = "formats") || cfg!(not(feature = "text"));
        if self.is_parsed() { all } else { self.is_text() }
    }

    /// Whether a parser that a small build leaves out reads it.
    pub(crate) fn is_parsed(self) -> bool {
        matches!(self, Self::Html | Self::Pdf | Self::Docx)
    }

    /// Whether it is read as characters.
    pub(crate) fn is_text(self) -> bool {
        use Format::*;
        matches!(self, Text | Markdown | Org | AsciiDoc | Rst | Csv | Json | Html)
    }

    /// The values stored for what a document of this format leaves out (reference §6.7).
    pub fn defaults(self) -> FormatDefaults {
        const UNKNOWN: (&str, &str) = ("Unknown", "Unknown");
        const NOT_FOUND: (&str, &str) = ("no author found", "No description found.");
        let ((author, description), source) = match self {
            Self::Text
            | Self::Markdown
            | Self::Org
            | Self::AsciiDoc
            | Self::Rst
            | Self::Csv
            | Self::Json
            | Self::Html => (UNKNOWN, "a text file uploaded by the user."),
            Self::Pdf => (NOT_FOUND, "pdf file uploaded by the user."),
            Self::Docx => (NOT_FOUND, "docx file uploaded by the user."),
            Self::Pptx | Self::Odt | Self::Odp => (NOT_FOUND, "Office file uploaded by the user."),
            Self::Xlsx => (UNKNOWN, "an xlsx file uploaded by the user."),
            Self::Mbox => (NOT_FOUND, "Mbox message file uploaded by the user."),
            Self::Epub => (UNKNOWN, "epub file uploaded by the user."),
            Self::Image => (UNKNOWN, "image file uploaded by the user."),
            Self::Audio => (NOT_FOUND, "audio file uploaded by the user."),
        };
        FormatDefaults { author, description, source }
    }
}

/// The lower-case extension of a file name without its dot: what follows the last dot, unless that dot comes
/// first (`.bashrc` has none) or last.
pub(crate) fn extension(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_announce_formats() {
        let cases = [
            ("notes.txt", Some(Format::Text)),
            ("NOTES.TXT", Some(Format::Text)),
            ("guide.md", Some(Format::Markdown)),
            ("a.b.PDF", Some(Format::Pdf)),
            ("scan.jpeg", Some(Format::Image)),
            ("page.htm", Some(Format::Html)),
            ("main.rs", None),
            ("Makefile", None),
            (".pdf", None),
            ("folder.pdf/readme", None),
        ];
        for (name, format) in cases {
            assert_eq!(Format::from_name(name), format, "{name}");
        }
    }

    #[test]
    fn mime_types_announce_formats() {
        assert_eq!(Format::from_mime("text/HTML; charset=utf-8"), Some(Format::Html));
        assert_eq!(Format::from_mime("application/pdf"), Some(Format::Pdf));
        assert_eq!(Format::from_mime("application/octet-stream"), None);
    }
}
