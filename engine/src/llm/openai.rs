//! OpenAI's `chat/completions`, as some twenty providers speak it.

use super::model::HttpModel;
use super::sse::{SseDecoder, SseEvent};
use super::wire::{LINE_BYTES_MAX, number, usage_of};
use super::{Attachment, Delta, Finish, LlmError, LlmErrorKind, Message, Prompt};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// The body of a request. Keys and their order are those AnythingLLM sends (`mock.chat` of the golden
/// transcripts).
pub(crate) fn body(model: &HttpModel, prompt: &Prompt, stream: bool) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), json!(model.model));
    if stream {
        body.insert("stream".into(), json!(true));
        if model.stream_usage {
            body.insert("stream_options".into(), json!({ "include_usage": true }));
        }
    }
    let messages: Vec<Value> =
        prompt.messages.iter().map(|m| message(m, model.provider.image_detail)).collect();
    body.insert("messages".into(), Value::Array(messages));
    let temperature = model.provider.temperature(&model.model, prompt.temperature);
    body.insert("temperature".into(), number(temperature));
    if let Some(max) = model.max_tokens {
        body.insert("max_tokens".into(), json!(max));
    }
    Value::Object(body)
}

fn message(message: &Message, image_detail: bool) -> Value {
    if message.attachments.is_empty() {
        return json!({ "role": message.role, "content": message.content });
    }
    let text = json!({ "type": "text", "text": message.content });
    let parts = message.attachments.iter().map(|attachment| part(attachment, image_detail));
    let content: Vec<Value> = std::iter::once(text).chain(parts).collect();
    json!({ "role": message.role, "content": content })
}

fn part(attachment: &Attachment, image_detail: bool) -> Value {
    if attachment.is_audio() {
        let data = attachment.base64().unwrap_or_default();
        let format = match attachment.media_type() {
            "audio/mpeg" => "mp3",
            other => other.trim_start_matches("audio/").trim_start_matches("x-"),
        };
        return json!({ "type": "input_audio", "input_audio": { "data": data, "format": format } });
    }
    let mut image = Map::new();
    if let Some(uri) = &attachment.data_uri {
        image.insert("url".into(), json!(uri));
    }
    if image_detail {
        image.insert("detail".into(), json!("high"));
    }
    json!({ "type": "image_url", "image_url": image })
}

/// Takes a whole reply apart.
pub(crate) fn whole(body: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
    let choice = body.get("choices").and_then(|choices| choices.get(0)).ok_or_else(|| no_choices(body))?;
    let finish = choice.get("finish_reason").and_then(finish_of).unwrap_or(Finish::Stop);
    if let Some(message) = choice.get("message") {
        deltas(message, out);
    }
    if let Some(usage) = usage_of(body.get("usage"), "prompt_tokens", "completion_tokens") {
        out.push_back(Delta::Usage(usage));
    }
    out.push_back(Delta::Finish(finish));
    Ok(())
}

fn no_choices(body: &Value) -> LlmError {
    match super::error::error_text(body.to_string().as_bytes()) {
        Some(text) => LlmError::new(LlmErrorKind::Model, text),
        None => LlmError::bad_reply(
            "The model's answer has no choices. Check that the base path is that of an OpenAI-compatible server.",
        ),
    }
}

/// Text and thoughts of a message, or of a piece of one. Thoughts have two names in the wild, and
/// Mistral puts them into typed parts.
fn deltas(message: &Value, out: &mut VecDeque<Delta>) {
    let thought = ["reasoning_content", "reasoning"].iter().find_map(|key| message.get(*key)?.as_str());
    if let Some(thought) = thought.filter(|text| !text.is_empty()) {
        out.push_back(Delta::Reasoning(thought.to_owned()));
    }
    match message.get("content") {
        Some(Value::String(text)) if !text.is_empty() => out.push_back(Delta::Text(text.clone())),
        Some(Value::Array(parts)) => {
            for part in parts {
                if let Some(text) = part.get("text").and_then(Value::as_str) {
                    out.push_back(Delta::Text(text.to_owned()));
                }
                for thought in part.get("thinking").and_then(Value::as_array).into_iter().flatten() {
                    if let Some(text) = thought.get("text").and_then(Value::as_str) {
                        out.push_back(Delta::Reasoning(text.to_owned()));
                    }
                }
            }
        }
        _ => {}
    }
}

