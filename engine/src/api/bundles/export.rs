//! `GET /v1/workspace/:slug/export`.

use super::super::Call;
use super::super::answer::Answer;
use super::super::documents::DocumentPlace;
use super::super::error::ApiError;
use crate::bundle::LAYOUT;
use crate::bundle::{MANIFEST, Manifest, Writer};
use crate::model::{Placement, Workspace};
use crate::retrieve::{IndexHead, index_ranges};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Head, Key, KeyRange, Work};
use crate::store::{self, StoreError, key};
use bytes::Bytes;
use serde::Serialize;

/// Bytes of the file that are sent at once.
const PIECE_BYTES: usize = 256 << 10;

/// What one document puts into the file, and what sorting it costs, in records.
const ITEMS_EACH: usize = 20;

/// Bytes of values that one scan may bring, about.
const SCAN_BYTES: u64 = 2 << 20;

/// Streams the workspace as a bundle. What is written meanwhile ends the file with a note instead of a trailer:
/// documents that are added or removed, not conversations.
pub async fn export(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let contents = Contents::read(&call.cx, workspace).await?;
    let name = format!("attachment; filename=\"{}.hvs\"", contents.workspace.slug);
    let headers = [("content-type", "application/octet-stream"), ("content-disposition", &name)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    call.cx.head(Head { status: 200, headers, streaming: true });
    let mut sending = Sending { cx: &call.cx, writer: Writer::new() };
    let rest = match contents.send(&mut sending).await {
        Ok(true) => sending.writer.finish(),
        Ok(false) => sending.writer.break_off("documents were added or removed while it was written"),
        Err(error) => sending.writer.break_off(&error.message),
    };
    call.cx.body(rest);
    Ok(Answer::Streamed)
}

/// What belongs to a workspace, as of one version of its index.
struct Contents {
    workspace: Workspace,
    head: Option<IndexHead>,
    placements: Vec<Placement>,
}

/// What stands under a key, or from it on.
enum Item {
    /// A value that is known.
    Known(Bytes),
    /// What the store has there, if it has anything.
    Stored,
    /// All of a range, and about how large its values are.
    Range(KeyRange, u64),
    /// The placement of this number.
    Placement(usize),
}

impl Contents {
    /// Reads what the index is made of, from one moment.
    async fn read(cx: &Cx, workspace: Workspace) -> Result<Contents, ApiError> {
        let mut attempts = store::retry(cx);
        loop {
            attempts.next().await?;
            let head = store::get::<IndexHead>(cx, key::index_head(workspace.id)).await?;
            let placements = store::all::<Placement>(cx, key::placements(workspace.id)).await?;
            if store::get::<IndexHead>(cx, key::index_head(workspace.id)).await? == head {
                let placements = placements.into_iter().map(|(_, placement)| placement).collect();
                return Ok(Contents { workspace, head, placements });
            }
        }
    }

    fn manifest(&self) -> Manifest {
        let head = self.head.as_ref().filter(|_| !self.placements.is_empty());
        Manifest {
            layout: LAYOUT,
            program: format!("haversack {}", env!("CARGO_PKG_VERSION")),
            workspace: self.workspace.id,
            name: self.workspace.name.clone(),
            slug: self.workspace.slug.clone(),
            documents: self.placements.len() as u64,
            chunks: self.placements.iter().map(|placement| placement.chunks).sum(),
            embedder: head.map_or_else(String::new, |head| head.embedder.clone()),
            dim: head.map_or(0, |head| head.dim),
        }
    }

    /// Everything, in key order.
    async fn items(&self, cx: &Cx) -> Result<Vec<(Key, Item)>, ApiError> {
        let id = self.workspace.id;
        let mut items = vec![
            (Key::new(MANIFEST), known(&self.manifest())?),
            (key::workspace(id), known(&self.workspace)?),
            (key::workspace_slug(&self.workspace.slug), known(&id)?),
        ];
        if let Some(head) = &self.head {
            items.push((key::index_head(id), known(head)?));
        }
        for (range, bytes) in index_ranges(id) {
            items.push((range.start.clone(), Item::Range(range, bytes)));
        }
        let mut slices = cx.slices();
        for (n, placement) in self.placements.iter().enumerate() {
            slices.spend(Work::Records(ITEMS_EACH)).await;
            let document = &placement.document;
            let (folder, name) = (&document.folder, &document.name);
            items.push((key::placement(id, placement.id), Item::Placement(n)));
            items.push((key::placement_path(id, folder, name, placement.id), known(&())?));
            items.push((key::placement_in(folder, name, id, placement.id), known(&placement.pinned)?));
            if placement.pinned {
                items.push((key::placement_pin(id, placement.id), known(&())?));
            }
            items.push((key::folder(folder), Item::Stored));
            items.push((key::document(folder, name), Item::Stored));
            items.push((key::document_id(&document.id), known(&DocumentPlace::of(document))?));
            items.push((key::document_pages(&document.id), Item::Stored));
            let texts = key::document_texts(&document.id);
            items.push((texts.start.clone(), Item::Range(texts, 512 << 10)));
            if let Some(sha256) = &document.sha256 {
                items.push((key::document_hash(folder, sha256, &document.id), known(name)?));
            }
        }
        items.sort_by(|a, b| a.0.cmp(&b.0));
        // A document that is in the workspace twice is in the file once.
        items.dedup_by(|a, b| a.0 == b.0);
        Ok(items)
    }

    /// Sends everything but the end. False if the index changed meanwhile.
    async fn send(&self, sending: &mut Sending<'_>) -> Result<bool, ApiError> {
        for (key, item) in self.items(sending.cx).await? {
            match item {
                Item::Known(value) => sending.entry(&key, &value).await?,
                Item::Stored => sending.stored(key).await?,
                Item::Range(range, bytes) => sending.range(range, bytes).await?,
                Item::Placement(n) => {
                    if let Some(placement) = self.placements.get(n) {
                        sending.entry(&key, &json(placement)?).await?;
                    }
                }
            }
            if sending.cx.is_disconnected() {
                return Ok(false);
            }
        }
        let head = store::get::<IndexHead>(sending.cx, key::index_head(self.workspace.id)).await?;
        Ok(head == self.head)
    }
}

/// The file on its way.
struct Sending<'a> {
    cx: &'a Cx,
    writer: Writer,
}

