//! Server-sent events of a chat (reference §8.7).
//!
//! Frames are `data: <json>` and an empty line, nothing else. While the model speaks events carry `uuid`,
//! before and after they carry `id`; one of the published documents has `id` everywhere, so both are sent.

use super::Call;
use super::answer::Answer;
use super::error::Code;
use super::wire;
use crate::chat::{self, Ask, Outcome, Refusal, Voice};
use crate::seam::{Cx, Head};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// Answers `ask` event by event. The head goes out with the first event, so that whatever fails before
/// it is known.
pub async fn answer(call: &Call, id: &str, ask: &Ask) -> Answer {
    let mut events = Events::new(&call.cx, id, any_origin());
    match chat::answer(&call.cx, &call.engine, ask, &mut events).await {
        Ok(Outcome::Refused { text, stage }) => {
            return early(&call.cx, id, &text, stage == Refusal::NoDocuments, true);
        }
        Ok(Outcome::Answered { chat_id, sources, metrics, broken, .. }) => {
            match broken {
                Some(error) => events.abort(&error),
                None => events.chunk("", true),
            }
            events.send(&json!({
                "uuid": id,
                "id": id,
                "type": "finalizeResponseStream",
                "close": true,
                "error": false,
                "chatId": chat_id,
                "metrics": metrics,
                "sources": sources,
            }));
        }
        Ok(Outcome::Empty { .. } | Outcome::Abandoned) => {
            events.chunk("", true);
            let fields = json!({ "uuid": id, "id": id, "type": "finalizeResponseStream", "close": true, "error": false });
            events.send(&fields);
        }
        // Nothing was sent yet, and whoever asks too much is to see when to ask again.
        Err(error) if error.code == Code::TooMany && !call.cx.head_sent() => {
            return super::chats::aborted(id, &error);
        }
        // The status is 200 by now for every client that reads events, as it always was.
        Err(error) => events.abort(&error.message),
    }
    Answer::Streamed
}

/// A whole answer that needs no model: a refusal, or the word that history was reset.
pub fn early(cx: &Cx, id: &str, text: &str, attachments: bool, streamed: bool) -> Answer {
    let mut body = json!({
        "id": id,
        "type": "textResponse",
        "textResponse": text,
        "sources": [],
        "close": true,
        "error": null,
        "metrics": {},
    });
    if !streamed {
        return Answer::ok(&body);
    }
    // Two of the three early answers carry an empty list of attachments.
    if attachments {
        body["attachments"] = json!([]);
    }
    body["uuid"] = id.into();
    let mut events = Events::new(cx, id, any_origin());
    events.send(&body);
    Answer::Streamed
}

/// Every page may read it: it took a key to ask.
pub fn any_origin() -> Vec<(&'static str, String)> {
    vec![("access-control-allow-origin", "*".to_owned())]
}

/// An answer under way.
pub struct Events {
    cx: Cx,
    id: String,
    /// Besides those of every stream.
    headers: Vec<(&'static str, String)>,
    /// The model has begun to speak.
    spoke: bool,
}

impl Voice for Events {
    fn streams(&self) -> bool {
        true
    }

    fn say(&mut self, text: &str) {
        self.spoke = true;
        self.chunk(text, false);
    }
}

impl Events {
    /// An answer of this id that has not begun; `headers` go out with its head.
    pub fn new(cx: &Cx, id: &str, headers: Vec<(&'static str, String)>) -> Events {
        Events { cx: cx.clone(), id: id.to_owned(), headers, spoke: false }
    }

    /// A piece of text; the last one closes the answer.
    pub fn chunk(&mut self, text: &str, close: bool) {
        self.send(&json!({
            "uuid": self.id,
            "id": self.id,
            "sources": [],
            "type": "textResponseChunk",
            "textResponse": text,
            "textChunk": text,
            "close": close,
            "error": false,
        }));
    }

    /// The answer ends here, and why.
    pub fn abort(&mut self, error: &str) {
        let mut body: Map<String, Value> = wire::abort(&self.id, error);
        if self.spoke {
            body.insert("uuid".to_owned(), self.id.clone().into());
        }
        self.send(&body);
    }

    /// One event.
    pub fn send<T: serde::Serialize>(&mut self, event: &T) {
        // Events are maps of strings, numbers and lists: writing them cannot fail.
        let data = serde_json::to_string(event).unwrap_or_default();
        let headers = &mut self.headers;
        self::event(&self.cx, || std::mem::take(headers), &data);
    }
}

/// Sends one event of one line, and in front of the first the head, with `headers` besides those of every stream.
pub fn event(cx: &Cx, headers: impl FnOnce() -> Vec<(&'static str, String)>, data: &str) {
    if !cx.head_sent() {
        let own = [
            ("content-type", "text/event-stream"),
            ("cache-control", "no-cache"),
            ("connection", "keep-alive"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let more = headers().into_iter().map(|(name, value)| (name.to_owned(), value));
        cx.head(Head { status: 200, headers: own.into_iter().chain(more).collect(), streaming: true });
    }
    cx.body(Bytes::from(format!("data: {data}\n\n")));
}
