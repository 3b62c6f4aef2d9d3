//! Cutting text into chunks that an embedder can take and an answer can cite.
//!
//! A chunk is a byte range of its text, never a copy. Lengths are in UTF-16 code units throughout, as the
//! settings of clients mean them (reference §7.1).

mod blocks;
mod chunker;
pub mod markdown;
mod pieces;
pub mod recursive;

use std::fmt;
use std::ops::Range;

pub use chunker::Chunker;

/// How text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkOptions {
    /// Longest chunk, in UTF-16 code units; the header does not count. At least 1.
    pub size: usize,
    /// Longest end of a chunk that is repeated at the start of the next, in UTF-16 code units. Below `size`.
    pub overlap: usize,
    /// What the cuts go by.
    pub mode: ChunkMode,
}

impl ChunkOptions {
    /// Checks that text can be cut so.
    ///
    /// # Errors
    ///
    /// [`ChunkError::Overlap`] if the overlap is not below the size (or the size is 0).
    pub fn check(&self) -> Result<(), ChunkError> {
        if self.overlap >= self.size { Err(ChunkError::Overlap) } else { Ok(()) }
    }
}

/// What the cuts go by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChunkMode {
    /// Blank lines, lines and spaces, as AnythingLLM cuts (reference §7.1).
    #[default]
    Recursive,
    /// The structure of Markdown: headings, paragraphs, lists, tables and code.
    Markdown,
}

/// A part of a text that is embedded and found as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// Byte range in the text, on character boundaries, without white space at its ends.
    pub span: Range<usize>,
    /// Headings that the chunk stands under, outermost first. Empty but in [`ChunkMode::Markdown`].
    pub headings: Vec<String>,
    /// Page on which the chunk begins, for texts with pages.
    pub page: Option<u32>,
}

/// Why text cannot be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// [`ChunkOptions::overlap`] is not below [`ChunkOptions::size`].
    Overlap,
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The reference's words (§7.1).
            ChunkError::Overlap => f.write_str("Cannot have chunkOverlap >= chunkSize"),
        }
    }
}

impl std::error::Error for ChunkError {}

/// What stands before a chunk when it is embedded, and stays part of its stored text (reference §7.2).
///
/// An empty value has no line. The source is shown for links and videos only, whose `chunk_source` starts
/// with `link://` or `youtube://`.
pub fn header(title: &str, published: &str, chunk_source: &str) -> String {
    let source = ["link://", "youtube://"].iter().find_map(|scheme| chunk_source.strip_prefix(scheme));
    let mut header = String::from("<document_metadata>\n");
    for (name, value) in
        [("sourceDocument", title), ("published", published), ("source", source.unwrap_or_default())]
    {
        if !value.is_empty() {
            header.extend([name, ": ", value, "\n"]);
        }
    }
    header.push_str("</document_metadata>\n\n");
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const DEFAULT: ChunkOptions = ChunkOptions { size: 1000, overlap: 20, mode: ChunkMode::Recursive };

    /// A document, and what AnythingLLM 1.16.0 sent to its embedder for it with its default settings.
    #[derive(Deserialize)]
    struct Recorded {
        name: String,
        title: String,
        published: String,
        chunk_source: String,
        text: String,
        embedded: Vec<String>,
    }

    #[test]
    fn what_is_embedded_is_what_was_recorded() {
        for line in include_str!("testdata/recorded.jsonl").lines() {
            let document: Recorded = serde_json::from_str(line).unwrap();
            let header = header(&document.title, &document.published, &document.chunk_source);
            let chunks = Chunker::new(&document.text, DEFAULT, &[]).unwrap();
            let embedded: Vec<_> =
                chunks.map(|chunk| format!("{header}{}", &document.text[chunk.span])).collect();
            assert_eq!(embedded, document.embedded, "{}", document.name);
        }
    }

    #[test]
    fn a_header_names_the_document_and_its_link() {
        assert_eq!(
            header("a.txt", "1/2/2024, 3:04:05 PM", "link://https://x.y/z"),
            "<document_metadata>\nsourceDocument: a.txt\npublished: 1/2/2024, 3:04:05 PM\n\
             source: https://x.y/z\n</document_metadata>\n\n"
        );
    }

    #[test]
    fn a_header_leaves_out_what_is_empty_or_private() {
        assert_eq!(
            header("a", "", "file:///etc/a"),
            "<document_metadata>\nsourceDocument: a\n</document_metadata>\n\n"
        );
        assert_eq!(header("", "", "youtube://"), "<document_metadata>\n</document_metadata>\n\n");
    }

    #[test]
    fn an_overlap_must_be_below_the_size() {
        for (size, overlap) in [(10, 10), (10, 11), (0, 0)] {
            let options = ChunkOptions { size, overlap, ..DEFAULT };
            let error = Chunker::new("text", options, &[]).unwrap_err();
            assert_eq!(error.to_string(), "Cannot have chunkOverlap >= chunkSize");
        }
    }
}
