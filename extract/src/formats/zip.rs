//! Archives that office formats and e-books live in.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::budget::Budget;
use super::encoding;
use crate::{ExtractError, Limit, Problem, Source};

/// First bytes of the older container format, in which encrypted office files are wrapped.
const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A zip archive, read part by part under a [`Budget`]. Names never become paths of anything.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Parts that came out damaged.
    pub problems: Vec<Problem>,
}

impl<'a> Archive<'a> {
    pub fn open(source: &Source<'a>, budget: &Budget) -> Result<Self, ExtractError> {
        if source.bytes.starts_with(COMPOUND_FILE) {
            return Err(ExtractError::Encrypted { name: source.name.into() });
        }
        let zip = ZipArchive::new(Cursor::new(source.bytes)).map_err(|_| {
            budget.broken(if source.bytes.starts_with(b"PK") {
                "its archive is damaged or cut short"
            } else {
                "it is not the archive that its extension announces"
            })
        })?;
        if zip.len() as u64 > budget.limits().max_entries {
            return Err(budget.breach(Limit::MaxEntries));
        }
        Ok(Self { zip, problems: Vec::new() })
    }

    /// The text of a part, which is XML or a like; `None` if there is no such part. A part whose data is
    /// damaged is handed back as far as it goes and noted in [`Archive::problems`].
    pub fn text(&mut self, part: &str, budget: &mut Budget) -> Result<Option<String>, ExtractError> {
        let mut entry = match self.zip.by_name(part) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(reason)) if reason == ZipError::PASSWORD_REQUIRED => {
                return Err(ExtractError::Encrypted { name: budget.name().into() });
            }
            Err(error) => {
                self.problems.push(Problem { what: part.into(), reason: error.to_string() });
                return Ok(None);
            }
        };
        let compressed = entry.compressed_size();
        let allowed = budget.expandable_bytes_of(compressed);
        let mut bytes = Vec::new();
        // One byte more than allowed tells a full part from a bomb.
        let outcome = entry.by_ref().take(allowed + 1).read_to_end(&mut bytes);
        budget.expand(compressed, bytes.len() as u64).map_err(|limit| budget.breach(limit))?;
        if outcome.is_err() {
            self.problems.push(Problem { what: part.into(), reason: "its data is damaged".into() });
        }
        Ok(Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => encoding::decode(error.as_bytes(), None).into_owned(),
        }))
    }
}
