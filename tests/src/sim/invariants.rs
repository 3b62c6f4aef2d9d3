//! What must hold of the store after every single commit.
//!
//! The keys are those of [`haversack_engine::store::key`]. Every record that names another one must
//! find it, and every record that belongs to another must have its owner: a half document, a chunk of
//! nothing or a slug that leads nowhere is found here, at the commit that made it.

mod people;

use super::Store;
use haversack_engine::model::{Chat, Document, Embed, Placement, Thread, ThreadPlace, Workspace};
use haversack_engine::retrieve::IndexHead;
use haversack_engine::seam::{Key, KeyRange};
use haversack_engine::store::key;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// Checks everything; the first thing that is wrong, in words.
pub fn check(store: &Store) -> Result<(), String> {
    let store = &store.opened()?;
    let records = Records { store, orphans: orphans(store) };
    records.workspaces()?;
    records.threads()?;
    records.chats()?;
    records.embeds()?;
    records.documents()?;
    records.placements()?;
    records.segments()?;
    records.people()?;
    records.schema()
}

/// As [`check`]; besides, nothing is left half written.
pub fn check_swept(store: &Store) -> Result<(), String> {
    check(store)?;
    match store.range(&key::stagings()).next() {
        Some((key, _)) => Err(format!("{key} is still there after the upkeep")),
        None => Ok(()),
    }
}

/// Whether a removal has begun that the upkeep will finish.
pub fn removal_is_announced(store: &Store) -> Result<bool, String> {
    let store = store.opened()?;
    let is_removal = |bytes: &bytes::Bytes| {
        serde_json::from_slice(bytes)
            .is_ok_and(|marker: serde_json::Value| marker["of"]["removal"].is_object())
    };
    Ok(store.range(&key::stagings()).any(|(_, bytes)| is_removal(bytes)))
}

/// Workspaces that are being imported, and what the ids of their documents begin with.
fn imports(store: &Store) -> Vec<(u64, String)> {
    let marker = |bytes: &bytes::Bytes| {
        let marker: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let import = marker["of"].get("import")?;
        Some((import["workspace"].as_u64()?, import["documents"].as_str()?.to_owned()))
    };
    store.range(&key::stagings()).filter_map(|(_, bytes)| marker(bytes)).collect()
}

/// Documents whose text is being written.
fn staged_texts(store: &Store) -> BTreeSet<String> {
    let marker = |bytes: &bytes::Bytes| {
        let marker: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let ids = marker["of"]["texts"]["documents"].as_array()?.clone();
        Some(ids.iter().filter_map(|id| id.as_str().map(key::encode)).collect::<Vec<_>>())
    };
    store.range(&key::stagings()).filter_map(|(_, bytes)| marker(bytes)).flatten().collect()
}

/// Workspaces and threads that are gone, whose conversations are marked to be removed.
fn orphans(store: &Store) -> BTreeSet<(u64, Option<u64>)> {
    let marker = |bytes: &bytes::Bytes| {
        let marker: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let orphans = marker["of"].get("orphans")?;
        Some((orphans["workspace"].as_u64()?, orphans["thread"].as_u64()))
    };
    store.range(&key::stagings()).filter_map(|(_, bytes)| marker(bytes)).collect()
}

struct Records<'a> {
    store: &'a Store,
    orphans: BTreeSet<(u64, Option<u64>)>,
}

