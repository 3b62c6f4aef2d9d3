//! The engine's ordered key-value store on SQLite.
//!
//! One table, `kv(key, value)`. Values that are UTF-8 are stored as text, so that a person with `sqlite3`
//! can read them. Reads go through a pool of connections and never wait for writers; all writes of this
//! process go through one thread, which commits whatever has queued up while the last commit was being
//! synced (group commit). Other processes may have the same file open.

mod check;
mod damage;
mod error;
mod lock;
mod pool;
mod read;
pub mod repair;
mod reserve;
mod salvage;
mod schema;
mod writer;

pub use check::check;
pub use damage::{Damage, FILE_NAME as DAMAGE_FILE_NAME};
pub use lock::Lock;

use haversack_engine::seam::{HostError, HostErrorKind, KvOp, KvReply};
use pool::Pool;
use read::Bounds;
use reserve::Reserve;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
    damage: Arc<Damage>,
    lock: Arc<Mutex<Option<Lock>>>,
    path: PathBuf,
}

/// How to open a [`Store`].
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// The database file may grow to so many bytes; a commit past that is [`HostErrorKind::Full`].
    pub max_bytes: Option<u64>,
    /// Bytes of the disk that are kept for deletes; 0 is none. Deletes may also exceed `max_bytes` by so many.
    pub reserve_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions { max_bytes: None, reserve_bytes: 8 << 20 }
    }
}

impl Store {
    /// Opens the database in `dir`, creating both if absent (readable by this user only).
    pub fn open(dir: &Path, options: StoreOptions) -> Result<Store, HostError> {
        schema::create_dir(dir)?;
        let lock = lock::shared(dir)?;
        repair::refuse_half_done(dir)?;
        let damage = Damage::of(dir);
        Store::open_file(dir, FILE_NAME, options, damage, Some(lock))
    }

    fn open_file(
        dir: &Path,
        name: &str,
        options: StoreOptions,
        damage: Damage,
        lock: Option<Lock>,
    ) -> Result<Store, HostError> {
        let path = schema::create_private(dir, name)?;
        let opened = schema::open(&path).and_then(|mut connection| {
            schema::prepare(&mut connection, &path, options.max_bytes).map(|()| connection)
        });
        let connection = opened.inspect_err(|error| {
            if error.kind == HostErrorKind::Damaged {
                damage.note(&error.message);
            }
        })?;
        let damage = Arc::new(damage);
        let readers = Arc::new(Pool::new(path.clone()));
        let reserve = Reserve::open(dir, options.reserve_bytes);
        let writer = Writer::start(connection, damage.clone(), reserve, options.max_bytes)?;
        Ok(Store { readers, writer: Arc::new(writer), damage, lock: Arc::new(Mutex::new(lock)), path })
    }

    /// Whether damage was met: nothing is written then.
    pub fn is_damaged(&self) -> bool {
        self.damage.is_met()
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
                self.noticed(read.unwrap_or_else(|_| Err(gone())))?.ok_or_else(gone)
            }
            KvOp::Damaged { key, why } => {
                let damage = self.damage.clone();
                let noted = tokio::task::spawn_blocking(move || damage.note(&format!("{key}: {why}"))).await;
                noted.map(|()| KvReply::Noted).map_err(|_| gone())
            }
            KvOp::Next { key, count } => self.send(|reply| Job::Next { key, count, reply }).await,
            KvOp::Commit { expect, writes } => self.send(|reply| Job::Commit { expect, writes, reply }).await,
        }
    }

    /// Carries out `op` at once if it is a small read. A scan may turn out to be none; it is begun again on
    /// another thread then.
    pub fn execute_now(&self, op: &KvOp) -> Option<Result<KvReply, HostError>> {
        match op {
            KvOp::Get { .. } | KvOp::Scan { .. } => {
                self.noticed(self.readers.read(op, SMALL_READ)).transpose()
            }
            KvOp::Next { .. } | KvOp::Commit { .. } | KvOp::Damaged { .. } => None,
        }
    }

    /// Waits until everything queued is written, and releases the file. Later writes fail.
    pub fn close(&self) {
        self.writer.stop();
        self.readers.clear();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Remembers damage that SQLite itself found.
    fn noticed<T>(&self, result: Result<T, HostError>) -> Result<T, HostError> {
        result.inspect_err(|error| {
            if error.kind == HostErrorKind::Damaged {
                self.damage.note(&error.message);
            }
        })
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
