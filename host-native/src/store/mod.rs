//! The engine's ordered key-value store on SQLite.
//!
//! One table, `kv(key, value)`. Values that are UTF-8 are stored as text, so that a person with `sqlite3`
//! can read them. Reads go through a pool of connections and never wait for writers; all writes of this
//! process go through one thread, which commits whatever has queued up while the last commit was being
//! synced (group commit). Other processes may have the same file open.

mod check;
mod error;
mod pool;
mod read;
mod schema;
mod writer;

pub use check::check;

use haversack_engine::seam::{HostError, HostErrorKind, KvOp, KvReply};
use pool::Pool;
use read::Bounds;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::oneshot;
use writer::{Job, Writer};

/// A read up to this size is answered on the calling thread: handing it to another would take longer.
const SMALL_READ: Bounds = Bounds { rows: 64, bytes: 128 * 1024 };

/// The database's name inside the data directory.
pub const FILE_NAME: &str = "haversack.db";

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    readers: Arc<Pool>,
    writer: Arc<Writer>,
    path: PathBuf,
}

/// How to open a [`Store`].
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreOptions {
    /// The database file may grow to so many bytes; a commit past that is [`HostErrorKind::Full`].
    pub max_bytes: Option<u64>,
}

impl Store {
    /// Opens the database in `dir`, creating both if absent (readable by this user only).
    pub fn open(dir: &Path, options: StoreOptions) -> Result<Store, HostError> {
        let path = schema::create_private(dir, FILE_NAME)?;
        let mut connection = schema::open(&path)?;
        schema::prepare(&mut connection, &path, options.max_bytes)?;
        let readers = Arc::new(Pool::new(path.clone()));
        Ok(Store { readers, writer: Arc::new(Writer::start(connection)?), path })
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Carries out `op`.
    pub async fn execute(&self, op: KvOp) -> Result<KvReply, HostError> {
        match op {
            KvOp::Get { .. } | KvOp::Scan { .. } => {
                let readers = self.readers.clone();
                let read = tokio::task::spawn_blocking(move || readers.read(&op, Bounds::NONE)).await;
                read.unwrap_or_else(|_| Err(gone()))?.ok_or_else(gone)
            }
            KvOp::Next { key, count } => self.send(|reply| Job::Next { key, count, reply }).await,
            KvOp::Commit { expect, writes } => self.send(|reply| Job::Commit { expect, writes, reply }).await,
        }
    }

    /// Carries out `op` at once if it is a small read. A scan may turn out to be none; it is begun again on
    /// another thread then.
    pub fn execute_now(&self, op: &KvOp) -> Option<Result<KvReply, HostError>> {
        match op {
            KvOp::Get { .. } | KvOp::Scan { .. } => self.readers.read(op, SMALL_READ).transpose(),
            KvOp::Next { .. } | KvOp::Commit { .. } => None,
        }
    }

    /// Waits until everything queued is written, and releases the file. Later writes fail.
    pub fn close(&self) {
        self.writer.stop();
        self.readers.clear();
    }

    async fn send(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<KvReply, HostError>>) -> Job,
    ) -> Result<KvReply, HostError> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(job(reply))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> HostError {
    HostError::new(HostErrorKind::Failed, "the store is closed; start the server again")
}
