//! Everything that was said, for who administers the instance (reference §11.4).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::ApiError;
use super::super::wire::iso;
use super::super::{Call, numbers};
use crate::model::{Chat, User, Workspace};
use crate::seam::Key;
use crate::store::{self, key};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PAGE: u32 = 20;
/// Nobody turns so many pages.
const OFFSET_MAX: u32 = 5_000;

/// `POST /v1/admin/workspace-chats {offset?}`: the page of that number, newest first, in all workspaces.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let offset = numbers::whole(&fields, "offset", 0..=OFFSET_MAX.into())?.unwrap_or(0);
    let offset = u32::try_from(offset).unwrap_or(OFFSET_MAX);
    let reach = (offset + 1) * PAGE;
    let places = store::last_n::<Key>(&call.cx, key::chat_ids(), reach + 1).await?;
    let has_pages = places.len() > reach as usize;
    let places = places.into_iter().skip((offset * PAGE) as usize).take(PAGE as usize);
    let places = places.map(|(_, place)| place).collect();
    let chats: Vec<Chat> = store::get_many(&call.cx, places).await?.into_iter().flatten().collect();
    let users: BTreeMap<u64, User> =
        records(&call, chats.iter().filter_map(|chat| chat.user), key::user).await?;
    let workspaces: BTreeMap<u64, Workspace> =
        records(&call, chats.iter().map(|chat| chat.workspace), key::workspace).await?;
    let rows: Vec<Value> = chats
        .iter()
        .map(|chat| {
            let user = chat.user.and_then(|id| users.get(&id));
            row(chat, workspaces.get(&chat.workspace), user)
        })
        .collect();
    Ok(Answer::ok(&json!({ "chats": rows, "hasPages": has_pages })))
}

async fn records<T: serde::de::DeserializeOwned>(
    call: &Call,
    ids: impl Iterator<Item = u64>,
    place: fn(u64) -> Key,
) -> Result<BTreeMap<u64, T>, ApiError> {
    let ids: std::collections::BTreeSet<u64> = ids.collect();
    let found = store::get_many(&call.cx, ids.iter().map(|id| place(*id)).collect()).await?;
    Ok(store::by_id(ids.into_iter().zip(found).filter_map(|(id, found)| Some((id, found?)))))
}

fn row(chat: &Chat, workspace: Option<&Workspace>, user: Option<&User>) -> Value {
    let response = json!({
        "text": chat.text,
        "sources": chat.sources,
        "attachments": chat.attachments,
        "type": chat.mode,
        "metrics": chat.metrics,
    });
    let workspace = match workspace {
        Some(workspace) => json!({ "name": workspace.name, "slug": workspace.slug }),
        None => json!({ "name": "deleted workspace", "slug": null }),
    };
    let username = match (user, &chat.session) {
        (Some(user), _) => user.username.as_str(),
        (None, Some(_)) => "API",
        (None, None) => "unknown user",
    };
    json!({
        "id": chat.id,
        "workspaceId": chat.workspace,
        "prompt": chat.prompt,
        "response": response.to_string(),
        "include": chat.include,
        "user_id": chat.user,
        "thread_id": chat.thread,
        "api_session_id": chat.session,
        "createdAt": iso(chat.created_at),
        "lastUpdatedAt": iso(chat.created_at),
        "feedbackScore": chat.feedback,
        "memoryProcessed": null,
        "workspace": workspace,
        "user": { "username": username },
    })
}
