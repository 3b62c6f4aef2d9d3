//! `Get` and `Scan` as SQL.

use bytes::Bytes;
use haversack_engine::seam::{Key, KeyRange, KvOp, KvReply, text_or_base64::Blob};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

/// Answers a read; writes answer nothing here.
pub fn read(connection: &Connection, op: &KvOp) -> rusqlite::Result<KvReply> {
    match op {
        KvOp::Get { keys } => get(connection, keys).map(KvReply::Values),
        KvOp::Scan { range, reverse, limit, keys_only } => {
            scan(connection, range, *reverse, *limit, *keys_only).map(KvReply::Entries)
        }
        KvOp::Next { .. } | KvOp::Commit { .. } => Err(rusqlite::Error::InvalidQuery),
    }
}

/// The value of one key, handed to `look` without a copy.
pub fn with_value<T>(
    connection: &Connection,
    key: &Key,
    look: impl FnOnce(&[u8]) -> T,
) -> rusqlite::Result<Option<T>> {
    connection
        .prepare_cached("SELECT value FROM kv WHERE key = ?1")?
        .query_row([key.as_str()], |row| Ok(look(bytes_of(row.get_ref(0)?))))
        .optional()
}

fn get(connection: &Connection, keys: &[Key]) -> rusqlite::Result<Vec<Option<Blob>>> {
    // One statement is one moment already; several need a transaction around them.
    let transaction = (keys.len() > 1).then(|| connection.unchecked_transaction()).transpose()?;
    let values = keys
        .iter()
        .map(|key| with_value(connection, key, |bytes| Blob(Bytes::copy_from_slice(bytes))))
        .collect::<rusqlite::Result<_>>()?;
    if let Some(transaction) = transaction {
        transaction.commit()?;
    }
    Ok(values)
}

fn scan(
    connection: &Connection,
    range: &KeyRange,
    reverse: bool,
    limit: u32,
    keys_only: bool,
) -> rusqlite::Result<Vec<(Key, Blob)>> {
    let sql = match (keys_only, reverse) {
        (false, false) => "SELECT key, value FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
        (false, true) => "SELECT key, value FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
        (true, false) => "SELECT key, '' FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
        (true, true) => "SELECT key, '' FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![range.start.as_str(), range.end.as_str(), limit], |row| {
        let key = row.get_ref(0)?.as_str().map(Key::new)?;
        Ok((key, Blob(Bytes::copy_from_slice(bytes_of(row.get_ref(1)?)))))
    })?;
    rows.collect()
}

/// The column's affinity leaves nothing but text and blobs.
fn bytes_of(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
}
