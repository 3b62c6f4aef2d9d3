//! Anthropic's Messages API.

use super::model::{Cache, HttpModel};
use super::sse::{SseDecoder, SseEvent};
use super::wire::{LINE_BYTES_MAX, number};
use super::{Attachment, Delta, Finish, LlmError, LlmErrorKind, Message, Prompt, Role, Usage};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// The version of the API.
pub(crate) const VERSION: &str = "2023-06-01";

/// The body of a request. System messages go into a field of their own; empty messages, which the API
/// refuses, are left out.
pub(crate) fn body(model: &HttpModel, prompt: &Prompt, stream: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(model.model));
    body.insert("max_tokens".into(), json!(model.max_tokens.unwrap_or(4096)));
    let (system, turns): (Vec<&Message>, Vec<&Message>) =
        prompt.messages.iter().partition(|message| message.role == Role::System);
    let system: Vec<&str> =
        system.iter().map(|m| m.content.as_str()).filter(|text| !text.is_empty()).collect();
    if !system.is_empty() {
        body.insert("system".into(), system_field(&system.join("\n\n"), model.cache));
    }
    let messages: Vec<Value> = turns.into_iter().filter_map(message).collect();
    body.insert("messages".into(), Value::Array(messages));
    if !prompt.temperature.is_nan() {
        body.insert("temperature".into(), number(prompt.temperature.clamp(0.0, 1.0)));
    }
    if stream {
        body.insert("stream".into(), json!(true));
    }
    Value::Object(body)
}

fn system_field(text: &str, cache: Cache) -> Value {
    let control = match cache {
        Cache::Off => return json!(text),
        Cache::Minutes5 => json!({ "type": "ephemeral" }),
        Cache::Hour1 => json!({ "type": "ephemeral", "ttl": "1h" }),
    };
    json!([{ "type": "text", "text": text, "cache_control": control }])
}

fn message(message: &Message) -> Option<Value> {
    let images: Vec<Value> = message.attachments.iter().filter_map(image).collect();
    if images.is_empty() {
        return (!message.content.trim().is_empty())
            .then(|| json!({ "role": message.role, "content": message.content }));
    }
    let text =
        (!message.content.trim().is_empty()).then(|| json!({ "type": "text", "text": message.content }));
    let content: Vec<Value> = text.into_iter().chain(images).collect();
    Some(json!({ "role": message.role, "content": content }))
}

/// The API takes images only.
fn image(attachment: &Attachment) -> Option<Value> {
    let data = attachment.base64().filter(|_| !attachment.is_audio())?;
    let mime = Some(attachment.media_type()).filter(|mime| !mime.is_empty()).unwrap_or("image/png");
    Some(json!({ "type": "image", "source": { "type": "base64", "media_type": mime, "data": data } }))
}

/// Takes a whole reply apart.
pub(crate) fn whole(body: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
    let Some(parts) = body.get("content").and_then(Value::as_array) else {
        return Err(LlmError::bad_reply("The model's answer has no content."));
    };
    for part in parts {
        block(part, out);
    }
    if let Some(usage) = body.get("usage") {
        out.push_back(Delta::Usage(Usage {
            prompt_tokens: prompt_tokens(usage),
            completion_tokens: output(usage),
        }));
    }
    out.push_back(Delta::Finish(body.get("stop_reason").and_then(finish_of).unwrap_or(Finish::Stop)));
    Ok(())
}

/// Text or thoughts of a content block or of a piece of one.
fn block(part: &Value, out: &mut VecDeque<Delta>) {
    let text = |key: &str| part.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(text) = text("thinking") {
        out.push_back(Delta::Reasoning(text.to_owned()));
    }
    if let Some(text) = text("text") {
        out.push_back(Delta::Text(text.to_owned()));
    }
}

/// Tokens read, whether from the cache or not.
fn prompt_tokens(usage: &Value) -> Option<u64> {
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
    Some(count("input_tokens")? + cached.into_iter().filter_map(count).sum::<u64>())
}

fn output(usage: &Value) -> Option<u64> {
    usage.get("output_tokens").and_then(Value::as_u64)
}

fn finish_of(reason: &Value) -> Option<Finish> {
    Some(match reason.as_str()? {
        "end_turn" | "stop_sequence" => Finish::Stop,
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        "refusal" => Finish::Filtered,
        _ => Finish::Other,
    })
}

