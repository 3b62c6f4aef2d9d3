//! `POST /v1/chat/completions` (reference §10.2).

use super::conversation::{self, Conversation};
use super::{chunks, unix_seconds, workspace, wrong};
use crate::api::answer::Answer;
use crate::api::body::Fields;
use crate::api::{ApiError, Call, chats, js};
use crate::chat::{self, Ask, Outcome, Overrides};
use crate::llm::Finish;
use crate::store::key::Partition;
use serde_json::{Map, Value, json};

/// Answers from the workspace that `model` names. What is sent counts as the whole conversation; the turn is
/// saved in the session that the header `x-session-id` or the field `user` names.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let ask = ask(&call, &fields).await?;
    let reply = Reply {
        id: call.cx.uuid().to_string(),
        created: unix_seconds(call.cx.now()),
        model: ask.workspace.slug.clone(),
    };
    if flag(&fields, "stream")? {
        let options = fields.get("stream_options").unwrap_or(&Value::Null);
        return chunks::answer(&call, reply, &ask, js::truthy(options.get("include_usage"))).await;
    }
    let outcome = chat::answer(&call.cx, &call.engine, &ask, &mut chats::Whole).await?;
    let (content, finish, sources, usage) = match outcome {
        Outcome::Answered { text, finish, sources, metrics, .. } => (Some(text), finish, sources, metrics),
        Outcome::Refused { text, .. } => (Some(text), Finish::Stop, Vec::new(), no_usage()),
        Outcome::Empty { metrics } => (None, Finish::Stop, Vec::new(), metrics),
        Outcome::Abandoned => (None, Finish::Stop, Vec::new(), no_usage()),
    };
    let message = json!({ "role": "assistant", "content": content, "refusal": null });
    let choice =
        json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(finish) });
    let mut body = reply.frame("chat.completion", vec![choice]);
    body.insert("usage".to_owned(), usage);
    body.insert("sources".to_owned(), sources.into());
    Ok(Answer::ok(&body))
}

/// What all parts of one answer have in common.
pub struct Reply {
    id: String,
    created: i64,
    model: String,
}

impl Reply {
    /// The object with `choices`, usage and sources still to come.
    pub fn frame(&self, object: &str, choices: Vec<Value>) -> Map<String, Value> {
        let mut map = Map::new();
        for (key, value) in [
            ("id", self.id.clone().into()),
            ("object", object.into()),
            ("created", self.created.into()),
            ("model", self.model.clone().into()),
            ("choices", choices.into()),
        ] {
            map.insert(key.to_owned(), value);
        }
        map
    }
}

/// Why an answer ends, in OpenAI's words. A refusal is an answer like any other: clients with types of their own
/// would fail at the `abort` and `no_content` that theirs sends.
pub fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop | Finish::Other => "stop",
        Finish::Length => "length",
        Finish::Filtered => "content_filter",
    }
}

/// The usage of an answer that no model gave.
pub fn no_usage() -> Value {
    json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 })
}

async fn ask(call: &Call, fields: &Fields) -> Result<Ask, ApiError> {
    let model = match fields.get("model") {
        Some(Value::String(model)) if !model.is_empty() => model,
        _ => return Err(wrong("model", "`model` must be the slug of a workspace.")),
    };
    let mut workspace = workspace(call, model).await?;
    workspace.temperature = temperature(fields.get("temperature"))?.or(workspace.temperature);
    let conversation = conversation::read(fields.get("messages"))?;
    call.engine.settings().lengths.message.check("messages", conversation.bytes())?;
    let Conversation { system, history, question, attachments } = conversation;
    let overrides = Overrides {
        system_prompt: system,
        history: Some(history),
        no_backfill: true,
        ..Overrides::default()
    };
    Ok(Ask {
        mode: workspace.chat_mode,
        workspace,
        partition: partition(call, fields)?,
        thread: None,
        user: call.caller.user().cloned(),
        message: question,
        attachments,
        overrides,
    })
}

fn partition(call: &Call, fields: &Fields) -> Result<Partition, ApiError> {
    let header = call.request.header("x-session-id").map(str::to_owned);
    let field = match fields.get("user") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => return Err(wrong("user", "`user` must be a string.")),
    };
    match header.or(field).filter(|name| !name.is_empty()) {
        Some(name) if name.len() > chats::SESSION_BYTES_MAX => {
            Err(wrong("user", format!("`user` must be at most {} bytes long.", chats::SESSION_BYTES_MAX)))
        }
        Some(name) => Ok(Partition::Session(chats::session_of(call, name))),
        None => Ok(Partition::Main(call.caller.user().map(|user| user.id))),
    }
}

fn flag(fields: &Fields, name: &str) -> Result<bool, ApiError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong(name, format!("`{name}` must be true or false."))),
    }
}

fn temperature(value: Option<&Value>) -> Result<Option<f64>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_f64().filter(|number| (0.0..=2.0).contains(number));
            number
                .map(Some)
                .ok_or_else(|| wrong("temperature", "`temperature` must be a number from 0 to 2."))
        }
    }
}
