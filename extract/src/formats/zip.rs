//! Archives that office formats and e-books live in.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive, ZipVerification};

use super::budget::Budget;
use super::encoding;
use crate::{ExtractError, Limit, Problem, Source};

/// First bytes of the older container format, in which encrypted office files are wrapped.
const COMPOUND_FILE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Part of `max_expanded_bytes` that a part beside the content may take, and what it may take in any case.
const SMALL_PART: u64 = 32;
const SMALL_PART_BYTES: u64 = 1024 * 1024;

/// A zip archive, read part by part under a [`Budget`]. Names never become paths of anything.
pub(crate) struct Archive<'a> {
    zip: ZipSliceArchive<&'a [u8]>,
    parts: BTreeMap<Vec<u8>, Part>,
    /// Parts that came out damaged.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Copy)]
struct Part {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

impl<'a> Archive<'a> {
    pub fn open(source: &Source<'a>, budget: &Budget) -> Result<Self, ExtractError> {
        if source.bytes.starts_with(COMPOUND_FILE) {
            return Err(ExtractError::Encrypted { name: source.name.into() });
        }
        let zip = ZipArchive::from_slice(source.bytes).map_err(|_| {
            budget.broken(if source.bytes.starts_with(b"PK") {
                "its archive is damaged or cut short"
            } else {
                "it is not the archive that its extension announces"
            })
        })?;
        let mut archive = Self { zip, parts: BTreeMap::new(), problems: Vec::new() };
        let mut entries = archive.zip.entries();
        for count in 1.. {
            match entries.next_entry() {
                Ok(Some(entry)) => {
                    let part = Part {
                        place: entry.wayfinder(),
                        method: entry.compression_method(),
                        is_encrypted: entry.flags().is_encrypted(),
                    };
                    // Of two with one name the last counts, as in other readers.
                    archive.parts.insert(entry.file_path().as_bytes().to_vec(), part);
                }
                Ok(None) => break,
                Err(_) => {
                    let reason = "its table of contents is damaged, so parts may be missing".into();
                    archive.problems.push(Problem { what: "archive".into(), reason });
                    break;
                }
            }
            if count > budget.limits().max_entries {
                return Err(budget.breach(Limit::MaxEntries));
            }
        }
        Ok(archive)
    }

    /// The text of a part, which is XML or a like; `None` if there is no such part. A part whose data is damaged is
    /// handed back as far as it goes and noted in [`Archive::problems`].
    pub fn text(&mut self, part: &str, budget: &mut Budget) -> Result<Option<String>, ExtractError> {
        self.text_within(part, u64::MAX, budget)
    }

    /// The text of a part that does not hold the content but says how it is to be read. Much of it is kept, in many small
    /// pieces that take several times its size.
    pub fn small_text(&mut self, part: &str, budget: &mut Budget) -> Result<Option<String>, ExtractError> {
        let most = budget.limits().max_expanded_bytes / SMALL_PART;
        self.text_within(part, most.max(SMALL_PART_BYTES), budget)
    }

