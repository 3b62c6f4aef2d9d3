//! Whether a database is sound.

use super::error::host_error;
use super::schema;
use haversack_engine::seam::HostError;
use std::path::Path;

/// What is wrong with the database at `path`; nothing, if all is well. `thorough` compares the index with
/// its contents too, which reads every page.
pub fn check(path: &Path, thorough: bool) -> Result<Vec<String>, HostError> {
    let connection = schema::open(path)?;
    let sql = if thorough { "PRAGMA integrity_check(20)" } else { "PRAGMA quick_check(20)" };
    let mut statement = connection.prepare(sql).map_err(|e| host_error(&e))?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(|e| host_error(&e))?;
    let lines = rows.collect::<Result<Vec<_>, _>>().map_err(|e| host_error(&e))?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}
