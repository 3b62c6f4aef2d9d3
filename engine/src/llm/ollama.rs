//! Ollama's own `/api/chat`: the only way to say how large the context window shall be.

use super::model::HttpModel;
use super::ndjson::NdjsonDecoder;
use super::openai::finish_of;
use super::wire::{LINE_BYTES_MAX, number, usage_of};
use super::{Delta, Finish, LlmError, Message, Prompt, reported};
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
    let sampling = &prompt.sampling;
    let stop = (!sampling.stop.is_empty()).then(|| json!(sampling.stop));
    for (name, value) in [
        ("num_predict", sampling.limit(model.max_tokens).map(Value::from)),
        ("stop", stop),
        ("seed", sampling.seed.map(Value::from)),
        ("top_p", sampling.top_p.map(number)),
        ("presence_penalty", sampling.presence_penalty.map(number)),
        ("frequency_penalty", sampling.frequency_penalty.map(number)),
    ] {
        if let Some(value) = value {
            options.insert(name.into(), value);
        }
    }
    let mut body = json!({
        "model": model.model,
        "stream": stream,
        "messages": messages,
        "keep_alive": model.keep_alive_s,
        "options": options,
    });
    if let Some(format) = sampling.response_format.as_ref().and_then(format) {
        body["format"] = format;
    }
    body
}

/// Ollama's word for a format of OpenAI: `json`, or the schema itself.
fn format(format: &Value) -> Option<Value> {
    match format.get("type")?.as_str()? {
        "json_object" => Some(json!("json")),
        "json_schema" => format.get("json_schema")?.get("schema").cloned(),
        _ => None,
    }
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
        false if body.get("message").is_some() => Err(LlmError::premature_end()),
        false => Err(LlmError::bad_reply(
            "The model's answer is none of Ollama's. Check that the base path is that of an Ollama server.",
        )),
    }
}

/// One line; true if it is the last.
fn line(value: &Value, out: &mut VecDeque<Delta>) -> Result<bool, LlmError> {
    if let Some(error) = reported::error_in(value) {
        return Err(error);
    }
    let text = |key: &str| value.get("message")?.get(key)?.as_str().filter(|text| !text.is_empty());
    if let Some(text) = text("thinking") {
        out.push_back(Delta::Reasoning(text.to_owned()));
    }
    if let Some(text) = text("content") {
        out.push_back(Delta::Text(text.to_owned()));
    }
    if value.get("done") != Some(&Value::Bool(true)) {
        // A line of something else in place of an answer.
        return match value.get("message").is_some() || value.get("done").is_some() {
            true => Ok(false),
            false => reported::error_instead(value).map_or(Ok(false), Err),
        };
    }
    let calls = value.get("message").and_then(|message| message.get("tool_calls")).and_then(Value::as_array);
    let called = calls.is_some_and(|calls| !calls.is_empty());
    if let Some(usage) = usage_of(Some(value), "prompt_eval_count", "eval_count") {
        out.push_back(Delta::Usage(usage));
    }
    out.push_back(Delta::Finish(match value.get("done_reason").and_then(Value::as_str) {
        None | Some("stop") if called => Finish::Tools,
        None => Finish::Stop,
        Some(reason) => {
            finish_of(reason).ok_or_else(|| reported::error(Some(format!("it ended with `{reason}`"))))?
        }
    }));
    Ok(true)
}

/// Decodes a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    lines: NdjsonDecoder,
    /// A line came.
    pub began: bool,
    pub done: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        Decoder { lines: NdjsonDecoder::new(LINE_BYTES_MAX), began: false, done: false }
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
                self.began |= value.is_object();
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
        let prompt = Prompt {
            messages: vec![Message::new(Role::System, "S"), look],
            temperature: 0.5,
            ..Prompt::default()
        };
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
        assert_eq!(
            (deltas.len(), end.unwrap_err().message.as_str()),
            (1, "The model reported an error: out of memory")
        );
    }

    #[test]
    fn a_limit_and_other_wishes_are_options() {
        let schema = json!({"type": "object"});
        let sampling = crate::llm::Sampling {
            max_tokens: Some(5),
            stop: vec!["END".into()],
            seed: Some(7),
            response_format: Some(json!({"type": "json_schema", "json_schema": {"schema": schema}})),
            ..Default::default()
        };
        let body = body(&of("ollama", "llama3"), &Prompt { sampling, ..Prompt::default() }, true);
        let options =
            json!({"temperature": 0, "num_ctx": 16384, "num_predict": 5, "stop": ["END"], "seed": 7});
        assert_eq!((&body["options"], &body["format"]), (&options, &schema));
    }

    #[test]
    fn why_it_ends_is_said() {
        let last =
            |reason: &str| decode(&json!({"message": {}, "done": true, "done_reason": reason}).to_string());
        assert_eq!(last("length").0, [Delta::Finish(Finish::Length)]);
        assert_eq!(last("load").0, [Delta::Finish(Finish::Other)]);
        assert!(last("error").1.unwrap_err().message.contains("`error`"));
    }

    #[test]
    fn another_kind_of_server_is_recognised() {
        let error = whole(&json!({"object": "list"}), &mut VecDeque::new()).unwrap_err();
        assert!(error.message.contains("Ollama server"));
    }
}
