//! How much is stored, as far as the engine knows: the host's files are the host's business.

use super::super::Call;
use super::super::answer::Answer;
use super::super::error::ApiError;
use crate::model::{Document, Workspace};
use crate::retrieve::IndexHead;
use crate::store::{self, key};
use serde_json::{Value, json};

/// `GET /system/storage`, which is ours.
pub async fn storage(call: Call) -> Result<Answer, ApiError> {
    let documents = store::all::<Document>(&call.cx, key::all_documents()).await?;
    let text_bytes: u64 = documents.iter().map(|(_, document)| document.text_bytes).sum();
    let chats = store::scan_keys(&call.cx, key::chat_ids()).await?.len();
    let workspaces = store::all::<Workspace>(&call.cx, key::workspaces()).await?;
    let heads = workspaces.iter().map(|(_, workspace)| key::index_head(workspace.id)).collect();
    let heads = store::get_many::<IndexHead>(&call.cx, heads).await?;
    let (mut rows, mut chunks, mut bytes) = (Vec::<Value>::new(), 0, 0);
    for ((_, workspace), head) in workspaces.iter().zip(heads) {
        let placed = store::scan_keys(&call.cx, key::placements(workspace.id)).await?.len();
        // Each vector is kept as floats, and once more as bytes to scan.
        let (count, size) = head.map_or((0, 0), |head| (head.rows, head.rows * head.dim as u64 * 5));
        chunks += count;
        bytes += size;
        rows.push(json!({
            "slug": workspace.slug,
            "name": workspace.name,
            "documents": placed,
            "chunks": count,
            "vectorBytes": size,
        }));
    }
    Ok(Answer::ok(&json!({
        "documents": documents.len(),
        "textBytes": text_bytes,
        "chats": chats,
        "chunks": chunks,
        "vectorBytes": bytes,
        "workspaces": rows,
    })))
}
