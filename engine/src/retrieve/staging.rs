//! Writes too large for one commit: written in pieces under a marker, then made real by one commit.
//!
//! What is staged lies under keys of its own and belongs to nothing. The marker `staging/N` says which
//! keys those are, so that what a crash left behind can be found and removed. Every piece is written
//! only if the marker is still as this run left it, and the last commit removes it: whoever removed the
//! marker first, the sweep or the last commit, has won, and the other does nothing.

use super::remove::{Doomed, Removal};
use super::{estate, lexical};
use crate::model::Thread;
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key, KeyRange, UnixMs, Write};
use crate::store::seal::seal;
use crate::store::{self, StoreError, Transaction, key, next_id, retry, scan_keys};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Bytes that go into one commit, keys included; larger writes are staged. Every store takes so many.
pub const COMMIT_BYTES: usize = 4 << 20;

/// What a run is writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Staged {
    /// A segment of a vector index, whose number is the marker's.
    Segment {
        /// The workspace's id.
        workspace: u64,
    },
    /// Texts of documents.
    Texts {
        /// The documents' ids.
        documents: Vec<String>,
    },
    /// Conversations whose workspace or thread is gone already, and the members of such a workspace. Nobody writes them any more.
    Orphans {
        /// The workspace's id.
        workspace: u64,
        /// The thread's id, if only the thread is gone.
        thread: Option<u64>,
    },
    /// A workspace that is being imported.
    Import {
        /// The id it will have.
        workspace: u64,
        /// What the ids of its documents begin with, see [`key::staged_documents`].
        documents: String,
    },
    /// What a user who is gone left behind.
    User {
        /// The user's id.
        user: u64,
    },
    /// Documents, and places of documents, that are being removed.
    Removal {
        /// All of them.
        doomed: Vec<Doomed>,
    },
}

/// The value of a marker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// When the run last wrote a piece.
    pub at: UnixMs,
    /// What it writes.
    pub of: Staged,
}

/// A staged write under way. Dropping it leaves the marker to the sweep.
pub struct Stager {
    cx: Cx,
    number: u64,
    of: Staged,
    /// The marker as this run last wrote it.
    marker: Bytes,
}

/// A number for a segment, and for the marker of anything staged.
pub async fn next_number(cx: &Cx) -> Result<u64, StoreError> {
    next_id(cx, "segment").await
}

impl Stager {
    /// Writes the marker.
    pub async fn begin(cx: &Cx, number: u64, of: Staged) -> Result<Stager, StoreError> {
        let mut stager = Stager { cx: cx.clone(), number, of, marker: Bytes::new() };
        let marker = stager.encode()?;
        let place = key::staging(number);
        stager.commit(vec![(place.clone(), None)], vec![Write::Put(place, marker.clone())]).await?;
        stager.marker = marker;
        Ok(stager)
    }

    /// Writes a piece, and the time into the marker.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if the marker is gone: the sweep took this run for dead.
    pub async fn write(&mut self, mut writes: Vec<Write>) -> Result<(), StoreError> {
        let marker = self.encode()?;
        let place = key::staging(self.number);
        writes.push(Write::Put(place.clone(), marker.clone()));
        let expected = Blob(seal(&place, &self.marker));
        self.commit(vec![(place, Some(expected))], writes).await?;
        self.marker = marker;
        Ok(())
    }

    /// Makes `tx` the commit that ends the staging: it takes effect only if the marker is still there.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if it is gone.
    pub async fn seal(&self, tx: &mut Transaction) -> Result<(), StoreError> {
        let place = key::staging(self.number);
        if tx.get_raw(place.clone()).await?.as_ref() != Some(&self.marker) {
            return Err(StoreError::Contended);
        }
        tx.delete(place);
        Ok(())
    }

    /// Removes what was staged. Does nothing if the last commit took effect after all.
    pub async fn discard(self) {
        // What cannot be removed now is left to the sweep.
        let _ = discard(&self.cx, self.number, |_| true).await;
    }

    fn encode(&self) -> Result<Bytes, StoreError> {
        let marker = Marker { at: self.cx.now(), of: self.of.clone() };
        let damaged = |e: serde_json::Error| StoreError::Damaged(key::staging(self.number), e.to_string());
        serde_json::to_vec(&marker).map(Bytes::from).map_err(damaged)
    }

    async fn commit(&self, expect: Vec<(Key, Option<Blob>)>, writes: Vec<Write>) -> Result<(), StoreError> {
        match store::commit(&self.cx, expect, writes).await? {
            true => Ok(()),
            false => Err(StoreError::Contended),
        }
    }
}

/// Removes what is staged under `number`, marker included, if the marker is there and `is_dead`.
/// Whether it did.
pub async fn discard(cx: &Cx, number: u64, is_dead: impl Fn(&Marker) -> bool) -> Result<bool, StoreError> {
    let place = key::staging(number);
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let Some(marker) = tx.get::<Marker>(place.clone()).await? else { return Ok(false) };
        if !is_dead(&marker) {
            return Ok(false);
        }
        match &marker.of {
            Staged::User { user } => estate::remove(cx, *user).await?,
            // What is left of it: whoever was at it has died.
            Staged::Removal { doomed } => Removal::noted(cx, number, doomed.clone()).finish().await?,
            _ => {}
        }
        for lead in leads(cx, number, &marker.of).await? {
            tx.delete(lead);
        }
        for range in ranges(number, &marker.of) {
            tx.delete_range(range);
        }
        tx.delete(place.clone());
        if tx.commit().await? {
            return Ok(true);
        }
    }
}

