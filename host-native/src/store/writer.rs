//! The one thread that writes.

use super::damage::Damage;
use super::error::{host_error, is_busy};
use super::read::with_value;
use super::reserve::Reserve;
use super::schema;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KvReply, Write};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// A batch ends at so many commits or bytes, so that the first in it does not wait for long.
const BATCH_JOBS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How often a busy database is waited for, each time for `schema::BUSY_TIMEOUT`.
const BUSY_TRIES: u32 = 6;

/// After so long without work the journal is folded into the database.
const IDLE: Duration = Duration::from_millis(500);

type Answer = oneshot::Sender<Result<KvReply, HostError>>;

/// Work for the thread.
pub enum Job {
    /// `KvOp::Next`.
    Next { key: Key, count: u32, reply: Answer },
    /// `KvOp::Commit`.
    Commit { expect: Vec<(Key, Option<Blob>)>, writes: Vec<Write>, reply: Answer },
    /// Finish what is queued, then end.
    Stop,
}

/// The thread's handle.
pub struct Writer {
    jobs: Sender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(
        connection: Connection,
        damage: Arc<Damage>,
        reserve: Reserve,
        max_bytes: Option<u64>,
    ) -> Result<Writer, HostError> {
        let (jobs, queue) = channel();
        let mut file = File { connection, damage, reserve, max_bytes };
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || work(&mut file, &queue))
            .map_err(|e| HostError::new(HostErrorKind::Failed, format!("cannot start a thread: {e}")))?;
        Ok(Writer { jobs, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a job.
    pub fn send(&self, job: Job) -> Result<(), HostError> {
        self.jobs.send(job).map_err(|_| super::gone())
    }

    /// Waits for the end of the queue.
    pub fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = self.jobs.send(Job::Stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Commit {
    expect: Vec<(Key, Option<Blob>)>,
    writes: Vec<Write>,
    reply: Answer,
}

struct Next {
    key: Key,
    count: u32,
    reply: Answer,
}

/// The database, and what decides whether it is written to.
struct File {
    connection: Connection,
    damage: Arc<Damage>,
    reserve: Reserve,
    max_bytes: Option<u64>,
}

fn work(file: &mut File, queue: &Receiver<Job>) {
    let mut journal_has_pages = true;
    let mut stopping = false;
    while !stopping {
        let first = if journal_has_pages {
            match queue.recv_timeout(IDLE) {
                Err(RecvTimeoutError::Timeout) => {
                    // A reader may hold it back; the next idle moment tries again only after a write.
                    let _ = file.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                    journal_has_pages = false;
                    continue;
                }
                job => job.ok(),
            }
        } else {
            queue.recv().ok()
        };
        let Some(first) = first else { return };
        let (mut commits, mut nexts, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut job = Some(first);
        while let Some(current) = job.take() {
            match current {
                Job::Next { key, count, reply } => nexts.push(Next { key, count, reply }),
                Job::Commit { expect, writes, reply } => {
                    bytes += size(&writes);
                    commits.push(Commit { expect, writes, reply });
                }
                Job::Stop => {
                    stopping = true;
                    break;
                }
            }
            if commits.len() + nexts.len() < BATCH_JOBS_MAX && bytes < BATCH_BYTES_MAX {
                job = queue.try_recv().ok();
            }
        }
        if file.damage.is_met() {
            let replies = nexts.into_iter().map(|next| next.reply);
            for reply in replies.chain(commits.into_iter().map(|commit| commit.reply)) {
                let _ = reply.send(Err(Damage::refusal()));
            }
            continue;
        }
        take_numbers(file, nexts);
        commit_together(file, commits);
        journal_has_pages = true;
    }
}

/// Numbers are visible to every process when they are given out, but not yet synced: the commit that uses
/// one syncs the whole journal up to itself, so a number that survived in a commit survived here too.
fn take_numbers(file: &mut File, nexts: Vec<Next>) {
    for next in nexts {
        let body = |connection: &Connection| take_number(connection, &next);
        let result = match file.transaction("NORMAL", body) {
            // A delete needs numbers too.
            Err(error) if error.kind == HostErrorKind::Full => {
                file.with_reserve(|file| file.transaction("NORMAL", body))
            }
            result => result,
        };
        let _ = next.reply.send(result);
    }
}

fn take_number(connection: &Connection, next: &Next) -> Result<KvReply, Failure> {
    let digits = with_value(connection, &next.key, |bytes| String::from_utf8_lossy(bytes).into_owned())?;
    let number = match digits {
        None => 0,
        Some(digits) => digits.parse::<u64>().map_err(|_| not_a_number(&next.key))?,
    };
    let number = number.checked_add(u64::from(next.count)).ok_or_else(|| not_a_number(&next.key))?;
    put(connection, &next.key, number.to_string().as_bytes())?;
    Ok(KvReply::Next(number))
}

fn not_a_number(key: &Key) -> Failure {
    Failure::Refused(HostError::new(
        HostErrorKind::Failed,
        format!("{key} holds no number that can be counted up"),
    ))
}

/// Tries the whole batch under one sync. If anything but a conflict happens, each gets a transaction of its
/// own, so that one commit that is too large for the disk does not fail the others.
fn commit_together(file: &mut File, commits: Vec<Commit>) {
    if commits.len() > 1 && file.reserve.is_whole() {
        let results = file.transaction("FULL", |connection| {
            commits.iter().map(|commit| apply(connection, commit)).collect::<Result<Vec<_>, _>>()
        });
        if let Ok(results) = results {
            for (commit, result) in commits.into_iter().zip(results) {
                let _ = commit.reply.send(Ok(result));
            }
            return;
        }
    }
    for commit in commits {
        let result = file.commit(&commit);
        let _ = commit.reply.send(result);
    }
}

impl File {
    fn commit(&mut self, commit: &Commit) -> Result<KvReply, HostError> {
        if !self.reserve.is_whole() {
            self.reserve.refill();
        }
        if self.reserve.is_whole() {
            match self.transaction("FULL", |connection| apply(connection, commit)) {
                Err(error) if error.kind == HostErrorKind::Full => {}
                result => return result,
            }
        }
        // What makes the store smaller may use the room that is kept for it.
        self.with_reserve(|file| {
            file.transaction("FULL", |connection| match makes_room(connection, commit)? {
                true => apply(connection, commit),
                false => Err(Failure::Refused(full())),
            })
        })
    }

    /// Does it with the reserve, if it does not go otherwise: first beyond the limit of the file, then with the room on
    /// the disk.
    fn with_reserve<T>(&mut self, body: impl Fn(&File) -> Result<T, HostError>) -> Result<T, HostError> {
        if self.reserve.bytes() == 0 {
            return body(self);
        }
        let beyond = self.max_bytes.map(|max| max.saturating_add(self.reserve.bytes()));
        let _ = schema::limit(&self.connection, beyond);
        let mut result = body(self);
        // A commit that was refused as it makes no room has not failed for want of it.
        let wants_room = |result: &Result<T, HostError>| matches!(result, Err(error) if error.kind == HostErrorKind::Full && *error != full());
        if wants_room(&result) && self.reserve.release() {
            result = body(self);
            self.reserve.refill();
        }
        let _ = schema::limit(&self.connection, self.max_bytes);
        result
    }

    /// Runs `body` inside a write transaction. Damage that it meets is noted.
    fn transaction<T>(
        &self,
        synchronous: &str,
        body: impl Fn(&Connection) -> Result<T, Failure>,
    ) -> Result<T, HostError> {
        in_transaction(&self.connection, synchronous, || body(&self.connection)).inspect_err(|error| {
            if error.kind == HostErrorKind::Damaged {
                self.damage.note(&error.message);
            }
        })
    }
}

fn full() -> HostError {
    let message =
        "the disk is full or the store has reached its limit: nothing was written; delete what is not needed";
    HostError::new(HostErrorKind::Full, message)
}

/// What a delete may write beside what it removes: a line of the event log, and a note of what is still to be removed.
const NOTES_BYTES: u64 = 16 << 10;

/// By how much a commit that removes nothing may make records longer that are there.
const LONGER_BYTES: u64 = 64;

/// Whether a commit removes something, and no less than it writes; or changes what is there and hardly makes it longer
/// (a mark that something is to be removed).
fn makes_room(connection: &Connection, commit: &Commit) -> rusqlite::Result<bool> {
    let (mut removed, mut added, mut freed, mut written) = (0u64, 0u64, 0u64, 0u64);
    let sizes = "SELECT count(*), ifnull(sum(length(key) + octet_length(value)), 0) FROM kv WHERE";
    let of = |condition: &str, keys: &[&str]| -> rusqlite::Result<(u64, u64)> {
        let mut statement = connection.prepare_cached(&format!("{sizes} {condition}"))?;
        let number = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
        statement.query_row(rusqlite::params_from_iter(keys), |row| Ok((number(row, 0)?, number(row, 1)?)))
    };
    for write in &commit.writes {
        let (count, bytes): (u64, u64) = match write {
            Write::Put(key, value) => {
                written += (key.as_str().len() + value.len()) as u64;
                let (count, bytes) = of("key = ?1", &[key.as_str()])?;
                added += 1 - count.min(1);
                (0, bytes)
            }
            Write::Delete(key) => of("key = ?1", &[key.as_str()])?,
            Write::DeleteRange(range) => {
                of("key >= ?1 AND key < ?2", &[range.start.as_str(), range.end.as_str()])?
            }
        };
        removed += count;
        freed += bytes;
    }
    let shorter = removed > 0 && written <= freed + NOTES_BYTES;
    let same = removed == 0 && added == 0 && written <= freed + LONGER_BYTES;
    Ok(shorter || same)
}

fn apply(connection: &Connection, commit: &Commit) -> Result<KvReply, Failure> {
    for (key, expected) in &commit.expect {
        let expected = expected.as_ref().map(|blob| &blob.0[..]);
        let same = with_value(connection, key, |found| expected == Some(found))?;
        if !same.unwrap_or(expected.is_none()) {
            return Ok(KvReply::Conflict);
        }
    }
    for write in &commit.writes {
        match write {
            Write::Put(key, value) => put(connection, key, value)?,
            Write::Delete(key) => {
                connection.prepare_cached("DELETE FROM kv WHERE key = ?1")?.execute([key.as_str()])?;
            }
            Write::DeleteRange(range) => {
                connection
                    .prepare_cached("DELETE FROM kv WHERE key >= ?1 AND key < ?2")?
                    .execute([range.start.as_str(), range.end.as_str()])?;
            }
        }
    }
    Ok(KvReply::Committed)
}

fn put(connection: &Connection, key: &Key, value: &[u8]) -> rusqlite::Result<()> {
    let value = match std::str::from_utf8(value) {
        Ok(text) => ValueRef::Text(text.as_bytes()),
        Err(_) => ValueRef::Blob(value),
    };
    connection
        .prepare_cached(
            "INSERT INTO kv (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![key.as_str(), ToSqlOutput::Borrowed(value)])?;
    Ok(())
}

enum Failure {
    Sqlite(rusqlite::Error),
    Refused(HostError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        Failure::Sqlite(error)
    }
}

/// Runs `body` inside a write transaction, waiting for other processes, and undoes it if anything fails.
fn in_transaction<T>(
    connection: &Connection,
    synchronous: &str,
    body: impl Fn() -> Result<T, Failure>,
) -> Result<T, HostError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let result = attempt(connection, synchronous, &body);
        if result.is_err() && !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        match result {
            Ok(value) => return Ok(value),
            Err(Failure::Refused(error)) => return Err(error),
            Err(Failure::Sqlite(error)) if is_busy(&error) && tries < BUSY_TRIES => {}
            Err(Failure::Sqlite(error)) => return Err(host_error(&error)),
        }
    }
}

fn attempt<T>(
    connection: &Connection,
    synchronous: &str,
    body: &impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    connection.execute_batch(&format!("PRAGMA synchronous = {synchronous}"))?;
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let value = body()?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(value)
}

fn size(writes: &[Write]) -> usize {
    writes
        .iter()
        .map(|write| match write {
            Write::Put(key, value) => key.as_str().len() + value.len(),
            Write::Delete(_) | Write::DeleteRange(_) => 64,
        })
        .sum()
}
