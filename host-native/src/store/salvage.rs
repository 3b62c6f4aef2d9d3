//! Reading what can be read of a database that SQLite calls damaged.
//!
//! The table is read in the order of its rows; where a page cannot be read, reading goes on behind it. The index is read
//! too, in the order of keys: it tells the names of records whose rows are gone. These get a value that nobody takes for
//! one, so that the engine, which knows what a record is, finds them missing.

use super::error::host_error;
use super::schema;
use bytes::Bytes;
use haversack_engine::seam::{HostError, HostErrorKind, Key};
use haversack_engine::store::key::KINDS;
use haversack_engine::store::seal;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// Records that were copied.
    pub copied: u64,
    /// Records whose names are known and whose values are gone.
    pub missing: u64,
    /// Rows that were no records any more.
    pub unreadable: u64,
}

/// The value of a record that is missing.
fn missing_value() -> Vec<u8> {
    [&seal::MARK[..], &[0; 4]].concat()
}

/// Copies what can be read of the database `from` into the new database `to`. `scratch` is a file that may be made and is
/// removed again.
pub fn salvage(from: &Path, to: &Path, scratch: &Path) -> Result<Salvaged, HostError> {
    let mut new = schema::open(to)?;
    schema::prepare(&mut new, to, None)?;
    let result = match readable(from) {
        Ok(old) => copy(&old, &new),
        // Its first page is what is damaged; all that is on it is known.
        Err(_) => {
            mend_first_page(from, to, scratch)?;
            readable(scratch).and_then(|old| copy(&old, &new))
        }
    };
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with_suffix(scratch, suffix));
    }
    let salvaged = result?;
    // Everything goes into the one file, and onto the disk.
    new.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(|e| host_error(&e))?;
    Ok(salvaged)
}

/// `path` with something behind its name.
pub fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A connection to a database whose table can be found.
fn readable(path: &Path) -> Result<Connection, HostError> {
    let connection = schema::open(path)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'kv'", [], |row| row.get(0))
        .map_err(|e| host_error(&e))?;
    match tables {
        1 => Ok(connection),
        _ => Err(HostError::new(HostErrorKind::Damaged, "the table is not there")),
    }
}

/// Copies the database to `scratch`, with the first page of the new and empty one: the tables are at the same places in
/// both. Its journal is copied as it is.
fn mend_first_page(from: &Path, new: &Path, scratch: &Path) -> Result<(), HostError> {
    let failed =
        |e: std::io::Error| HostError::new(HostErrorKind::Failed, format!("cannot copy the database: {e}"));
    std::fs::copy(from, scratch).map_err(failed)?;
    let wal = with_suffix(from, "-wal");
    if wal.exists() {
        std::fs::copy(wal, with_suffix(scratch, "-wal")).map_err(failed)?;
    }
    let page_bytes = schema::PAGE_BYTES as usize;
    let mut page = vec![0; page_bytes];
    // The new database's first page may still be in its journal.
    let connection = schema::open(new)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(|e| host_error(&e))?;
    drop(connection);
    File::open(new).and_then(|mut file| file.read_exact(&mut page)).map_err(failed)?;
    let mut file = std::fs::OpenOptions::new().write(true).open(scratch).map_err(failed)?;
    let pages = file.metadata().map_err(failed)?.len() / schema::PAGE_BYTES;
    let pages = u32::try_from(pages).unwrap_or(u32::MAX);
    // The header: pages of the file, and no free ones.
    for (at, number) in [(28, pages), (32, 0), (36, 0)] {
        if let Some(place) = page.get_mut(at..at + 4) {
            place.copy_from_slice(&number.to_be_bytes());
        }
    }
    file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&page)).map_err(failed)
}

fn copy(old: &Connection, new: &Connection) -> Result<Salvaged, HostError> {
    let mut salvaged = Salvaged::default();
    new.execute_batch("BEGIN IMMEDIATE").map_err(|e| host_error(&e))?;
    rows(old, |key, value| match take(new, key, value)? {
        true => {
            salvaged.copied += 1;
            Ok(())
        }
        false => {
            salvaged.unreadable += 1;
            Ok(())
        }
    })?;
    keys(old, |key| {
        let known = new.prepare_cached("SELECT 1 FROM kv WHERE key = ?1")?.exists([key])?;
        if !known {
            put(new, key, &missing_value())?;
            salvaged.missing += 1;
        }
        Ok(())
    })?;
    new.execute_batch("COMMIT").map_err(|e| host_error(&e))?;
    Ok(salvaged)
}

