//! A visitor asks (reference §11.7).

use super::quota::{self, Reservation};
use super::visit::{self, UNANSWERED, Visit};
use crate::api::answer::Answer;
use crate::api::body::Fields;
use crate::api::error::{ApiError, Code};
use crate::api::stream::Events;
use crate::api::{Call, events, numbers};
use crate::chat::{self, Ask, Outcome, Overrides, Refusal};
use crate::model::{Visitor, Workspace};
use crate::store::key::Partition;
use crate::store::{self, Transaction, key};
use serde_json::{Value, json};

/// Bytes of a question's body, with all that a page may send beside the question.
pub(super) const BODY_BYTES_MAX: usize = 128 << 10;
/// Characters of a question.
pub(super) const MESSAGE_CHARS_MAX: usize = 8000;
/// Characters of a name that are kept.
const USERNAME_CHARS_MAX: usize = 100;

/// Said in query mode while the workspace holds nothing.
const NOTHING_HERE: &str = "I do not have enough information to answer that. Try another question.";

/// `POST /embed/:uuid/stream-chat {sessionId, message, prompt?, model?, temperature?, username?}`.
pub async fn stream_chat(call: Call) -> Result<Answer, ApiError> {
    let visit = match visit::enter(&call).await? {
        Ok(visit) => visit,
        Err(turned_away) => return Ok(turned_away),
    };
    match prepare(&call, &visit).await {
        Ok((ask, reservation)) => Ok(answer(&call, &visit, &ask, reservation).await),
        Err(error) => Ok(visit::finish(&call, &visit.cors, Err(error))),
    }
}

async fn prepare(call: &Call, visit: &Visit) -> Result<(Ask, Reservation), ApiError> {
    let embed = &visit.embed;
    let length = call.request.body.len();
    if length > BODY_BYTES_MAX {
        let message = format!("The body has {length} bytes; {BODY_BYTES_MAX} are allowed.");
        return Err(ApiError::new(Code::TooLarge, message));
    }
    let fields = Fields::of_body(&call.request)?;
    let session = fields.get("sessionId").and_then(Value::as_str).and_then(visit::session);
    let session = session.ok_or_else(|| ApiError::new(Code::NotFound, "Invalid session ID."))?;
    let message = fields.get("message").and_then(Value::as_str).unwrap_or_default();
    if message.is_empty() {
        return Err(ApiError::new(Code::InvalidField, "Message is empty."));
    }
    if message.chars().count() > MESSAGE_CHARS_MAX {
        let message = format!("A message has at most {MESSAGE_CHARS_MAX} characters.");
        return Err(ApiError::new(Code::TooLarge, message));
    }
    call.engine.settings().lengths.message.check("message", message.len())?;
    let gone = || ApiError::new(Code::NotFound, "Not Found");
    let mut workspace: Workspace =
        store::get(&call.cx, key::workspace(embed.workspace)).await?.ok_or_else(gone)?;
    // What the page brings counts only where the embed says so, and where the page says something.
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    if let Some(prompt) = text("prompt").filter(|_| embed.allow_prompt) {
        call.engine.settings().lengths.prompt.check("prompt", prompt.len())?;
        workspace.system_prompt = Some(prompt.to_owned());
    }
    if let Some(model) = text("model").filter(|_| embed.allow_model) {
        workspace.chat_model = Some(model.to_owned());
    }
    if embed.allow_temperature {
        workspace.temperature =
            numbers::fraction(&fields, "temperature", 0.0..=2.0)?.or(workspace.temperature);
    }
    workspace.history_turns = embed.message_limit.unwrap_or(20);
    let visitor = Visitor {
        host: visit.origin.clone(),
        ip: call.cx.peer().map(str::to_owned),
        username: text("username").map(|name| name.chars().take(USERNAME_CHARS_MAX).collect()),
    };
    let ask = Ask {
        workspace,
        partition: Partition::Embed(embed.id, session.clone()),
        thread: None,
        user: None,
        message: message.to_owned(),
        mode: embed.mode,
        attachments: Vec::new(),
        overrides: Overrides { visitor: Some(visitor), ..Overrides::default() },
    };
    let reservation = quota::reserve(&call.cx, embed, &session).await?;
    Ok((ask, reservation))
}

/// The answer, event by event. Sources never go out, and there is no last event that sums up.
async fn answer(call: &Call, visit: &Visit, ask: &Ask, reservation: Reservation) -> Answer {
    let id = call.cx.uuid().to_string();
    let mut events = Events::new(&call.cx, &id, visit.cors.clone());
    // An answer that the visitor did not wait for counts as well: the model was asked. What is not counted
    // is taken back even if that fails: the visitor's answer does not depend on it.
    match chat::answer(&call.cx, &call.engine, ask, &mut events).await {
        Ok(Outcome::Answered { broken: None, .. } | Outcome::Empty { .. } | Outcome::Abandoned) => {
            events.chunk("", true);
        }
        Ok(Outcome::Answered { broken: Some(why), .. }) => {
            report(call, visit, &why).await;
            events.abort(UNANSWERED);
        }
        Ok(Outcome::Refused { text, stage }) => {
            let _ = reservation.release(&call.cx).await;
            let text = if stage == Refusal::NoDocuments { NOTHING_HERE } else { &text };
            events.send(&json!({
                "id": id,
                "uuid": id,
                "type": "textResponse",
                "textResponse": text,
                "sources": [],
                "close": true,
                "error": null,
            }));
        }
        Err(error) => {
            let _ = reservation.release(&call.cx).await;
            report(call, visit, &error.message).await;
            events.abort(UNANSWERED);
        }
    }
    Answer::Streamed
}

/// Tells the owner what the visitor is not told.
async fn report(call: &Call, visit: &Visit, why: &str) {
    let mut tx = Transaction::new(&call.cx);
    let metadata = json!({ "embedId": visit.embed.uuid, "error": why });
    // If even the log cannot be written, there is nobody left to tell.
    if events::log(&call.cx, &mut tx, "embed_chat_failed", metadata).await.is_ok() {
        let _ = tx.commit().await;
    }
}
