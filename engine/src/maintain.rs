//! What a host does once before it serves, and now and then after.

use crate::Engine;
use crate::api::{self, ApiError, Code};
use crate::bounds;
use crate::model::Folder;
use crate::retrieve::staging;
use crate::seam::{Cx, UnixMs};
use crate::store::format::{FormatError, migrate};
use crate::store::{self, StoreError, key};
use serde::Serialize;

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The layout of the store, now.
    pub format: u32,
    /// Half-written segments and texts that were removed, and removals that were finished.
    pub swept: u64,
    /// Those that another host may still be writing.
    pub kept: u64,
    /// Lines of the event log and turns of sessions that were more than the settings allow.
    pub forgotten: u64,
    /// The store met damage: nothing was written.
    pub damaged: bool,
}

/// A run that has written nothing for so long is taken for dead.
const SILENCE_MS: i64 = 60 * 60 * 1000;

/// Brings the layout up to date, removes what a crash left half written, finishes removals that it cut off, and bounds
/// what grows with use ([`bounds`]).
///
/// `alone` says that no other host is using the store and that this one has not begun to serve: then
/// everything staged is left over. Otherwise only what nobody has written to for an hour goes, as
/// another host may be at it. Should a run be that slow, nothing breaks: it finds its marker gone, takes
/// nothing of what it wrote for real, and answers with an error.
///
/// A store that met damage takes no writes. What can be read of it is served all the same, so that is no error here.
pub async fn run(cx: &Cx, engine: &Engine, alone: bool) -> Result<Report, ApiError> {
    let mut report = Report { format: 0, swept: 0, kept: 0, forgotten: 0, damaged: false };
    match all(cx, engine, alone, &mut report).await {
        Err(FormatError::Store(error)) if error.is_damage() => report.damaged = true,
        other => other?,
    }
    Ok(report)
}

async fn all(cx: &Cx, engine: &Engine, alone: bool, report: &mut Report) -> Result<(), FormatError> {
    report.format = migrate(cx).await?;
    let now = cx.now();
    for key in store::scan_keys(cx, key::stagings()).await? {
        let Some(number) = key::trailing_id(&key) else { continue };
        match staging::discard(cx, number, |marker| alone || is_silent(marker.at, now)).await? {
            true => report.swept += 1,
            false => report.kept += 1,
        }
        cx.breathe().await;
    }
    if alone {
        report.swept += folders(cx).await?;
    }
    report.forgotten += bounds::events(cx, engine).await?;
    if alone {
        report.forgotten += bounds::sessions(cx, engine).await?;
    }
    Ok(())
}

/// Finishes the removal of folders. Who put a document into one since has taken its mark away.
async fn folders(cx: &Cx) -> Result<u64, StoreError> {
    let mut finished = 0;
    for (at, folder) in store::all::<Folder>(cx, key::folders()).await? {
        if folder.closing {
            let name = at.as_str().rsplit('/').next().map(key::decode).unwrap_or_default();
            finished += u64::from(api::remove_folder_of(cx, &name).await?.0);
        }
    }
    Ok(finished)
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
