//! What the three wire formats have in common: one request out, deltas in.

pub(crate) use super::decoder::Decoder;
use super::model::HttpModel;
use super::table::Wire;
use super::{Delta, LlmError, Prompt, Usage, anthropic, http, ollama, openai};
use crate::seam::{HttpRequest, Trust};
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

/// Takes a whole reply apart: what it holds, and why there is no more of it.
pub(crate) fn whole(wire: Wire, body: &[u8]) -> (VecDeque<Delta>, Option<LlmError>) {
    let (mut decoder, mut out) = (Decoder::new(wire), VecDeque::new());
    let result = decoder.feed(body, &mut out).and_then(|()| decoder.end(&mut out));
    (out, result.err())
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
