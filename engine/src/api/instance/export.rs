//! `GET /v1/system/export-chats?type=`: everything that was asked and answered (reference §12.4).

use super::super::answer::Answer;
use super::super::error::{ApiError, Code};
use super::super::{Call, events};
use super::event_log::user_names;
use super::export_formats::{Export, Exported, Kind};
use crate::model::{Chat, Workspace};
use crate::seam::{Key, Work};
use crate::store::{self, key, retry};
use serde_json::json;
use std::collections::BTreeMap;

/// Chats read at once.
const PAGE: usize = 500;
const TYPES: [(&str, Kind); 4] =
    [("json", Kind::Json), ("csv", Kind::Csv), ("jsonl", Kind::Jsonl), ("jsonAlpaca", Kind::Alpaca)];

/// All chats of all workspaces, those that were reset or refused included, in one of four formats.
pub async fn export_chats(call: Call) -> Result<Answer, ApiError> {
    let asked = form_urlencoded::parse(call.request.query.as_bytes()).filter(|(name, _)| name == "type");
    let asked: Vec<String> = asked.map(|(_, value)| value.into_owned()).take(10).collect();
    let kind = if asked.is_empty() { "jsonl".to_owned() } else { asked.join(",") };
    let Some((name, kind)) = TYPES.into_iter().find(|(known, _)| *known == kind) else {
        let kind: String = kind.chars().take(200).collect();
        let known = TYPES.map(|(name, _)| name).join(", ");
        let message = format!("Invalid export type: {kind}. Must be one of {known}");
        return Err(ApiError::new(Code::InvalidField, message));
    };
    log(&call, name).await?;
    let workspaces = store::all::<Workspace>(&call.cx, key::workspaces()).await?;
    let workspaces = store::by_id(workspaces.into_iter().map(|(_, workspace)| (workspace.id, workspace)));
    let chats = chats(&call, &workspaces).await?;
    let names = user_names(&call, chats.iter().filter_map(|chat| chat.user)).await?;
    let preset = call.default_system_prompt();
    let (mut export, mut slices) = (Export::new(kind), call.cx.slices());
    for chat in &chats {
        let Some(workspace) = workspaces.get(&chat.workspace) else { continue };
        let user = chat.user.and_then(|id| names.get(&id)).map(String::as_str);
        let prompt = workspace.system_prompt.as_deref().unwrap_or(preset);
        let added = export.push(&Exported { chat, workspace: &workspace.name, user, prompt })?;
        slices.spend(Work::Json(added)).await;
    }
    Ok(Answer::whole(200, kind.content_type(), export.finish()))
}

/// Chats by id. What belongs to a workspace that was just deleted is on its way out.
async fn chats(call: &Call, workspaces: &BTreeMap<u64, Workspace>) -> Result<Vec<Chat>, ApiError> {
    let places: Vec<Key> =
        store::all::<Key>(&call.cx, key::chat_ids()).await?.into_iter().map(|(_, place)| place).collect();
    let mut chats = Vec::with_capacity(places.len());
    for page in places.chunks(PAGE) {
        let found = store::get_many::<Chat>(&call.cx, page.to_vec()).await?.into_iter().flatten();
        chats.extend(found.filter(|chat| workspaces.contains_key(&chat.workspace)));
    }
    Ok(chats)
}

async fn log(call: &Call, kind: &str) -> Result<(), ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        events::log(&call.cx, &mut tx, "exported_chats", json!({ "type": kind })).await?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}