    fn text_within(
        &mut self,
        part: &str,
        most_text: u64,
        budget: &mut Budget,
    ) -> Result<Option<String>, ExtractError> {
        let Some(Part { place, method, is_encrypted }) = self.parts.get(part.as_bytes()).copied() else {
            return Ok(None);
        };
        if is_encrypted {
            return Err(ExtractError::Encrypted { name: budget.name().into() });
        }
        let Ok(entry) = self.zip.get_entry(place) else {
            self.problems
                .push(Problem { what: part.into(), reason: "its place in the archive is damaged".into() });
            return Ok(None);
        };
        let compressed = entry.data().len() as u64;
        // One byte more than allowed tells a full part from a bomb.
        let most = budget.expandable_bytes_of(compressed).min(most_text).saturating_add(1);
        let (bytes, is_whole) = match method {
            CompressionMethod::STORE => read_up_to(|| entry.data(), most),
            CompressionMethod::DEFLATE => read_up_to(|| DeflateDecoder::new(entry.data()), most),
            _ => {
                let reason = "it is compressed in an unknown way".into();
                self.problems.push(Problem { what: part.into(), reason });
                return Ok(None);
            }
        };
        budget.expand(compressed, bytes.len() as u64).map_err(|limit| budget.breach(limit))?;
        if bytes.len() as u64 > most_text {
            return Err(budget.breach(Limit::MaxExpandedBytes));
        }
        // Not by a verifying reader, which would drop the end of a damaged part.
        let found = ZipVerification { crc: rawzip::crc32(&bytes), uncompressed_size: bytes.len() as u64 };
        if !is_whole || entry.claim_verifier().valid(found).is_err() {
            self.problems.push(Problem { what: part.into(), reason: "its data is damaged".into() });
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            // What it is decoded to may be three times as long.
            Err(error) if error.as_bytes().len() as u64 > budget.held_bytes() => {
                let reason = "it is not UTF-8, and too large to be decoded".into();
                self.problems.push(Problem { what: part.into(), reason });
                None
            }
            Err(error) => Some(encoding::decode(error.as_bytes(), None).into_owned()),
        })
    }
}

