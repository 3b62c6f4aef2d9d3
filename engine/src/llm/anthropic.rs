//! Anthropic's Messages API.

use super::model::{Cache, HttpModel};
use super::openai::finish_of;
use super::sse::{SseDecoder, SseEvent};
use super::wire::{LINE_BYTES_MAX, number};
use super::{Attachment, Delta, Finish, LlmError, Message, Prompt, Role, Usage, json as text, reported};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// The version of the API.
pub(crate) const VERSION: &str = "2023-06-01";

/// The body of a request. System messages go into a field of their own; empty messages, which the API
/// refuses, are left out.
pub(crate) fn body(model: &HttpModel, prompt: &Prompt, stream: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(model.model));
    body.insert("max_tokens".into(), json!(max_tokens(model, prompt)));
    let (system, turns): (Vec<&Message>, Vec<&Message>) =
        prompt.messages.iter().partition(|message| message.role == Role::System);
    let system: Vec<&str> =
        system.iter().map(|m| m.content.as_str()).filter(|text| !text.is_empty()).collect();
    if !system.is_empty() {
        body.insert("system".into(), system_field(&system.join("\n\n"), model.cache));
    }
    let messages: Vec<Value> = turns.into_iter().filter_map(message).collect();
    body.insert("messages".into(), Value::Array(messages));
    let sampling = &prompt.sampling;
    // Newer models take one of the two; the caller's word counts before the workspace's.
    if let Some(top_p) = sampling.narrow_top_p() {
        body.insert("top_p".into(), number(top_p));
    } else if !prompt.temperature.is_nan() {
        body.insert("temperature".into(), number(prompt.temperature.clamp(0.0, 1.0)));
    }
    if !sampling.stop.is_empty() {
        body.insert("stop_sequences".into(), json!(sampling.stop));
    }
    if stream {
        body.insert("stream".into(), json!(true));
    }
    Value::Object(body)
}

/// Longest answers by the start of the model's name, in tokens. The longest start that fits counts.
const ANSWERS: [(&str, u32); 5] =
    [("", 8192), ("claude-3-", 4096), ("claude-3-5", 8192), ("claude-3-7", 32_000), ("claude-", 32_000)];

/// The API has no default for this. Without a limit of the caller's or the instance's it is what the model can do, up to
/// 32,000 tokens, as far as the prompt leaves room in the window: both together must fit.
fn max_tokens(model: &HttpModel, prompt: &Prompt) -> u32 {
    prompt.sampling.limit(model.max_tokens).unwrap_or_else(|| {
        let fitting = ANSWERS.iter().filter(|(start, _)| model.model.starts_with(start));
        let most = fitting.max_by_key(|(start, _)| start.len()).map_or(4096, |(_, most)| *most);
        // Their tokenizer counts more than ours; one part in five is room for that.
        let used = u32::try_from(prompt.tokens).unwrap_or(u32::MAX);
        let room = model.context_window.saturating_sub(used.saturating_add(used / 5));
        most.min(room).max(1024)
    })
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
    if let Some(error) = reported::error_in(body) {
        return Err(error);
    }
    let Some(parts) = body.get("content").and_then(Value::as_array) else {
        return Err(reported::error_instead(body).unwrap_or_else(|| {
            LlmError::bad_reply(
                "The model's answer has no content. Check that the base path is that of Anthropic's API.",
            )
        }));
    };
    for part in parts {
        block(part, out);
    }
    out.extend(why(body).map(Delta::Why));
    if let Some(usage) = body.get("usage") {
        out.push_back(Delta::Usage(Usage {
            prompt_tokens: prompt_tokens(usage),
            completion_tokens: output(usage),
        }));
    }
    let reason = body.get("stop_reason").and_then(Value::as_str);
    out.push_back(Delta::Finish(reason.map_or(Ok(Finish::Stop), finish)?));
    Ok(())
}

/// Why a model refused, where it says so.
fn why(message: &Value) -> Option<String> {
    let details = message.get("stop_details")?;
    let text = ["explanation", "message", "category"].iter().find_map(|key| details.get(*key)?.as_str())?;
    Some(text.to_owned())
}

