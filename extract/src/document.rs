//! What comes back.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Format;

/// Everything that one file gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// At least one, in file order. Most formats give one; a spreadsheet one for each sheet, a mailbox one
    /// for each mail.
    pub documents: Vec<Document>,
    /// Parts that could not be read while the rest could, in file order.
    pub skipped: Vec<Problem>,
}

/// A text with its structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Title that the file gives itself, if any. Never the file name.
    pub title: Option<String>,
    /// Author that the file names, if any.
    pub author: Option<String>,
    /// Description or subject that the file gives itself, if any.
    pub description: Option<String>,
    /// The text. It contains something other than white space.
    pub text: String,
    /// Where the pages lie in `text`, ascending and without overlap; empty for formats without pages. Pages
    /// without text are left out, so numbers may jump.
    pub pages: Vec<PageSpan>,
    /// What the file was read as.
    pub format: Format,
    /// Whether `text` is Markdown, so that a splitter may rely on its headings.
    pub markdown: bool,
    /// Which part of the file this is, for formats that give several documents: the sheet's name, for
    /// instance.
    pub part: Option<String>,
}

/// One page inside [`Document::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSpan {
    /// Number of the page, counted from 1 in file order (not the number printed on it).
    pub number: u32,
    /// Byte offset of the first byte, on a character boundary.
    pub start: usize,
    /// Byte offset after the last byte, on a character boundary. The separator to the next page is not
    /// included.
    pub end: usize,
}

impl PageSpan {
    /// The page as a range of [`Document::text`].
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// A part of a file that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The part, for people: `page 7`.
    pub what: String,
    /// Why it was left out, for people: `its content stream is damaged`.
    pub reason: String,
}
