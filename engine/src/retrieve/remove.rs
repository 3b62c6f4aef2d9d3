//! Documents leave a workspace, or the store.
//!
//! A removal of more than one commit leaves a note with its first one ([`Staged::Removal`]): what is cut off is finished
//! by the upkeep at the next start. The last commit takes the note away.

use super::placement;
use super::staging::{Marker, Staged, next_number, segment_ranges};
use super::{Growth, IndexChange, IndexHead, change_index, lexical};
use crate::api::log_event;
use crate::model::{Document, Placement, Workspace};
use crate::seam::Cx;
use crate::store::{self, StoreError, Transaction, key, retry};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doomed {
    /// A document, from all workspaces and from the store.
    Document {
        /// Its folder.
        folder: String,
        /// Its name there.
        name: String,
        /// Its id: another one of that name stays.
        id: String,
    },
    /// A document's place in a workspace.
    Place {
        /// The workspace's id.
        workspace: u64,
        /// The place's id.
        id: u64,
    },
}

/// The removal of several things. Dropped before [`Removal::end`], it is left to the upkeep.
pub struct Removal {
    cx: Cx,
    doomed: Vec<Doomed>,
    /// The number of the note, once it is left.
    note: Option<u64>,
    /// The upkeep is at it, and takes the note away itself.
    by_upkeep: bool,
}

impl Removal {
    /// Of these documents, as far as they exist, by folder and name.
    pub async fn of_documents(cx: &Cx, paths: &[(&str, &str)]) -> Result<Removal, StoreError> {
        let mut doomed = Vec::new();
        for some in paths.chunks(500) {
            let keys = some.iter().map(|(folder, name)| key::document(folder, name)).collect();
            let found = store::get_many::<Document>(cx, keys).await?;
            doomed.extend(found.into_iter().flatten().map(|document| Doomed::Document {
                folder: document.folder,
                name: document.name,
                id: document.id,
            }));
        }
        Ok(Removal { cx: cx.clone(), doomed, note: None, by_upkeep: false })
    }

    /// Of these places.
    pub fn of_places(cx: &Cx, places: &[Placement]) -> Removal {
        let doomed = places.iter().map(|place| Doomed::Place { workspace: place.workspace, id: place.id });
        Removal { cx: cx.clone(), doomed: doomed.collect(), note: None, by_upkeep: false }
    }

    /// What a note says, to be finished.
    pub(super) fn noted(cx: &Cx, number: u64, doomed: Vec<Doomed>) -> Removal {
        Removal { cx: cx.clone(), doomed, note: Some(number), by_upkeep: true }
    }

    /// Removes all of it, but not the note.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        for doomed in self.doomed.clone() {
            match doomed {
                Doomed::Document { folder, name, id } => {
                    let place = key::document(&folder, &name);
                    let found = store::get::<Document>(&self.cx, place).await?;
                    if found.is_some_and(|found| found.id == id) {
                        self.document(&folder, &name).await?;
                    }
                }
                Doomed::Place { workspace, id } => {
                    if let Some(place) =
                        store::get::<Placement>(&self.cx, key::placement(workspace, id)).await?
                    {
                        self.place(&place).await?;
                    }
                }
            }
            self.cx.breathe().await;
        }
        Ok(())
    }

    /// Removes a document from every workspace and then from the store. False if there was no such document.
    pub async fn document(&mut self, folder: &str, name: &str) -> Result<bool, StoreError> {
        let cx = self.cx.clone();
        let mut attempts = retry(&cx);
        loop {
            let mut tx = attempts.next().await?;
            // Read first: a workspace that takes it in changes it, and then this commit does not take effect.
            let Some(document) = tx.get::<Document>(key::document(folder, name)).await? else {
                return Ok(false);
            };
            let placements = placement::of_document(&cx, folder, name).await?;
            if !placements.is_empty() {
                for placement in placements {
                    self.place(&placement).await?;
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
            let last = self.doomed.len() <= 1 && !self.by_upkeep;
            let note = match (last, self.note) {
                // Nothing is left to do after this commit.
                (true, Some(number)) => {
                    tx.delete(key::staging(number));
                    None
                }
                (true, None) => None,
                (false, _) => self.leave(&mut tx).await?,
            };
            if tx.commit().await? {
                self.note = note;
                return Ok(true);
            }
        }
    }

    /// Removes a document's place in a workspace, its chunks and vectors, in one commit. False if it was gone already.
    pub async fn place(&mut self, placement: &Placement) -> Result<bool, StoreError> {
        let cx = self.cx.clone();
        let workspace = placement.workspace;
        let name = store::get::<Workspace>(&cx, key::workspace(workspace)).await?.map(|found| found.name);
        let mut attempts = retry(&cx);
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
            log_event(&cx, &mut tx, "workspace_documents_removed", metadata).await?;
            let only = matches!(&self.doomed[..], [Doomed::Place { .. }]);
            let number = if only { None } else { self.leave(&mut tx).await? };
            if tx.commit().await? {
                self.note = self.note.or(number);
                return Ok(true);
            }
        }
    }

    /// Makes `tx` leave the note, unless it is there; its number.
    async fn leave(&self, tx: &mut Transaction) -> Result<Option<u64>, StoreError> {
        if self.note.is_some() {
            return Ok(self.note);
        }
        let number = next_number(&self.cx).await?;
        let of = Staged::Removal { doomed: self.doomed.clone() };
        tx.put(key::staging(number), &Marker { at: self.cx.now(), of })?;
        Ok(Some(number))
    }

    /// Takes the note away: everything is done, or the caller is told that it is not. If that cannot be written now, the
    /// upkeep finishes what is left and takes it away.
    pub async fn end(self) {
        if let Some(number) = self.note {
            let mut tx = Transaction::new(&self.cx);
            tx.delete(key::staging(number));
            let _ = tx.commit().await;
        }
    }
}

/// Removes a document from every workspace and then from the store. False if there was no such document.
pub async fn remove_document_everywhere(cx: &Cx, folder: &str, name: &str) -> Result<bool, StoreError> {
    let mut removal = Removal::of_documents(cx, &[(folder, name)]).await?;
    let removed = removal.document(folder, name).await;
    removal.end().await;
    removed
}