fn finish(reason: &str) -> Result<Finish, LlmError> {
    finish_of(reason).ok_or_else(|| reported::error(Some(format!("it ended with `{reason}`"))))
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

/// Decodes a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    sse: SseDecoder,
    usage: Usage,
    finish: Option<Finish>,
    /// An event of an answer came.
    pub began: bool,
    pub done: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        let sse = SseDecoder::new(LINE_BYTES_MAX);
        Decoder { sse, usage: Usage::default(), finish: None, began: false, done: false }
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
        match self.finish {
            _ if self.done => Ok(()),
            Some(_) => {
                self.finish(out);
                Ok(())
            }
            None => Err(LlmError::premature_end()),
        }
    }

    fn events(&mut self, events: Vec<SseEvent>, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        for event in events {
            if self.done {
                return Ok(());
            }
            match text::parse(&event.data) {
                Ok(value) => self.event(&value, event.event == "error", out)?,
                Err(_) if event.event == "error" => {
                    return Err(reported::error(reported::words_of_body(event.data.as_bytes())));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut VecDeque<Delta>) {
        self.done = true;
        out.push_back(Delta::Usage(self.usage));
        out.push_back(Delta::Finish(self.finish.unwrap_or(Finish::Stop)));
    }

    fn event(&mut self, event: &Value, is_error: bool, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        if let Some(error) = reported::error_in(event) {
            return Err(error);
        }
        match event.get("type").and_then(Value::as_str).unwrap_or_default() {
            _ if is_error => {
                return Err(reported::error_instead(event).unwrap_or_else(|| reported::error(None)));
            }
            "message_start" => {
                self.began = true;
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
                if let Some(delta) = event.get("delta") {
                    out.extend(why(delta).map(Delta::Why));
                    if let Some(reason) = delta.get("stop_reason").and_then(Value::as_str) {
                        self.finish = Some(finish(reason)?);
                    }
                }
                self.usage.completion_tokens =
                    event.get("usage").and_then(output).or(self.usage.completion_tokens);
            }
            "message_stop" => self.finish(out),
            "" => return reported::error_instead(event).map_or(Ok(()), Err),
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
        let prompt = Prompt { messages, temperature: 1.4, ..Prompt::default() };
        assert_eq!(
            body(&model(), &prompt, true),
            json!({
                "model": "claude-sonnet-4-6",
                "max_tokens": 32000,
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
        let prompt = Prompt {
            messages: vec![Message::new(Role::System, "S")],
            temperature: f64::NAN,
            ..Prompt::default()
        };
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
        assert_eq!(
            (deltas.len(), end.unwrap_err().message.as_str()),
            (1, "The model reported an error: Overloaded")
        );
    }

    #[test]
    fn refusals_and_errors_in_any_place() {
        let details = json!({"type": "refusal", "category": "cyber"});
        let refused =
            json!({"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details}});
        let (deltas, _) = decode(&[start(), refused, json!({"type": "message_stop"})]);
        assert_eq!(deltas[0], Delta::Why("cyber".into()));
        assert_eq!(deltas.last(), Some(&Delta::Finish(Finish::Refused)));
        let (mut decoder, mut out) = (Decoder::new(), VecDeque::new());
        let error = decoder.feed(b"event: error\ndata: no worker\n\n", &mut out).unwrap_err();
        assert_eq!(error.message, "The model reported an error: no worker");
        let error =
            whole(&json!({"type": "error", "error": {"message": "Overloaded"}}), &mut out).unwrap_err();
        assert_eq!(error.message, "The model reported an error: Overloaded");
    }

    #[test]
    fn the_longest_answer_fits_the_model_and_what_the_prompt_leaves() {
        let most = |name: &str, tokens: usize, max: Option<u32>| {
            let sampling = crate::llm::Sampling { max_tokens: max, ..Default::default() };
            body(&of("anthropic", name), &Prompt { sampling, tokens, ..Prompt::default() }, true)["max_tokens"].clone()
        };
        assert_eq!(most("claude-3-haiku-20240307", 0, None), 4096);
        assert_eq!(most("claude-3-5-sonnet-latest", 0, None), 8192);
        assert_eq!(most("claude-opus-4-1", 1000, None), 32_000);
        assert_eq!(most("claude-opus-4-1", 150_000, None), 20_000);
        assert_eq!(most("claude-opus-4-1", 150_000, Some(7)), 7);
    }

    #[test]
    fn wishes_have_names_of_their_own() {
        let sampling =
            crate::llm::Sampling { stop: vec!["END".into()], top_p: Some(0.5), ..Default::default() };
        let body = body(&model(), &Prompt { sampling, ..Prompt::default() }, false);
        assert_eq!((&body["stop_sequences"], &body["top_p"]), (&json!(["END"]), &json!(0.5)));
        assert!(body.get("temperature").is_none());
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
