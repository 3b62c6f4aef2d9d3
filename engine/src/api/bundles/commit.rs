//! What makes a staged workspace real.

use super::super::documents::{DocumentPlace, keep_folder, new_folder};
use super::super::error::{ApiError, Code};
use super::super::workspaces::free_slug;
use super::super::{Call, events};
use super::contents::Contents;
use super::numbers::Numbers;
use crate::model::{Document, Placement, Workspace};
use crate::retrieve::staging::Stager;
use crate::retrieve::{IndexHead, placement};
use crate::seam::Cx;
use crate::store::{self, Transaction, key, retry};
use serde_json::json;
use std::collections::BTreeMap;

/// Documents whose places are looked up at once.
const AT_ONCE: usize = 500;

/// Ids for the documents that are not here already, by their ids in the bundle.
pub async fn plan(
    cx: &Cx,
    contents: &Contents,
    numbers: &Numbers,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut ids = BTreeMap::new();
    let all: Vec<&Document> = contents.documents.values().collect();
    for some in all.chunks(AT_ONCE) {
        let places = some.iter().map(|document| key::document(&document.folder, &document.name)).collect();
        let known = store::get_many::<Document>(cx, places).await?;
        for (document, known) in some.iter().zip(known) {
            if !known.is_some_and(|known| is_same(&known, document)) {
                ids.insert(document.id.clone(), numbers.document(cx));
            }
        }
    }
    Ok(ids)
}

/// Whether two documents of one path are the same: imported before, or exported from here.
fn is_same(known: &Document, document: &Document) -> bool {
    let of = |document: &Document| {
        let Document { title, url, word_count, text_bytes, sha256, created_at, .. } = document.clone();
        (title, url, word_count, text_bytes, sha256, created_at)
    };
    of(known) == of(document)
}

/// Makes the staged workspace real, in one commit.
pub async fn commit(
    call: &Call,
    contents: &Contents,
    numbers: &Numbers,
    ids: &BTreeMap<String, String>,
    stager: &Stager,
    name: Option<String>,
) -> Result<Workspace, ApiError> {
    let now = call.cx.now();
    let name: String =
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| contents.workspace.name.clone());
    let name: String = name.chars().take(255).collect();
    let mut workspace = Workspace {
        id: numbers.workspace,
        name,
        created_at: now,
        updated_at: now,
        ..contents.workspace.clone()
    };
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        stager.seal(&mut tx).await?;
        workspace.slug = free_slug(call, &mut tx, &workspace.name).await?;
        tx.put(key::workspace(workspace.id), &workspace)?;
        tx.put(key::workspace_slug(&workspace.slug), &workspace.id)?;
        let documents = documents(call, &mut tx, contents, ids).await?;
        for theirs in &contents.placements {
            let Some(document) = documents.get(&theirs.document.id) else { continue };
            let ours = Placement {
                id: numbers.placement(theirs.id)?,
                workspace: workspace.id,
                document: document.clone(),
                segment: numbers.segment(theirs.segment)?,
                ..theirs.clone()
            };
            placement::put(&mut tx, &ours)?;
        }
        if let Some(head) = &contents.head {
            tx.put(key::index_head(workspace.id), &IndexHead { version: 1, ..head.clone() })?;
        }
        let metadata =
            json!({ "workspaceName": workspace.name, "numberOfDocuments": contents.documents.len() });
        events::log(&call.cx, &mut tx, "workspace_imported", metadata).await?;
        if tx.commit().await? {
            return Ok(workspace);
        }
    }
}

/// Puts the documents into `tx`; as they are here, by their ids in the bundle.
async fn documents(
    call: &Call,
    tx: &mut Transaction,
    contents: &Contents,
    ids: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Document>, ApiError> {
    let mut documents = BTreeMap::new();
    let mut folders = BTreeMap::new();
    for document in contents.documents.values() {
        let known = tx.get::<Document>(key::document(&document.folder, &document.name)).await?;
        let ours = match (known, ids.get(&document.id)) {
            (Some(known), staged) if is_same(&known, document) => {
                if let Some(id) = staged {
                    // Somebody else has brought it meanwhile.
                    tx.delete_range(key::document_texts(id));
                    tx.delete(key::document_pages(id));
                }
                Document { times_placed: known.times_placed + 1, ..known }
            }
            (None, Some(id)) => Document { id: id.clone(), times_placed: 1, ..document.clone() },
            (Some(_), Some(id)) => {
                let name = other_name(&document.name, id);
                let ours = Document { id: id.clone(), name, times_placed: 1, ..document.clone() };
                tx.expect_absent(key::document(&ours.folder, &ours.name));
                ours
            }
            (_, None) => {
                let message = format!(
                    "{} was removed while the bundle was imported: import it again.",
                    document.path()
                );
                return Err(ApiError::new(Code::Contended, message));
            }
        };
        if folders.insert(ours.folder.clone(), ()).is_none() && !keep_folder(tx, &ours.folder).await? {
            new_folder(tx, &call.cx, &ours.folder)?;
        }
        tx.put(key::document(&ours.folder, &ours.name), &ours)?;
        tx.put(key::document_id(&ours.id), &DocumentPlace::of(&ours))?;
        if let Some(sha256) = &ours.sha256 {
            tx.put(key::document_hash(&ours.folder, sha256, &ours.id), &ours.name)?;
        }
        documents.insert(document.id.clone(), ours);
    }
    Ok(documents)
}

/// A name for a document whose own is taken by another one.
fn other_name(name: &str, id: &str) -> String {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = &stem[..stem.floor_char_boundary(200)];
    format!("{stem}-{id}.json")
}
