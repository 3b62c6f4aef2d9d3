//! Spin's SQLite: one ordered table, a commit in one statement.

use super::statement::{self, SCHEMA, SWEEP, Statement};
use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KeyRange, KvOp, KvReply, Write};
use spin_sdk::sqlite::{Connection, Error, RowResult, Value};
use std::time::Duration;

/// How often, and how long, a locked database is waited for.
const BUSY_RETRIES: u32 = 40;
const BUSY_WAIT: Duration = Duration::from_millis(50);

/// The store.
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the database of this label.
    pub async fn open(label: &str) -> Result<Sqlite, HostError> {
        Ok(Sqlite { connection: Connection::open(label).await.map_err(failed)? })
    }

    /// Creates the table.
    async fn create(&self) -> Result<(), Error> {
        // Readers and a writer at once, where the database is a file.
        let _ = self.run("PRAGMA journal_mode = WAL", Vec::new()).await;
        for statement in SCHEMA {
            self.run(statement, Vec::new()).await?;
        }
        Ok(())
    }

    /// Carries out `op`.
    pub async fn execute(&self, op: KvOp) -> Result<KvReply, HostError> {
        match op {
            KvOp::Get { keys } => self.get(keys).await,
            KvOp::Scan { range, reverse, limit, keys_only } => {
                self.scan(range, reverse, limit, keys_only).await
            }
            KvOp::Next { key, count } => self.next(key, count).await,
            KvOp::Commit { expect, writes } => self.commit(expect, writes).await,
            KvOp::Damaged { .. } => Ok(KvReply::Noted),
        }
    }

    async fn get(&self, keys: Vec<Key>) -> Result<KvReply, HostError> {
        if keys.is_empty() {
            return Ok(KvReply::Values(Vec::new()));
        }
        let marks = vec!["?"; keys.len()].join(", ");
        let sql = format!("SELECT k, v FROM kv WHERE k IN ({marks}) AND v IS NOT NULL");
        let values = keys.iter().map(|key| Value::Text(key.as_str().to_owned())).collect();
        let found = self.rows(&sql, values).await?;
        let mut entries = found.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let value = |key: &Key| {
            let at = entries.binary_search_by(|(found, _)| found.cmp(key)).ok()?;
            entries.get(at).map(|(_, value)| value.clone())
        };
        Ok(KvReply::Values(keys.iter().map(value).collect()))
    }

    async fn scan(
        &self,
        range: KeyRange,
        reverse: bool,
        limit: u32,
        keys_only: bool,
    ) -> Result<KvReply, HostError> {
        let column = if keys_only { "x''" } else { "v" };
        let order = if reverse { "DESC" } else { "ASC" };
        let sql = format!(
            "SELECT k, {column} FROM kv WHERE k >= ? AND k < ? AND v IS NOT NULL ORDER BY k {order} LIMIT ?"
        );
        let text = |key: &Key| Value::Text(key.as_str().to_owned());
        let values = vec![text(&range.start), text(&range.end), Value::Integer(i64::from(limit))];
        let rows = self.rows(&sql, values).await?;
        Ok(KvReply::Entries(rows.into_iter().map(entry).collect::<Result<_, _>>()?))
    }

    async fn next(&self, key: Key, count: u32) -> Result<KvReply, HostError> {
        let sql = "INSERT INTO kv (k, v) VALUES (?1, CAST(?2 AS TEXT)) ON CONFLICT (k) DO UPDATE \
                   SET v = CAST(CAST(v AS INTEGER) + ?2 AS TEXT) RETURNING k, v";
        let values = vec![Value::Text(key.as_str().to_owned()), Value::Integer(i64::from(count))];
        let rows = self.rows(sql, values).await?;
        let number = rows
            .into_iter()
            .next()
            .map(entry)
            .transpose()?
            .and_then(|(_, Blob(bytes))| std::str::from_utf8(&bytes).ok()?.parse().ok());
        let number = number.ok_or_else(|| damaged(&key))?;
        Ok(KvReply::Next(number))
    }

    async fn commit(
        &self,
        expect: Vec<(Key, Option<Blob>)>,
        writes: Vec<Write>,
    ) -> Result<KvReply, HostError> {
        let Statement { sql, values, deletes } = statement::commit(expect, writes);
        let values = values.into_iter().map(value).collect();
        // RETURNING tells of this very statement; a connection's count of changes may be another's.
        let changed = self.rows(&format!("{sql} RETURNING 1"), values).await?;
        if changed.is_empty() {
            return Ok(KvReply::Conflict);
        }
        if deletes {
            // Readers do not see what is swept here: if it fails, the next one does it.
            let _ = self.rows(SWEEP, Vec::new()).await;
        }
        Ok(KvReply::Committed)
    }

    async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<RowResult>, HostError> {
        for _ in 0..BUSY_RETRIES {
            match self.run(sql, values.clone()).await {
                Err(error) if is_busy(&error) => spin_sdk::time::sleep(BUSY_WAIT).await,
                // A new database. Looking for the table when an instance starts would cost every one of them.
                Err(error) if has_no_table(&error) => match self.create().await {
                    Err(error) if !is_busy(&error) => return Err(failed(error)),
                    _ => {}
                },
                other => return other.map_err(failed),
            }
        }
        Err(HostError::new(HostErrorKind::Unavailable, "the database stayed locked by others"))
    }

    async fn run(&self, sql: &str, values: Vec<Value>) -> Result<Vec<RowResult>, Error> {
        self.connection.execute(sql, values).await?.collect().await
    }
}

/// Text where the record is text, so that a person can read it.
fn value(value: statement::Value) -> Value {
    match value {
        statement::Value::Key(key) => Value::Text(key),
        statement::Value::Null => Value::Null,
        statement::Value::Bytes(bytes) => match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Blob(error.into_bytes()),
        },
    }
}

fn entry(row: RowResult) -> Result<(Key, Blob), HostError> {
    let mut values = row.values.into_iter();
    let (key, value) = (values.next(), values.next());
    let Some(Value::Text(key)) = key else { return Err(damaged(&Key::new("?"))) };
    let bytes = match value {
        Some(Value::Text(text)) => Bytes::from(text),
        Some(Value::Blob(bytes)) => Bytes::from(bytes),
        Some(Value::Integer(number)) => Bytes::from(number.to_string()),
        _ => return Err(damaged(&Key::new(key))),
    };
    Ok((Key::new(key), Blob(bytes)))
}

fn damaged(key: &Key) -> HostError {
    HostError::new(HostErrorKind::Failed, format!("the row of {key} is not what this host writes"))
}

fn is_busy(error: &Error) -> bool {
    matches!(error, Error::Io(text) if text.contains("locked") || text.contains("busy"))
}

fn has_no_table(error: &Error) -> bool {
    matches!(error, Error::Io(text) if text.contains("no such table"))
}

fn failed(error: Error) -> HostError {
    let text = match error {
        Error::NoSuchDatabase | Error::AccessDenied => {
            "the component has no SQLite database: add sqlite_databases = [\"default\"] to spin.toml"
                .to_owned()
        }
        Error::InvalidConnection => "the connection to the database is gone".to_owned(),
        Error::DatabaseFull => {
            return HostError::new(HostErrorKind::Full, "the database is full: nothing was written");
        }
        Error::Io(text) => text,
    };
    let kind = if text.contains("full") { HostErrorKind::Full } else { HostErrorKind::Failed };
    HostError::new(kind, text)
}
