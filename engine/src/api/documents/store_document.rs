//! The one place where documents come into the store.

use super::super::error::{ApiError, Code};
use super::super::{Call, events};
use super::DocumentPlace;
use crate::model::{Document, Folder, Pages, text_parts};
use crate::retrieve::staging::{self, COMMIT_BYTES, Staged, Stager};
use crate::seam::{Cx, Write};
use crate::store::{self, StoreError, Transaction, key, retry};
use crate::text::dates::LocalTime;
use crate::tokens::estimate_by_length;
use bytes::Bytes;
use haversack_extract::PageSpan;
use serde_json::Value;

/// A document as it came, before anything was counted.
pub struct Draft {
    pub id: String,
    pub folder: String,
    pub name: String,
    pub url: String,
    pub title: String,
    pub author: String,
    pub description: String,
    pub source: String,
    pub chunk_source: String,
    pub published: String,
    pub word_count: usize,
    pub text: String,
    pub pages: Vec<PageSpan>,
    pub markdown: bool,
    pub sha256: Option<String>,
    pub skipped: Vec<String>,
}

/// A document that is stored, with its text and pages.
pub struct Stored {
    pub document: Document,
    text: Bytes,
    pages: Vec<PageSpan>,
}

impl Stored {
    /// The text.
    pub fn text(&self) -> &str {
        // It was made from a string.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// Where its pages begin; empty for formats without pages.
    pub fn pages(&self) -> &[PageSpan] {
        &self.pages
    }
}

/// `published` of a document made now.
pub fn published_now(cx: &Cx) -> String {
    LocalTime::new(cx.now().0, cx.utc_offset_minutes()).published()
}

/// Stores all of `drafts`, or none: one commit holds the documents and all that points to them, and a
/// line of the event log. Texts of more than 4 MB are staged before it.
pub async fn store(
    call: &Call,
    drafts: Vec<Draft>,
    event: &str,
    metadata: Value,
) -> Result<Vec<Stored>, ApiError> {
    let mut stored = Vec::with_capacity(drafts.len());
    for draft in drafts {
        stored.push(count(call, draft).await?);
    }
    let texts: Vec<Write> = stored.iter().flat_map(text_writes).collect();
    if texts.iter().map(staging::size).sum::<usize>() <= COMMIT_BYTES {
        commit(call, &stored, &texts, None, event, &metadata).await?;
        return Ok(stored);
    }
    let documents = stored.iter().map(|stored| stored.document.id.clone()).collect();
    let number = staging::next_number(&call.cx).await?;
    let mut stager = Stager::begin(&call.cx, number, Staged::Texts { documents }).await?;
    let result = match stage(&mut stager, texts).await {
        Ok(()) => commit(call, &stored, &[], Some(&stager), event, &metadata).await,
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => Ok(stored),
        Err(error) => {
            stager.discard().await;
            Err(error)
        }
    }
}

async fn stage(stager: &mut Stager, texts: Vec<Write>) -> Result<(), StoreError> {
    for piece in staging::pieces(texts) {
        stager.write(piece).await?;
    }
    Ok(())
}

async fn commit(
    call: &Call,
    stored: &[Stored],
    texts: &[Write],
    stager: Option<&Stager>,
    event: &str,
    metadata: &Value,
) -> Result<(), ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        if let Some(stager) = stager {
            stager.seal(&mut tx).await?;
        }
        for Stored { document, pages, .. } in stored {
            match keep_folder(&mut tx, &document.folder).await? {
                true => {}
                false => new_folder(&mut tx, &call.cx, &document.folder)?,
            }
            let place = key::document(&document.folder, &document.name);
            tx.expect_absent(place.clone());
            tx.put(place, document)?;
            tx.put(key::document_id(&document.id), &DocumentPlace::of(document))?;
            if !pages.is_empty() {
                tx.put(key::document_pages(&document.id), &Pages(pages.clone()))?;
            }
            if let Some(sha256) = &document.sha256 {
                tx.put(key::document_hash(&document.folder, sha256, &document.id), &document.name)?;
            }
        }
        for write in texts {
            if let Write::Put(key, value) = write {
                tx.put_raw(key.clone(), value.clone());
            }
        }
        events::log(&call.cx, &mut tx, event, metadata.clone()).await?;
        if tx.commit().await? {
            return Ok(());
        }
        let places =
            stored.iter().map(|stored| key::document(&stored.document.folder, &stored.document.name));
        if let Some((taken, _)) = store::require_values(&call.cx, places.collect()).await?.first() {
            let message = format!("The name {} is taken: send the file again.", key::decode(taken.as_str()));
            return Err(ApiError::new(Code::Contended, message));
        }
    }
}

/// Makes sure that the folder is still there when `tx` takes effect. False if it does not exist.
pub async fn keep_folder(tx: &mut Transaction, name: &str) -> Result<bool, StoreError> {
    match tx.get::<Folder>(key::folder(name)).await? {
        None => Ok(false),
        Some(folder) => {
            if folder.closing {
                tx.put(key::folder(name), &Folder { closing: false, ..folder })?;
            }
            Ok(true)
        }
    }
}

/// Makes a folder that `tx` has found absent.
pub fn new_folder(tx: &mut Transaction, cx: &Cx, name: &str) -> Result<(), StoreError> {
    tx.put(key::folder(name), &Folder { created_at: cx.now(), closing: false })
}

fn text_writes(stored: &Stored) -> Vec<Write> {
    let parts = text_parts(stored.text()).into_iter().enumerate();
    parts
        .map(|(n, part)| {
            let place = key::document_text(&stored.document.id, n as u64);
            Write::Put(place, stored.text.slice_ref(part.as_bytes()))
        })
        .collect()
}

async fn count(call: &Call, draft: Draft) -> Result<Stored, ApiError> {
    let document = Document {
        id: draft.id,
        folder: draft.folder,
        name: draft.name,
        url: draft.url,
        title: draft.title,
        author: draft.author,
        description: draft.description,
        source: draft.source,
        chunk_source: draft.chunk_source,
        published: draft.published,
        word_count: draft.word_count as u64,
        token_count_estimate: token_estimate(call, &draft.text).await? as u64,
        text_bytes: draft.text.len() as u64,
        text_parts: text_parts(&draft.text).len() as u64,
        markdown: draft.markdown,
        created_at: call.cx.now(),
        times_placed: 0,
        sha256: draft.sha256,
        skipped: draft.skipped,
    };
    Ok(Stored { document, text: draft.text.into(), pages: draft.pages })
}

/// `token_count_estimate` as clients know it.
async fn token_estimate(call: &Call, text: &str) -> Result<usize, ApiError> {
    match estimate_by_length(text) {
        Some(estimate) => Ok(estimate),
        None => Ok(call.engine.tokenizer(&call.cx).await?.count(text)),
    }
}
