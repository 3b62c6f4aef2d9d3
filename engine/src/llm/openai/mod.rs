//! OpenAI's `chat/completions`, as some twenty providers speak it.

mod answer;
mod body;
#[cfg(test)]
mod tests;

pub(super) use answer::finish_of;
pub(crate) use body::body;

use super::sse::{SseDecoder, SseEvent};
use super::wire::LINE_BYTES_MAX;
use super::{Delta, LlmError, json, page, reported};
use answer::Answer;
use serde_json::Value;
use std::collections::VecDeque;

/// Takes a whole reply apart.
pub(crate) fn whole(body: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
    if let Some(error) = reported::error_in(body) {
        return Err(error);
    }
    let mut answer = Answer::default();
    if !answer.part(body, out)? {
        return Err(reported::error_instead(body).unwrap_or_else(|| {
            LlmError::bad_reply(
                "The model's answer has no choices. Check that the base path is that of an OpenAI-compatible server.",
            )
        }));
    }
    answer.finish(out);
    Ok(())
}

/// Decodes a stream.
#[derive(Debug)]
pub(crate) struct Decoder {
    sse: SseDecoder,
    answer: Answer,
    /// A chunk of an answer came.
    pub began: bool,
    /// The first event that is no JSON.
    odd: Option<String>,
    pub done: bool,
}

impl Decoder {
    pub fn new() -> Decoder {
        let sse = SseDecoder::new(LINE_BYTES_MAX);
        Decoder { sse, answer: Answer::default(), began: false, odd: None, done: false }
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
        if self.done {
            return Ok(());
        }
        if self.finished() {
            self.finish(out);
            return Ok(());
        }
        Err(match &self.odd {
            Some(odd) if !self.began && !odd.starts_with(['{', '[']) => LlmError::bad_reply(format!(
                "The model's answer is a stream of something else than JSON. It begins with: {}",
                page::shorten(odd.trim(), 200)
            )),
            _ => LlmError::premature_end(),
        })
    }

    /// Whether the model said that it was done, though the stream may still carry token counts.
    pub fn finished(&self) -> bool {
        self.answer.finish.is_some()
    }

    /// One value of a stream: a chunk, an error, or anything else, which says nothing.
    pub fn value(&mut self, value: &Value, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        if self.finished() {
            // The answer is complete: counts may still come, and a failure now costs nothing.
            let _ = self.answer.part(value, out);
            return Ok(());
        }
        if let Some(error) = reported::error_in(value) {
            return Err(error);
        }
        match self.answer.part(value, out)? {
            true => self.began = true,
            false => reported::error_instead(value).map_or(Ok(()), Err)?,
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut VecDeque<Delta>) {
        self.done = true;
        self.answer.finish(out);
    }

    fn events(&mut self, events: Vec<SseEvent>, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        for event in events {
            if self.done {
                return Ok(());
            }
            let data = event.data.trim();
            if data == "[DONE]" {
                self.finish(out);
                continue;
            }
            let is_error = event.event == "error" && !self.finished();
            match json::parse(data) {
                Ok(value) if is_error => {
                    let text = value.as_str().map(str::to_owned);
                    return Err(reported::error_instead(&value).unwrap_or_else(|| reported::error(text)));
                }
                Ok(value) => self.value(&value, out)?,
                Err(_) if is_error => return Err(reported::error(words(data))),
                // `data: [ERROR] out of memory`, and the like.
                Err(_) if !self.finished() && names_error(data) => return Err(reported::error(words(data))),
                // Words that keep a connection alive, or a chunk that was cut.
                Err(_) => self.odd = self.odd.take().or_else(|| words(data)),
            }
        }
        Ok(())
    }
}

fn words(data: &str) -> Option<String> {
    reported::words_of_body(data.as_bytes())
}

fn names_error(data: &str) -> bool {
    let data = data.trim_start_matches('[');
    data.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error"))
}
