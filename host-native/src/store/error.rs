//! SQLite's failures in the seam's words.

use haversack_engine::seam::{HostError, HostErrorKind};
use rusqlite::{Error, ErrorCode};

/// What `error` means to the engine and to the person who reads the log.
pub fn host_error(error: &Error) -> HostError {
    let (kind, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            (HostErrorKind::Full, "the disk is full or the store has reached its limit: nothing was written")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (HostErrorKind::Unavailable, "another process keeps the database locked: stop it, or try again")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            HostErrorKind::Failed,
            "the database is damaged: run `haversack doctor` and restore a backup of the data directory",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            HostErrorKind::Failed,
            "the database cannot be opened for writing: check the owner and mode of the data directory",
        ),
        Some(ErrorCode::TooBig) => (HostErrorKind::TooLarge, "a value is larger than SQLite can hold"),
        _ => (HostErrorKind::Failed, "the database failed"),
    };
    HostError::new(kind, format!("{hint} ({error})"))
}

/// Whether waiting may help.
pub fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
