//! Who belongs to a workspace (reference §11.3).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::wire::iso;
use super::super::{Call, events};
use super::{fields, mode};
use crate::model::{User, Workspace};
use crate::seam::UnixMs;
use crate::store::{self, StoreError, Transaction, key, retry};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Makes `tx` add a member. User and workspace must have been read by it, so that neither goes meanwhile.
pub fn join(tx: &mut Transaction, user: u64, workspace: u64, at: UnixMs) -> Result<(), StoreError> {
    tx.put(key::member(user, workspace), &at)?;
    tx.put(key::member_in(workspace, user), &at)
}

fn leave(tx: &mut Transaction, user: u64, workspace: u64) {
    tx.delete(key::member(user, workspace));
    tx.delete(key::member_in(workspace, user));
}

/// `GET /v1/admin/workspaces/:id/users`: none for a workspace that does not exist.
pub async fn of_workspace(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    let rows = match call.param(0).parse() {
        Ok(id) => rows(&call, id).await?,
        Err(_) => Vec::new(),
    };
    Ok(Answer::ok(&json!({ "users": rows })))
}

/// `POST /v1/admin/workspaces/:id/update-users {userIds}`: they and nobody else are members.
pub async fn replace(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    replace_all(&call).await.map_err(|error| error.with("success", false))?;
    Ok(Answer::ok(&json!({ "success": true, "error": null })))
}

async fn replace_all(call: &Call) -> Result<(), ApiError> {
    let unknown = || ApiError::new(Code::NotFound, format!("Workspace {} not found", call.param(0)));
    let id: u64 = call.param(0).parse().map_err(|_| unknown())?;
    let given = Fields::of_body(&call.request)?;
    let ids = fields::ids(&given, "userIds")?.ok_or_else(|| ApiError::field("userIds", "a list of ids"))?;
    let ids = existing(call, &ids).await?;
    change(call, id, &ids, true).await?.then_some(()).ok_or_else(unknown)
}

/// `POST /v1/admin/workspaces/:slug/manage-users {userIds, reset?}`: they become members; with `reset` nobody
/// else stays one.
pub async fn manage(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    manage_all(&call).await.map_err(|error| error.with("success", false))
}

async fn manage_all(call: &Call) -> Result<Answer, ApiError> {
    let unknown = || ApiError::new(Code::NotFound, format!("Workspace {} not found", call.param(0)));
    let given = Fields::of_body(&call.request)?;
    let workspace = call.find_workspace().await?.ok_or_else(unknown)?.id;
    let ids = fields::ids(&given, "userIds")?.ok_or_else(|| ApiError::field("userIds", "a list of ids"))?;
    let ids = existing(call, &ids).await?;
    if ids.is_empty() {
        let users = rows(call, workspace).await?;
        return Err(ApiError::new(Code::NotFound, "No valid user IDs provided.").with("users", users));
    }
    let reset = given.get("reset") == Some(&Value::Bool(true));
    if !change(call, workspace, &ids, reset).await? {
        return Err(unknown());
    }
    let users = rows(call, workspace).await?;
    Ok(Answer::ok(&json!({ "success": true, "error": null, "users": users })))
}

/// Those of the ids that are users'.
async fn existing(call: &Call, ids: &[u64]) -> Result<BTreeSet<u64>, ApiError> {
    let users = store::get_many::<User>(&call.cx, ids.iter().map(|id| key::user(*id)).collect()).await?;
    Ok(users.into_iter().flatten().map(|user| user.id).collect())
}

/// Adds members, and with `reset` removes all others. False if there is no such workspace.
async fn change(call: &Call, workspace: u64, ids: &BTreeSet<u64>, reset: bool) -> Result<bool, ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let Some(found) = tx.get::<Workspace>(key::workspace(workspace)).await? else { return Ok(false) };
        let members = store::scan_keys(&call.cx, key::members_in(workspace)).await?;
        let members: BTreeSet<u64> = members.iter().filter_map(key::trailing_id).collect();
        if reset {
            members.difference(ids).for_each(|user| leave(&mut tx, *user, workspace));
        }
        let mut added = Vec::new();
        for user in ids.difference(&members) {
            // Whoever goes meanwhile is not added.
            if let Some(user) = tx.get::<User>(key::user(*user)).await? {
                join(&mut tx, user.id, workspace, call.cx.now())?;
                added.push(user.id);
            }
        }
        if tx.is_empty() {
            return Ok(true);
        }
        let metadata = json!({ "workspaceName": found.name, "added": added, "reset": reset });
        events::log(&call.cx, &mut tx, "workspace_members_changed", metadata).await?;
        if tx.commit().await? {
            return Ok(true);
        }
    }
}

async fn rows(call: &Call, workspace: u64) -> Result<Vec<Value>, ApiError> {
    let members = store::all::<Option<UnixMs>>(&call.cx, key::members_in(workspace)).await?;
    let places = members.iter().filter_map(|(place, _)| key::trailing_id(place)).map(key::user).collect();
    let users = store::get_many::<User>(&call.cx, places).await?;
    let row = |((_, at), user): (&(_, Option<UnixMs>), Option<User>)| {
        let user = user?;
        Some(json!({
            "userId": user.id,
            "username": user.username,
            "role": user.role.name(),
            "lastUpdatedAt": iso(at.unwrap_or(user.created_at)),
        }))
    };
    Ok(members.iter().zip(users).filter_map(row).collect())
}
