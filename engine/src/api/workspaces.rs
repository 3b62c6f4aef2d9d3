//! Workspaces (reference §4).

use super::answer::Answer;
use super::body::Fields;
use super::error::{ApiError, Code};
use super::workspace_fields::{self, Changes};
use super::{Call, events, wire};
use crate::model::{Placement, Thread, ThreadPlace, Workspace};
use crate::retrieve::index_ranges;
use crate::retrieve::staging::Orphans;
use crate::store::{self, key, retry};
use crate::text::slug::workspace_slug;
use serde_json::{Value, json};

/// `POST /v1/workspace/new {name, …}`.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let name = match fields.get("name") {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        None | Some(Value::Null | Value::String(_)) => {
            return Err(
                ApiError::new(Code::InvalidField, "name cannot be null").with("workspace", Value::Null)
            );
        }
        Some(_) => return Err(ApiError::field("name", "a string").with("workspace", Value::Null)),
    };
    let changes = workspace_fields::changes(&fields, &call.engine.settings().lengths)
        .map_err(|error| error.with("workspace", Value::Null))?;
    let id = store::next_id(&call.cx, "ws").await?;
    let mut workspace = workspace_fields::fresh(id, call.cx.now());
    workspace_fields::apply(&mut workspace, &changes, call.cx.now());
    if !super::js::truthy(fields.get("openAiPrompt")) {
        workspace.system_prompt = Some(call.default_system_prompt().to_owned());
    }
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        workspace.slug = free_slug(&call, &mut tx, &name).await?;
        tx.put(key::workspace(id), &workspace)?;
        tx.put(key::workspace_slug(&workspace.slug), &id)?;
        let metadata = json!({ "workspaceName": workspace.name });
        events::log(&call.cx, &mut tx, "api_workspace_created", metadata).await?;
        if tx.commit().await? {
            break;
        }
    }
    Ok(Answer::ok(&json!({ "workspace": wire::workspace(&workspace), "message": "Workspace created" })))
}

/// The slug of `name`, or with eight digits behind it when that is taken.
pub(super) async fn free_slug(
    call: &Call,
    tx: &mut store::Transaction,
    name: &str,
) -> Result<String, ApiError> {
    let plain = match workspace_slug(name) {
        slug if slug.is_empty() => call.cx.uuid().to_string(),
        slug => slug,
    };
    let mut slug = plain;
    for _ in 0..16 {
        if tx.get::<u64>(key::workspace_slug(&slug)).await?.is_none() {
            return Ok(slug);
        }
        let mut bytes = [0; 4];
        call.cx.random(&mut bytes);
        let digits = 10_000_000 + u32::from_le_bytes(bytes) % 90_000_000;
        slug = match workspace_slug(&format!("{name}-{digits}")) {
            slug if slug.is_empty() => call.cx.uuid().to_string(),
            slug => slug,
        };
    }
    Err(ApiError::new(Code::Contended, "No free slug was found for this name: try another one."))
}

/// `GET /v1/workspaces`.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let workspaces = store::all::<Workspace>(&call.cx, key::workspaces()).await?;
    let mut rows = Vec::with_capacity(workspaces.len());
    for (_, workspace) in workspaces.iter().filter(|(_, workspace)| call.caller.sees(workspace.id)) {
        rows.push(wire::workspace(workspace).threads(&threads(&call, workspace.id).await?));
    }
    Ok(Answer::ok(&json!({ "workspaces": rows })))
}

/// `GET /v1/workspace/:slug`: a list of one, or of none.
pub async fn get(call: Call) -> Result<Answer, ApiError> {
    let Some(workspace) = call.find_workspace().await? else {
        return Ok(Answer::ok(&json!({ "workspace": [] })));
    };
    let placements = placements(&call, workspace.id).await?;
    let threads = threads(&call, workspace.id).await?;
    let row = wire::workspace(&workspace).documents(&placements).threads(&threads);
    Ok(Answer::ok(&json!({ "workspace": [row] })))
}

