//! Records in memory.

use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, KeyRange, KvOp, KvReply, Write};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Ordered records. One thread has them, so each operation is whole.
#[derive(Default)]
pub struct Memory(BTreeMap<Key, Bytes>);

impl Memory {
    /// With these in it.
    pub fn of(records: Vec<(Key, Bytes)>) -> Memory {
        let mut memory = Memory::default();
        memory.0.extend(records);
        memory
    }

    /// Performs an operation.
    pub fn execute(&mut self, op: &KvOp) -> KvReply {
        match op {
            KvOp::Get { keys } => {
                KvReply::Values(keys.iter().map(|key| self.0.get(key).cloned().map(Blob)).collect())
            }
            KvOp::Scan { range, reverse, limit, keys_only } => {
                let entry = |(key, value): (&Key, &Bytes)| {
                    (key.clone(), Blob(if *keys_only { Bytes::new() } else { value.clone() }))
                };
                let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                let entries = self.range(range);
                KvReply::Entries(match reverse {
                    true => entries.rev().take(limit).map(entry).collect(),
                    false => entries.take(limit).map(entry).collect(),
                })
            }
            KvOp::Next { key, count } => {
                let last = self.0.get(key).map_or(0, |value| number(value)) + u64::from(*count);
                self.0.insert(key.clone(), last.to_string().into());
                KvReply::Next(last)
            }
            KvOp::Commit { expect, writes } => {
                let changed = |(key, value): &(Key, Option<Blob>)| {
                    self.0.get(key) != value.as_ref().map(|Blob(bytes)| bytes)
                };
                if expect.iter().any(changed) {
                    return KvReply::Conflict;
                }
                writes.iter().for_each(|write| self.write(write));
                KvReply::Committed
            }
            KvOp::Damaged { .. } => KvReply::Noted,
        }
    }

    fn range(&self, range: &KeyRange) -> impl DoubleEndedIterator<Item = (&Key, &Bytes)> {
        // A map panics at a range that ends before it starts; here it is just empty.
        let end = range.end.clone().max(range.start.clone());
        self.0.range((Bound::Included(range.start.clone()), Bound::Excluded(end)))
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Put(key, value) => {
                self.0.insert(key.clone(), value.clone());
            }
            Write::Delete(key) => {
                self.0.remove(key);
            }
            Write::DeleteRange(range) => {
                let keys: Vec<Key> = self.range(range).map(|(key, _)| key.clone()).collect();
                for key in keys {
                    self.0.remove(&key);
                }
            }
        }
    }
}

/// A sequence is kept as digits; anything else counts as nothing.
pub fn number(value: &[u8]) -> u64 {
    std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: &str, value: &'static str) -> Write {
        Write::Put(Key::new(key), Bytes::from_static(value.as_bytes()))
    }

    fn keys(memory: &mut Memory, start: &str, end: &str, reverse: bool, limit: u32) -> Vec<String> {
        let range = KeyRange { start: Key::new(start), end: Key::new(end) };
        match memory.execute(&KvOp::Scan { range, reverse, limit, keys_only: true }) {
            KvReply::Entries(entries) => entries.iter().map(|(key, _)| key.to_string()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_commit_is_whole_or_nothing() {
        let mut memory = Memory::default();
        let absent = vec![(Key::new("a"), None)];
        let op = KvOp::Commit { expect: absent, writes: vec![put("a", "1"), put("b", "2"), put("c", "3")] };
        assert_eq!(memory.execute(&op), KvReply::Committed);
        assert_eq!(memory.execute(&op), KvReply::Conflict);
        let range = KeyRange { start: Key::new("a"), end: Key::new("c") };
        let writes = vec![Write::DeleteRange(range), put("d", "4")];
        let expect = vec![(Key::new("a"), Some(Blob(Bytes::from_static(b"1"))))];
        assert_eq!(memory.execute(&KvOp::Commit { expect, writes }), KvReply::Committed);
        assert_eq!(keys(&mut memory, "", "~", false, 9), ["c", "d"]);
    }

    #[test]
    fn scans_go_both_ways_and_stop() {
        let mut memory = Memory::default();
        let writes = vec![put("a", ""), put("b", ""), put("c", "")];
        memory.execute(&KvOp::Commit { expect: vec![], writes });
        assert_eq!(keys(&mut memory, "a", "c", false, 9), ["a", "b"]);
        assert_eq!(keys(&mut memory, "a", "d", true, 2), ["c", "b"]);
        assert!(keys(&mut memory, "c", "a", false, 9).is_empty());
    }

    #[test]
    fn numbers_are_counted_up() {
        let mut memory = Memory::default();
        let next = KvOp::Next { key: Key::new("n"), count: 3 };
        assert_eq!(memory.execute(&next), KvReply::Next(3));
        assert_eq!(memory.execute(&next), KvReply::Next(6));
    }
}
