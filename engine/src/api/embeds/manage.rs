//! Making, listing, changing and deleting embeds, and reading what was said through them.

use super::{fields, removal};
use crate::api::answer::{self, Answer};
use crate::api::body::Fields;
use crate::api::error::{ApiError, Code};
use crate::api::wire::iso;
use crate::api::{Call, chats, events};
use crate::model::{Chat, ChatMode, Embed, Workspace};
use crate::seam::KeyRange;
use crate::store::key::{self, Partition};
use crate::store::{self, Transaction, retry};
use serde_json::{Value, json};

/// `GET /v1/embed`.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let embeds = store::all::<Embed>(&call.cx, key::embeds()).await?;
    let places = embeds.iter().map(|(_, embed)| key::workspace(embed.workspace)).collect();
    let workspaces = store::get_many::<Workspace>(&call.cx, places).await?;
    let mut rows = Vec::with_capacity(embeds.len());
    for ((_, embed), workspace) in embeds.iter().zip(workspaces) {
        let chats = store::scan_keys(&call.cx, key::embed_chats(embed.id)).await?;
        rows.push(json!({
            "id": embed.id,
            "uuid": embed.uuid,
            "enabled": embed.enabled,
            "chat_mode": embed.mode.name(),
            "createdAt": iso(embed.created_at),
            "workspace": { "id": embed.workspace, "name": workspace.map(|workspace| workspace.name) },
            "chat_count": chats.len(),
            // Ours: whoever changes a setting has to know it first.
            "allowlist_domains": embed.allowlist,
            "max_chats_per_day": embed.max_chats_per_day,
            "max_chats_per_session": embed.max_chats_per_session,
        }));
    }
    Ok(Answer::ok(&json!({ "embeds": rows })))
}

/// `POST /v1/embed/new {workspace_slug, …}`. A fresh embed is always switched on.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    // A misspelt allowlist would let every website in.
    let known = [&["workspace_slug"], &fields::NAMES[..]].concat();
    let body = Fields::strict(&call.request, &known)?;
    let slug = match body.get("workspace_slug") {
        Some(Value::String(slug)) if !slug.is_empty() => slug.clone(),
        _ => return Err(ApiError::new(Code::InvalidField, "Workspace slug is required")),
    };
    let mut embed = Embed {
        id: 0,
        uuid: call.cx.uuid().to_string(),
        workspace: 0,
        enabled: true,
        mode: ChatMode::Query,
        allowlist: None,
        allow_model: false,
        allow_temperature: false,
        allow_prompt: false,
        max_chats_per_day: None,
        max_chats_per_session: None,
        message_limit: None,
        created_by: call.cx.actor().user,
        created_at: call.cx.now(),
    };
    fields::apply(&mut embed, &body)?;
    embed.enabled = true;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let unknown = || ApiError::new(Code::NotFound, "Workspace not found");
        let id = call.workspace_by_slug(&slug).await?.ok_or_else(unknown)?.id;
        // Whoever deletes the workspace reads the list that this adds to: only one of the two wins.
        let workspace = tx.get::<Workspace>(key::workspace(id)).await?.ok_or_else(unknown)?;
        if embed.id == 0 {
            embed.id = store::next_id(&call.cx, "embed").await?;
        }
        let mut embeds = tx.get::<Vec<u64>>(key::embeds_of(id)).await?.unwrap_or_default();
        embeds.push(embed.id);
        embed.workspace = id;
        tx.put(key::embeds_of(id), &embeds)?;
        tx.put(key::embed_uuid(&embed.uuid), &embed.id)?;
        tx.put(key::embed(embed.id), &embed)?;
        let metadata = json!({ "embedId": embed.uuid, "workspaceName": workspace.name });
        events::log(&call.cx, &mut tx, "api_embed_created", metadata).await?;
        if tx.commit().await? {
            let row = fields::row(&embed, &workspace.slug);
            return Ok(Answer::ok(&json!({ "embed": row, "error": null })));
        }
    }
}

/// `POST /v1/embed/:uuid`.
pub async fn update(call: Call) -> Result<Answer, ApiError> {
    let body = Fields::of_body(&call.request)?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let mut embed = find(&call, &mut tx).await?;
        if !fields::apply(&mut embed, &body)? {
            return Ok(Answer::ok(&json!({})));
        }
        tx.put(key::embed(embed.id), &embed)?;
        events::log(&call.cx, &mut tx, "api_embed_updated", json!({ "embedId": embed.uuid })).await?;
        if tx.commit().await? {
            return Ok(Answer::ok(&json!({ "success": true, "error": null })));
        }
    }
}

/// `DELETE /v1/embed/:uuid`: all that was said through it goes too.
pub async fn delete(call: Call) -> Result<Answer, ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let embed = find(&call, &mut tx).await?;
        removal::remove(&mut tx, &embed).await?;
        events::log(&call.cx, &mut tx, "api_embed_deleted", json!({ "embedId": embed.uuid })).await?;
        if tx.commit().await? {
            return Ok(Answer::ok(&json!({ "success": true, "error": null })));
        }
    }
}

/// The embed that the path names.
async fn find(call: &Call, tx: &mut Transaction) -> Result<Embed, ApiError> {
    let unknown = || ApiError::new(Code::NotFound, "Embed not found");
    let id = tx.get::<u64>(key::embed_uuid(call.param(0))).await?.ok_or_else(unknown)?;
    tx.get(key::embed(id)).await?.ok_or_else(unknown)
}

/// `GET /v1/embed/:uuid/chats` and `GET /v1/embed/:uuid/chats/:session`. No such embed has no chats.
pub async fn chats(call: Call) -> Result<Answer, ApiError> {
    let Some(embed) = store::get::<u64>(&call.cx, key::embed_uuid(call.param(0))).await? else {
        return Ok(Answer::ok(&json!({ "chats": [] })));
    };
    let range: KeyRange = match call.param(1) {
        "" => key::embed_chats(embed),
        session => key::chats_of(0, &Partition::Embed(embed, session.to_ascii_lowercase())),
    };
    let chats = chats::collect(&call, range).await?;
    let rows = answer::list(&mut call.cx.slices(), chats.iter().map(|chat| row(chat, embed))).await;
    Ok(Answer::written([&b"{\"chats\":"[..], &rows, b"}"].concat()))
}

fn row(chat: &Chat, embed: u64) -> Value {
    let response =
        json!({ "text": chat.text, "type": chat.mode, "sources": chat.sources, "metrics": chat.metrics });
    json!({
        "id": chat.id,
        "prompt": chat.prompt,
        "response": response.to_string(),
        "session_id": chat.session,
        "include": chat.include,
        "connection_information": json!(chat.visitor.clone().unwrap_or_default()).to_string(),
        "embed_id": embed,
        "usersId": null,
        "createdAt": iso(chat.created_at),
    })
}