/// Reads up to `most` bytes into as much memory as they take, and says whether there was no fault. Large data is read
/// once to measure it, as a vector that grows by doubling takes up to three times its size meanwhile.
fn read_up_to<R: Read>(open: impl Fn() -> R, most: u64) -> (Vec<u8>, bool) {
    const READ_ONCE_BYTES: u64 = 8 * 1024 * 1024;
    let mut bytes = Vec::new();
    let is_whole = open().take(most.min(READ_ONCE_BYTES)).read_to_end(&mut bytes).is_ok();
    if !is_whole || (bytes.len() as u64) < READ_ONCE_BYTES {
        return (bytes, is_whole);
    }
    let mut length = 0_usize;
    let mut buffer = vec![0; 64 * 1024];
    let mut reader = open().take(most);
    let is_whole = loop {
        match reader.read(&mut buffer) {
            Ok(0) => break true,
            Ok(count) => length += count,
            Err(_) => break false,
        }
    };
    bytes = Vec::new();
    bytes.reserve_exact(length);
    let _ = open().take(length as u64).read_to_end(&mut bytes);
    (bytes, is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::formats::testing::archive;

    /// Opens an archive and reads one part of it; `Err` is the text of the error.
    fn read(bytes: &[u8], part: &str, limits: &Limits) -> Result<(Option<String>, Vec<String>), String> {
        let mut budget = Budget::new("a.docx", limits);
        let source = Source { name: "a.docx", mime: None, bytes };
        let mut archive = Archive::open(&source, &budget).map_err(|e| e.to_string())?;
        let text = archive.text(part, &mut budget).map_err(|e| e.to_string())?;
        Ok((text, archive.problems.into_iter().map(|problem| problem.reason).collect()))
    }

    fn text(bytes: &[u8], part: &str) -> (Option<String>, Vec<String>) {
        read(bytes, part, &Limits::default()).unwrap()
    }

    /// Where the bytes of `needle` begin, the last time they do.
    fn last(bytes: &[u8], needle: &[u8]) -> usize {
        bytes.windows(needle.len()).rposition(|window| window == needle).unwrap()
    }

    /// An archive with one part that is not compressed.
    fn stored(name: &str, data: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
        let (mut entry, config) = archive.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(data).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
        archive.finish().unwrap()
    }

    #[test]
    fn parts_are_read_by_name() {
        let bytes = archive(&[("a.xml", "first"), ("b/c.xml", "zweiter Straße")]);
        assert_eq!(text(&bytes, "a.xml"), (Some("first".into()), vec![]));
        assert_eq!(text(&bytes, "b/c.xml"), (Some("zweiter Straße".into()), vec![]));
        assert_eq!(text(&bytes, "c.xml"), (None, vec![]));
        assert_eq!(text(&stored("a.xml", b"as it is"), "a.xml"), (Some("as it is".into()), vec![]));
    }

    #[test]
    fn of_two_parts_with_one_name_the_last_counts() {
        let bytes = archive(&[("a.xml", "old"), ("a.xml", "new")]);
        assert_eq!(text(&bytes, "a.xml").0.as_deref(), Some("new"));
    }

    #[test]
    fn a_damaged_part_is_named_and_kept() {
        let mut bytes = stored("a.xml", b"sound");
        let at = last(&bytes, b"sound");
        bytes[at] = b'r';
        assert_eq!(text(&bytes, "a.xml"), (Some("round".into()), vec!["its data is damaged".into()]));
    }

    #[test]
    fn what_cannot_be_unpacked_is_named() {
        let header = |change: fn(&mut [u8])| {
            let mut bytes = stored("a.xml", b"text");
            let at = last(&bytes, b"PK\x01\x02");
            change(&mut bytes[at..]);
            bytes
        };
        let unknown = header(|header| header[10] = 99);
        assert_eq!(text(&unknown, "a.xml"), (None, vec!["it is compressed in an unknown way".into()]));
        let elsewhere = header(|header| header[44] = 1);
        assert_eq!(text(&elsewhere, "a.xml"), (None, vec!["its place in the archive is damaged".into()]));
        let encrypted = header(|header| header[8] |= 1);
        let error = read(&encrypted, "a.xml", &Limits::default()).unwrap_err();
        assert!(error.contains("it is encrypted"), "{error}");
    }

    #[test]
    fn a_part_stops_expanding_at_its_ratio() {
        let bytes = archive(&[("a.xml", &"a".repeat(3_000_000))]);
        let limits = Limits { max_ratio: 10, ..Limits::default() };
        let error = read(&bytes, "a.xml", &limits).unwrap_err();
        assert!(error.contains("max_ratio (10)"), "{error}");
    }

    #[test]
    fn parts_share_what_they_may_expand_to() {
        let bytes = archive(&[("a.xml", &"a".repeat(900)), ("b.xml", &"b".repeat(900))]);
        let limits = Limits { max_expanded_bytes: 1000, ..Limits::default() };
        let mut budget = Budget::new("a.docx", &limits);
        let source = Source { name: "a.docx", mime: None, bytes: &bytes };
        let mut archive = Archive::open(&source, &budget).unwrap();
        assert!(archive.text("a.xml", &mut budget).is_ok());
        let error = archive.text("b.xml", &mut budget).unwrap_err().to_string();
        assert!(error.contains("max_expanded_bytes (1000)"), "{error}");
    }

    #[test]
    fn large_parts_take_as_much_as_they_hold() {
        let bytes = archive(&[("a.xml", &"a ".repeat(5_000_000))]);
        let limits = Limits { max_ratio: 9999, ..Limits::default() };
        let mut budget = Budget::new("a.docx", &limits);
        let source = Source { name: "a.docx", mime: None, bytes: &bytes };
        let mut archive = Archive::open(&source, &budget).unwrap();
        let text = archive.text("a.xml", &mut budget).unwrap().unwrap();
        assert_eq!((text.len(), text.capacity(), archive.problems.len()), (10_000_000, 10_000_000, 0));
    }

    #[test]
    fn parts_beside_the_content_are_small() {
        let bytes = archive(&[("a.xml", &"a".repeat(2_000_000))]);
        let limits = Limits { max_ratio: 9999, max_expanded_bytes: 32_000_000, ..Limits::default() };
        let mut budget = Budget::new("a.docx", &limits);
        let source = Source { name: "a.docx", mime: None, bytes: &bytes };
        let mut archive = Archive::open(&source, &budget).unwrap();
        let error = archive.small_text("a.xml", &mut budget).unwrap_err().to_string();
        assert!(error.contains("max_expanded_bytes (32000000)"), "{error}");
        assert!(archive.text("a.xml", &mut budget).unwrap().is_some());
    }

    #[test]
    fn entries_count_even_under_one_name() {
        let bytes = archive(&[("a.xml", "x"); 4]);
        let error = read(&bytes, "a.xml", &Limits { max_entries: 3, ..Limits::default() }).unwrap_err();
        assert!(error.contains("max_entries (3)"), "{error}");
    }
}
