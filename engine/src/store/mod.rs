//! Records on the ordered key-value store of a host.
//!
//! Readable keys in order ([`key`]), JSON values for records so that a person with `sqlite3` can see
//! what is there, compact binary for vectors. Writes go through [`Transaction`]s that commit only if
//! what they read has not changed; [`retry`] runs them again when it has. Values are stored with a check sum
//! ([`seal`]); of a record that is damaged the host is told, which then takes no more writes.

pub mod format;
pub mod key;
mod read;
pub mod seal;
mod transaction;

pub use read::{
    all, by_id, first_n, get, get_bytes, get_many, last_n, next_id, next_ids, require_values, scan_keys,
};
pub(crate) use read::{damaged, get_stored, scan, scan_stored};
pub(crate) use transaction::commit;
pub use transaction::{Attempts, Transaction, retry};

use crate::seam::{HostError, HostErrorKind, Key};

/// Why the store could not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The host failed.
    Host(HostError),
    /// A record is not what this build writes: a foreign hand, or damage.
    Damaged(Key, String),
    /// So many others wrote the same records that this write never got its turn.
    Contended,
}

impl From<HostError> for StoreError {
    fn from(error: HostError) -> StoreError {
        StoreError::Host(error)
    }
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StoreError::Host(error) => write!(f, "the store failed: {error}"),
            StoreError::Damaged(key, why) => {
                write!(
                    f,
                    "record {key} cannot be read: {why}. Stop the server and run: haversack doctor --repair"
                )
            }
            StoreError::Contended => f.write_str("too many writes to the same records at once: try again"),
        }
    }
}

impl std::error::Error for StoreError {}

impl StoreError {
    /// The disk or quota is full.
    pub fn is_full(&self) -> bool {
        matches!(self, StoreError::Host(error) if error.kind == HostErrorKind::Full)
    }

    /// A record is damaged, or the store takes no changes because one is.
    pub fn is_damage(&self) -> bool {
        match self {
            StoreError::Damaged(..) => true,
            StoreError::Host(error) => error.kind == HostErrorKind::Damaged,
            StoreError::Contended => false,
        }
    }

    /// The store takes no such changes.
    pub fn is_refused(&self) -> bool {
        matches!(self, StoreError::Host(error) if error.kind == HostErrorKind::Refused)
    }
}
