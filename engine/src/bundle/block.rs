use super::{BundleError, KEY_BYTES_MAX, VALUE_BYTES_MAX, u16_at, u32_at};
use crate::seam::Key;
use bytes::Bytes;

/// The entries of one block, checked. A clone shares the bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    entries: Vec<Entry>,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Its value, a part of the block's bytes.
    pub value: Bytes,
}

/// Bytes of an entry in front of its key.
const LENGTHS: usize = 6;

/// Adds an entry's bytes.
pub(super) fn encode(key: &Key, value: &[u8], into: &mut Vec<u8>) -> Result<(), BundleError> {
    let name = key.as_str().as_bytes();
    let too_large = |what: &str| Err(BundleError::Entry(format!("the {what} of {key:.80} is too long")));
    let Ok(name_len) = u16::try_from(name.len()) else { return too_large("key") };
    let Ok(len) = u32::try_from(value.len()) else { return too_large("value") };
    if name.is_empty() || name.len() > KEY_BYTES_MAX {
        return too_large("key");
    }
    if value.len() > VALUE_BYTES_MAX {
        return too_large("value");
    }
    into.extend_from_slice(&name_len.to_le_bytes());
    into.extend_from_slice(&len.to_le_bytes());
    into.extend_from_slice(name);
    into.extend_from_slice(value);
    Ok(())
}

/// Bytes that an entry takes.
pub(super) fn size(key: &Key, value: &[u8]) -> usize {
    LENGTHS + key.as_str().len() + value.len()
}

impl Block {
    /// The entries of a block's bytes.
    ///
    /// # Errors
    /// [`BundleError::Damaged`] if the checksum does not fit, an entry is cut short, or keys do not ascend.
    pub fn decode(bytes: &Bytes, crc: u32) -> Result<Block, BundleError> {
        if crate::checksum::crc32(bytes) != crc {
            return Err(BundleError::damaged("a block does not match its checksum"));
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let (entry, next) = read(bytes, at)?;
            if entries.last().is_some_and(|last| last.key >= entry.key) {
                return Err(BundleError::damaged(format!("{} is out of order", entry.key)));
            }
            entries.push(entry);
            at = next;
        }
        Ok(Block { entries })
    }

    /// The entries in key order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Bytes of all entries.
    pub(super) fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| size(&entry.key, &entry.value)).sum()
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Bytes> {
        let at = self.entries.binary_search_by(|entry| entry.key.cmp(key)).ok()?;
        self.entries.get(at).map(|entry| &entry.value)
    }
}

/// The entry at `at`, and where the next one begins.
fn read(bytes: &Bytes, at: usize) -> Result<(Entry, usize), BundleError> {
    let cut = || BundleError::damaged("an entry is cut short");
    let name_len = u16_at(bytes, at).ok_or_else(cut)?;
    let len = u32_at(bytes, at + 2).ok_or_else(cut)? as usize;
    if name_len == 0 || name_len > KEY_BYTES_MAX || len > VALUE_BYTES_MAX {
        return Err(BundleError::damaged("an entry has an impossible length"));
    }
    let name_at = at + LENGTHS;
    let value_at = name_at + name_len;
    let end = value_at + len;
    let name = bytes.get(name_at..value_at).ok_or_else(cut)?;
    if end > bytes.len() {
        return Err(cut());
    }
    Ok((Entry { key: key(name)?, value: bytes.slice(value_at..end) }, end))
}

/// A key as it was written: printable ASCII.
pub(super) fn key(name: &[u8]) -> Result<Key, BundleError> {
    match std::str::from_utf8(name) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Key::new(text)),
        _ => Err(BundleError::damaged("a key is not printable ASCII")),
    }
}
