//! `GET /v1/vector_stores`: workspaces as places of documents (reference §10.4).

use super::{unix_seconds, workspaces, wrong};
use crate::api::answer::Answer;
use crate::api::body::Fields;
use crate::api::{ApiError, Call, numbers};
use crate::model::Workspace;
use crate::store::{self, key};
use serde_json::{Map, Value, json};

/// The database that AnythingLLM says it uses when nothing else is set.
const USUAL_DATABASE: &str = "lancedb";
const LIMIT_MAX: u64 = 100;

/// All workspaces the caller sees, or a page of them: `limit` (1 to 100), `after`, `before`, `order` (`asc`, as
/// ever, or `desc`). Behind a workspace that is not there comes nothing.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let query = Fields::of_query(&call.request);
    let (page, has_more) = page(workspaces(&call).await?, &query)?;
    let mut rows = Vec::with_capacity(page.len());
    for workspace in &page {
        rows.push(row(&call, workspace).await?);
    }
    let mut body = Map::new();
    body.insert("object".to_owned(), "list".into());
    for (name, workspace) in [("first_id", page.first()), ("last_id", page.last())] {
        if let Some(workspace) = workspace {
            body.insert(name.to_owned(), workspace.slug.clone().into());
        }
    }
    body.insert("data".to_owned(), rows.into());
    body.insert("has_more".to_owned(), has_more.into());
    Ok(Answer::ok(&body))
}

/// The workspaces of the page, and whether more follow.
fn page(mut all: Vec<Workspace>, query: &Fields) -> Result<(Vec<Workspace>, bool), ApiError> {
    match query.string("order")? {
        None | Some("asc") => {}
        Some("desc") => all.reverse(),
        Some(_) => return Err(wrong("order", "`order` must be `asc` or `desc`.")),
    }
    let limit =
        numbers::whole(query, "limit", 1..=LIMIT_MAX).map_err(|error| error.with("param", "limit"))?;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let place = |slug: &str| all.iter().position(|workspace| workspace.slug == slug);
    let from = match query.string("after")? {
        Some(slug) => place(slug).map_or(all.len(), |at| at + 1),
        None => 0,
    };
    let to = match query.string("before")? {
        Some(slug) => place(slug).unwrap_or(0),
        None => all.len(),
    };
    let mut page: Vec<Workspace> = all.drain(from.min(to)..to).collect();
    let has_more = limit.is_some_and(|limit| page.len() > limit);
    page.truncate(limit.unwrap_or(usize::MAX));
    Ok((page, has_more))
}

async fn row(call: &Call, workspace: &Workspace) -> Result<Value, ApiError> {
    let documents = store::scan_keys(&call.cx, key::placements(workspace.id)).await?.len();
    Ok(json!({
        "id": workspace.slug,
        "object": "vector_store",
        "name": workspace.name,
        "created_at": unix_seconds(workspace.created_at),
        "status": "completed",
        "file_counts":
            { "total": documents, "completed": documents, "in_progress": 0, "failed": 0, "cancelled": 0 },
        "provider": call.engine.settings().vars.get("VECTOR_DB").unwrap_or(USUAL_DATABASE),
    }))
}
