//! What is handed in.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One file to read: its name, what its sender said it is, and its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File name, without a folder. Its extension decides the [`Format`](crate::Format); error texts repeat
    /// it.
    pub name: &'a str,
    /// MIME type as declared by the sender, parameters allowed (`text/html; charset=windows-1252`). Only
    /// consulted where name and content leave a question open.
    pub mime: Option<&'a str>,
    /// The whole file.
    pub bytes: &'a [u8],
}

/// A [`Source`] that owns its bytes, to travel between an engine and its host or into a sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedSource {
    /// As [`Source::name`].
    pub name: String,
    /// As [`Source::mime`].
    pub mime: Option<String>,
    /// As [`Source::bytes`].
    pub bytes: Bytes,
}

impl OwnedSource {
    /// Borrows the file, to be read.
    pub fn as_source(&self) -> Source<'_> {
        Source { name: &self.name, mime: self.mime.as_deref(), bytes: &self.bytes }
    }
}

impl Source<'_> {
    /// Copies the file, to be sent somewhere else.
    pub fn to_owned(&self) -> OwnedSource {
        OwnedSource {
            name: self.name.into(),
            mime: self.mime.map(Into::into),
            bytes: Bytes::copy_from_slice(self.bytes),
        }
    }
}
