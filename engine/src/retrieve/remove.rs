//! Documents leave a workspace, or the store.

use super::placement;
use super::staging::segment_ranges;
use super::{Growth, IndexChange, IndexHead, change_index, lexical};
use crate::api::{ApiError, log_event};
use crate::model::{Document, Placement, Workspace};
use crate::seam::Cx;
use crate::store::{self, key, retry};
use serde_json::json;

/// Removes a document's place in a workspace, its chunks and vectors, in one commit. False if it was
/// gone already.
pub async fn remove_placement(cx: &Cx, placement: &Placement) -> Result<bool, ApiError> {
    let workspace = placement.workspace;
    let name = store::get::<Workspace>(cx, key::workspace(workspace)).await?.map(|found| found.name);
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let head = tx.get::<IndexHead>(key::index_head(workspace)).await?;
        // Read again: its path may have changed since.
        let Some(found) = tx.get::<Placement>(key::placement(workspace, placement.id)).await? else {
            return Ok(false);
        };
        placement::delete(&mut tx, &found);
        for range in segment_ranges(workspace, found.segment) {
            tx.delete_range(range);
        }
        if let Some(head) = head {
            let change = IndexChange { added: vec![], removed: vec![found.segment] };
            for place in lexical::keys(workspace, found.segment, found.chunks, head.dim) {
                tx.delete(place);
            }
            let growth = -Growth::by(found.chunks, found.words);
            change_index(&mut tx, workspace, &change, growth, &head.embedder, head.dim).await?;
        }
        let metadata =
            json!({ "workspaceName": name, "numberOfDocuments": 1, "docpath": found.document.path() });
        log_event(cx, &mut tx, "workspace_documents_removed", metadata).await?;
        if tx.commit().await? {
            return Ok(true);
        }
    }
}

/// Removes a document from every workspace and then from the store. False if there was no such document.
///
/// A crash on the way leaves a whole document that is in fewer workspaces.
pub async fn remove_document_everywhere(cx: &Cx, folder: &str, name: &str) -> Result<bool, ApiError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        // Read first: a workspace that takes it in changes it, and then this commit does not take effect.
        let Some(document) = tx.get::<Document>(key::document(folder, name)).await? else {
            return Ok(false);
        };
        let placements = placement::of_document(cx, folder, name).await?;
        if !placements.is_empty() {
            for placement in placements {
                remove_placement(cx, &placement).await?;
            }
            continue;
        }
        tx.delete(key::document(folder, name));
        tx.delete(key::document_id(&document.id));
        tx.delete(key::document_pages(&document.id));
        tx.delete_range(key::document_texts(&document.id));
        if let Some(sha256) = &document.sha256 {
            tx.delete(key::document_hash(folder, sha256, &document.id));
        }
        if tx.commit().await? {
            return Ok(true);
        }
    }
}
