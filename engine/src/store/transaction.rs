//! Optimistic transactions: read, decide, commit if nothing that was read has changed.

use super::StoreError;
use super::read::{get_both, parse, scan_stored, unexpected};
use super::seal;
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key, KeyRange, KvOp, KvReply, Write};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Reads and writes that take effect together or not at all.
pub struct Transaction {
    cx: Cx,
    /// What was read, as it is stored, and its value.
    read: BTreeMap<Key, Option<(Blob, Bytes)>>,
    writes: Vec<Write>,
}

impl Transaction {
    /// An empty one.
    pub fn new(cx: &Cx) -> Transaction {
        Transaction { cx: cx.clone(), read: BTreeMap::new(), writes: Vec::new() }
    }

    /// A record, which must not change before the commit.
    pub async fn get<T: DeserializeOwned>(&mut self, key: Key) -> Result<Option<T>, StoreError> {
        match self.get_raw(key.clone()).await? {
            Some(bytes) => Ok(Some(parse(&self.cx, &key, &bytes).await?)),
            None => Ok(None),
        }
    }

    /// A value as bytes, which must not change before the commit.
    pub async fn get_raw(&mut self, key: Key) -> Result<Option<Bytes>, StoreError> {
        if let Some(known) = self.read.get(&key) {
            return Ok(known.as_ref().map(|(_, value)| value.clone()));
        }
        let found = get_both(&self.cx, &key).await?;
        let value = found.as_ref().map(|(_, value)| value.clone());
        self.read.insert(key, found);
        Ok(value)
    }

    /// Every record of a range, none of which may change before the commit. Records that come into the
    /// range meanwhile are not noticed.
    pub async fn scan<T: DeserializeOwned>(&mut self, range: KeyRange) -> Result<Vec<(Key, T)>, StoreError> {
        const PAGE: u32 = 500;
        let mut records = Vec::new();
        let mut rest = range;
        loop {
            let entries = scan_stored(&self.cx, rest.clone(), false, PAGE, false).await?;
            let full = entries.len() >= PAGE as usize;
            for (key, stored) in entries {
                let value = match seal::open(&key, stored.0.clone()) {
                    Ok(opened) => opened.value,
                    Err(why) => return Err(super::damaged(&self.cx, &key, why).await),
                };
                records.push((key.clone(), parse(&self.cx, &key, &value).await?));
                self.read.insert(key, Some((stored, value)));
            }
            match records.last() {
                Some((last, _)) if full => rest.start = super::key::after(last),
                _ => return Ok(records),
            }
        }
    }

    /// The commit is to fail if `key` exists by then.
    pub fn expect_absent(&mut self, key: Key) {
        self.read.insert(key, None);
    }

    /// Sets a record.
    pub fn put<T: Serialize>(&mut self, key: Key, record: &T) -> Result<(), StoreError> {
        let bytes =
            serde_json::to_vec(record).map_err(|e| StoreError::Damaged(key.clone(), e.to_string()))?;
        self.put_raw(key, bytes.into());
        Ok(())
    }

    /// Sets a value of bytes.
    pub fn put_raw(&mut self, key: Key, value: Bytes) {
        self.writes.push(Write::Put(key, value));
    }

    /// Removes a key.
    pub fn delete(&mut self, key: Key) {
        self.writes.push(Write::Delete(key));
    }

    /// Removes a range of keys.
    pub fn delete_range(&mut self, range: KeyRange) {
        self.writes.push(Write::DeleteRange(range));
    }

    /// Whether there is anything to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Commits: true if it took effect and is durable, false if something read had changed.
    pub async fn commit(self) -> Result<bool, StoreError> {
        let expect = self.read.into_iter().map(|(key, read)| (key, read.map(|(stored, _)| stored)));
        commit(&self.cx, expect.collect(), self.writes).await
    }
}

/// Commits `writes`, whose values get their check sums here, if every key of `expect` has the value given, as it is
/// stored. Whether it took effect.
pub(crate) async fn commit(
    cx: &Cx,
    expect: Vec<(Key, Option<Blob>)>,
    writes: Vec<Write>,
) -> Result<bool, StoreError> {
    let sealed = writes.into_iter().map(|write| match write {
        Write::Put(key, value) => {
            let value = seal::seal(&key, &value);
            Write::Put(key, value)
        }
        other => other,
    });
    match cx.call(KvOp::Commit { expect, writes: sealed.collect() }).await? {
        KvReply::Committed => Ok(true),
        KvReply::Conflict => Ok(false),
        _ => Err(unexpected()),
    }
}

/// Runs of the same transaction until one commits.
pub struct Attempts {
    cx: Cx,
    made: u32,
}

/// With 200 writers of one record, each round lets at least one through.
const MOST: u32 = 1000;

/// Starts a series of attempts:
///
/// ```text
/// let mut attempts = retry(&cx);
/// loop {
///     let mut tx = attempts.next().await?;
///     … read, decide, put …
///     if tx.commit().await? { return Ok(…) }
/// }
/// ```
pub fn retry(cx: &Cx) -> Attempts {
    Attempts { cx: cx.clone(), made: 0 }
}

impl Attempts {
    /// The next attempt; [`StoreError::Contended`] after a thousand. Waits a little, at random, once
    /// several have failed, so that writers do not march in step.
    pub async fn next(&mut self) -> Result<Transaction, StoreError> {
        if self.made >= MOST {
            return Err(StoreError::Contended);
        }
        if self.made >= 3 {
            let mut byte = [0];
            self.cx.random(&mut byte);
            self.cx.sleep(1 + u64::from(byte[0] % 8)).await;
        }
        self.made += 1;
        Ok(Transaction::new(&self.cx))
    }
}
