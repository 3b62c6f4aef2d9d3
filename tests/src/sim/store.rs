//! The ordered key-value store of the simulation: what every real host must offer.

use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, KeyRange, KvOp, KvReply, Write};
use haversack_engine::store::seal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Committed state only: what survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    records: BTreeMap<Key, Bytes>,
    commits: u64,
}

impl Store {
    /// Performs an operation, at once and whole.
    pub fn perform(&mut self, op: &KvOp) -> KvReply {
        match op {
            KvOp::Get { keys } => {
                KvReply::Values(keys.iter().map(|key| self.records.get(key).cloned().map(Blob)).collect())
            }
            KvOp::Scan { range, reverse, limit, keys_only } => {
                KvReply::Entries(self.scan(range, *reverse, *limit, *keys_only))
            }
            KvOp::Next { key, count } => {
                let last = self.number(key) + u64::from(*count);
                self.records.insert(key.clone(), last.to_string().into());
                KvReply::Next(last)
            }
            KvOp::Commit { expect, writes } => {
                let unchanged = |(key, value): &(Key, Option<Blob>)| {
                    self.records.get(key) == value.as_ref().map(|Blob(bytes)| bytes)
                };
                if !expect.iter().all(unchanged) {
                    return KvReply::Conflict;
                }
                writes.iter().for_each(|write| self.write(write));
                self.commits += 1;
                KvReply::Committed
            }
            KvOp::Damaged { .. } => KvReply::Noted,
        }
    }

    /// The same with values as they were before they got their check sums.
    pub fn opened(&self) -> Result<Store, String> {
        let open = |(key, value)| match seal::plain(key, value) {
            Ok(value) => Ok((key.clone(), value)),
            Err(why) => Err(format!("{key}: {why}")),
        };
        let records = self.records.iter().map(open).collect::<Result<_, String>>()?;
        Ok(Store { records, commits: self.commits })
    }

    /// One record.
    pub fn get(&self, key: &Key) -> Option<&Bytes> {
        self.records.get(key)
    }

    /// The records of a range in key order.
    pub fn range(&self, range: &KeyRange) -> impl DoubleEndedIterator<Item = (&Key, &Bytes)> {
        // `BTreeMap::range` panics on a range that ends before it starts; here it is just empty.
        let end = range.end.clone().max(range.start.clone());
        self.records.range((Bound::Included(range.start.clone()), Bound::Excluded(end)))
    }

    /// Every record in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Bytes)> {
        self.records.iter()
    }

    /// How many commits succeeded.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// A fingerprint of all records.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (key, value) in &self.records {
            hash.update((key.as_str().len() as u64).to_le_bytes());
            hash.update(key.as_str());
            hash.update((value.len() as u64).to_le_bytes());
            hash.update(value);
        }
        hash.finalize().into()
    }

    fn scan(&self, range: &KeyRange, reverse: bool, limit: u32, keys_only: bool) -> Vec<(Key, Blob)> {
        let entry = |(key, value): (&Key, &Bytes)| {
            (key.clone(), Blob(if keys_only { Bytes::new() } else { value.clone() }))
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let entries = self.range(range);
        if reverse {
            entries.rev().take(limit).map(entry).collect()
        } else {
            entries.take(limit).map(entry).collect()
        }
    }

    fn number(&self, key: &Key) -> u64 {
        let text = self.records.get(key).and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Put(key, value) => {
                self.records.insert(key.clone(), value.clone());
            }
            Write::Delete(key) => {
                self.records.remove(key);
            }
            Write::DeleteRange(range) => {
                let keys: Vec<Key> = self.range(range).map(|(key, _)| key.clone()).collect();
                for key in keys {
                    self.records.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: &'static str) -> Write {
        Write::Put(Key::new(key), Bytes::from_static(value.as_bytes()))
    }

    fn commit(expect: Vec<(Key, Option<Blob>)>, writes: Vec<Write>) -> KvOp {
        KvOp::Commit { expect, writes }
    }

    #[test]
    fn a_commit_is_whole_or_nothing() {
        let mut store = Store::default();
        let absent = vec![(Key::new("a"), None)];
        assert_eq!(
            store.perform(&commit(absent.clone(), vec![put("a", "1"), put("b", "2")])),
            KvReply::Committed
        );
        let before = store.clone();
        assert_eq!(store.perform(&commit(absent, vec![put("b", "3"), put("c", "4")])), KvReply::Conflict);
        assert_eq!(store, before);
        let range = KeyRange { start: Key::new("a"), end: Key::new("b") };
        assert_eq!(store.perform(&commit(vec![], vec![Write::DeleteRange(range)])), KvReply::Committed);
        assert_eq!(store.iter().map(|(k, _)| k.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn scans_are_bounded_ordered_and_half_open() {
        let mut store = Store::default();
        store.perform(&commit(vec![], ["a", "b", "c", "d"].map(|k| put(k, "x")).into()));
        let mut keys = |start: &str, end: &str, reverse, limit| {
            let range = KeyRange { start: Key::new(start), end: Key::new(end) };
            let KvReply::Entries(found) =
                store.perform(&KvOp::Scan { range, reverse, limit, keys_only: true })
            else {
                return String::new();
            };
            found.iter().map(|(k, _)| k.as_str()).collect()
        };
        assert_eq!(keys("a", "d", false, 9), "abc");
        assert_eq!(keys("a", "d", true, 2), "cb");
        assert_eq!(keys("d", "a", false, 9), "");
    }

    #[test]
    fn sequences_start_at_one_and_never_repeat() {
        let mut store = Store::default();
        let mut next = |count| store.perform(&KvOp::Next { key: Key::new("seq/x"), count });
        assert_eq!([next(1), next(3), next(1)], [1, 4, 5].map(KvReply::Next));
    }
}
