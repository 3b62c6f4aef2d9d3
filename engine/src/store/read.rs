//! Reading records outside of a transaction.

use super::{StoreError, key};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, HostError, HostErrorKind, Key, KeyRange, KvOp, KvReply};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// How many entries one scan asks for: bounds what a host holds at once.
const PAGE: u32 = 500;

pub(super) fn unexpected() -> StoreError {
    HostError::new(HostErrorKind::Failed, "the store answered with another kind").into()
}

pub(super) fn parse<T: DeserializeOwned>(key: &Key, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|e| StoreError::Damaged(key.clone(), e.to_string()))
}

/// Records to be found by their ids. Not collected: that sorts, and every place that collects gets a sort of its own,
/// which in a build for browsers is a kilobyte of download.
pub fn by_id<K: Ord, T>(entries: impl IntoIterator<Item = (K, T)>) -> BTreeMap<K, T> {
    let mut found = BTreeMap::new();
    for (id, record) in entries {
        found.insert(id, record);
    }
    found
}

/// Raw values, in the order of `keys`.
pub async fn get_bytes(cx: &Cx, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>, StoreError> {
    let wanted = keys.len();
    match cx.call(KvOp::Get { keys }).await? {
        KvReply::Values(values) if values.len() == wanted => {
            Ok(values.into_iter().map(|value| value.map(|Blob(bytes)| bytes)).collect())
        }
        _ => Err(unexpected()),
    }
}

/// Raw values of keys that ought to be there, with the keys; absent ones are left out.
pub async fn require_values(cx: &Cx, keys: Vec<Key>) -> Result<Vec<(Key, Bytes)>, StoreError> {
    let values = get_bytes(cx, keys.clone()).await?;
    Ok(keys.into_iter().zip(values).filter_map(|(key, value)| value.map(|v| (key, v))).collect())
}

/// One record.
pub async fn get<T: DeserializeOwned>(cx: &Cx, key: Key) -> Result<Option<T>, StoreError> {
    let values = get_bytes(cx, vec![key.clone()]).await?;
    values.into_iter().next().flatten().map(|bytes| parse(&key, &bytes)).transpose()
}

/// Several records, in the order of `keys`, from one moment.
pub async fn get_many<T: DeserializeOwned>(cx: &Cx, keys: Vec<Key>) -> Result<Vec<Option<T>>, StoreError> {
    let values = get_bytes(cx, keys.clone()).await?;
    keys.iter().zip(values).map(|(key, value)| value.map(|v| parse(key, &v)).transpose()).collect()
}

/// Every record of a range in key order. Large ranges come from several moments.
pub async fn all<T: DeserializeOwned>(cx: &Cx, range: KeyRange) -> Result<Vec<(Key, T)>, StoreError> {
    let mut records = Vec::new();
    let mut rest = range;
    loop {
        let entries = scan(cx, rest.clone(), false, PAGE, false).await?;
        let full = entries.len() >= PAGE as usize;
        for (key, Blob(bytes)) in entries {
            let record = parse(&key, &bytes)?;
            records.push((key, record));
        }
        match records.last() {
            Some((last, _)) if full => rest.start = key::after(last),
            _ => return Ok(records),
        }
    }
}

/// Every key of a range in order.
pub async fn scan_keys(cx: &Cx, range: KeyRange) -> Result<Vec<Key>, StoreError> {
    let mut keys: Vec<Key> = Vec::new();
    let mut rest = range;
    loop {
        let entries = scan(cx, rest.clone(), false, PAGE * 4, true).await?;
        let full = entries.len() >= PAGE as usize * 4;
        keys.extend(entries.into_iter().map(|(key, _)| key));
        match keys.last() {
            Some(last) if full => rest.start = key::after(last),
            _ => return Ok(keys),
        }
    }
}

/// The first `n` records of a range.
pub async fn first_n<T: DeserializeOwned>(
    cx: &Cx,
    range: KeyRange,
    n: u32,
) -> Result<Vec<(Key, T)>, StoreError> {
    let entries = scan(cx, range, false, n, false).await?;
    entries.into_iter().map(|(key, Blob(b))| parse(&key, &b).map(|r| (key, r))).collect()
}

/// The last `n` records of a range, last first.
pub async fn last_n<T: DeserializeOwned>(
    cx: &Cx,
    range: KeyRange,
    n: u32,
) -> Result<Vec<(Key, T)>, StoreError> {
    let entries = scan(cx, range, true, n, false).await?;
    entries.into_iter().map(|(key, Blob(b))| parse(&key, &b).map(|r| (key, r))).collect()
}

/// A page of raw entries.
pub(crate) async fn scan(
    cx: &Cx,
    range: KeyRange,
    reverse: bool,
    limit: u32,
    keys_only: bool,
) -> Result<Vec<(Key, Blob)>, StoreError> {
    match cx.call(KvOp::Scan { range, reverse, limit, keys_only }).await? {
        KvReply::Entries(entries) => Ok(entries),
        _ => Err(unexpected()),
    }
}

/// The next number of a sequence, from 1.
pub async fn next_id(cx: &Cx, sequence: &str) -> Result<u64, StoreError> {
    next_ids(cx, sequence, 1).await
}

/// Takes `count` numbers of a sequence; the first of them.
pub async fn next_ids(cx: &Cx, sequence: &str, count: u32) -> Result<u64, StoreError> {
    match cx.call(KvOp::Next { key: key::sequence(sequence), count }).await? {
        KvReply::Next(last) => Ok(last.saturating_sub(u64::from(count)) + 1),
        _ => Err(unexpected()),
    }
}
