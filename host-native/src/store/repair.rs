//! A repair makes a new database beside the old one, and puts it in its place when it is whole.
//!
//! Until then nothing of the old one is touched. The change of places is several renames; a note of it
//! (`haversack.repair`) is written first, so that one that was cut off is finished by the next repair. The old files are
//! kept in a folder of their own.

use super::damage::{self, Damage};
use super::salvage::{self, Salvaged, with_suffix};
use super::{FILE_NAME, Lock, Store, StoreOptions, lock};
use haversack_engine::seam::{HostError, HostErrorKind};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The new database while it is made.
const MAKING: &str = "haversack.db.repairing";

/// The new database once it is whole.
const MADE: &str = "haversack.db.repaired";

/// A copy that is read when the first page is damaged.
const SCRATCH: &str = "haversack.db.scratch";

/// The note that places are being changed: the name of the folder for the old files.
const NOTE: &str = "haversack.repair";

/// What SQLite puts beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Refuses a directory in which a repair was cut off while places were changed.
pub fn refuse_half_done(dir: &Path) -> Result<(), HostError> {
    match dir.join(NOTE).exists() {
        false => Ok(()),
        true => {
            let message =
                "a repair of the data was cut off at its end: run `haversack doctor --repair` once more";
            Err(HostError::new(HostErrorKind::Damaged, message))
        }
    }
}

/// A repair of the data in a directory, which nobody else uses meanwhile.
pub struct Repair {
    dir: PathBuf,
    _lock: Lock,
}

impl Repair {
    /// Begins one. What an earlier one left is put in place, or thrown away.
    pub fn begin(dir: &Path) -> Result<Repair, HostError> {
        let lock = lock::alone(dir)?;
        let repair = Repair { dir: dir.to_owned(), _lock: lock };
        if dir.join(NOTE).exists() {
            repair.change_places().map_err(|e| cannot(dir, &e))?;
        }
        for name in [MAKING, MADE, SCRATCH] {
            remove(&dir.join(name)).map_err(|e| cannot(dir, &e))?;
        }
        Ok(repair)
    }

    /// Where the database is.
    pub fn path(&self) -> PathBuf {
        self.dir.join(FILE_NAME)
    }

    /// The store as it is, to be looked at. What is met there is not noted.
    pub fn open_old(&self) -> Result<Store, HostError> {
        let options = StoreOptions { reserve_bytes: 0, max_bytes: None };
        Store::open_file(&self.dir, FILE_NAME, options, Damage::ignored(), None)
    }

    /// Copies what can be read into a new database.
    pub fn salvage(&self) -> Result<Salvaged, HostError> {
        let making = self.dir.join(MAKING);
        super::schema::create_private(&self.dir, MAKING)?;
        salvage::salvage(&self.path(), &making, &self.dir.join(SCRATCH))
    }

    /// The new database.
    pub fn open_new(&self) -> Result<Store, HostError> {
        let options = StoreOptions { reserve_bytes: 0, max_bytes: None };
        Store::open_file(&self.dir, MAKING, options, Damage::ignored(), None)
    }

    /// Puts the new database, which is closed, in the place of the old one; the folder that holds the old files.
    pub fn finish(self) -> Result<PathBuf, HostError> {
        let failed = |e: std::io::Error| cannot(&self.dir, &e);
        let making = self.dir.join(MAKING);
        super::schema::open(&making)?
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|e| super::error::host_error(&e))?;
        for suffix in BESIDE {
            remove_one(&with_suffix(&making, suffix)).map_err(failed)?;
        }
        fs::File::open(&making).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&making, self.dir.join(MADE)).map_err(failed)?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let backup = format!("damaged-{seconds}");
        let note = self.dir.join(format!("{NOTE}.new"));
        fs::write(&note, &backup).and_then(|()| fs::File::open(&note)?.sync_all()).map_err(failed)?;
        fs::rename(&note, self.dir.join(NOTE)).map_err(failed)?;
        self.change_places().map_err(failed)?;
        Ok(self.dir.join(backup))
    }

    /// All is well: the note of the damage is taken away.
    pub fn forget_damage(&self) -> Result<(), HostError> {
        damage::forget(&self.dir).map_err(|e| cannot(&self.dir, &e))
    }

    /// May be cut off and begun again at any point: as long as the new database is there under its own name, what has
    /// the name of the database is the old one.
    fn change_places(&self) -> std::io::Result<()> {
        let (database, made) = (self.dir.join(FILE_NAME), self.dir.join(MADE));
        let name = fs::read_to_string(self.dir.join(NOTE))?;
        // A name of one part, whatever somebody wrote there.
        let name = Path::new(name.trim()).file_name().map_or_else(|| "damaged".into(), ToOwned::to_owned);
        let backup = self.dir.join(name);
        if made.exists() {
            create_folder(&backup)?;
            for suffix in ["-wal", "-shm", ""] {
                let old = with_suffix(&database, suffix);
                if old.exists() {
                    fs::rename(&old, backup.join(format!("{FILE_NAME}{suffix}")))?;
                }
            }
            sync(&self.dir)?;
            fs::rename(&made, &database)?;
            sync(&self.dir)?;
        }
        damage::forget(&self.dir)?;
        remove_one(&self.dir.join(NOTE))?;
        sync(&self.dir)
    }
}

fn create_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Renames are on the disk when their directory is.
fn sync(dir: &Path) -> std::io::Result<()> {
    match cfg!(unix) {
        true => fs::File::open(dir)?.sync_all(),
        false => Ok(()),
    }
}

fn remove(database: &Path) -> std::io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        remove_one(&with_suffix(database, suffix))?;
    }
    Ok(())
}

fn remove_one(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn cannot(dir: &Path, error: &std::io::Error) -> HostError {
    let message = format!("the files in {} cannot be changed: {error}", dir.display());
    HostError::new(HostErrorKind::Failed, message)
}
