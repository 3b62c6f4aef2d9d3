//! A stored document becomes part of a workspace: cut, embedded, and written as a segment of its index.
//!
//! Nothing is seen of it before one commit, which puts the placement, what points to it, and the next
//! version of the index head. A document of up to some 2 MB goes into that commit whole; the segment of
//! a larger one is staged first (see [`super::staging`]). All writers of a workspace meet at its index
//! head and nowhere else; who comes second repeats that last commit only.

use super::segment::SegmentWriter;
use super::staging::segment_ranges;
use super::{Growth, IndexChange, IndexHead, change_index, lexical, part_rows, placement};
use crate::Engine;
use crate::api::{ApiError, Code, log_event};
use crate::chunk::{self, ChunkMode, ChunkOptions, Chunker};
use crate::embed::{self, Embedder};
use crate::model::{Document, Pages, Placement, TEXT_PART_BYTES, Workspace};
use crate::seam::{Cx, Key, Work};
use crate::store::{self, StoreError, key, retry};
use crate::tokens::TRUNCATION_MARKER;
use haversack_extract::PageSpan;
use serde_json::json;
use std::borrow::Cow;
use std::ops::Range;

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

/// Chunks that are cut and embedded at once: a slice of work, and a bound on the memory that a large document takes.
const BATCH_CHUNKS: usize = 128;

/// What a batch counts for at least: it may be empty after a look at much white space.
const DESERT_BYTES: usize = 64 << 10;

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

