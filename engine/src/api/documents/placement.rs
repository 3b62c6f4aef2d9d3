//! Documents in a workspace: adding, removing, pinning (reference §4.3, §7.6).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, wire, workspaces};
use super::wire::{Outcome, Status, failures};
use super::{find, paths};
use crate::model::{Document, Placement, Workspace};
use crate::retrieve::ingest::{Source, add_document};
use crate::retrieve::placement;
use crate::retrieve::remove::Removal;
use crate::seam::Cx;
use crate::store::{StoreError, key, retry};
use crate::text::path::folder_and_file;
use serde_json::{Value, json};

/// `POST /v1/workspace/:slug/update-embeddings {adds?, deletes?}`: first removes, then adds, one by one.
///
/// What goes wrong with one document is told in `results` and `message`, and does not stop the others.
pub async fn update_embeddings(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let fields = Fields::of_body(&call.request)?;
    let (adds, deletes) = (paths("adds", fields.get("adds"))?, paths("deletes", fields.get("deletes"))?);
    let mut outcomes = Vec::with_capacity(adds.len() + deletes.len());
    let mut leaving = Vec::with_capacity(deletes.len());
    for path in &deletes {
        leaving.push(leaving_places(&call, &workspace, path).await?);
    }
    let mut removal = Removal::of_places(&call.cx, &leaving.concat());
    for (path, places) in deletes.into_iter().zip(&leaving) {
        outcomes.push(match remove(&mut removal, places).await {
            Ok(true) => Outcome::done(path, Status::Removed),
            Ok(false) => Outcome::failed(path, Status::Unknown, "The workspace has no such document."),
            Err(error) => Outcome::failed(path, Status::Failed, &error.to_string()),
        });
    }
    removal.end().await;
    for path in adds {
        outcomes.push(match find(&call.cx, path).await {
            Ok(Some(document)) if !may_read(&call, &document).await? => {
                Outcome::failed(path, Status::Unknown, "No such document.")
            }
            Ok(Some(document)) => {
                let added = add_document(&call.cx, &call.engine, &workspace, &document, Source::Stored).await;
                Outcome::of_adding(path, added)
            }
            Ok(None) => Outcome::failed(path, Status::Unknown, "No such document."),
            Err(error) => Outcome::failed(path, Status::Failed, &error.to_string()),
        });
    }
    let placements = workspaces::placements(&call, workspace.id).await?;
    let mut row = json!(wire::workspace(&workspace).documents(&placements));
    row["contextWindow"] = context_window(&call, &workspace).into();
    // Only files attached to a conversation count here, and those are never stored.
    row["currentContextTokenCount"] = 0.into();
    Ok(Answer::ok(&json!({ "workspace": row, "message": failures(&outcomes), "results": outcomes })))
}

/// Whether the caller may know of a document: one who is limited to some workspaces, if it is in one of
/// them.
async fn may_read(call: &Call, document: &Document) -> Result<bool, ApiError> {
    let Some(workspaces) = call.caller.limit() else { return Ok(true) };
    let placements = placement::of_document(&call.cx, &document.folder, &document.name).await?;
    Ok(placements.iter().any(|placement| workspaces.contains(&placement.workspace)))
}

/// The places of a document that is to leave the workspace. Where copies are allowed, one of them goes, as ever; where
/// they are not, none may stay.
async fn leaving_places(
    call: &Call,
    workspace: &Workspace,
    path: &str,
) -> Result<Vec<Placement>, StoreError> {
    let mut places = placements(&call.cx, workspace, path).await?;
    if !call.engine.settings().deduplicate {
        places.truncate(1);
    }
    Ok(places)
}

/// Removes a document from the workspace. False if it was not there.
async fn remove(removal: &mut Removal, places: &[Placement]) -> Result<bool, StoreError> {
    let mut removed = false;
    for place in places {
        removed |= removal.place(place).await?;
    }
    Ok(removed)
}

async fn placements(cx: &Cx, workspace: &Workspace, path: &str) -> Result<Vec<Placement>, StoreError> {
    match folder_and_file(path) {
        Ok((folder, name)) => placement::in_workspace(cx, workspace.id, folder, name).await,
        Err(_) => Ok(Vec::new()),
    }
}

/// Tokens that the workspace's model takes; `None` if it has none that works.
fn context_window(call: &Call, workspace: &Workspace) -> Option<u32> {
    let (provider, model) = (workspace.chat_provider.as_deref(), workspace.chat_model.as_deref());
    call.engine.settings().llm.resolve(provider, model).ok().map(|model| model.context_window())
}

/// `POST /v1/workspace/:slug/update-pin {docPath, pinStatus = false}`.
pub async fn update_pin(call: Call) -> Result<Answer, ApiError> {
    let slug = call.param(0);
    let workspace = call.find_workspace().await?.ok_or_else(|| {
        let message = format!("Workspace {slug} is not a valid workspace.");
        ApiError::new(Code::NotFound, message)
    })?;
    let fields = Fields::of_body(&call.request)?;
    let path = fields.required("docPath")?;
    let pinned = match fields.get("pinStatus") {
        None => false,
        Some(Value::Bool(pinned)) => *pinned,
        Some(_) => return Err(ApiError::field("pinStatus", "true or false")),
    };
    let placements = placements(&call.cx, &workspace, path).await?;
    if placements.is_empty() {
        let message = format!("Workspace {slug} has no document {path}.");
        return Err(ApiError::new(Code::NotFound, message));
    }
    for (n, placement) in placements.iter().enumerate() {
        // Of copies, one is enough to pin.
        pin(&call.cx, placement, pinned && n == 0).await?;
    }
    Ok(Answer::ok(&json!({ "message": "Pin status updated successfully" })))
}

async fn pin(cx: &Cx, placement: &Placement, pinned: bool) -> Result<(), ApiError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let place = key::placement(placement.workspace, placement.id);
        let Some(mut found) = tx.get::<Placement>(place).await?.filter(|found| found.pinned != pinned) else {
            return Ok(());
        };
        found.pinned = pinned;
        found.updated_at = cx.now();
        placement::put(&mut tx, &found)?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}
