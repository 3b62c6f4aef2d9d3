//! What a host does once before it serves, and now and then after.

use crate::api::{ApiError, Code};
use crate::retrieve::staging;
use crate::seam::{Cx, UnixMs};
use crate::store::format::{FormatError, migrate};
use crate::store::{self, key};
use serde::Serialize;

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The layout of the store, now.
    pub format: u32,
    /// Half-written segments and texts that were removed.
    pub swept: u64,
    /// Those that another host may still be writing.
    pub kept: u64,
}

/// A run that has written nothing for so long is taken for dead.
const SILENCE_MS: i64 = 60 * 60 * 1000;

/// Brings the layout up to date and removes what a crash left half written.
///
/// `alone` says that no other host is using the store and that this one has not begun to serve: then
/// everything staged is left over. Otherwise only what nobody has written to for an hour goes, as
/// another host may be at it. Should a run be that slow, nothing breaks: it finds its marker gone, takes
/// nothing of what it wrote for real, and answers with an error.
pub async fn run(cx: &Cx, alone: bool) -> Result<Report, ApiError> {
    let format = migrate(cx).await?;
    let now = cx.now();
    let mut report = Report { format, swept: 0, kept: 0 };
    for key in store::scan_keys(cx, key::stagings()).await? {
        let Some(number) = key::trailing_id(&key) else { continue };
        match staging::discard(cx, number, |marker| alone || is_silent(marker.at, now)).await? {
            true => report.swept += 1,
            false => report.kept += 1,
        }
        cx.breathe().await;
    }
    Ok(report)
}

/// A marker from a future that far off was written by a clock that is not to be trusted.
fn is_silent(at: UnixMs, now: UnixMs) -> bool {
    now.0.abs_diff(at.0) > SILENCE_MS.unsigned_abs()
}

impl From<FormatError> for ApiError {
    fn from(error: FormatError) -> ApiError {
        match error {
            FormatError::Store(error) => error.into(),
            FormatError::TooNew(_) => ApiError::new(Code::StoreFailed, error.to_string()),
        }
    }
}
