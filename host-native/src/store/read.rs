//! `Get` and `Scan` as SQL.

use bytes::Bytes;
use haversack_engine::seam::{Key, KeyRange, KvOp, KvReply, text_or_base64::Blob};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

/// Bounds on a read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Keys or entries.
    pub rows: usize,
    /// Bytes of all values together.
    pub bytes: usize,
}

impl Bounds {
    /// None.
    pub const NONE: Bounds = Bounds { rows: usize::MAX, bytes: usize::MAX };
}

/// Answers a read; `None` if it turns out larger than `bounds`. Writes are no business of this module.
pub fn read(connection: &Connection, op: &KvOp, bounds: Bounds) -> rusqlite::Result<Option<KvReply>> {
    match op {
        KvOp::Get { keys } if keys.len() > bounds.rows => Ok(None),
        KvOp::Get { keys } => get(connection, keys).map(|values| Some(KvReply::Values(values))),
        KvOp::Scan { range, reverse, limit, keys_only } => {
            let entries = scan(connection, range, *reverse, *limit, *keys_only, bounds)?;
            Ok(entries.map(KvReply::Entries))
        }
        KvOp::Next { .. } | KvOp::Commit { .. } | KvOp::Damaged { .. } => Err(rusqlite::Error::InvalidQuery),
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
    // One statement is one moment already; several need a transaction around them. Where one fails the
    // caller drops the connection, and the transaction with it.
    let several = keys.len() > 1;
    if several {
        connection.prepare_cached("BEGIN")?.execute([])?;
    }
    let values = keys
        .iter()
        .map(|key| with_value(connection, key, |bytes| Blob(Bytes::copy_from_slice(bytes))))
        .collect::<rusqlite::Result<_>>()?;
    if several {
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(values)
}

fn scan(
    connection: &Connection,
    range: &KeyRange,
    reverse: bool,
    limit: u32,
    keys_only: bool,
    bounds: Bounds,
) -> rusqlite::Result<Option<Vec<(Key, Blob)>>> {
    let sql = match (keys_only, reverse) {
        (false, false) => "SELECT key, value FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
        (false, true) => "SELECT key, value FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
        (true, false) => "SELECT key, '' FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3",
        (true, true) => "SELECT key, '' FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key DESC LIMIT ?3",
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![range.start.as_str(), range.end.as_str(), limit])?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let value = bytes_of(row.get_ref(1)?);
        bytes += value.len();
        if entries.len() >= bounds.rows || bytes > bounds.bytes {
            return Ok(None);
        }
        entries.push((row.get_ref(0)?.as_str().map(Key::new)?, Blob(Bytes::copy_from_slice(value))));
    }
    Ok(Some(entries))
}

/// The column's affinity leaves nothing but text and blobs.
fn bytes_of(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
}
