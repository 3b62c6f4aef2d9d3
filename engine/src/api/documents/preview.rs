//! What a document says, for a page that shows it: its text, its pages, and the chunks it was cut into.

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::wire as api_wire;
use super::listing::{find_by_name, unknown};
use super::wire;
use crate::model::{ChunkRecord, Document, Placement};
use crate::retrieve::ingest::{read_pages, read_text};
use crate::retrieve::placement;
use crate::seam::Cx;
use crate::store::{self, StoreError, key};
use crate::text::path;
use serde_json::{Value, json};

/// `GET /v1/workspace/:slug/document?path=folder/file.json`, which is ours: a document of a workspace, for
/// whoever may see that workspace. `id` stands for `path` where only the document's id is known.
pub async fn in_workspace(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let query = Fields::of_query(&call.request);
    let found = match (query.string("path")?, query.string("id")?) {
        (Some(docpath), _) => by_path(&call.cx, workspace.id, docpath).await?,
        (None, Some(id)) => by_id(&call.cx, workspace.id, id).await?,
        (None, None) => return Err(ApiError::field("path", "the path of a document, as `folder/file.json`")),
    };
    let Some(placement) = found else {
        let message =
            format!("No such document is in {}. It may have been removed or moved.", workspace.name);
        return Err(ApiError::new(Code::NotFound, message));
    };
    let chunks = chunks(&call.cx, &placement).await?;
    show(&call.cx, &placement.document, Some((&placement, chunks))).await
}

/// `GET /v1/document/:name/text`, which is ours: a document by file name or id, wherever it is.
pub async fn text(call: Call) -> Result<Answer, ApiError> {
    let name = call.param(0);
    let document = find_by_name(&call.cx, name).await?.ok_or_else(|| unknown(name))?;
    show(&call.cx, &document, None).await
}

async fn by_path(cx: &Cx, workspace: u64, docpath: &str) -> Result<Option<Placement>, StoreError> {
    match path::folder_and_file(docpath) {
        Ok((folder, name)) if super::is_short(folder) && super::is_short(name) => {
            Ok(placement::in_workspace(cx, workspace, folder, name).await?.into_iter().next())
        }
        _ => Ok(None),
    }
}

/// By the id of the document, or by that of its place.
async fn by_id(cx: &Cx, workspace: u64, id: &str) -> Result<Option<Placement>, StoreError> {
    if let Some(place) = store::get::<super::DocumentPlace>(cx, key::document_id(id)).await? {
        let found = placement::in_workspace(cx, workspace, &place.folder, &place.name).await?;
        return Ok(found.into_iter().next());
    }
    let all = store::all::<Placement>(cx, key::placements(workspace)).await?;
    Ok(all.into_iter().map(|(_, placement)| placement).find(|placement| placement.doc_id == id))
}

async fn chunks(cx: &Cx, placement: &Placement) -> Result<Vec<ChunkRecord>, StoreError> {
    let range = key::segment_chunks(placement.workspace, placement.segment);
    Ok(store::all::<ChunkRecord>(cx, range).await?.into_iter().map(|(_, chunk)| chunk).collect())
}

/// `start` and `end` are bytes of the text as UTF-8, everywhere.
async fn show(
    cx: &Cx,
    document: &Document,
    placed: Option<(&Placement, Vec<ChunkRecord>)>,
) -> Result<Answer, ApiError> {
    let text = read_text(cx, document).await?;
    let pages = read_pages(cx, document).await?;
    let pages: Vec<Value> = pages
        .iter()
        .map(|span| json!({ "page": span.number, "start": span.start, "end": span.end }))
        .collect();
    let mut body = json!({
        "document": wire::file(document, placed.is_some()),
        "docpath": document.path(),
        "markdown": document.markdown,
        "createdAt": api_wire::iso(document.created_at),
        "skipped": document.skipped,
        "text": text,
        "pages": pages,
        "chunks": [],
    });
    if let Some((placement, chunks)) = placed {
        let row = |chunk: &ChunkRecord| {
            json!({
                "id": chunk.id,
                "start": chunk.start,
                "end": chunk.end,
                "page": chunk.page,
                "headings": chunk.headings,
            })
        };
        body["chunks"] = chunks.iter().map(row).collect();
        body["pinned"] = placement.pinned.into();
    }
    Ok(Answer::ok(&body))
}
