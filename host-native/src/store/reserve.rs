//! Room on the disk that is kept for deletes.
//!
//! A delete has to write before it frees anything. So a file of some megabytes lies beside the database; when the disk is
//! full it is given up for what makes the store smaller, and made again as soon as there is room. Until it is whole again
//! nothing else is written, or it would soon be used up by what does not fit anyway.

use fs4::FileExt;
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file's name inside the data directory.
pub const FILE_NAME: &str = "haversack.reserve";

/// Less than this is not worth keeping.
const BYTES_MIN: u64 = 64 << 10;

/// The reserve of a store.
pub struct Reserve {
    path: PathBuf,
    bytes: u64,
    /// What the file holds now.
    held: u64,
}

impl Reserve {
    /// The reserve in `dir`, of `bytes` bytes; 0 is none. It is made if there is room.
    pub fn open(dir: &Path, bytes: u64) -> Reserve {
        let path = dir.join(FILE_NAME);
        let held = path.metadata().map_or(0, |metadata| metadata.len());
        let mut reserve = Reserve { path, bytes, held };
        if bytes == 0 {
            let _ = std::fs::remove_file(&reserve.path);
            reserve.held = 0;
        } else if held != bytes {
            reserve.refill();
        }
        reserve
    }

    /// Bytes of it, when it is whole.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether all of it is there.
    pub fn is_whole(&self) -> bool {
        self.held >= self.bytes
    }

    /// Gives the room to whoever writes next. False if there is none.
    pub fn release(&mut self) -> bool {
        let held = std::mem::take(&mut self.held) > 0;
        held && std::fs::remove_file(&self.path).is_ok()
    }

    /// Makes it whole, or as large as there is room for.
    pub fn refill(&mut self) {
        let mut bytes = self.bytes;
        while self.bytes > 0 && bytes >= BYTES_MIN.min(self.bytes) {
            match make(&self.path, bytes) {
                Ok(()) => {
                    self.held = bytes;
                    return;
                }
                Err(error) if is_full(&error) => {}
                // A file system that keeps no room: then there is no reserve, rather than no writes.
                Err(error) => {
                    tracing::warn!(%error, "no room can be kept for deletes in {}", self.path.display());
                    self.bytes = 0;
                }
            }
            let _ = std::fs::remove_file(&self.path);
            bytes /= 2;
        }
        self.held = 0;
    }
}

fn is_full(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

fn make(path: &Path, bytes: u64) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    match file.allocate(bytes) {
        Err(error) if is_full(&error) => return Err(error),
        Ok(()) => {}
        // Not every file system can: what is written takes its room everywhere.
        Err(_) => {
            let zeros = vec![0; 64 << 10];
            let mut rest = bytes;
            while rest > 0 {
                let some = usize::try_from(rest).unwrap_or(usize::MAX).min(zeros.len());
                file.write_all(zeros.get(..some).unwrap_or_default())?;
                rest -= some as u64;
            }
        }
    }
    file.set_len(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_up_once_and_made_again() {
        let dir = tempfile::TempDir::new().unwrap();
        let mut reserve = Reserve::open(dir.path(), 1 << 20);
        let file = dir.path().join(FILE_NAME);
        assert!(reserve.is_whole() && file.metadata().unwrap().len() == 1 << 20);
        assert!(reserve.release() && !file.exists() && !reserve.is_whole());
        assert!(!reserve.release(), "there is nothing more");
        reserve.refill();
        assert!(reserve.is_whole() && file.exists());
        assert!(Reserve::open(dir.path(), 0).is_whole() && !file.exists());
    }
}
