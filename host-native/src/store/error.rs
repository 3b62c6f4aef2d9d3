//! SQLite's failures in the seam's words.

use haversack_engine::seam::{HostError, HostErrorKind};
use rusqlite::{Error, ErrorCode};

/// What `error` means to the engine and to the person who reads the log.
pub fn host_error(error: &Error) -> HostError {
    let extended = error.sqlite_error().map_or(0, |error| error.extended_code);
    let (kind, hint) = match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) if extended == IOERR_SHMSIZE => {
            (HostErrorKind::Full, "the disk is full: nothing was written")
        }
        Some(ErrorCode::SystemIoFailure) if [IOERR_READ, IOERR_CORRUPTFS].contains(&extended) => {
            (HostErrorKind::Damaged, DAMAGED)
        }
        Some(ErrorCode::DiskFull) => {
            (HostErrorKind::Full, "the disk is full or the store has reached its limit: nothing was written")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (HostErrorKind::Unavailable, "another process keeps the database locked: stop it, or try again")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (HostErrorKind::Damaged, DAMAGED),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => (
            HostErrorKind::Failed,
            "the database cannot be opened for writing: check the owner and mode of the data directory",
        ),
        Some(ErrorCode::TooBig) => (HostErrorKind::TooLarge, "a value is larger than SQLite can hold"),
        // A key that is no text, a value of a type that is never written.
        None if is_of_the_wrong_type(error) => (HostErrorKind::Damaged, DAMAGED),
        _ => (HostErrorKind::Failed, "the database failed"),
    };
    HostError::new(kind, format!("{hint} ({error})"))
}

/// Extended codes of SQLite: a sector of the disk cannot be read, the file system is damaged, and there is no room for
/// the index of the journal.
const IOERR_READ: i32 = 266;
const IOERR_CORRUPTFS: i32 = 8458;
const IOERR_SHMSIZE: i32 = 4874;

const DAMAGED: &str = "the database is damaged: stop the server and run `haversack doctor --repair`";

fn is_of_the_wrong_type(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
            | Error::IntegralValueOutOfRange(..)
    )
}

/// Whether waiting may help.
pub fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
