//! The four formats of exported chats (reference §12.4).

use super::super::error::{ApiError, Code};
use super::super::wire::iso;
use crate::chat::context_block;
use crate::model::Chat;
use crate::text::dates;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A chat with what its ids stand for.
pub struct Exported<'a> {
    pub chat: &'a Chat,
    /// The workspace's name.
    pub workspace: &'a str,
    /// The user's name, if a user asked.
    pub user: Option<&'a str>,
    /// The system prompt of its workspace.
    pub prompt: &'a str,
}

impl Exported<'_> {
    fn username(&self) -> &str {
        match (self.user, &self.chat.session) {
            (Some(name), _) => name,
            (None, Some(_)) => "API",
            (None, None) => "unknown user",
        }
    }

    fn rating(&self) -> &'static str {
        match self.chat.feedback {
            Some(true) => "GOOD",
            Some(false) => "BAD",
            None => "--",
        }
    }

    fn images(&self) -> Vec<Value> {
        let image = |attachment: &Value| json!({ "type": "image", "image": attachment["contentString"] });
        self.chat.attachments.iter().map(image).collect()
    }
}

/// A list of objects, indented by four.
pub fn json(chats: &[Exported<'_>]) -> Result<Vec<u8>, ApiError> {
    let row = |exported: &Exported<'_>| {
        json!({
            "id": exported.chat.id,
            "prompt": exported.chat.prompt,
            "response": exported.chat.text,
            "sent_at": iso(exported.chat.created_at),
            "attachments": exported.images(),
            "workspace": exported.workspace,
            "username": exported.username(),
            "rating": exported.rating(),
        })
    };
    indented(&chats.iter().map(row).collect::<Vec<Value>>())
}

/// A table. A cell of somebody's own text that a spreadsheet would take for a formula begins with an
/// apostrophe here; theirs lets a stranger's question become one.
pub fn csv(chats: &[Exported<'_>]) -> String {
    if chats.is_empty() {
        return "id,workspace,prompt,response,sent_at".to_owned();
    }
    let mut table = String::from("id,workspace,prompt,response,sent_at,username,rating");
    for exported in chats {
        let cells = [
            exported.chat.id.to_string(),
            text_cell(exported.workspace),
            text_cell(&exported.chat.prompt),
            text_cell(&exported.chat.text),
            dates::javascript(exported.chat.created_at.0),
            text_cell(exported.username()),
            exported.rating().to_owned(),
        ];
        let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"").replace('\n', " ")));
        table.push('\n');
        table.push_str(&quoted.join(","));
    }
    table
}

fn text_cell(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// One line for each workspace: its conversation, as material to train a model with.
pub fn jsonl(chats: &[Exported<'_>]) -> Result<String, ApiError> {
    let text =
        |role: &str, text: &str| json!({ "role": role, "content": [{ "type": "text", "text": text }] });
    let mut conversations: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for exported in chats {
        let messages = conversations
            .entry(exported.chat.workspace)
            .or_insert_with(|| vec![text("system", exported.prompt)]);
        let mut question = text("user", &exported.chat.prompt);
        if let Some(content) = question["content"].as_array_mut() {
            content.extend(exported.images());
        }
        messages.push(question);
        messages.push(text("assistant", &exported.chat.text));
    }
    let lines: Result<Vec<String>, _> = conversations
        .values()
        .map(|messages| serde_json::to_string(&json!({ "messages": messages })).map_err(unwritable))
        .collect();
    Ok(lines?.join("\n"))
}

/// A list of instruction, input and output, as material to train a model with.
pub fn alpaca(chats: &[Exported<'_>]) -> Result<Vec<u8>, ApiError> {
    let row = |exported: &Exported<'_>| {
        let sources = exported.chat.sources.iter().filter_map(|source| source["text"].as_str());
        let instruction = [exported.prompt, &context_block(&sources.collect::<Vec<&str>>())].concat();
        json!({
            "instruction": instruction,
            "input": exported.chat.prompt,
            "output": exported.chat.text,
        })
    };
    indented(&chats.iter().map(row).collect::<Vec<Value>>())
}

fn indented(rows: &[Value]) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, format);
    rows.serialize(&mut serializer).map_err(unwritable)?;
    Ok(bytes)
}

fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::new(Code::Internal, format!("The export could not be written: {error}"))
}
