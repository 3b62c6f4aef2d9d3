//! Ollama's own `/api/chat`: the only way to say how large the context window shall be.

use super::model::HttpModel;
use super::ndjson::NdjsonDecoder;
use super::wire::{LINE_BYTES_MAX, number, usage_of};
use super::{Delta, Finish, LlmError, LlmErrorKind, Message, Prompt};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// The body of a request (reference §8.5).
pub(crate) fn body(model: &HttpModel, prompt: &Prompt, stream: bool) -> Value {
    let messages: Vec<Value> = prompt.messages.iter().map(message).collect();
    let mut options = Map::new();
    if !prompt.temperature.is_nan() {
        options.insert("temperature".into(), number(prompt.temperature));
    }
    options.insert("num_ctx".into(), json!(model.context_window));
    json!({
        "model": model.model,
        "stream": stream,
        "messages": messages,
        "keep_alive": model.keep_alive_s,
        "options": options,
    })
}

fn message(message: &Message) -> Value {
    let images: Vec<&str> =
        message.attachments.iter().filter(|a| !a.is_audio()).filter_map(|a| a.base64()).collect();
    let mut value = json!({ "role": message.role, "content": message.content });
    if !images.is_empty() {
        value["images"] = json!(images);
    }
    value
}

/// Takes a whole reply apart: it has the shape of a stream's last line.
pub(crate) fn whole(body: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
    match line(body, out)? {
        true => Ok(()),
        false => Err(LlmError::bad_reply(
            "The model's answer is none of Ollama's. Check that the base path is that of an Ollama server.",
        )),
    }
}

/// One line; true if it is the last.
fn line(value: &Value, out: &mut VecDeque<Delta>) -> Result<bool, LlmError> {
    if let Some(error) = value.get("error") {
        let text = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        return Err(LlmError::new(LlmErrorKind::Model, text));
    }
    let text = |key: &str| value.get("message")?.get(key)?.as_str().filter(|text| !text.is_empty());
    if let Some(text) = text("thinking") {
        out.push_back(Delta::Reasoning(text.to_owned()));
    }
    if let Some(text) = text("content") {
        out.push_back(Delta::Text(text.to_owned()));
    }
    if value.get("done") != Some(&Value::Bool(true)) {
        return Ok(false);
    }
    if let Some(usage) = usage_of(Some(value), "prompt_eval_count", "eval_count") {
        out.push_back(Delta::Usage(usage));
    }
    out.push_back(Delta::Finish(match value.get("done_reason").and_then(Value::as_str) {
        None | Some("stop") => Finish::Stop,
        Some("length") => Finish::Length,
        Some(_) => Finish::Other,
    }));
    Ok(true)
}

/// Decodes a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    lines: NdjsonDecoder,
    pub done: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        Decoder { lines: NdjsonDecoder::new(LINE_BYTES_MAX), done: false }
    }

    pub fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let mut values = Vec::new();
        let fed = self.lines.feed(bytes, &mut values);
        self.values(&values, out)?;
        fed.map_err(|error| LlmError::bad_reply(error.to_string()))
    }

    /// The body is over; a line that says `done` must have come.
    pub fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let mut values = Vec::new();
        let fed = self.lines.finish(&mut values);
        self.values(&values, out)?;
        match fed {
            _ if self.done => Ok(()),
            // A last line that was cut is no JSON; the cut is the news.
            _ => Err(LlmError::premature_end()),
        }
    }

    fn values(&mut self, values: &[Value], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        for value in values {
            if !self.done {
                self.done = line(value, out)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::testing_models::of;
    use crate::llm::{Attachment, Role, Usage};

    #[test]
    fn a_request_says_how_large_the_window_is() {
        let mut look = Message::new(Role::User, "Look");
        look.attachments = vec![Attachment {
            name: "a.png".into(),
            mime: String::new(),
            data_uri: Some("data:image/png;base64,QUJD".into()),
        }];
        let prompt = Prompt { messages: vec![Message::new(Role::System, "S"), look], temperature: 0.5 };
        assert_eq!(
            body(&of("ollama", "llama3"), &prompt, true),
            json!({
                "model": "llama3",
                "stream": true,
                "messages": [
                    {"role": "system", "content": "S"},
                    {"role": "user", "content": "Look", "images": ["QUJD"]}
                ],
                "keep_alive": 300,
                "options": {"temperature": 0.5, "num_ctx": 16384}
            })
        );
    }

    fn decode(text: &str) -> (Vec<Delta>, Result<(), LlmError>) {
        let (mut decoder, mut out) = (Decoder::new(), VecDeque::new());
        let result = decoder.feed(text.as_bytes(), &mut out).and_then(|()| decoder.end(&mut out));
        (out.into(), result)
    }

    #[test]
    fn a_stream_with_thoughts_and_counts() {
        let (deltas, end) = decode(concat!(
            "{\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n",
            "{\"message\":{\"content\":\"Hi\"},\"done\":false}\n",
            "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":9,\"eval_count\":1}",
        ));
        end.unwrap();
        assert_eq!(
            deltas,
            [
                Delta::Reasoning("hm".into()),
                Delta::Text("Hi".into()),
                Delta::Usage(Usage { prompt_tokens: Some(9), completion_tokens: Some(1) }),
                Delta::Finish(Finish::Stop)
            ]
        );
    }

    #[test]
    fn a_cut_line_is_a_cut_stream() {
        let (deltas, end) = decode("{\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"mess");
        assert_eq!((deltas.len(), end), (1, Err(LlmError::premature_end())));
    }

    #[test]
    fn an_error_line_keeps_its_words() {
        let (deltas, end) =
            decode("{\"message\":{\"content\":\"Hi\"},\"done\":false}\n{\"error\":\"out of memory\"}\n");
        assert_eq!((deltas.len(), end.unwrap_err().message.as_str()), (1, "out of memory"));
    }

    #[test]
    fn another_kind_of_server_is_recognised() {
        let error = whole(&json!({"object": "list"}), &mut VecDeque::new()).unwrap_err();
        assert!(error.message.contains("Ollama server"));
    }
}
