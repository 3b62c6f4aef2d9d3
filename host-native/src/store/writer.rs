//! The one thread that writes.

use super::error::{host_error, is_busy};
use super::read::with_value;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KvReply, Write};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
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
    pub fn start(connection: Connection) -> Result<Writer, HostError> {
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || work(&connection, &queue))
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

fn work(connection: &Connection, queue: &Receiver<Job>) {
    let mut journal_has_pages = true;
    let mut stopping = false;
    while !stopping {
        let first = if journal_has_pages {
            match queue.recv_timeout(IDLE) {
                Err(RecvTimeoutError::Timeout) => {
                    // A reader may hold it back; the next idle moment tries again only after a write.
                    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
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
        take_numbers(connection, nexts);
        commit_together(connection, commits);
        journal_has_pages = true;
    }
}

/// Numbers are visible to every process when they are given out, but not yet synced: the commit that uses
/// one syncs the whole journal up to itself, so a number that survived in a commit survived here too.
fn take_numbers(connection: &Connection, nexts: Vec<Next>) {
    for next in nexts {
        let result = in_transaction(connection, "NORMAL", || take_number(connection, &next));
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
fn commit_together(connection: &Connection, commits: Vec<Commit>) {
    if commits.len() > 1 {
        let results = in_transaction(connection, "FULL", || {
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
        let result = in_transaction(connection, "FULL", || apply(connection, &commit));
        let _ = commit.reply.send(result);
    }
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