/// Decodes a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    sse: SseDecoder,
    usage: Usage,
    finish: Finish,
    pub done: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        let sse = SseDecoder::new(LINE_BYTES_MAX);
        Decoder { sse, usage: Usage::default(), finish: Finish::Stop, done: false }
    }

    pub fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let mut events = Vec::new();
        let fed = self.sse.feed(bytes, &mut events);
        self.events(events, out)?;
        fed.map_err(|error| LlmError::bad_reply(error.to_string()))
    }

    /// The body is over; `message_stop` must have come.
    pub fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let mut events = Vec::new();
        let fed = self.sse.finish(&mut events);
        self.events(events, out)?;
        fed.map_err(|error| LlmError::bad_reply(error.to_string()))?;
        if self.done { Ok(()) } else { Err(LlmError::premature_end()) }
    }

    fn events(&mut self, events: Vec<SseEvent>, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        for event in events {
            let Ok(value) = serde_json::from_str::<Value>(&event.data) else { continue };
            self.event(&value, out)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        match event.get("type").and_then(Value::as_str).unwrap_or_default() {
            _ if self.done => {}
            "message_start" => {
                let usage = event.get("message").and_then(|message| message.get("usage"));
                self.usage.prompt_tokens = usage.and_then(prompt_tokens);
            }
            "content_block_start" => {
                if let Some(part) = event.get("content_block") {
                    block(part, out);
                }
            }
            "content_block_delta" => {
                if let Some(part) = event.get("delta") {
                    block(part, out);
                }
            }
            "message_delta" => {
                let reason = event.get("delta").and_then(|delta| delta.get("stop_reason"));
                self.finish = reason.and_then(finish_of).unwrap_or(self.finish);
                self.usage.completion_tokens =
                    event.get("usage").and_then(output).or(self.usage.completion_tokens);
            }
            "message_stop" => {
                self.done = true;
                out.push_back(Delta::Usage(self.usage));
                out.push_back(Delta::Finish(self.finish));
            }
            "error" => {
                let text = super::error::error_text(event.to_string().as_bytes());
                let text = text.unwrap_or_else(|| "The model reported an error.".into());
                return Err(LlmError::new(LlmErrorKind::Model, text));
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::testing_models::of;

    fn model() -> HttpModel {
        of("anthropic", "claude-sonnet-4-6")
    }

    #[test]
    fn system_messages_have_a_field_of_their_own() {
        let mut look = Message::new(Role::User, "Look");
        look.attachments = vec![Attachment {
            name: "a.jpg".into(),
            mime: "image/jpeg".into(),
            data_uri: Some("data:image/jpeg;base64,QUJD".into()),
        }];
        let messages = vec![
            Message::new(Role::System, "Be brief."),
            look,
            Message::new(Role::Assistant, ""),
            Message::new(Role::User, "And?"),
        ];
        let prompt = Prompt { messages, temperature: 1.4 };
        assert_eq!(
            body(&model(), &prompt, true),
            json!({
                "model": "claude-sonnet-4-6",
                "max_tokens": 4096,
                "system": "Be brief.",
                "messages": [
                    {"role": "user", "content": [
                        {"type": "text", "text": "Look"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "QUJD"}}
                    ]},
                    {"role": "user", "content": "And?"}
                ],
                "temperature": 1,
                "stream": true
            })
        );
    }

    #[test]
    fn the_system_prompt_may_be_cached() {
        let mut model = model();
        model.cache = Cache::Hour1;
        let prompt = Prompt { messages: vec![Message::new(Role::System, "S")], temperature: f64::NAN };
        let body = body(&model, &prompt, false);
        assert_eq!(body["system"][0]["cache_control"], json!({"type": "ephemeral", "ttl": "1h"}));
        assert!(body.get("temperature").is_none());
    }

    fn decode(events: &[Value]) -> (Vec<Delta>, Result<(), LlmError>) {
        let (mut decoder, mut out) = (Decoder::new(), VecDeque::new());
        for event in events {
            let name = event["type"].as_str().unwrap();
            if let Err(error) = decoder.feed(format!("event: {name}\ndata: {event}\n\n").as_bytes(), &mut out)
            {
                return (out.into(), Err(error));
            }
        }
        let end = decoder.end(&mut out);
        (out.into(), end)
    }

    fn start() -> Value {
        let usage = json!({"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1});
        json!({"type": "message_start", "message": {"usage": usage}})
    }

    fn delta(delta: Value) -> Value {
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    }

    #[test]
    fn a_stream_with_thoughts() {
        let (deltas, end) = decode(&[
            start(),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}),
            delta(json!({"type": "thinking_delta", "thinking": "hm"})),
            delta(json!({"type": "signature_delta", "signature": "xx"})),
            json!({"type": "ping"}),
            delta(json!({"type": "text_delta", "text": "Hi"})),
            json!({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 7}}),
            json!({"type": "message_stop"}),
        ]);
        end.unwrap();
        assert_eq!(
            deltas,
            [
                Delta::Reasoning("hm".into()),
                Delta::Text("Hi".into()),
                Delta::Usage(Usage { prompt_tokens: Some(15), completion_tokens: Some(7) }),
                Delta::Finish(Finish::Length)
            ]
        );
    }

    #[test]
    fn a_stream_that_breaks_off_or_fails() {
        let hi = || delta(json!({"type": "text_delta", "text": "Hi"}));
        let (deltas, end) = decode(&[start(), hi()]);
        assert_eq!((deltas.len(), end), (1, Err(LlmError::premature_end())));
        let overloaded =
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
        let (deltas, end) = decode(&[start(), hi(), overloaded]);
        assert_eq!((deltas.len(), end.unwrap_err().message.as_str()), (1, "Overloaded"));
    }

    #[test]
    fn whole_replies() {
        let mut out = VecDeque::new();
        let content = json!([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi"}]);
        let body = json!({"content": content, "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 2}});
        whole(&body, &mut out).unwrap();
        let usage = Usage { prompt_tokens: Some(3), completion_tokens: Some(2) };
        assert_eq!(
            out,
            [
                Delta::Reasoning("hm".into()),
                Delta::Text("Hi".into()),
                Delta::Usage(usage),
                Delta::Finish(Finish::Stop)
            ]
        );
    }
}