fn ranges(number: u64, of: &Staged) -> Vec<KeyRange> {
    match of {
        Staged::Segment { workspace } => segment_ranges(*workspace, number).into(),
        Staged::Texts { documents } => documents.iter().map(|id| key::document_texts(id)).collect(),
        Staged::Orphans { workspace, thread: None } => {
            vec![key::chats(*workspace), key::threads(*workspace), key::members_in(*workspace)]
        }
        Staged::Import { workspace, documents } => {
            let index = index_ranges(*workspace).into_iter().map(|(range, _)| range);
            index.chain(key::staged_documents(documents)).collect()
        }
        Staged::User { .. } | Staged::Removal { .. } => Vec::new(),
        Staged::Orphans { workspace, thread: Some(thread) } => vec![key::chats_thread(*workspace, *thread)],
    }
}

/// Keys outside of the ranges that lead into them.
async fn leads(cx: &Cx, number: u64, of: &Staged) -> Result<Vec<Key>, StoreError> {
    if let Staged::Segment { workspace } = of {
        // Vectors of a part are written before its terms.
        let parts = scan_keys(cx, key::segment_vectors(*workspace, number)).await?.len() as u64;
        return Ok(lexical::all_keys(*workspace, number, parts));
    }
    let Staged::Orphans { workspace, thread } = of else { return Ok(Vec::new()) };
    let chats = match thread {
        Some(thread) => key::chats_thread(*workspace, *thread),
        None => key::chats(*workspace),
    };
    let chats = scan_keys(cx, chats).await?;
    let mut leads: Vec<Key> = chats.iter().filter_map(key::trailing_id).map(key::chat_id).collect();
    if thread.is_none() {
        let threads = store::all::<Thread>(cx, key::threads(*workspace)).await?;
        leads.extend(threads.iter().map(|(_, thread)| key::thread_slug(&thread.slug)));
        let members = scan_keys(cx, key::members_in(*workspace)).await?;
        leads.extend(members.iter().filter_map(key::trailing_id).map(|user| key::member(user, *workspace)));
    }
    Ok(leads)
}

/// Conversations that lose their owner in one commit, to be removed after it: once that commit is done
/// nobody can add to them, so that none is overlooked.
pub struct Orphans {
    number: u64,
    of: Staged,
}

impl Orphans {
    /// Those of a workspace, or of one of its threads.
    pub async fn of(cx: &Cx, workspace: u64, thread: Option<u64>) -> Result<Orphans, StoreError> {
        Ok(Orphans { number: next_number(cx).await?, of: Staged::Orphans { workspace, thread } })
    }

    /// What a user leaves behind.
    pub async fn of_user(cx: &Cx, user: u64) -> Result<Orphans, StoreError> {
        Ok(Orphans { number: next_number(cx).await?, of: Staged::User { user } })
    }

    /// Makes `tx` leave them behind.
    pub fn leave(&self, tx: &mut Transaction, at: UnixMs) -> Result<(), StoreError> {
        tx.put(key::staging(self.number), &Marker { at, of: self.of.clone() })
    }

    /// Removes them, after the commit.
    pub async fn remove(self, cx: &Cx) {
        // What cannot be removed now is left to the sweep.
        let _ = discard(cx, self.number, |_| true).await;
    }
}

/// Everything that the index of a workspace is made of but its head and log, and about how large its values are.
pub fn index_ranges(workspace: u64) -> [(KeyRange, u64); 5] {
    [
        (key::all_chunks(workspace), 2 << 10),
        (key::all_codes(workspace), 1 << 18),
        (key::all_rows(workspace), 2 << 10),
        (key::all_terms(workspace), 2 << 10),
        (key::all_vectors(workspace), 1 << 20),
    ]
}

/// Everything that a segment of a vector index is made of, but [the keys of its terms](lexical::keys).
pub fn segment_ranges(workspace: u64, segment: u64) -> [KeyRange; 4] {
    [
        key::segment_vectors(workspace, segment),
        key::segment_codes(workspace, segment),
        key::segment_rows(workspace, segment),
        key::segment_chunks(workspace, segment),
    ]
}

/// The bytes that `write` adds to a commit.
pub fn size(write: &Write) -> usize {
    match write {
        Write::Put(key, value) => key.as_str().len() + value.len(),
        Write::Delete(key) => key.as_str().len(),
        Write::DeleteRange(range) => range.start.as_str().len() + range.end.as_str().len(),
    }
}

/// `writes` in pieces of at most [`COMMIT_BYTES`], in order. A write larger than that is a piece of its own.
pub fn pieces(writes: Vec<Write>) -> Vec<Vec<Write>> {
    let mut pieces = Vec::new();
    let (mut piece, mut bytes) = (Vec::new(), 0);
    for write in writes {
        let more = size(&write);
        if bytes + more > COMMIT_BYTES && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
            bytes = 0;
        }
        bytes += more;
        piece.push(write);
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_keep_the_order_and_their_size() {
        let put = |n: u64, len: usize| Write::Put(key::staging(n), Bytes::from(vec![0; len]));
        let writes = vec![
            put(1, COMMIT_BYTES / 2),
            put(2, COMMIT_BYTES / 4),
            put(3, COMMIT_BYTES / 2),
            put(4, 2 * COMMIT_BYTES),
            put(5, 1),
        ];
        let pieces = pieces(writes.clone());
        assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1, 1]);
        assert_eq!(pieces.concat(), writes);
    }
}
