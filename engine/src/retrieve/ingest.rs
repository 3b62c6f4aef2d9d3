//! A stored document becomes part of a workspace: cut, embedded, and written as a segment of its index.
//!
//! Nothing is seen of it before one commit, which puts the placement, what points to it, and the next
//! version of the index head. A document of up to some 2 MB goes into that commit whole; the segment of
//! a larger one is staged first (see [`super::staging`]). All writers of a workspace meet at its index
//! head and nowhere else; who comes second repeats that last commit only.

use super::placement;
use super::segment::SegmentWriter;
use super::{Growth, IndexChange, IndexHead, change_index};
use crate::Engine;
use crate::api::{ApiError, Code, log_event};
use crate::chunk::{self, ChunkMode, ChunkOptions, Chunker};
use crate::embed::{self, Embedder};
use crate::model::{Document, Pages, Placement, Workspace};
use crate::seam::Cx;
use crate::store::{self, StoreError, key, retry};
use haversack_extract::PageSpan;
use serde_json::json;
use std::borrow::Cow;

/// What became of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Added {
    /// It is part of the workspace now.
    New(Placement),
    /// It was before, unchanged.
    Already(Placement),
}

/// Where the text and the pages of a document are read.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// In the store.
    Stored,
    /// They are at hand, as they were stored a moment ago.
    AtHand(&'a str, &'a [PageSpan]),
}

/// Chunks that are embedded at once: bounds the memory that a large document takes.
const BATCH_CHUNKS: usize = 512;

/// Parts of a text that are read at once.
const PARTS_READ: usize = 8;

/// Embeds `document` into `workspace`.
///
/// # Errors
/// None of them leaves anything behind. [`Code::ExtractionFailed`] if the document has no text,
/// [`Code::EmbedderFailed`] if the embedder fails or is another than the workspace's vectors are from,
/// [`Code::UnknownWorkspace`] or [`Code::NotFound`] if workspace or document went away meanwhile.
pub async fn add_document(
    cx: &Cx,
    engine: &Engine,
    workspace: &Workspace,
    document: &Document,
    source: Source<'_>,
) -> Result<Added, ApiError> {
    let embedder = engine.embedder();
    let adding = Adding {
        cx,
        workspace,
        document,
        source,
        model: embedder.model_name(),
        deduplicate: engine.settings().deduplicate,
    };
    if let Some(known) = adding.known().await? {
        return Ok(Added::Already(known));
    }
    let head = store::get::<IndexHead>(cx, key::index_head(workspace.id)).await?;
    adding.check_model(head.as_ref(), None)?;

    let mut writer = SegmentWriter::new(cx, workspace.id, &document.title);
    let options = chunk_options(engine, embedder, document);
    let result = match adding.write_rows(embedder, options, &mut writer).await {
        Ok(()) => adding.commit(&mut writer).await,
        Err(error) => Err(error),
    };
    if !matches!(result, Ok(Added::New(_))) {
        writer.discard().await;
    }
    result
}

fn chunk_options(engine: &Engine, embedder: &Embedder, document: &Document) -> ChunkOptions {
    let settings = engine.settings();
    let most = embedder.max_chunk_chars();
    let size = settings.chunk_size.map_or(most, |size| size.min(most));
    let mode = match settings.chunk_by_structure && document.markdown {
        true => ChunkMode::Markdown,
        false => ChunkMode::Recursive,
    };
    ChunkOptions { size, overlap: settings.chunk_overlap, mode }
}

/// The text of a stored document.
pub async fn read_text(cx: &Cx, document: &Document) -> Result<String, StoreError> {
    let mut text = String::with_capacity(usize::try_from(document.text_bytes).unwrap_or(0).min(1 << 28));
    let parts: Vec<u64> = (0..document.text_parts).collect();
    for some in parts.chunks(PARTS_READ) {
        let keys: Vec<_> = some.iter().map(|part| key::document_text(&document.id, *part)).collect();
        for (key, value) in keys.iter().zip(store::get_bytes(cx, keys.clone()).await?) {
            let damaged = |why: &str| StoreError::Damaged(key.clone(), why.to_owned());
            let bytes = value.ok_or_else(|| damaged("it is missing"))?;
            text.push_str(std::str::from_utf8(&bytes).map_err(|_| damaged("it is not UTF-8"))?);
        }
    }
    Ok(text)
}

/// The pages of a stored document; empty for formats without pages.
pub async fn read_pages(cx: &Cx, document: &Document) -> Result<Vec<PageSpan>, StoreError> {
    let pages = store::get::<Pages>(cx, key::document_pages(&document.id)).await?;
    Ok(pages.map_or_else(Vec::new, |Pages(spans)| spans))
}

struct Adding<'a> {
    cx: &'a Cx,
    workspace: &'a Workspace,
    document: &'a Document,
    source: Source<'a>,
    model: &'a str,
    deduplicate: bool,
}