fn finish_of(reason: &Value) -> Option<Finish> {
    Some(match reason.as_str()? {
        "stop" | "eos" | "end_turn" => Finish::Stop,
        "length" | "max_tokens" => Finish::Length,
        "content_filter" => Finish::Filtered,
        _ => Finish::Other,
    })
}

/// Decodes a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    sse: SseDecoder,
    finish: Option<Finish>,
    pub done: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        Decoder { sse: SseDecoder::new(LINE_BYTES_MAX), finish: None, done: false }
    }

    pub fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let mut events = Vec::new();
        let fed = self.sse.feed(bytes, &mut events);
        self.events(events, out)?;
        fed.map_err(|error| LlmError::bad_reply(error.to_string()))
    }

    /// The body is over. `[DONE]`, or at least a reason to finish, must have come.
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

    /// Whether the model said that it was done, though the stream may still carry token counts.
    pub fn finished(&self) -> bool {
        self.finish.is_some()
    }

    fn finish(&mut self, out: &mut VecDeque<Delta>) {
        self.done = true;
        out.push_back(Delta::Finish(self.finish.unwrap_or(Finish::Stop)));
    }

    fn events(&mut self, events: Vec<SseEvent>, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        for event in events {
            if self.done {
                return Ok(());
            }
            if event.data.trim() == "[DONE]" {
                self.finish(out);
                continue;
            }
            let Ok(chunk) = serde_json::from_str::<Value>(&event.data) else {
                // OpenRouter and others send words to keep a connection alive.
                continue;
            };
            self.chunk(&chunk, event.event == "error", out)?;
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: &Value, is_error: bool, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        if is_error || chunk.get("error").is_some_and(|error| !error.is_null()) {
            let text = super::error::error_text(chunk.to_string().as_bytes());
            let text = text.unwrap_or_else(|| "The model reported an error.".into());
            return Err(LlmError::new(LlmErrorKind::Model, text));
        }
        if let Some(choice) = chunk.get("choices").and_then(|choices| choices.get(0)) {
            if let Some(delta) = choice.get("delta") {
                deltas(delta, out);
            }
            self.finish = choice.get("finish_reason").and_then(finish_of).or(self.finish);
        }
        if let Some(usage) = usage_of(chunk.get("usage"), "prompt_tokens", "completion_tokens") {
            out.push_back(Delta::Usage(usage));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::testing_models::generic;
    use crate::llm::{Role, Usage};

    fn prompt() -> Prompt {
        let image = |uri: Option<&str>| Attachment {
            name: "image.png".into(),
            mime: "image/png".into(),
            data_uri: uri.map(str::to_owned),
        };
        let mut look = Message::new(Role::User, "Look at this");
        look.attachments = vec![image(Some("data:image/png;base64,iVBO")), image(None)];
        let messages =
            vec![Message::new(Role::System, "Short."), look, Message::new(Role::Assistant, "MOCK")];
        Prompt { messages, temperature: 0.7 }
    }

    #[test]
    fn a_request_reads_as_recorded() {
        // attachments.jsonl, "one image" and "attachment without content".
        let expected = r#"{"model":"mock-model","messages":[{"role":"system","content":"Short."},{"role":"user","content":[{"type":"text","text":"Look at this"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO","detail":"high"}},{"type":"image_url","image_url":{"detail":"high"}}]},{"role":"assistant","content":"MOCK"}],"temperature":0.7,"max_tokens":1024}"#;
        assert_eq!(body(&generic(), &prompt(), false).to_string(), expected);
    }

    #[test]
    fn a_streamed_request_has_the_recorded_order() {
        let mut model = generic();
        let keys = |model: &HttpModel| -> Vec<String> {
            body(model, &prompt(), true).as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&model), ["model", "stream", "messages", "temperature", "max_tokens"]);
        model.stream_usage = true;
        assert_eq!(keys(&model)[..3], ["model", "stream", "stream_options"]);
    }

    #[test]
    fn a_temperature_that_is_no_number_is_null() {
        let prompt = Prompt { temperature: f64::NAN, ..Prompt::default() };
        assert_eq!(body(&generic(), &prompt, false)["temperature"], Value::Null);
        let prompt = Prompt { temperature: 1.0, ..Prompt::default() };
        assert_eq!(body(&generic(), &prompt, false)["temperature"], json!(1));
    }

    #[test]
    fn sounds_go_as_audio() {
        let sound = |mime: &str| Attachment {
            name: "a".into(),
            mime: mime.into(),
            data_uri: Some("data:x;base64,QUJD".into()),
        };
        let audio =
            |format: &str| json!({"type": "input_audio", "input_audio": {"data": "QUJD", "format": format}});
        assert_eq!(part(&sound("audio/mpeg"), true), audio("mp3"));
        assert_eq!(part(&sound("audio/x-wav"), true), audio("wav"));
    }

    fn decode(text: &str) -> (Vec<Delta>, Result<(), LlmError>) {
        let (mut decoder, mut out) = (Decoder::new(), VecDeque::new());
        let result = decoder.feed(text.as_bytes(), &mut out).and_then(|()| decoder.end(&mut out));
        (out.into(), result)
    }

    fn text(text: &str) -> Delta {
        Delta::Text(text.into())
    }

    #[test]
    fn a_stream_with_thoughts_counts_and_an_end() {
        let stream = concat!(
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            ": OPENROUTER PROCESSING\n\n",
            "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"Hi \"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"you\"},\"finish_reason\":\"length\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
            "data: [DONE]\n\n",
        );
        let (deltas, end) = decode(stream);
        end.unwrap();
        let usage = Usage { prompt_tokens: Some(5), completion_tokens: Some(2) };
        assert_eq!(
            deltas,
            [
                Delta::Reasoning("hm".into()),
                text("Hi "),
                text("you"),
                Delta::Usage(usage),
                Delta::Finish(Finish::Length)
            ]
        );
    }

    #[test]
    fn a_reason_to_finish_is_an_end_too() {
        let (deltas, end) =
            decode("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n");
        assert_eq!((deltas, end), (vec![text("a"), Delta::Finish(Finish::Stop)], Ok(())));
    }

    #[test]
    fn a_stream_without_an_end_is_an_error_after_what_came() {
        let (deltas, end) = decode("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n");
        assert_eq!(deltas, [text("a")]);
        assert_eq!(end.unwrap_err().message, "Premature close");
    }

    #[test]
    fn an_error_in_the_middle_keeps_its_words() {
        let (deltas, end) = decode(
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n",
        );
        assert_eq!((deltas.len(), end.unwrap_err().message.as_str()), (1, "overloaded"));
    }

    #[test]
    fn whole_replies() {
        let mut out = VecDeque::new();
        let body = json!({
            "choices": [{"message": {"content": "yes", "reasoning": "hm"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1}
        });
        whole(&body, &mut out).unwrap();
        assert_eq!(out.len(), 4);
        assert_eq!(out[0], Delta::Reasoning("hm".into()));
        let error = whole(&json!({"error": "model is loading"}), &mut out).unwrap_err();
        assert_eq!(error.message, "model is loading");
        let error = whole(&json!({"object": "list"}), &mut out).unwrap_err();
        assert!(error.message.contains("base path"));
    }

    #[test]
    fn typed_parts_are_read() {
        let mut out = VecDeque::new();
        let content = json!([
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "yes"}
        ]);
        deltas(&json!({ "content": content }), &mut out);
        assert_eq!(out, [Delta::Reasoning("hm".into()), text("yes")]);
    }
}
