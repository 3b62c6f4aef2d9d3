//! Connections for reading.

use super::error::host_error;
use super::read::{self, Bounds};
use super::schema;
use haversack_engine::seam::{HostError, KvOp, KvReply};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Connections kept open between reads. Each may hold a page cache of about 1 MB.
const IDLE_MAX: usize = 8;

/// Opens connections as they are needed and keeps a few.
pub struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// An empty pool over the database at `path`.
    pub fn new(path: PathBuf) -> Pool {
        Pool { path, idle: Mutex::new(Vec::new()) }
    }

    /// Answers a `Get` or `Scan`; `None` if it turns out larger than `bounds`.
    pub fn read(&self, op: &KvOp, bounds: Bounds) -> Result<Option<KvReply>, HostError> {
        // The guard is gone before a connection is opened: opening takes a while.
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let reply = read::read(&connection, op, bounds).map_err(|e| host_error(&e));
        // After an error the connection may be in any state; the next read opens another.
        if reply.is_ok() {
            let mut idle = self.idle();
            if idle.len() < IDLE_MAX {
                idle.push(connection);
            }
        }
        reply
    }

    /// Closes the idle connections.
    pub fn clear(&self) {
        self.idle().clear();
    }

    fn open(&self) -> Result<Connection, HostError> {
        let connection = schema::open(&self.path)?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1024;")
            .map_err(|e| host_error(&e))?;
        Ok(connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