impl Adding<'_> {
    /// The document's place in the workspace, if it has one already and that matters.
    async fn known(&self) -> Result<Option<Placement>, StoreError> {
        if !self.deduplicate {
            return Ok(None);
        }
        let Document { folder, name, id, .. } = self.document;
        let placements = placement::in_workspace(self.cx, self.workspace.id, folder, name).await?;
        Ok(placements.into_iter().find(|placement| placement.document.id == *id))
    }

    /// Vectors of different embedders cannot be compared.
    fn check_model(&self, head: Option<&IndexHead>, dim: Option<usize>) -> Result<(), ApiError> {
        match head {
            Some(head)
                if head.rows > 0
                    && (head.embedder != self.model || dim.is_some_and(|dim| dim != head.dim)) =>
            {
                let dim = dim.map_or_else(String::new, |dim| format!(" with {dim} dimensions"));
                Err(ApiError::new(
                    Code::EmbedderFailed,
                    format!(
                        "Workspace {} holds vectors of the embedder {} with {} dimensions, but the embedder in use \
                         is {}{dim}. Remove its documents and add them again.",
                        self.workspace.slug, head.embedder, head.dim, self.model
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    async fn write_rows(
        &self,
        embedder: &Embedder,
        options: ChunkOptions,
        writer: &mut SegmentWriter,
    ) -> Result<(), ApiError> {
        let Document { title, published, chunk_source, .. } = self.document;
        // Some models want a word of their own before a passage; it is no part of what is stored.
        let header = [embedder.passage_prefix(), &chunk::header(title, published, chunk_source)].concat();
        let (text, pages): (Cow<str>, Cow<[PageSpan]>) = match self.source {
            Source::AtHand(text, pages) => (text.into(), pages.into()),
            Source::Stored => {
                let text = read_text(self.cx, self.document).await?;
                (text.into(), read_pages(self.cx, self.document).await?.into())
            }
        };
        let mut chunker = Chunker::new(&text, options, &pages).map_err(|error| {
            ApiError::new(Code::Unprocessable, format!("{error}. Change the chunk settings."))
        })?;
        loop {
            let chunks = chunker.next_batch(BATCH_CHUNKS);
            if !chunks.is_empty() {
                let span = |chunk: &chunk::Chunk| text.get(chunk.span.clone()).unwrap_or_default();
                let passages: Vec<&str> = chunks.iter().map(span).collect();
                let vectors = embed::embed_passages(self.cx, embedder, &header, &passages).await?;
                writer.push(&text, &chunks, &vectors).await?;
            }
            if chunker.is_done() {
                break;
            }
            self.cx.breathe().await;
        }
        if writer.rows() == 0 {
            let message = format!("No text content found in {title}.");
            return Err(ApiError::new(Code::ExtractionFailed, message));
        }
        Ok(())
    }

    async fn commit(&self, writer: &mut SegmentWriter) -> Result<Added, ApiError> {
        let ids = writer.close().await?;
        let (cx, workspace) = (self.cx, self.workspace.id);
        let now = cx.now();
        let placed = Placement {
            id: ids.placement,
            doc_id: cx.uuid().to_string(),
            workspace,
            document: self.document.clone(),
            pinned: false,
            segment: ids.segment,
            chunks: writer.rows(),
            words: writer.words(),
            created_at: now,
            updated_at: now,
        };
        let mut attempts = retry(cx);
        loop {
            let mut tx = attempts.next().await?;
            // The head is read first: whoever else adds this document moves it, so what is seen of the
            // placements below is what holds at the commit.
            let head = tx.get::<IndexHead>(key::index_head(workspace)).await?;
            self.check_model(head.as_ref(), Some(writer.dim()))?;
            if tx.get::<Workspace>(key::workspace(workspace)).await?.is_none() {
                return Err(ApiError::unknown_workspace(&self.workspace.slug));
            }
            let place = key::document(&self.document.folder, &self.document.name);
            let found = tx.get::<Document>(place.clone()).await?;
            let Some(found) = found.filter(|found| found.id == self.document.id) else {
                let message = format!("{} was moved or removed while it was embedded.", self.document.path());
                return Err(ApiError::new(Code::NotFound, message));
            };
            tx.put(place, &Document { times_placed: found.times_placed + 1, ..found })?;
            if let Some(known) = self.known().await? {
                return Ok(Added::Already(known));
            }
            writer.write_into(&mut tx).await?;
            placement::put(&mut tx, &placed)?;
            let change = IndexChange { added: vec![ids.segment], removed: vec![] };
            let growth = Growth::by(writer.rows(), writer.words());
            change_index(&mut tx, workspace, &change, growth, self.model, writer.dim()).await?;
            let metadata = json!({
                "workspaceName": self.workspace.name,
                "numberOfDocumentsAdded": 1,
                "docpath": self.document.path(),
            });
            log_event(cx, &mut tx, "workspace_documents_added", metadata).await?;
            if tx.commit().await? {
                return Ok(Added::New(placed));
            }
        }
    }
}
