//! Server-sent events of a chat (reference §8.7).
//!
//! Frames are `data: <json>` and an empty line, nothing else. While the model speaks events carry `uuid`,
//! before and after they carry `id`; one of the published documents has `id` everywhere, so both are sent.

use super::Call;
use super::answer::Answer;
use super::error::Code;
use super::wire;
use crate::chat::{self, Ask, Outcome, Refusal, Voice};
use crate::llm::Finish;
use crate::seam::{Cx, Head};
use bytes::Bytes;
use futures_util::future::{Either, select};
use serde_json::{Map, Value, json};
use std::future::Future;
use std::pin::{Pin, pin};

/// Milliseconds of silence after which a comment goes out: proxies cut a connection on which nothing comes for a minute.
const QUIET_MS: u64 = 15_000;

/// Answers `ask` event by event. The head goes out when a model is asked, or with the first event.
pub async fn answer(call: &Call, id: &str, ask: &Ask) -> Answer {
    let mut events = Events::new(&call.cx, id, any_origin());
    let outcome = {
        let answer = pin!(chat::answer(&call.cx, &call.engine, ask, &mut events));
        keep_alive(&call.cx, any_origin, answer).await
    };
    match outcome {
        Ok(Outcome::Refused { text, stage, relevance }) => {
            return early(&call.cx, id, &text, stage == Refusal::NoDocuments, true, Some(relevance));
        }
        Ok(Outcome::Answered { chat_id, sources, relevance, metrics, finish, broken, .. }) => {
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
                "relevance": relevance,
                "finish": finish.as_str(),
            }));
        }
        Ok(Outcome::Empty { metrics, finish, why }) => {
            events.abort(&why);
            events.send(&json!({
                "uuid": id,
                "id": id,
                "type": "finalizeResponseStream",
                "close": true,
                "error": false,
                "metrics": metrics,
                "finish": finish.as_str(),
            }));
        }
        Ok(Outcome::Abandoned) => {
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
pub fn early(
    cx: &Cx,
    id: &str,
    text: &str,
    attachments: bool,
    streamed: bool,
    relevance: Option<f64>,
) -> Answer {
    let mut body = json!({
        "id": id,
        "type": "textResponse",
        "textResponse": text,
        "sources": [],
        "close": true,
        "error": null,
        "metrics": {},
    });
    if let Some(relevance) = relevance {
        body["relevance"] = relevance.into();
    }
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

/// `answer`, with comments for the client in its silences. The first of them sends the head, with `headers` besides those
/// of every stream.
pub async fn keep_alive<T>(
    cx: &Cx,
    headers: impl Fn() -> Vec<(&'static str, String)>,
    mut answer: Pin<&mut impl Future<Output = T>>,
) -> T {
    loop {
        match select(answer.as_mut(), pin!(cx.quiet(QUIET_MS))).await {
            Either::Left((value, _)) => return value,
            Either::Right(_) => {
                head(cx, &headers);
                cx.body(Bytes::from_static(b": keep-alive\n\n"));
            }
        }
    }
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

    fn begin(&mut self) {
        let headers = &mut self.headers;
        head(&self.cx, || std::mem::take(headers));
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
        let event = self.chunk_event(text, close);
        self.send(&event);
    }

    /// The last piece, where no other event follows that says why the answer ends.
    pub fn end(&mut self, finish: Finish) {
        let mut event = self.chunk_event("", true);
        event["finish"] = finish.as_str().into();
        self.send(&event);
    }

    fn chunk_event(&self, text: &str, close: bool) -> Value {
        json!({
            "uuid": self.id,
            "id": self.id,
            "sources": [],
            "type": "textResponseChunk",
            "textResponse": text,
            "textChunk": text,
            "close": close,
            "error": false,
        })
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
    head(cx, headers);
    cx.body(Bytes::from(format!("data: {data}\n\n")));
}

fn head(cx: &Cx, headers: impl FnOnce() -> Vec<(&'static str, String)>) {
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
}
