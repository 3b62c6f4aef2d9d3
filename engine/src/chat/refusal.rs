//! Query mode without anything relevant.

use super::flow::{Ask, Outcome, Refusal};
use super::save;
use crate::api::ApiError;
use crate::seam::Cx;
use crate::store::key::Partition;

const REFUSAL: &str = "There is no relevant information in this workspace to answer your query.";

/// The workspace's refusal, saved outside the conversation's memory.
pub(super) async fn refuse(cx: &Cx, ask: &Ask, stage: Refusal) -> Result<Outcome, ApiError> {
    let text = ask.workspace.query_refusal.as_deref().unwrap_or(REFUSAL).to_owned();
    // Visitors of a website get their refusals off the record.
    if !matches!(ask.partition, Partition::Embed(..)) {
        save::refused(cx, ask, &text).await?;
    }
    Ok(Outcome::Refused { text, stage })
}