impl Sending<'_> {
    async fn entry(&mut self, key: &Key, value: &[u8]) -> Result<(), ApiError> {
        self.writer.push(key, value)?;
        if self.writer.waiting() >= PIECE_BYTES {
            let piece = self.writer.take();
            self.cx.body(piece);
            // The host answers once the client has taken what was sent.
            self.cx.breathe().await;
        }
        Ok(())
    }

    async fn stored(&mut self, key: Key) -> Result<(), ApiError> {
        let found = store::get_bytes(self.cx, vec![key.clone()]).await?.into_iter().next().flatten();
        match found {
            Some(value) => self.entry(&key, &value).await,
            None => Ok(()),
        }
    }

    async fn range(&mut self, mut rest: KeyRange, bytes: u64) -> Result<(), ApiError> {
        let limit = u32::try_from((SCAN_BYTES / bytes.max(1)).clamp(1, 1000)).unwrap_or(1);
        loop {
            let entries = store::scan(self.cx, rest.clone(), false, limit, false).await?;
            let more = entries.len() >= limit as usize;
            let last = entries.last().map(|(key, _)| key.clone());
            for (key, Blob(value)) in entries {
                self.entry(&key, &value).await?;
            }
            match last {
                Some(last) if more && !self.cx.is_disconnected() => rest.start = key::after(&last),
                _ => return Ok(()),
            }
        }
    }
}

fn known<T: Serialize>(record: &T) -> Result<Item, ApiError> {
    Ok(Item::Known(json(record)?))
}

fn json<T: Serialize>(record: &T) -> Result<Bytes, ApiError> {
    let bytes = serde_json::to_vec(record);
    bytes.map(Bytes::from).map_err(|e| StoreError::Damaged(Key::new(MANIFEST), e.to_string()).into())
}
