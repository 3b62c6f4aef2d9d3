//! How much of the machine one file may use.

use std::fmt;

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;

/// Ceilings for one extraction. A breach is an [`ExtractError::Limit`](crate::ExtractError::Limit) that names
/// the field below, or, where the rest of the file is still good, a [`Problem`](crate::Problem) that names
/// it.
///
/// Memory stays below `2 * max_bytes + 2 * max_expanded_bytes`, whatever the file is. There is no time limit, as there is
/// no clock here; work is counted instead, and ends within seconds.
///
/// What bounds what:
///
/// | format | memory | time |
/// | --- | --- | --- |
/// | all | the file, and its text: `max_bytes`, `max_text_bytes` | |
/// | PDF | object streams together half of `max_expanded_bytes`, one of them an eighth, of which the library may take twice; the content of a page, all fonts, a table of objects: a quarter each; the signs of a page that is being put together: `max_text_bytes` | `max_operations`, `max_entries`; each byte of the file is read as part of an object at most 16 times |
/// | HTML | nodes of the tree: `max_entries`; attributes: twice the page | tags, each times the depth it stands at: `max_operations`; `max_depth`; text times the elements around it: 16 times `max_text_bytes` |
/// | DOCX | a part of the archive: `max_expanded_bytes`, styles and the like: 1/32 of it; text before it is written: `max_text_bytes` | the bytes of the parts |
/// | text | three times the file, while an encoding is decoded | the bytes of the file |
///
/// A web page whose tree would be too large, too deep or too slow to build is read without its structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Size of the file as handed in, in bytes. Default 100 MiB.
    pub max_bytes: u64,
    /// Bytes that everything compressed inside the file may expand to, together. Default 1 GiB. What is read again because it
    /// is used again counts again.
    pub max_expanded_bytes: u64,
    /// Expanded size over compressed size of one archive entry or stream. Default 250: office XML stays below
    /// 100, deflate can reach 1032. Not applied while the expanded size is below 1 MiB.
    pub max_ratio: u64,
    /// Entries of an archive, objects of a PDF, or nodes of a web page. Default 1,000,000; a book has some ten objects a
    /// page.
    pub max_entries: u64,
    /// Pages (PDF), sheets or slides. Default 20,000.
    pub max_pages: u64,
    /// Nesting of elements, tables in tables, forms in forms. Default 256.
    pub max_depth: u64,
    /// Steps of work. In a PDF each drawing operation, each sign that is shown and each 16 bytes that are read to do it, those
    /// of a form each time it is drawn; in a web page each tag times its depth. Default 100,000,000, which is some seconds.
    pub max_operations: u64,
    /// Bytes of text handed back, over all documents. Default 200 MiB. Looked at before text is written.
    pub max_text_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 100 * MIB,
            max_expanded_bytes: 1024 * MIB,
            max_ratio: 250,
            max_entries: 1_000_000,
            max_pages: 20_000,
            max_depth: 256,
            max_operations: 100_000_000,
            max_text_bytes: 200 * MIB,
        }
    }
}

impl Limits {
    /// The value of one limit.
    pub fn value(&self, limit: Limit) -> u64 {
        match limit {
            Limit::MaxBytes => self.max_bytes,
            Limit::MaxExpandedBytes => self.max_expanded_bytes,
            Limit::MaxRatio => self.max_ratio,
            Limit::MaxEntries => self.max_entries,
            Limit::MaxPages => self.max_pages,
            Limit::MaxDepth => self.max_depth,
            Limit::MaxOperations => self.max_operations,
            Limit::MaxTextBytes => self.max_text_bytes,
        }
    }
}

/// Which of the [`Limits`] was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// [`Limits::max_bytes`].
    MaxBytes,
    /// [`Limits::max_expanded_bytes`].
    MaxExpandedBytes,
    /// [`Limits::max_ratio`].
    MaxRatio,
    /// [`Limits::max_entries`].
    MaxEntries,
    /// [`Limits::max_pages`].
    MaxPages,
    /// [`Limits::max_depth`].
    MaxDepth,
    /// [`Limits::max_operations`].
    MaxOperations,
    /// [`Limits::max_text_bytes`].
    MaxTextBytes,
}

impl Limit {
    /// The name of the field in [`Limits`].
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxBytes => "max_bytes",
            Self::MaxExpandedBytes => "max_expanded_bytes",
            Self::MaxRatio => "max_ratio",
            Self::MaxEntries => "max_entries",
            Self::MaxPages => "max_pages",
            Self::MaxDepth => "max_depth",
            Self::MaxOperations => "max_operations",
            Self::MaxTextBytes => "max_text_bytes",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
