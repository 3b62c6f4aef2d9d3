//! `POST /v1/workspace/:slug/vector-search` (reference §9).

use super::answer::Answer;
use super::body::Fields;
use super::error::{ApiError, Code};
use super::{Call, js};
use crate::chat::with_header;
use crate::retrieve::search::{self, Found, Query, Searched};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The chunks nearest to a query; needs no language model.
pub async fn vector_search(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let fields = Fields::of_body(&call.request)?;
    let text = fields.string("query")?.filter(|query| !query.is_empty());
    let text = text.ok_or_else(|| ApiError::new(Code::InvalidField, "Query parameter cannot be empty."))?;
    let top_n = fields.get("topN").and_then(js::parse_float).filter(|n| *n >= 1.0);
    let threshold =
        fields.get("scoreThreshold").and_then(js::parse_float).filter(|t| (0.0..=1.0).contains(t));
    let Some(index) = call.engine.indexes().load(&call.cx, workspace.id).await? else {
        let message = "No embeddings found for this workspace.";
        return Ok(Answer::ok(&json!({ "results": [], "message": message })));
    };
    let query = Query {
        text,
        // Saturates: more than there are is all of them.
        top_n: top_n.map_or(workspace.top_n, |n| n as u64),
        threshold: threshold.unwrap_or(workspace.similarity_threshold),
        without: &BTreeSet::new(),
    };
    let Searched { found, best_below } =
        search::search(&call.cx, &call.engine, workspace.id, index, query).await?;
    let mut body = json!({ "results": found.iter().map(row).collect::<Vec<Value>>() });
    // Nothing at all is often a threshold too high for the embedder: say so.
    if let (true, Some(score)) = (found.is_empty(), best_below) {
        body["message"] = format!(
            "The nearest chunk has a score of {score:.3}, which is below the threshold of {}. \
             Send a lower scoreThreshold to see it.",
            query.threshold
        )
        .into();
    }
    Ok(Answer::ok(&body))
}

fn row(found: &Found) -> Value {
    let Found { placement, chunk, distance, score } = found;
    let document = &placement.document;
    json!({
        "id": chunk.id,
        "text": with_header(document, &chunk.text),
        "metadata": {
            "url": document.url,
            "title": document.title,
            "author": document.author,
            "description": document.description,
            "docSource": document.source,
            "chunkSource": document.chunk_source,
            "published": document.published,
            "wordCount": document.word_count,
            "tokenCount": document.token_count_estimate,
            "docId": placement.doc_id,
            "docpath": document.path(),
            "page": chunk.page,
            "headings": chunk.headings,
            "start": chunk.start,
            "end": chunk.end,
        },
        "distance": f64::from(*distance),
        "score": score,
    })
}
