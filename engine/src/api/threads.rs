//! Threads (reference §5).

use super::answer::Answer;
use super::body::Fields;
use super::error::{ApiError, Code};
use super::workspaces::find_thread;
use super::{Call, events, numbers, wire};
use crate::model::{Thread, ThreadPlace, User, Workspace};
use crate::retrieve::staging::Orphans;
use crate::store::{self, key, retry};
use crate::text::slug::thread_slug;
use serde_json::{Value, json};

/// `POST /v1/workspace/:slug/thread/new {name?, slug?, userId?}`.
///
/// `userId` counts in multi-user instances only. A slug that is taken is an answer with
/// status 200, as clients know it.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let fields = Fields::of_body(&call.request)?;
    let name = name(&fields)?.unwrap_or_else(|| "Thread".to_owned());
    let wanted = fields.string("slug")?.map(thread_slug).filter(|slug| !slug.is_empty());
    let slug = wanted.unwrap_or_else(|| call.cx.uuid().to_string());
    let id = store::next_id(&call.cx, "thread").await?;
    let now = call.cx.now();
    let user = owner(&call, &fields)?;
    let thread = Thread { id, name, slug, workspace: workspace.id, user, created_at: now, updated_at: now };
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        if tx.get::<Workspace>(key::workspace(workspace.id)).await?.is_none() {
            return Err(ApiError::unknown_workspace(call.param(0)));
        }
        if let Some(user) = thread.user
            && tx.get::<User>(key::user(user)).await?.is_none()
        {
            let message = format!("There is no user {user}.");
            return Ok(Answer::ok(&json!({ "thread": null, "message": message })));
        }
        if tx.get::<ThreadPlace>(key::thread_slug(&thread.slug)).await?.is_some() {
            let message = format!("A thread with the slug {} exists already.", thread.slug);
            return Ok(Answer::ok(&json!({ "thread": null, "message": message })));
        }
        tx.put(key::thread(workspace.id, id), &thread)?;
        tx.put(key::thread_slug(&thread.slug), &ThreadPlace { workspace: workspace.id, thread: id })?;
        let metadata = json!({ "workspaceName": workspace.name });
        events::log(&call.cx, &mut tx, "api_workspace_thread_created", metadata).await?;
        if tx.commit().await? {
            return Ok(Answer::ok(&json!({ "thread": wire::thread(&thread), "message": null })));
        }
    }
}

/// `POST /v1/workspace/:slug/thread/:thread/update {name}`.
pub async fn update(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let name = name(&fields)?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let (_, found) = require(&call).await?;
        let place = key::thread(found.workspace, found.id);
        let Some(mut thread) = tx.get::<Thread>(place.clone()).await? else {
            return Err(ApiError::new(Code::NotFound, "Thread not found"));
        };
        if let Some(name) = &name {
            thread.name.clone_from(name);
            thread.updated_at = call.cx.now();
            tx.put(place, &thread)?;
        }
        if tx.is_empty() || tx.commit().await? {
            return Ok(Answer::ok(&json!({ "thread": wire::thread(&thread), "message": null })));
        }
    }
}

/// `DELETE /v1/workspace/:slug/thread/:thread`: well also when there is no such thread.
pub async fn delete(call: Call) -> Result<Answer, ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let workspace = call.workspace().await?;
        let Some(found) = find_thread(&call, &workspace, call.param(1)).await? else {
            return Ok(Answer::text(200, "OK"));
        };
        if tx.get::<Thread>(key::thread(workspace.id, found.id)).await?.is_none() {
            continue;
        }
        tx.delete(key::thread_slug(&found.slug));
        tx.delete(key::thread(workspace.id, found.id));
        let orphans = Orphans::of(&call.cx, workspace.id, Some(found.id)).await?;
        orphans.leave(&mut tx, call.cx.now())?;
        if tx.commit().await? {
            orphans.remove(&call.cx).await;
            return Ok(Answer::text(200, "OK"));
        }
    }
}

/// The workspace and thread that the path names.
pub(super) async fn require(call: &Call) -> Result<(Workspace, Thread), ApiError> {
    let missing = |what: &str| ApiError::new(Code::NotFound, format!("{what} not found"));
    let workspace = call.find_workspace().await?.ok_or_else(|| missing("Workspace"))?;
    let thread = find_thread(call, &workspace, call.param(1)).await?.ok_or_else(|| missing("Thread"))?;
    Ok((workspace, thread))
}

/// Whose thread it is: the user's who opens it, or whom a key opens it for.
fn owner(call: &Call, fields: &Fields) -> Result<Option<u64>, ApiError> {
    match call.caller.user() {
        Some(user) => Ok(Some(user.id)),
        None if call.instance.multi_user => {
            numbers::id(fields, "userId").map_err(|error| error.with("thread", Value::Null))
        }
        None => Ok(None),
    }
}

fn name(fields: &Fields) -> Result<Option<String>, ApiError> {
    let name = fields.string("name").map_err(|error| error.with("thread", Value::Null))?;
    Ok(name.filter(|name| !name.is_empty()).map(|name| name.chars().take(255).collect()))
}
