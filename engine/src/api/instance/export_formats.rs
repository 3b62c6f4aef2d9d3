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

/// The format of an export, one chat after the other.
pub struct Export {
    kind: Kind,
    bytes: Vec<u8>,
    /// Of [`Kind::Jsonl`]: the line of each workspace so far.
    lines: BTreeMap<u64, Vec<u8>>,
    chats: usize,
}

/// The formats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A list of objects, indented by four.
    Json,
    /// A table.
    Csv,
    /// One line for each workspace: its conversation, as material to train a model with.
    Jsonl,
    /// A list of instruction, input and output, as material to train a model with.
    Alpaca,
}

impl Kind {
    /// The content type of an answer in it.
    pub fn content_type(self) -> &'static str {
        match self {
            Kind::Json | Kind::Alpaca => "application/json; charset=utf-8",
            Kind::Csv => "text/csv; charset=utf-8",
            Kind::Jsonl => "application/jsonl; charset=utf-8",
        }
    }
}

impl Export {
    /// Without a chat yet.
    pub fn new(kind: Kind) -> Export {
        Export { kind, bytes: Vec::new(), lines: BTreeMap::new(), chats: 0 }
    }

    /// Adds a chat; how many bytes that made.
    pub fn push(&mut self, exported: &Exported<'_>) -> Result<usize, ApiError> {
        let added = match self.kind {
            Kind::Json => self.item(&row(exported))?,
            Kind::Alpaca => self.item(&alpaca(exported))?,
            Kind::Csv => {
                if self.chats == 0 {
                    self.bytes.extend_from_slice(format!("{COLUMNS},username,rating").as_bytes());
                }
                let line = format!("\n{}", line(exported));
                self.bytes.extend_from_slice(line.as_bytes());
                line.len()
            }
            Kind::Jsonl => self.turn(exported)?,
        };
        self.chats += 1;
        Ok(added)
    }

    /// An item of a list, indented by four.
    fn item(&mut self, item: &Value) -> Result<usize, ApiError> {
        let mut text = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        item.serialize(&mut serde_json::Serializer::with_formatter(&mut text, format)).map_err(unwritable)?;
        self.bytes.extend_from_slice(if self.chats == 0 { b"[" } else { b"," });
        // A line end inside of a text is escaped: these are those of the format.
        for line in text.split(|byte| *byte == b'\n') {
            self.bytes.extend_from_slice(b"\n    ");
            self.bytes.extend_from_slice(line);
        }
        Ok(text.len())
    }

    fn turn(&mut self, exported: &Exported<'_>) -> Result<usize, ApiError> {
        let line = self.lines.entry(exported.chat.workspace).or_default();
        let before = line.len();
        if line.is_empty() {
            line.extend_from_slice(b"{\"messages\":[");
            serde_json::to_writer(&mut *line, &message("system", exported.prompt)).map_err(unwritable)?;
        }
        let mut question = message("user", &exported.chat.prompt);
        if let Some(content) = question["content"].as_array_mut() {
            content.extend(exported.images());
        }
        for said in [question, message("assistant", &exported.chat.text)] {
            line.push(b',');
            serde_json::to_writer(&mut *line, &said).map_err(unwritable)?;
        }
        Ok(line.len() - before)
    }

    /// The whole.
    pub fn finish(mut self) -> Vec<u8> {
        match (self.kind, self.chats) {
            (Kind::Json | Kind::Alpaca, 0) => b"[]".to_vec(),
            (Kind::Json | Kind::Alpaca, _) => {
                self.bytes.extend_from_slice(b"\n]");
                self.bytes
            }
            (Kind::Csv, 0) => COLUMNS.as_bytes().to_vec(),
            (Kind::Csv, _) => self.bytes,
            (Kind::Jsonl, _) => {
                let lines: Vec<Vec<u8>> =
                    self.lines.into_values().map(|line| [&line[..], b"]}"].concat()).collect();
                lines.join(&b'\n')
            }
        }
    }
}

fn row(exported: &Exported<'_>) -> Value {
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
}

/// Columns of a table of no chats. One of some has two more.
const COLUMNS: &str = "id,workspace,prompt,response,sent_at";

/// A line of a table. A cell of somebody's own text that a spreadsheet would take for a formula begins with an
/// apostrophe here; theirs lets a stranger's question become one.
fn line(exported: &Exported<'_>) -> String {
    let cells = [
        exported.chat.id.to_string(),
        text_cell(exported.workspace),
        text_cell(&exported.chat.prompt),
        text_cell(&exported.chat.text),
        dates::javascript(exported.chat.created_at.0),
        text_cell(exported.username()),
        exported.rating().to_owned(),
    ];
    cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"").replace('\n', " "))).join(",")
}

fn text_cell(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

fn message(role: &str, text: &str) -> Value {
    json!({ "role": role, "content": [{ "type": "text", "text": text }] })
}

fn alpaca(exported: &Exported<'_>) -> Value {
    let sources = exported.chat.sources.iter().filter_map(|source| source["text"].as_str());
    let instruction = [exported.prompt, &context_block(&sources.collect::<Vec<&str>>())].concat();
    json!({
        "instruction": instruction,
        "input": exported.chat.prompt,
        "output": exported.chat.text,
    })
}

fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::new(Code::Internal, format!("The export could not be written: {error}"))
}
