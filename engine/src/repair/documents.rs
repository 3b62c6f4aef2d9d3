//! A document whose text is not whole is none: what is left of it is removed, and it is named.

use super::walk::Census;
use super::{Pages, Repair, put};
use crate::api::ApiError;
use crate::model::{Document, Placement, Workspace};
use crate::retrieve::placement;
use crate::seam::Write;
use crate::store::{self, key, seal};

/// Compares each document with its text.
pub async fn run(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    let mut pages = Pages::of(key::all_documents());
    while let Some(page) = pages.next(repair.cx).await? {
        for (at, stored) in page {
            let Ok(value) = seal::plain(&at, &stored) else { continue };
            let Ok(document) = serde_json::from_slice::<Document>(&value) else { continue };
            let id = key::encode(&document.id);
            let (parts, bytes) = census.texts.get(&id).copied().unwrap_or_default();
            let whole = (parts, bytes) == (document.text_parts, document.text_bytes);
            if whole && !census.bad_texts.contains(&id) {
                continue;
            }
            match repair.fix {
                true => remove(repair, &document).await?,
                false => repair.wrong(format!("The text of the document {} is not whole.", document.path())),
            }
        }
    }
    if repair.fix {
        // Texts of which neither document nor pointer is left.
        for id in &census.bad_texts {
            let id = key::decode(id);
            repair.write(vec![Write::DeleteRange(key::document_texts(&id))]).await?;
        }
    }
    Ok(())
}

async fn remove(repair: &mut Repair<'_>, document: &Document) -> Result<(), ApiError> {
    let mut writes = vec![
        Write::Delete(key::document(&document.folder, &document.name)),
        Write::Delete(key::document_id(&document.id)),
        Write::Delete(key::document_pages(&document.id)),
        Write::DeleteRange(key::document_texts(&document.id)),
    ];
    if let Some(sha256) = &document.sha256 {
        writes.push(Write::Delete(key::document_hash(&document.folder, sha256, &document.id)));
    }
    let mut slugs = Vec::new();
    for at in store::scan_keys(repair.cx, key::placements_in(&document.folder, &document.name)).await? {
        let Some((workspace, id)) = placement::place(&at) else { continue };
        let found = repair.peek::<Workspace>(key::workspace(workspace)).await?;
        slugs.push(found.map_or_else(|| workspace.to_string(), |found| found.slug));
        for place in placement::keys(workspace, id, &document.folder, &document.name) {
            writes.push(Write::Delete(place));
        }
    }
    repair.write(writes).await?;
    let places = match slugs.is_empty() {
        true => String::new(),
        false => format!(" It was in the workspaces {}.", slugs.join(", ")),
    };
    repair.lost(format!("The document {} (\"{}\"): add it again.{places}", document.path(), document.title));
    Ok(())
}

/// Sets a placement anew, and says so nowhere.
pub(super) async fn keep(repair: &Repair<'_>, placement: &Placement) -> Result<(), ApiError> {
    let place = key::placement(placement.workspace, placement.id);
    Ok(repair.write(vec![put(place, placement)?]).await?)
}
