//! Who uses the data directory: any number of processes together, or a repair alone.

use haversack_engine::seam::{HostError, HostErrorKind};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// The lock's name inside the data directory.
const FILE_NAME: &str = "haversack.lock";

/// Held for as long as the store is open.
pub struct Lock(#[expect(dead_code, reason = "dropping it gives the lock back")] File);

/// Uses the directory together with others.
pub fn shared(dir: &Path) -> Result<Lock, HostError> {
    let file = file(dir)?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            let message =
                "the data is being repaired by `haversack doctor --repair`: wait until that is done";
            Err(HostError::new(HostErrorKind::Unavailable, message))
        }
        // A file system without locks: then nothing can be said, and repair refuses.
        Err(TryLockError::Error(_)) | Ok(()) => Ok(Lock(file)),
    }
}

/// Uses the directory alone.
pub fn alone(dir: &Path) -> Result<Lock, HostError> {
    let file = file(dir)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => {
            let message = "the data is in use: stop the server (and any other haversack command) first";
            Err(HostError::new(HostErrorKind::Unavailable, message))
        }
        Err(TryLockError::Error(error)) => {
            let message = format!("the data directory cannot be locked: {error}");
            Err(HostError::new(HostErrorKind::Failed, message))
        }
    }
}

fn file(dir: &Path) -> Result<File, HostError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let path = dir.join(FILE_NAME);
    options.open(&path).map_err(|error| {
        HostError::new(HostErrorKind::Failed, format!("cannot write {}: {error}", path.display()))
    })
}
