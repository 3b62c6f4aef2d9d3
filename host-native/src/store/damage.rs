//! The note that a store was found to be damaged.
//!
//! It is a file beside the database, as the database is what cannot be relied on. While it is there, nothing is written:
//! `haversack doctor --repair` removes it.

use haversack_engine::seam::{HostError, HostErrorKind};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The note's name inside the data directory.
pub const FILE_NAME: &str = "haversack.damaged";

/// Findings that are written into the note; the rest is counted by nobody, as repair looks at everything.
const LINES_MAX: u32 = 100;

/// Whether damage was met. Other processes may have met it too.
pub struct Damage {
    path: PathBuf,
    met: AtomicBool,
    lines: AtomicU32,
    /// A repair is at it: damage is what it looks for.
    ignored: bool,
}

impl Damage {
    /// What is known of the store in `dir`.
    pub fn of(dir: &Path) -> Damage {
        let path = dir.join(FILE_NAME);
        let met = AtomicBool::new(path.exists());
        Damage { path, met, lines: AtomicU32::new(0), ignored: false }
    }

    /// For a repair, which meets damage and goes on.
    pub fn ignored() -> Damage {
        Damage { path: PathBuf::new(), met: AtomicBool::new(false), lines: AtomicU32::new(0), ignored: true }
    }

    /// Whether damage was met, by this process or another one, now or before.
    pub fn is_met(&self) -> bool {
        !self.ignored && (self.met.load(Ordering::Relaxed) || self.path.exists())
    }

    /// Remembers it. `what` is for the log and the note.
    pub fn note(&self, what: &str) {
        if self.ignored {
            return;
        }
        self.met.store(true, Ordering::Relaxed);
        if self.lines.fetch_add(1, Ordering::Relaxed) >= LINES_MAX {
            return;
        }
        tracing::error!("the store is damaged, nothing more is written to it: {what}");
        if let Err(error) = append(&self.path, what) {
            tracing::error!(%error, "the note of it cannot be written to {}", self.path.display());
        }
    }

    /// Why nothing is written.
    pub fn refusal() -> HostError {
        let message = "the data was found to be damaged, so nothing is written to it: stop the server and run \
                       `haversack doctor --repair`; what is not damaged can still be read";
        HostError::new(HostErrorKind::Damaged, message)
    }
}

/// Takes the note away, once everything is well.
pub fn forget(dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(dir.join(FILE_NAME)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn append(path: &Path, what: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", what.replace('\n', " "))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_outlives_the_process_and_is_seen_by_others() {
        let dir = tempfile::TempDir::new().unwrap();
        let (one, other) = (Damage::of(dir.path()), Damage::of(dir.path()));
        assert!(!one.is_met());
        other.note("record row/1 is damaged");
        assert!(one.is_met() && Damage::of(dir.path()).is_met());
        forget(dir.path()).unwrap();
        assert!(!Damage::of(dir.path()).is_met());
        assert!(other.is_met(), "who met it goes on refusing");
    }
}