/// `POST /v1/workspace/:slug/update`.
pub async fn update(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let changes: Changes = workspace_fields::changes(&fields, &call.engine.settings().lengths)?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let id = call.workspace().await?.id;
        let Some(mut workspace) = tx.get::<Workspace>(key::workspace(id)).await? else {
            return Err(ApiError::unknown_workspace(call.param(0)));
        };
        if changes.is_empty() {
            let body = json!({ "workspace": { "id": id }, "message": "No valid fields to update!" });
            return Ok(Answer::ok(&body));
        }
        workspace_fields::apply(&mut workspace, &changes, call.cx.now());
        tx.put(key::workspace(id), &workspace)?;
        if tx.commit().await? {
            return Ok(Answer::ok(&json!({ "workspace": wire::workspace(&workspace), "message": null })));
        }
    }
}

/// `DELETE /v1/workspace/:slug`: its conversations, threads, embeds, places of documents and its index go;
/// the documents themselves stay.
pub async fn delete(call: Call) -> Result<Answer, ApiError> {
    if call.engine.settings().deletion_protection {
        let message = "Workspace deletion is blocked by the system administrator.";
        return Err(ApiError::new(Code::Forbidden, message).with("success", false));
    }
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let workspace = call.workspace().await?;
        let id = workspace.id;
        if tx.get::<Workspace>(key::workspace(id)).await?.is_none() {
            return Err(ApiError::unknown_workspace(call.param(0)));
        }
        super::embeds::remove_all(&mut tx, id).await?;
        // Whoever embeds a document moves the head: reading it here lets only one of the two win.
        tx.get_raw(key::index_head(id)).await?;
        for placement in placements(&call, id).await? {
            let document = &placement.document;
            tx.delete(key::placement_in(&document.folder, &document.name, id, placement.id));
        }
        let index = index_ranges(id).map(|(range, _)| range);
        let rest =
            [key::placements(id), key::placements_paths(id), key::placements_pins(id), key::index_logs(id)];
        for range in index.into_iter().chain(rest) {
            tx.delete_range(range);
        }
        tx.delete(key::index_head(id));
        tx.delete(key::workspace_slug(&workspace.slug));
        tx.delete(key::workspace(id));
        let orphans = Orphans::of(&call.cx, id, None).await?;
        orphans.leave(&mut tx, call.cx.now())?;
        let metadata = json!({ "workspaceName": workspace.name });
        events::log(&call.cx, &mut tx, "api_workspace_deleted", metadata).await?;
        if tx.commit().await? {
            call.engine.indexes().forget(id);
            orphans.remove(&call.cx).await;
            return Ok(Answer::text(200, "OK"));
        }
    }
}

/// The workspace's documents by id.
pub(super) async fn placements(call: &Call, workspace: u64) -> Result<Vec<Placement>, ApiError> {
    let records = store::all(&call.cx, key::placements(workspace)).await?;
    Ok(records.into_iter().map(|(_, placement)| placement).collect())
}

async fn threads(call: &Call, workspace: u64) -> Result<Vec<Thread>, ApiError> {
    let records = store::all(&call.cx, key::threads(workspace)).await?;
    Ok(records.into_iter().map(|(_, thread)| thread).filter(|thread| is_open_to(call, thread)).collect())
}

/// Users see the threads they opened, keys see all.
fn is_open_to(call: &Call, thread: &Thread) -> bool {
    call.caller.user().is_none_or(|user| thread.user == Some(user.id))
}

/// The thread of this slug in a workspace.
pub(super) async fn find_thread(
    call: &Call,
    workspace: &Workspace,
    slug: &str,
) -> Result<Option<Thread>, ApiError> {
    match store::get::<ThreadPlace>(&call.cx, key::thread_slug(slug)).await? {
        Some(place) if place.workspace == workspace.id => {
            let thread = store::get(&call.cx, key::thread(place.workspace, place.thread)).await?;
            Ok(thread.filter(|thread| is_open_to(call, thread)))
        }
        _ => Ok(None),
    }
}