impl Records<'_> {
    fn all<T: DeserializeOwned>(&self, range: &KeyRange) -> Result<Vec<(Key, T)>, String> {
        self.store
            .range(range)
            .map(|(key, bytes)| match serde_json::from_slice(bytes) {
                Ok(record) => Ok((key.clone(), record)),
                Err(error) => Err(format!("{key} cannot be read: {error}")),
            })
            .collect()
    }

    fn get<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        self.store.get(key).and_then(|bytes| serde_json::from_slice(bytes).ok())
    }

    fn has(&self, key: &Key) -> bool {
        self.store.get(key).is_some()
    }

    /// Whether the workspace is there, or its conversations are marked.
    fn has_workspace(&self, id: u64) -> bool {
        self.has(&key::workspace(id)) || self.orphans.contains(&(id, None))
    }

    /// Whether the thread is there, or its conversation is marked.
    fn has_thread(&self, workspace: u64, id: u64) -> bool {
        self.has(&key::thread(workspace, id))
            || self.orphans.contains(&(workspace, Some(id)))
            || self.orphans.contains(&(workspace, None))
    }

    fn count(&self, range: &KeyRange) -> u64 {
        self.store.range(range).count() as u64
    }

    fn workspaces(&self) -> Result<(), String> {
        for (at, workspace) in self.all::<Workspace>(&key::workspaces())? {
            let id = self.get::<u64>(&key::workspace_slug(&workspace.slug));
            ensure(id == Some(workspace.id), || format!("{at}: its slug leads to {id:?}"))?;
        }
        for (at, id) in self.all::<u64>(&key::range("ws.slug/"))? {
            let workspace = self.get::<Workspace>(&key::workspace(id));
            let leads = workspace.is_some_and(|workspace| key::workspace_slug(&workspace.slug) == at);
            ensure(leads, || format!("{at} leads to workspace {id}, which is not of that slug"))?;
        }
        Ok(())
    }

    fn threads(&self) -> Result<(), String> {
        for (at, thread) in self.all::<Thread>(&key::range("thread/"))? {
            ensure(self.has_workspace(thread.workspace), || format!("{at} has no workspace"))?;
            let place = self.get::<ThreadPlace>(&key::thread_slug(&thread.slug));
            let expected = ThreadPlace { workspace: thread.workspace, thread: thread.id };
            ensure(place == Some(expected), || format!("{at}: its slug leads to {place:?}"))?;
        }
        for (at, place) in self.all::<ThreadPlace>(&key::range("thread.slug/"))? {
            ensure(self.has(&key::thread(place.workspace, place.thread)), || format!("{at} leads nowhere"))?;
        }
        Ok(())
    }

    fn chats(&self) -> Result<(), String> {
        for (at, chat) in self.all::<Chat>(&key::range("chat/"))? {
            ensure(self.has_workspace(chat.workspace), || format!("{at} has no workspace"))?;
            if let Some(thread) = chat.thread {
                ensure(self.has_thread(chat.workspace, thread), || format!("{at} has no thread"))?;
            }
            let place = self.get::<Key>(&key::chat_id(chat.id));
            ensure(place.as_ref() == Some(&at), || format!("{at}: its id leads to {place:?}"))?;
        }
        for (at, place) in self.all::<Key>(&key::chat_ids())? {
            ensure(self.has(&place), || format!("{at} leads to {place}, which is not there"))?;
        }
        Ok(())
    }

    /// Embeds are found by name and by workspace, and what was said through one goes with it.
    fn embeds(&self) -> Result<(), String> {
        let mut found: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for (at, embed) in self.all::<Embed>(&key::embeds())? {
            ensure(self.has(&key::workspace(embed.workspace)), || format!("{at} has no workspace"))?;
            let id = self.get::<u64>(&key::embed_uuid(&embed.uuid));
            ensure(id == Some(embed.id), || format!("{at}: its name leads to {id:?}"))?;
            found.entry(embed.workspace).or_default().insert(embed.id);
            known.insert(embed.id);
        }
        for (at, ids) in self.all::<BTreeSet<u64>>(&key::range("embed.of/"))? {
            let expected = key::trailing_id(&at).and_then(|workspace| found.remove(&workspace));
            ensure(expected.as_ref() == Some(&ids), || format!("{at} lists {ids:?} of {expected:?}"))?;
        }
        ensure(found.is_empty(), || format!("embeds that no workspace lists: {found:?}"))?;
        for (at, id) in self.all::<u64>(&key::range("embed.uuid/"))? {
            ensure(known.contains(&id), || format!("{at} leads nowhere"))?;
        }
        for prefix in ["embed.chat/", "embed.day/", "embed.use/"] {
            for (at, _) in self.store.range(&key::range(prefix)) {
                let id = at.as_str().split('/').nth(1).and_then(|part| part.parse().ok());
                let owned = id.is_some_and(|id: u64| known.contains(&id));
                ensure(owned, || format!("{at} belongs to no embed"))?;
            }
        }
        Ok(())
    }

    fn documents(&self) -> Result<(), String> {
        let mut known = BTreeSet::new();
        for (at, document) in self.all::<Document>(&key::all_documents())? {
            let path = key::document(&document.folder, &document.name);
            ensure(path == at, || format!("{at} calls itself {path}"))?;
            ensure(self.has(&key::folder(&document.folder)), || format!("{at} has no folder"))?;
            ensure(self.has(&key::document_id(&document.id)), || format!("{at} is not found by its id"))?;
            let parts = key::document_texts(&document.id);
            let bytes: usize = self.store.range(&parts).map(|(_, value)| value.len()).sum();
            let count = self.count(&parts);
            ensure(count == document.text_parts && bytes as u64 == document.text_bytes, || {
                let (wanted, length) = (document.text_parts, document.text_bytes);
                format!("{at} has {count} of {wanted} parts, {bytes} of {length} bytes of its text")
            })?;
            if let Some(sha256) = &document.sha256 {
                let hash = key::document_hash(&document.folder, sha256, &document.id);
                ensure(self.has(&hash), || format!("{at} is not found by its hash"))?;
            }
            known.insert(key::encode(&document.id));
        }
        let staged = staged_texts(self.store);
        let imports = imports(self.store);
        for prefix in ["doc.id/", "doc.text/", "doc.pages/", "doc.hash/"] {
            for (at, _) in self.store.range(&key::range(prefix)) {
                let mut parts = at.as_str().split('/').skip(1);
                let id = if prefix == "doc.hash/" { parts.nth(2) } else { parts.next() };
                let imported = |id: &str| imports.iter().any(|(_, start)| id.starts_with(start));
                let written = |id: &str| match prefix {
                    "doc.text/" => staged.contains(id) || imported(id),
                    "doc.pages/" => imported(id),
                    _ => false,
                };
                let owned = id.is_some_and(|id| known.contains(id) || written(id));
                ensure(owned, || format!("{at} belongs to no document"))?;
            }
        }
        Ok(())
    }

    fn placements(&self) -> Result<(), String> {
        let mut found = [("wsdoc.path/", 0), ("wsdoc.in/", 0), ("wsdoc.pin/", 0)];
        let mut rows: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for (at, placement) in self.all::<Placement>(&key::range("wsdoc/"))? {
            let (ws, id) = (placement.workspace, placement.id);
            let (folder, name) = (&placement.document.folder, &placement.document.name);
            ensure(self.has(&key::workspace(ws)), || format!("{at} has no workspace"))?;
            ensure(self.has(&key::document(folder, name)), || format!("{at} has no document"))?;
            ensure(self.has(&key::placement_path(ws, folder, name, id)), || {
                format!("{at} is not found by path")
            })?;
            ensure(self.has(&key::placement_in(folder, name, ws, id)), || {
                format!("{at} is not found by document")
            })?;
            let pinned = self.has(&key::placement_pin(ws, id));
            ensure(pinned == placement.pinned, || format!("{at}: pinned and the list of pins disagree"))?;
            found[0].1 += 1;
            found[1].1 += 1;
            found[2].1 += u64::from(pinned);
            let chunks = self.count(&key::segment_chunks(ws, placement.segment));
            let vectors = self.count(&key::segment_rows(ws, placement.segment));
            let parts = self.count(&key::segment_vectors(ws, placement.segment));
            let coded = self.count(&key::segment_codes(ws, placement.segment));
            ensure(parts > 0 && parts == coded, || {
                format!("{at}: {parts} parts of vectors, {coded} of codes")
            })?;
            ensure(chunks == placement.chunks && vectors == placement.chunks, || {
                format!("{at}: {chunks} chunks and {vectors} vectors of {}", placement.chunks)
            })?;
            let sums: &mut (u64, u64) = rows.entry(ws).or_default();
            sums.0 += placement.chunks;
            sums.1 += placement.words;
        }
        for (prefix, expected) in found {
            let count = self.count(&key::range(prefix));
            ensure(count == expected, || format!("{count} keys in {prefix} for {expected} documents"))?;
        }
        for (at, head) in self.all::<IndexHead>(&key::index_heads())? {
            let workspace = key::trailing_id(&at).unwrap_or(0);
            let expected = rows.remove(&workspace).unwrap_or((0, 0));
            ensure(self.has(&key::workspace(workspace)), || format!("{at} has no workspace"))?;
            ensure((head.rows, head.words) == expected, || {
                format!("{at} counts {} rows and {} words of {expected:?}", head.rows, head.words)
            })?;
        }
        rows.retain(|_, sums| sums.0 > 0);
        ensure(rows.is_empty(), || format!("workspaces with vectors but no index: {rows:?}"))
    }

    /// Vectors and chunks belong to a placement, or to a segment that is marked as being written.
    fn segments(&self) -> Result<(), String> {
        let mut owned: BTreeSet<(u64, u64)> = self
            .all::<Placement>(&key::range("wsdoc/"))?
            .iter()
            .map(|(_, placement)| (placement.workspace, placement.segment))
            .collect();
        let staged: BTreeSet<u64> =
            self.store.range(&key::stagings()).filter_map(|(key, _)| key::trailing_id(key)).collect();
        let imports: BTreeSet<u64> =
            imports(self.store).into_iter().map(|(workspace, _)| workspace).collect();
        for prefix in ["vec/", "code/", "row/", "chunk/"] {
            for (at, _) in self.store.range(&key::range(prefix)) {
                let mut numbers = at.as_str().split('/').skip(1).map(|part| part.parse().unwrap_or(0));
                let place = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
                if !owned.contains(&place) {
                    ensure(staged.contains(&place.1) || imports.contains(&place.0), || {
                        format!("{at} belongs to no document")
                    })?;
                    owned.insert(place);
                }
            }
        }
        for (at, _) in self.store.range(&key::range("term/")) {
            let numbers: Vec<u64> =
                at.as_str().split('/').skip(1).map(|part| part.parse().unwrap_or(0)).collect();
            let [workspace, _, _, segment, _] = numbers[..] else {
                return Err(format!("{at} has not the numbers it should"));
            };
            let known = owned.contains(&(workspace, segment));
            ensure(known || staged.contains(&segment) || imports.contains(&workspace), || {
                format!("{at} belongs to no document")
            })?;
        }
        Ok(())
    }

    /// No key is outside of the schema.
    fn schema(&self) -> Result<(), String> {
        for (at, _) in self.store.iter() {
            let kind = at.as_str().split('/').next().unwrap_or_default();
            ensure(key::KINDS.contains(&kind), || format!("{at} is not in the schema"))?;
        }
        Ok(())
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
