//! Reading records outside of a transaction.

use super::{StoreError, key, seal};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, HostError, HostErrorKind, Key, KeyRange, KvOp, KvReply, Work};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// How many entries one scan asks for: bounds what a host holds at once.
const PAGE: u32 = 500;

pub(super) fn unexpected() -> StoreError {
    HostError::new(HostErrorKind::Failed, "the store answered with another kind").into()
}

pub(super) async fn parse<T: DeserializeOwned>(cx: &Cx, key: &Key, bytes: &[u8]) -> Result<T, StoreError> {
    match serde_json::from_slice(bytes) {
        Ok(record) => Ok(record),
        Err(error) => Err(damaged(cx, key, error.to_string()).await),
    }
}

/// The error of a record that is damaged. Tells the host, so that nothing more is written until it is repaired.
pub(crate) async fn damaged(cx: &Cx, key: &Key, why: impl Into<String>) -> StoreError {
    let why = why.into();
    note_damage(cx, key, &why).await;
    StoreError::Damaged(key.clone(), why)
}

/// Tells the host of a damaged record.
pub(crate) async fn note_damage(cx: &Cx, key: &Key, why: &str) {
    // A host that keeps no such note has nothing to say to it: the read fails all the same.
    let _ = cx.call(KvOp::Damaged { key: key.clone(), why: why.to_owned() }).await;
}

/// A value without its check sum, which has to match.
async fn open(cx: &Cx, key: &Key, stored: Bytes) -> Result<Bytes, StoreError> {
    match seal::open(key, stored) {
        Ok(opened) => Ok(opened.value),
        Err(why) => Err(damaged(cx, key, why).await),
    }
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

/// Values as bytes, in the order of `keys`.
pub async fn get_bytes(cx: &Cx, keys: Vec<Key>) -> Result<Vec<Option<Bytes>>, StoreError> {
    let stored = get_stored(cx, keys.clone()).await?;
    let mut values = Vec::with_capacity(stored.len());
    for (key, value) in keys.iter().zip(stored) {
        values.push(match value {
            Some(Blob(bytes)) => Some(open(cx, key, bytes).await?),
            None => None,
        });
    }
    Ok(values)
}

/// Values as they are stored, with their check sums.
pub(crate) async fn get_stored(cx: &Cx, keys: Vec<Key>) -> Result<Vec<Option<Blob>>, StoreError> {
    let wanted = keys.len();
    match cx.call(KvOp::Get { keys }).await? {
        KvReply::Values(values) if values.len() == wanted => Ok(values),
        _ => Err(unexpected()),
    }
}

/// A value as it is stored, and without its check sum.
pub(super) async fn get_both(cx: &Cx, key: &Key) -> Result<Option<(Blob, Bytes)>, StoreError> {
    match get_stored(cx, vec![key.clone()]).await?.into_iter().next().flatten() {
        Some(stored) => {
            let value = open(cx, key, stored.0.clone()).await?;
            Ok(Some((stored, value)))
        }
        None => Ok(None),
    }
}

/// Raw values of keys that ought to be there, with the keys; absent ones are left out.
pub async fn require_values(cx: &Cx, keys: Vec<Key>) -> Result<Vec<(Key, Bytes)>, StoreError> {
    let values = get_bytes(cx, keys.clone()).await?;
    Ok(keys.into_iter().zip(values).filter_map(|(key, value)| value.map(|v| (key, v))).collect())
}

/// One record.
pub async fn get<T: DeserializeOwned>(cx: &Cx, key: Key) -> Result<Option<T>, StoreError> {
    let records = get_many(cx, vec![key]).await?;
    Ok(records.into_iter().next().flatten())
}

/// Several records, in the order of `keys`, from one moment.
pub async fn get_many<T: DeserializeOwned>(cx: &Cx, keys: Vec<Key>) -> Result<Vec<Option<T>>, StoreError> {
    let values = get_bytes(cx, keys.clone()).await?;
    let (mut records, mut slices) = (Vec::with_capacity(values.len()), cx.slices());
    for (key, value) in keys.iter().zip(values) {
        let Some(bytes) = value else {
            records.push(None);
            continue;
        };
        records.push(Some(parse(cx, key, &bytes).await?));
        slices.spend(Work::Json(bytes.len())).await;
    }
    Ok(records)
}

/// Every record of a range in key order. Large ranges come from several moments.
pub async fn all<T: DeserializeOwned>(cx: &Cx, range: KeyRange) -> Result<Vec<(Key, T)>, StoreError> {
    let mut records = Vec::new();
    let mut rest = range;
    loop {
        let entries = scan(cx, rest.clone(), false, PAGE, false).await?;
        let full = entries.len() >= PAGE as usize;
        records.extend(parse_all(cx, entries).await?);
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
    parse_all(cx, entries).await
}

/// The last `n` records of a range, last first.
pub async fn last_n<T: DeserializeOwned>(
    cx: &Cx,
    range: KeyRange,
    n: u32,
) -> Result<Vec<(Key, T)>, StoreError> {
    let entries = scan(cx, range, true, n, false).await?;
    parse_all(cx, entries).await
}

async fn parse_all<T: DeserializeOwned>(
    cx: &Cx,
    entries: Vec<(Key, Blob)>,
) -> Result<Vec<(Key, T)>, StoreError> {
    let (mut records, mut slices) = (Vec::with_capacity(entries.len()), cx.slices());
    for (key, Blob(bytes)) in entries {
        let record = parse(cx, &key, &bytes).await?;
        records.push((key, record));
        slices.spend(Work::Json(bytes.len())).await;
    }
    Ok(records)
}

/// A page of entries as bytes.
pub(crate) async fn scan(
    cx: &Cx,
    range: KeyRange,
    reverse: bool,
    limit: u32,
    keys_only: bool,
) -> Result<Vec<(Key, Blob)>, StoreError> {
    let mut entries = scan_stored(cx, range, reverse, limit, keys_only).await?;
    if !keys_only {
        for (key, Blob(bytes)) in &mut entries {
            *bytes = open(cx, key, std::mem::take(bytes)).await?;
        }
    }
    Ok(entries)
}

/// A page of entries as they are stored, with their check sums.
pub(crate) async fn scan_stored(
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
