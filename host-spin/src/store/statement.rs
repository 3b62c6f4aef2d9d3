//! A conditional commit as one SQL statement.
//!
//! One statement is atomic wherever SQLite runs, behind whatever protocol, and costs one round trip; a
//! transaction of many statements would cost one each. Deleting is writing NULL, which readers take for
//! absent; a second statement, which nobody depends on, sweeps the NULLs.

use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, KeyRange, Write};
use std::collections::BTreeMap;

/// The table. Its first row, with the empty key, is written by every commit, so that one that changes
/// nothing else still counts as a change.
pub const SCHEMA: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS kv (k TEXT PRIMARY KEY NOT NULL, v) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS kv_deleted ON kv (k) WHERE v IS NULL",
];

/// Removes what commits have deleted.
pub const SWEEP: &str = "DELETE FROM kv WHERE v IS NULL";

/// A value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A key.
    Key(String),
    /// Bytes of a record.
    Bytes(Bytes),
    /// Absent.
    Null,
}

/// A statement and its values.
#[derive(Debug, PartialEq)]
pub struct Statement {
    /// With `?` for each value.
    pub sql: String,
    /// In their order.
    pub values: Vec<Value>,
    /// It leaves NULLs behind.
    pub deletes: bool,
}

/// The statement that does all of `writes` if every key of `expect` has its value, and else nothing. It has
/// taken effect if it changed at least one row.
pub fn commit(expect: Vec<(Key, Option<Blob>)>, writes: Vec<Write>) -> Statement {
    let (ranges, entries) = outcome(writes);
    let deletes = !ranges.is_empty() || entries.values().any(Option::is_none);
    let mut values = Vec::new();
    let mut sql = String::from("WITH fine(x) AS (SELECT 1");
    if !expect.is_empty() {
        sql.push_str(" WHERE NOT EXISTS (SELECT 1 FROM (VALUES ");
        push_pairs(&mut sql, expect.len());
        sql.push_str(") AS e LEFT JOIN kv ON kv.k = e.column1 WHERE kv.v IS NOT e.column2)");
        for (key, value) in expect {
            values.push(Value::Key(key.as_str().to_owned()));
            values.push(value.map_or(Value::Null, |Blob(bytes)| Value::Bytes(bytes)));
        }
    }
    sql.push_str(") INSERT INTO kv (k, v) SELECT * FROM (");
    if !ranges.is_empty() {
        // One term however many ranges: SQLite takes 500 terms at most. The cross join keeps the ranges outside.
        sql.push_str("SELECT kv.k, NULL FROM fine CROSS JOIN (VALUES ");
        push_pairs(&mut sql, ranges.len());
        sql.push_str(") AS r CROSS JOIN kv WHERE kv.k >= r.column1 AND kv.k < r.column2 UNION ALL ");
    }
    for range in ranges {
        values.push(Value::Key(range.start.as_str().to_owned()));
        values.push(Value::Key(range.end.as_str().to_owned()));
    }
    sql.push_str("SELECT w.column1, w.column2 FROM (VALUES ('', 0)");
    for (key, value) in entries {
        sql.push_str(", (?, ?)");
        values.push(Value::Key(key.as_str().to_owned()));
        values.push(value.map_or(Value::Null, Value::Bytes));
    }
    sql.push_str(") AS w, fine) WHERE true ON CONFLICT (k) DO UPDATE SET v = excluded.v");
    Statement { sql, values, deletes }
}

/// What `writes`, done in order, come to: ranges to delete first, then what each key becomes.
fn outcome(writes: Vec<Write>) -> (Vec<KeyRange>, BTreeMap<Key, Option<Bytes>>) {
    let mut ranges = Vec::new();
    let mut entries: BTreeMap<Key, Option<Bytes>> = BTreeMap::new();
    for write in writes {
        match write {
            Write::Put(key, value) => {
                entries.insert(key, Some(value));
            }
            Write::Delete(key) => {
                entries.insert(key, None);
            }
            Write::DeleteRange(range) => {
                entries.retain(|key, _| *key < range.start || *key >= range.end);
                ranges.push(range);
            }
        }
    }
    (ranges, entries)
}

fn push_pairs(sql: &mut String, count: usize) {
    for n in 0..count {
        sql.push_str(if n == 0 { "(?, ?)" } else { ", (?, ?)" });
    }
}
