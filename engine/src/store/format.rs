//! The layout's version, and the way from one to the next.

use super::{StoreError, key, retry};
use crate::seam::Cx;

/// The layout this build reads and writes.
///
/// | layout | what came with it |
/// | --- | --- |
/// | 1 | the keys of [`super::key`] |
/// | 2 | values may have a check sum, see [`super::seal`]; those without one stay as they are |
pub const FORMAT: u32 = 2;

/// Why the data cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The store failed.
    Store(StoreError),
    /// Written by a newer build.
    TooNew(u32),
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FormatError::Store(error) => error.fmt(f),
            FormatError::TooNew(found) => write!(
                f,
                "the data has layout {found}, this build knows up to {FORMAT}: use a newer Haversack, or another data folder"
            ),
        }
    }
}

impl From<StoreError> for FormatError {
    fn from(error: StoreError) -> FormatError {
        FormatError::Store(error)
    }
}

/// Marks an empty store with [`FORMAT`], brings an older one up to it step by step (each step is one
/// commit that also moves the number, so a crash between steps is no harm), refuses a newer one.
pub async fn migrate(cx: &Cx) -> Result<u32, FormatError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let found: Option<u32> = tx.get(key::format()).await?;
        match found {
            Some(FORMAT) => return Ok(FORMAT),
            Some(newer) if newer > FORMAT => return Err(FormatError::TooNew(newer)),
            // From 1 to 2 nothing is rewritten: older builds are kept away from what they cannot read.
            Some(_) | None => tx.put(key::format(), &FORMAT)?,
        }
        tx.commit().await?;
    }
}
