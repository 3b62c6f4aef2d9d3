//! A streamed completion: `chat.completion.chunk` objects, then `[DONE]`.

use super::completions::{Reply, finish_reason, no_usage};
use super::error;
use crate::api::answer::Answer;
use crate::api::{ApiError, Call, Code, stream};
use crate::chat::{self, Ask, Outcome, Voice};
use crate::llm::Finish;
use crate::seam::Cx;
use serde_json::{Value, json};

/// Answers `ask` chunk by chunk. The last chunk carries the sources, and the usage unless that was asked for in a
/// chunk of its own.
///
/// # Errors
/// Whatever fails before the first word; after it, the error is an event of the stream.
pub async fn answer(call: &Call, reply: Reply, ask: &Ask, include_usage: bool) -> Result<Answer, ApiError> {
    let mut chunks = Chunks { cx: call.cx.clone(), reply, include_usage, spoke: false };
    match chat::answer(&call.cx, &call.engine, ask, &mut chunks).await {
        Ok(Outcome::Answered { broken: Some(why), .. }) => {
            chunks.fail(&ApiError::new(Code::ModelFailed, why))
        }
        Ok(Outcome::Answered { sources, metrics, finish, .. }) => chunks.close(finish, sources, metrics),
        Ok(Outcome::Refused { text, .. }) => {
            chunks.say(&text);
            chunks.close(Finish::Stop, Vec::new(), no_usage());
        }
        Ok(Outcome::Empty { metrics }) => chunks.close(Finish::Stop, Vec::new(), metrics),
        Ok(Outcome::Abandoned) => chunks.close(Finish::Stop, Vec::new(), no_usage()),
        Err(error) if call.cx.head_sent() => chunks.fail(&error),
        Err(error) => return Err(error),
    }
    stream::event(&call.cx, stream::any_origin, "[DONE]");
    Ok(Answer::Streamed)
}

struct Chunks {
    cx: Cx,
    reply: Reply,
    include_usage: bool,
    /// The role was named.
    spoke: bool,
}

impl Voice for Chunks {
    fn streams(&self) -> bool {
        true
    }

    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.send(json!({ "content": text }), None, Vec::new());
        }
    }
}

impl Chunks {
    fn close(&mut self, finish: Finish, sources: Vec<Value>, usage: Value) {
        let mut further = vec![("sources", sources.into())];
        if !self.include_usage {
            further.push(("usage", usage));
            return self.send(json!({}), Some(finish), further);
        }
        self.send(json!({}), Some(finish), further);
        let mut chunk = self.reply.frame("chat.completion.chunk", Vec::new());
        chunk.insert("usage".to_owned(), usage);
        stream::event(&self.cx, stream::any_origin, &Value::Object(chunk).to_string());
    }

    fn fail(&self, why: &ApiError) {
        stream::event(&self.cx, stream::any_origin, &json!({ "error": error::object(why) }).to_string());
    }

    fn send(&mut self, mut delta: Value, finish: Option<Finish>, further: Vec<(&str, Value)>) {
        if !self.spoke {
            self.spoke = true;
            delta["role"] = "assistant".into();
        }
        let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish.map(finish_reason) });
        let mut chunk = self.reply.frame("chat.completion.chunk", vec![choice]);
        chunk.insert("usage".to_owned(), Value::Null);
        for (key, value) in further {
            chunk.insert(key.to_owned(), value);
        }
        stream::event(&self.cx, stream::any_origin, &Value::Object(chunk).to_string());
    }
}