/// Makes the index of a placed document again from its stored text, and removes what there is of the old one, which has
/// up to `old_parts` parts.
///
/// # Errors
/// As [`add_document`]. They leave everything as it was.
pub async fn index_again(
    cx: &Cx,
    engine: &Engine,
    workspace: &Workspace,
    document: &Document,
    placement: &Placement,
    old_parts: u64,
) -> Result<(), ApiError> {
    let embedder = engine.embedder();
    let adding = Adding {
        cx,
        workspace,
        document,
        source: Source::Stored,
        model: embedder.model_name(),
        deduplicate: false,
    };
    let head = store::get::<IndexHead>(cx, key::index_head(workspace.id)).await?;
    adding.check_model(head.as_ref(), None)?;
    let mut writer = SegmentWriter::again(cx, placement, &document.title).await?;
    let options = chunk_options(engine, embedder, document);
    let result = match adding.write_rows(embedder, options, &mut writer).await {
        Ok(()) => adding.replace(&mut writer, placement, old_parts).await,
        Err(error) => Err(error),
    };
    if result.is_err() {
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
///
/// # Errors
/// [`StoreError::Damaged`] if it is not, to the byte, what was stored; the document is named then.
pub async fn read_text(cx: &Cx, document: &Document) -> Result<String, StoreError> {
    let mut text = String::with_capacity(usize::try_from(document.text_bytes).unwrap_or(0).min(1 << 28));
    read_parts(cx, document, 0..document.text_parts, &mut text).await?;
    if text.len() as u64 != document.text_bytes {
        let key = key::document_text(&document.id, document.text_parts.saturating_sub(1));
        let why = format!("the text has {} bytes of {}", text.len(), document.text_bytes);
        return Err(of_document(document, store::damaged(cx, &key, why).await));
    }
    Ok(text)
}

/// The error, with the document named if a record of its is damaged.
fn of_document(document: &Document, error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged(key, why) => {
            StoreError::Damaged(key, format!("it is of the text of {}, and {why}", document.path()))
        }
        other => other,
    }
}

/// The text of a stored document if it has at most `most` bytes, else its beginning and its end, of about so many
/// bytes together, with a mark between them.
pub async fn read_ends(cx: &Cx, document: &Document, most: u64) -> Result<String, StoreError> {
    let side = most / 2 / TEXT_PART_BYTES as u64;
    if document.text_bytes <= most || document.text_parts <= 2 * side {
        return read_text(cx, document).await;
    }
    let mut text = String::new();
    read_parts(cx, document, 0..side, &mut text).await?;
    text.push_str(TRUNCATION_MARKER);
    read_parts(cx, document, document.text_parts - side..document.text_parts, &mut text).await?;
    Ok(text)
}

/// Adds some parts of a text to `text`.
async fn read_parts(
    cx: &Cx,
    document: &Document,
    parts: Range<u64>,
    text: &mut String,
) -> Result<(), StoreError> {
    add_parts(cx, document, parts, text).await.map_err(|error| of_document(document, error))
}

async fn add_parts(
    cx: &Cx,
    document: &Document,
    parts: Range<u64>,
    text: &mut String,
) -> Result<(), StoreError> {
    let (parts, mut slices): (Vec<u64>, _) = (parts.collect(), cx.slices());
    for some in parts.chunks(PARTS_READ) {
        let keys: Vec<_> = some.iter().map(|part| key::document_text(&document.id, *part)).collect();
        for (key, value) in keys.iter().zip(store::get_bytes(cx, keys.clone()).await?) {
            let Some(bytes) = value else { return Err(missing(cx, document, key).await) };
            match std::str::from_utf8(&bytes) {
                Ok(part) => text.push_str(part),
                Err(_) => return Err(store::damaged(cx, key, "it is not UTF-8").await),
            }
            slices.spend(Work::Bytes(bytes.len())).await;
        }
    }
    Ok(())
}

/// A part of the text is not there. Somebody may have removed the document meanwhile: that is no damage.
async fn missing(cx: &Cx, document: &Document, part: &Key) -> StoreError {
    match store::get::<Document>(cx, key::document(&document.folder, &document.name)).await {
        Ok(Some(found)) if found.id == document.id => store::damaged(cx, part, "it is missing").await,
        Ok(_) => StoreError::Contended,
        Err(error) => error,
    }
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
        let mut slices = self.cx.slices();
        loop {
            let chunks = chunker.next_batch(BATCH_CHUNKS);
            let bytes = chunks.iter().map(|chunk| chunk.span.len()).sum::<usize>();
            slices.spend(Work::Words(bytes.max(DESERT_BYTES))).await;
            if !chunks.is_empty() {
                let span = |chunk: &chunk::Chunk| text.get(chunk.span.clone()).unwrap_or_default();
                let passages: Vec<&str> = chunks.iter().map(span).collect();
                let vectors = embed::embed_passages(self.cx, embedder, &header, &passages).await?;
                writer.push(&text, &chunks, &vectors).await?;
            }
            if chunker.is_done() {
                break;
            }
        }
        if writer.rows() == 0 {
            let message = format!("No text content found in {title}.");
            return Err(ApiError::new(Code::ExtractionFailed, message));
        }
        Ok(())
    }

    /// Puts a segment in the place of the one that a placement has.
    async fn replace(
        &self,
        writer: &mut SegmentWriter,
        placement: &Placement,
        old_parts: u64,
    ) -> Result<(), ApiError> {
        let ids = writer.close().await?;
        let workspace = self.workspace.id;
        let mut attempts = retry(self.cx);
        loop {
            let mut tx = attempts.next().await?;
            let head = tx.get::<IndexHead>(key::index_head(workspace)).await?;
            self.check_model(head.as_ref(), Some(writer.dim()))?;
            let Some(found) = tx.get::<Placement>(key::placement(workspace, placement.id)).await? else {
                let message = format!("{} left the workspace meanwhile.", self.document.path());
                return Err(ApiError::new(Code::NotFound, message));
            };
            for range in segment_ranges(workspace, found.segment) {
                tx.delete_range(range);
            }
            let parts = old_parts.max(found.chunks.div_ceil(part_rows(writer.dim()) as u64));
            for place in lexical::all_keys(workspace, found.segment, parts) {
                tx.delete(place);
            }
            writer.write_into(&mut tx).await?;
            let (rows, words) = (writer.rows(), writer.words());
            let growth = Growth::by(rows, words) + -Growth::by(found.chunks, found.words);
            let change = IndexChange { added: vec![ids.segment], removed: vec![found.segment] };
            let placed = Placement { segment: ids.segment, chunks: rows, words, ..found };
            tx.put(key::placement(workspace, placed.id), &placed)?;
            change_index(&mut tx, workspace, &change, growth, self.model, writer.dim()).await?;
            if tx.commit().await? {
                return Ok(());
            }
        }
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
