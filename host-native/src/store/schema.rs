//! Opening the file: who may read it, its settings and its one table.

use super::error::host_error;
use haversack_engine::seam::{HostError, HostErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// "HVSK": marks the file as ours, so that another program's database is never touched.
const APPLICATION_ID: i32 = 0x4856_534B;
const VERSION: i32 = 1;

/// How long a statement waits for another process before it reports busy.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a page. 8 KiB keeps records of up to 2 KB out of overflow chains.
pub const PAGE_BYTES: u64 = 8192;

/// Creates `dir` if absent, readable by this user only, for it holds everybody's documents and the hashes of the keys.
pub fn create_dir(dir: &Path) -> Result<(), HostError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| cannot_write(dir, &error))
}

fn cannot_write(dir: &Path, error: &std::io::Error) -> HostError {
    let message = format!("cannot write to the data directory {}: {error}", dir.display());
    HostError::new(HostErrorKind::Failed, message)
}

/// Creates an empty `dir/name` if absent, readable by this user only. SQLite gives its journal the same mode.
pub fn create_private(dir: &Path, name: &str) -> Result<PathBuf, HostError> {
    let failed = |error: std::io::Error| cannot_write(dir, &error);
    let path = dir.join(name);
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path).map_err(failed)?;
    Ok(path)
}

/// One connection, with nothing set that is kept in the file.
pub fn open(path: &Path) -> Result<Connection, HostError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| host_error(&e))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|e| host_error(&e))?;
    // Without it every new key makes SQLite plan the statement anew, to the same plan.
    let stable_plans = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
    connection.set_db_config(stable_plans, true).map_err(|e| host_error(&e))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Settles journal mode and schema; refuses a foreign or newer file.
pub fn prepare(connection: &mut Connection, path: &Path, max_bytes: Option<u64>) -> Result<(), HostError> {
    let refuse = |why: String| HostError::new(HostErrorKind::Failed, format!("{}: {why}", path.display()));
    let run = |result: rusqlite::Result<()>| result.map_err(|e| host_error(&e));
    let pragma = |connection: &Connection, name: &str| -> Result<i32, HostError> {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).map_err(|e| host_error(&e))
    };
    match (pragma(connection, "application_id")?, pragma(connection, "user_version")?) {
        (0, 0) => {
            let tables: i32 = connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(|e| host_error(&e))?;
            if tables > 0 {
                return Err(refuse("this is another program's database; choose another --data".into()));
            }
            run(create(connection))?;
        }
        (APPLICATION_ID, VERSION) => {}
        (APPLICATION_ID, newer) => {
            let why = format!("written by a newer Haversack (layout {newer}; this one knows {VERSION})");
            return Err(refuse(why));
        }
        _ => return Err(refuse("this is another program's database; choose another --data".into())),
    }
    run(connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;",
    ))?;
    run(limit(connection, max_bytes))
}

/// Lets the file grow to so many bytes.
pub fn limit(connection: &Connection, max_bytes: Option<u64>) -> rusqlite::Result<()> {
    let Some(max_bytes) = max_bytes else { return Ok(()) };
    let pages = (max_bytes / PAGE_BYTES).max(1);
    connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))
}

/// An ordinary table with an index on the key. Without row ids the values would lie in the inner pages of
/// the tree too, and a few kilobytes of text in a row would make it so deep that every read walks through
/// more pages than the cache holds.
///
/// TEXT affinity leaves blobs as they are and turns a number that a person typed into its digits.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL;"))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {VERSION};"
    ))?;
    transaction.commit()
}
