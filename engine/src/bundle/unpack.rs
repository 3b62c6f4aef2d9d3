use super::{Block, BundleError, Catalog, MANIFEST, Manifest};
use crate::seam::Key;
use crate::store::key;
use bytes::Bytes;

/// The records of a store in which there is this workspace and nothing else: what importing a whole file into an empty
/// store comes to, without importing it. Values share the file's bytes, and what is added later gets numbers behind its
/// own.
///
/// # Errors
/// As [`Catalog::of_file`] and [`Block::decode`]; [`BundleError::Damaged`] if it has no manifest.
pub fn unpack(file: &Bytes) -> Result<Vec<(Key, Bytes)>, BundleError> {
    let mut records: Vec<(Key, Bytes)> = Vec::new();
    let mut manifest: Option<Manifest> = None;
    let mut last = Last::default();
    for place in Catalog::of_file(file)?.places() {
        let (Ok(start), Ok(end)) = (usize::try_from(place.range.start), usize::try_from(place.range.end))
        else {
            return Err(BundleError::CutShort);
        };
        for entry in Block::decode(&file.slice(start..end), place.crc)?.entries() {
            if entry.key.as_str() == MANIFEST {
                let read = serde_json::from_slice(&entry.value);
                manifest = Some(read.map_err(|e| BundleError::damaged(format!("its manifest: {e}")))?);
                continue;
            }
            last.see(&entry.key);
            records.push((entry.key.clone(), entry.value.clone()));
        }
    }
    let manifest = manifest.ok_or_else(|| BundleError::damaged("it has no manifest"))?;
    let number = |key: Key, number: u64| (key, Bytes::from(number.to_string()));
    records.push(number(key::format(), manifest.layout.into()));
    records.push(number(key::sequence("ws"), last.workspace));
    records.push(number(key::sequence("placement"), last.placement));
    records.push(number(key::sequence("segment"), last.segment));
    Ok(records)
}

/// The largest numbers.
#[derive(Default)]
struct Last {
    workspace: u64,
    placement: u64,
    segment: u64,
}

impl Last {
    fn see(&mut self, key: &Key) {
        let mut parts = key.as_str().split('/');
        let (kind, first, second) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        match kind {
            Some("ws") => self.workspace = self.workspace.max(number(first)),
            Some("wsdoc") => self.placement = self.placement.max(number(second)),
            Some("chunk" | "row" | "vec" | "code") => self.segment = self.segment.max(number(second)),
            _ => {}
        }
    }
}
