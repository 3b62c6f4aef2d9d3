//! What is written in front of a store that cannot be written to: kept in memory, gone with the instance.

use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KeyRange, Write};
use haversack_engine::store::key::is_passing;
use std::collections::BTreeMap;

/// Bytes of keys and values, at most. An instance that has more must go, not grow.
const BYTES_MAX: usize = 8 << 20;

/// Keys and what they have become; `None`: deleted.
#[derive(Default)]
pub struct Overlay {
    entries: BTreeMap<Key, Option<Bytes>>,
    bytes: usize,
}

impl Overlay {
    /// What `key` has become; `None` if it is as it was below.
    pub fn get(&self, key: &Key) -> Option<&Option<Bytes>> {
        self.entries.get(key)
    }

    /// Puts what is here over `below`, entries of `range` in key order or backwards.
    pub fn merge(
        &self,
        range: &KeyRange,
        reverse: bool,
        below: Vec<(Key, Blob)>,
        limit: usize,
    ) -> Vec<(Key, Blob)> {
        let mut merged: BTreeMap<Key, Blob> = below.into_iter().collect();
        for (key, value) in self.entries.range(range.start.clone()..range.end.clone()) {
            match value {
                Some(value) => merged.insert(key.clone(), Blob(value.clone())),
                None => merged.remove(key),
            };
        }
        match reverse {
            false => merged.into_iter().take(limit).collect(),
            true => merged.into_iter().rev().take(limit).collect(),
        }
    }

    /// How many entries of a range are deleted here: so many more are to be read below.
    pub fn deleted_in(&self, range: &KeyRange) -> usize {
        let entries = self.entries.range(range.start.clone()..range.end.clone());
        entries.filter(|(_, value)| value.is_none()).count()
    }

    /// Whether all of `writes` are of the kind that may be forgotten.
    pub fn check(&self, writes: &[Write]) -> Result<(), HostError> {
        let key = |write: &Write| match write {
            Write::Put(key, _) | Write::Delete(key) => key.clone(),
            Write::DeleteRange(range) => range.start.clone(),
        };
        if !writes.iter().all(|write| is_passing(&key(write))) {
            let message = "the documents of this server are sealed: import a new file to change them";
            return Err(HostError::new(HostErrorKind::Refused, message));
        }
        if self.bytes > BYTES_MAX {
            return Err(HostError::new(HostErrorKind::Full, "this instance remembers as much as it can"));
        }
        Ok(())
    }

    /// Does `writes` in order. They passed [`Overlay::check`], and nothing of that kind is in a sealed file: what a range
    /// deletes is all here.
    pub fn write(&mut self, writes: Vec<Write>) {
        for write in writes {
            match write {
                Write::Put(key, value) => self.put(key, Some(value)),
                Write::Delete(key) => self.put(key, None),
                Write::DeleteRange(range) => {
                    let inside: Vec<Key> =
                        self.entries.range(range.start..range.end).map(|(key, _)| key.clone()).collect();
                    inside.into_iter().for_each(|key| self.put(key, None));
                }
            }
        }
    }

    fn put(&mut self, key: Key, value: Option<Bytes>) {
        let size = |value: &Option<Bytes>| value.as_ref().map_or(0, Bytes::len);
        self.bytes += size(&value);
        let length = key.as_str().len();
        match self.entries.insert(key, value) {
            Some(before) => self.bytes -= size(&before),
            None => self.bytes += length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_again_counts_once() {
        let mut overlay = Overlay::default();
        let key = Key::new("rate/1");
        for length in [10, 4_000, 7] {
            overlay.write(vec![Write::Put(key.clone(), vec![0; length].into())]);
            assert_eq!(overlay.bytes, "rate/1".len() + length);
        }
        overlay.write(vec![Write::Delete(key.clone())]);
        assert_eq!(overlay.bytes, "rate/1".len());
        assert_eq!(overlay.get(&key), Some(&None));
    }

    #[test]
    fn documents_cannot_be_written_over() {
        let overlay = Overlay::default();
        assert!(overlay.check(&[Write::Put(Key::new("chat/1"), Bytes::new())]).is_ok());
        let refused = overlay.check(&[Write::Put(Key::new("ws/1"), Bytes::new())]).unwrap_err();
        assert_eq!(refused.kind, HostErrorKind::Refused);
    }
}
