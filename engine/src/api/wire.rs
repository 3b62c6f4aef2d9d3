//! Records as clients know them: spellings, order of keys, and their odder habits.

use super::js;
use crate::model::{Chat, Placement, Thread, Workspace, file_metadata};
use crate::seam::UnixMs;
use crate::text::dates;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// ISO-8601 in UTC with milliseconds.
pub fn iso(at: UnixMs) -> String {
    dates::iso_millis(at.0)
}

/// A workspace's row (reference §4.1, this key set in this order).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceRow<'a> {
    id: u64,
    name: &'a str,
    slug: &'a str,
    vector_tag: Option<()>,
    created_at: String,
    open_ai_temp: Option<Value>,
    open_ai_history: u64,
    last_updated_at: String,
    open_ai_prompt: Option<&'a str>,
    similarity_threshold: Value,
    chat_provider: &'a Option<String>,
    chat_model: &'a Option<String>,
    top_n: u64,
    chat_mode: &'static str,
    pfp_filename: Option<()>,
    agent_provider: &'a Option<String>,
    agent_model: &'a Option<String>,
    query_refusal_response: &'a Option<String>,
    vector_search_mode: &'static str,
    /// Ours: only where it is not what clients expect.
    #[serde(skip_serializing_if = "Option::is_none")]
    search_mode: Option<&'static str>,
    #[serde(rename = "router_id")]
    router_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<Vec<Value>>,
}

/// The row alone.
pub fn workspace(workspace: &Workspace) -> WorkspaceRow<'_> {
    WorkspaceRow {
        id: workspace.id,
        name: &workspace.name,
        slug: &workspace.slug,
        vector_tag: None,
        created_at: iso(workspace.created_at),
        open_ai_temp: workspace.temperature.map(js::number),
        open_ai_history: workspace.history_turns,
        last_updated_at: iso(workspace.updated_at),
        open_ai_prompt: workspace.system_prompt.as_deref(),
        similarity_threshold: js::number(workspace.similarity_threshold),
        chat_provider: &workspace.chat_provider,
        chat_model: &workspace.chat_model,
        top_n: workspace.top_n,
        chat_mode: workspace.chat_mode.name(),
        pfp_filename: None,
        agent_provider: &workspace.agent_provider,
        agent_model: &workspace.agent_model,
        query_refusal_response: &workspace.query_refusal,
        search_mode: Some(workspace.search_mode.name()).filter(|name| *name != "vector"),
        vector_search_mode: if workspace.rerank { "rerank" } else { "default" },
        router_id: workspace.router_id,
        documents: None,
        threads: None,
    }
}

impl WorkspaceRow<'_> {
    /// The row with its documents.
    pub fn documents(mut self, placements: &[Placement]) -> Self {
        self.documents = Some(placements.iter().map(placement).collect());
        self
    }

    /// The row with its threads. One endpoint shows their names, another does not.
    pub fn threads(mut self, threads: &[Thread]) -> Self {
        let entry = |t: &Thread| json!({ "user_id": t.user, "slug": t.slug, "name": t.name });
        self.threads = Some(threads.iter().map(entry).collect());
        self
    }
}

/// A document's row in a workspace (reference §4.4): `metadata` is JSON inside a string.
pub fn placement(placement: &Placement) -> Value {
    json!({
        "id": placement.id,
        "docId": placement.doc_id,
        "filename": placement.document.name,
        "docpath": placement.document.path(),
        "workspaceId": placement.workspace,
        "metadata": Value::Object(file_metadata(&placement.document)).to_string(),
        "pinned": placement.pinned,
        "watched": false,
        "createdAt": iso(placement.created_at),
        "lastUpdatedAt": iso(placement.updated_at),
    })
}

/// A thread's row (reference §5).
pub fn thread(thread: &Thread) -> Value {
    json!({
        "id": thread.id,
        "name": thread.name,
        "slug": thread.slug,
        "workspace_id": thread.workspace,
        "user_id": thread.user,
        "createdAt": iso(thread.created_at),
        "lastUpdatedAt": iso(thread.updated_at),
    })
}

/// The two items that each turn has in a history (reference §8.9).
pub fn history(chats: &[Chat]) -> impl Iterator<Item = Value> {
    chats.iter().flat_map(turn)
}

fn turn(chat: &Chat) -> [Value; 2] {
    let sent_at = chat.created_at.0.div_euclid(1000);
    let question = json!({
        "role": "user",
        "content": chat.prompt,
        "sentAt": sent_at,
        "attachments": chat.attachments,
        "chatId": chat.id,
    });
    let answer = json!({
        "type": chat.mode,
        "role": "assistant",
        "content": chat.text,
        "sources": chat.sources,
        "chatId": chat.id,
        "sentAt": sent_at,
        "feedbackScore": chat.feedback,
        "metrics": chat.metrics,
    });
    [question, answer]
}

/// An answer that is none: `error` says why (reference §8.1).
pub fn abort(id: &str, error: &str) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in [
        ("id", id.into()),
        ("type", "abort".into()),
        ("textResponse", Value::Null),
        ("sources", json!([])),
        ("close", true.into()),
        ("error", error.into()),
    ] {
        map.insert(key.to_owned(), value);
    }
    map
}