/// Keeps a row. Where a key is there twice, the one whose check sum matches is the record.
fn take(new: &Connection, key: ValueRef<'_>, value: ValueRef<'_>) -> rusqlite::Result<bool> {
    let (Ok(key), ValueRef::Text(value) | ValueRef::Blob(value)) = (key.as_str(), value) else {
        return Ok(false);
    };
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) || !key.contains('/') {
        return Ok(false);
    }
    let known: Option<Vec<u8>> = new
        .prepare_cached("SELECT CAST(value AS BLOB) FROM kv WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let sound = |value: &[u8]| {
        seal::open(&Key::new(key), Bytes::copy_from_slice(value)).is_ok_and(|open| open.checked)
    };
    if known.is_some_and(|known| sound(&known) || !sound(value)) {
        return Ok(false);
    }
    put(new, key, value)?;
    Ok(true)
}

fn put(new: &Connection, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    let value = match std::str::from_utf8(value) {
        Ok(text) => ValueRef::Text(text.as_bytes()),
        Err(_) => ValueRef::Blob(value),
    };
    new.prepare_cached("INSERT OR REPLACE INTO kv (key, value) VALUES (?1, ?2)")?
        .execute(params![key, rusqlite::types::ToSqlOutput::Borrowed(value)])?;
    Ok(())
}

/// So many times the distance to the next row that can be read is doubled: further than any table is long.
const DOUBLINGS: u32 = 44;

/// Every row that can be read, in order.
fn rows(
    old: &Connection,
    mut each: impl FnMut(ValueRef<'_>, ValueRef<'_>) -> rusqlite::Result<()>,
) -> Result<(), HostError> {
    // The row after which reading goes on.
    let mut last: i64 = i64::MIN;
    loop {
        let before = last;
        if read_from(old, &mut last, &mut each).map_err(|e| host_error(&e))? {
            return Ok(());
        }
        // A page behind `last` cannot be read: the nearest row behind it that can. A row that could be reached and not be
        // read is left out.
        let start = last.max(0) + i64::from(last == before);
        let Some(far) = (0..DOUBLINGS).map(|n| start.saturating_add(1 << n)).find(|at| can_read(old, *at))
        else {
            return Ok(());
        };
        let (mut unread, mut read) = (start, far);
        while read - unread > 1 {
            let middle = unread + (read - unread) / 2;
            match can_read(old, middle) {
                true => read = middle,
                false => unread = middle,
            }
        }
        // That row itself is read too.
        last = read - 1;
    }
}

/// Reads rows behind `last` until the end, which is true, or until one cannot be read.
fn read_from(
    old: &Connection,
    last: &mut i64,
    each: &mut impl FnMut(ValueRef<'_>, ValueRef<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<bool> {
    let Ok(mut statement) =
        old.prepare("SELECT rowid, key, value FROM kv NOT INDEXED WHERE rowid > ?1 ORDER BY rowid")
    else {
        return Ok(false);
    };
    let Ok(mut rows) = statement.query([*last]) else { return Ok(false) };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(true),
            Err(_) => return Ok(false),
        };
        let (Ok(rowid), Ok(key), Ok(value)) = (row.get::<_, i64>(0), row.get_ref(1), row.get_ref(2)) else {
            return Ok(false);
        };
        if rowid <= *last {
            return Ok(false);
        }
        *last = rowid;
        each(key, value)?;
    }
}

/// Whether the first row at or behind `at` can be read; the end of the table counts as a row.
fn can_read(old: &Connection, at: i64) -> bool {
    let sql = "SELECT key, value FROM kv NOT INDEXED WHERE rowid >= ?1 ORDER BY rowid LIMIT 1";
    let read = old.prepare_cached(sql).and_then(|mut statement| {
        statement
            .query_row([at], |row| {
                row.get_ref(0)?;
                row.get_ref(1).map(drop)
            })
            .optional()
    });
    read.is_ok()
}

/// Every key that the index tells of, as far as it can be read.
fn keys(old: &Connection, mut each: impl FnMut(&str) -> rusqlite::Result<()>) -> Result<(), HostError> {
    let sql = "SELECT key FROM kv INDEXED BY sqlite_autoindex_kv_1 WHERE key > ?1 ORDER BY key";
    let mut last = String::new();
    loop {
        let Ok(mut statement) = old.prepare_cached(sql) else { return Ok(()) };
        let Ok(mut rows) = statement.query([&last]) else { return Ok(()) };
        loop {
            match rows.next() {
                Ok(None) => return Ok(()),
                Ok(Some(row)) => {
                    let Ok(key) = row.get_ref(0).and_then(|key| key.as_str().map_err(Into::into)) else {
                        break;
                    };
                    if key <= last.as_str() {
                        break;
                    }
                    last = key.to_owned();
                    if key.bytes().all(|byte| byte.is_ascii_graphic()) && key.contains('/') {
                        each(key).map_err(|e| host_error(&e))?;
                    }
                }
                Err(_) => break,
            }
        }
        // On with the next kind of records.
        let next = KINDS.iter().map(|kind| format!("{kind}/")).find(|start| *start > last);
        let Some(next) = next else { return Ok(()) };
        last = next;
    }
}
