//! What the three wire formats have in common: one request out, deltas in.

use super::model::HttpModel;
use super::table::Wire;
use super::{Delta, LlmError, Prompt, Usage, anthropic, http, ollama, openai};
use crate::seam::{HttpHead, HttpRequest, Trust};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Longest line of a stream, in bytes. Tokens are short; four megabytes leave room for a server that sends
/// its whole answer as one event.
pub(crate) const LINE_BYTES_MAX: usize = 4 << 20;

/// The request that asks `model`.
pub(crate) fn request(model: &HttpModel, prompt: &Prompt, stream: bool) -> HttpRequest {
    let (path, body) = match model.provider.wire {
        Wire::OpenAi => ("/chat/completions", openai::body(model, prompt, stream)),
        Wire::Anthropic => ("/messages", anthropic::body(model, prompt, stream)),
        Wire::Ollama => ("/api/chat", ollama::body(model, prompt, stream)),
    };
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let accept =
        if stream && model.provider.wire != Wire::Ollama { "text/event-stream" } else { "application/json" };
    headers.push(("accept".into(), accept.into()));
    if model.provider.wire == Wire::Anthropic {
        headers.push(("anthropic-version".into(), anthropic::VERSION.into()));
    }
    if let Some(key) = &model.key {
        headers.push(match model.provider.wire {
            Wire::Anthropic => ("x-api-key".into(), key.expose().into()),
            Wire::OpenAi | Wire::Ollama => ("authorization".into(), format!("Bearer {}", key.expose())),
        });
    }
    for (name, value) in &model.headers {
        headers.retain(|(known, _)| known != name);
        headers.push((name.clone(), value.expose().to_owned()));
    }
    HttpRequest {
        method: "POST".into(),
        url: format!("{}{path}", model.base_url),
        headers,
        body: body.to_string().into(),
        trust: Trust::Operator,
        max_bytes: http::REPLY_BYTES_MAX,
        head_timeout_ms: model.patience.head_ms,
        idle_timeout_ms: model.patience.idle_ms,
    }
}

/// Takes a whole reply apart.
pub(crate) fn whole(wire: Wire, body: &[u8]) -> Result<VecDeque<Delta>, LlmError> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Err(LlmError::bad_reply(
            "The model's answer is not JSON. Check that the base path is that of the model's API.",
        ));
    };
    let mut out = VecDeque::new();
    match wire {
        Wire::OpenAi => openai::whole(&value, &mut out)?,
        Wire::Anthropic => anthropic::whole(&value, &mut out)?,
        Wire::Ollama => ollama::whole(&value, &mut out)?,
    }
    Ok(out)
}

/// Decodes a streamed reply.
#[derive(Debug)]
pub(crate) enum Decoder {
    OpenAi(openai::Decoder),
    Anthropic(anthropic::Decoder),
    Ollama(ollama::Decoder),
    /// A server that answers a request for a stream with a whole reply.
    Whole(Wire, Vec<u8>),
}

impl Decoder {
    pub fn new(wire: Wire, head: &HttpHead) -> Decoder {
        let is_json = head.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        match wire {
            Wire::Ollama => Decoder::Ollama(ollama::Decoder::new()),
            _ if is_json => Decoder::Whole(wire, Vec::new()),
            Wire::OpenAi => Decoder::OpenAi(openai::Decoder::new()),
            Wire::Anthropic => Decoder::Anthropic(anthropic::Decoder::new()),
        }
    }

    /// Takes bytes in. Deltas decoded before an error stay in `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        match self {
            Decoder::OpenAi(decoder) => decoder.feed(bytes, out),
            Decoder::Anthropic(decoder) => decoder.feed(bytes, out),
            Decoder::Ollama(decoder) => decoder.feed(bytes, out),
            Decoder::Whole(_, body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// The body is over.
    pub fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        match self {
            Decoder::OpenAi(decoder) => decoder.end(out),
            Decoder::Anthropic(decoder) => decoder.end(out),
            Decoder::Ollama(decoder) => decoder.end(out),
            Decoder::Whole(wire, body) => {
                out.extend(whole(*wire, body)?);
                Ok(())
            }
        }
    }

    /// Whether nothing more will be decoded.
    pub fn is_done(&self) -> bool {
        match self {
            Decoder::OpenAi(decoder) => decoder.done,
            Decoder::Anthropic(decoder) => decoder.done,
            Decoder::Ollama(decoder) => decoder.done,
            Decoder::Whole(..) => false,
        }
    }

    /// Whether the answer is complete, though the stream goes on: a failure now costs nothing.
    pub fn is_complete(&self) -> bool {
        self.is_done() || matches!(self, Decoder::OpenAi(decoder) if decoder.finished())
    }
}

/// A number as JavaScript writes it: whole ones without a fraction; NaN is null.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

/// Token counts under their names; `None` if there is neither.
pub(crate) fn usage_of(usage: Option<&Value>, prompt: &str, completion: &str) -> Option<Usage> {
    let count = |name: &str| usage?.get(name)?.as_u64();
    let usage = Usage { prompt_tokens: count(prompt), completion_tokens: count(completion) };
    (usage != Usage::default()).then_some(usage)
}
