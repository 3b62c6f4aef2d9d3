//! A reply on its way in, whatever it turns out to be.
//!
//! What a server was asked for, and what its headers say, is often not what it sends: gateways call streams JSON, answer
//! a request for a stream with a whole reply or the other way round, and put a web page in place of both. The first
//! character decides.

use super::table::Wire;
use super::{Delta, LlmError, LlmErrorKind, anthropic, json, ollama, openai, page};
use serde_json::Value;
use std::collections::VecDeque;

/// Bytes of a reply that are kept to say what it was.
const START_BYTES: usize = 16 << 10;

/// The byte order mark that some servers begin with.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decodes a reply, piece by piece.
#[derive(Debug)]
pub(crate) struct Decoder {
    wire: Wire,
    /// The beginning of what was received, for as long as no part of an answer is in it.
    start: Vec<u8>,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    /// Nothing but white space came so far.
    Unknown,
    OpenAi(openai::Decoder),
    Anthropic(anthropic::Decoder),
    Ollama(ollama::Decoder),
    /// One JSON value, or several.
    Json(Vec<u8>),
    Page(Vec<u8>),
}

impl Decoder {
    pub fn new(wire: Wire) -> Decoder {
        Decoder { wire, start: Vec::new(), shape: Shape::Unknown }
    }

    /// Takes bytes in. Deltas decoded before an error stay in `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        match &mut self.shape {
            Shape::Json(body) | Shape::Page(body) => {
                body.extend_from_slice(bytes);
                return Ok(());
            }
            Shape::Unknown => {
                self.start.extend_from_slice(bytes);
                return match self.recognised() {
                    Some(shape) => {
                        self.shape = shape;
                        let start = std::mem::take(&mut self.start);
                        self.feed(&start, out)
                    }
                    None => Ok(()),
                };
            }
            Shape::OpenAi(_) | Shape::Anthropic(_) | Shape::Ollama(_) => {}
        }
        let began = self.began();
        if !began && self.start.len() < START_BYTES {
            self.start.extend_from_slice(bytes);
        }
        let fed = match &mut self.shape {
            Shape::OpenAi(decoder) => decoder.feed(bytes, out),
            Shape::Anthropic(decoder) => decoder.feed(bytes, out),
            Shape::Ollama(decoder) => decoder.feed(bytes, out),
            Shape::Unknown | Shape::Json(_) | Shape::Page(_) => Ok(()),
        };
        match fed {
            // Lines that are no JSON may be one value together.
            Err(error) if error.kind == LlmErrorKind::BadReply && !began && self.wire == Wire::Ollama => {
                self.shape = Shape::Json(std::mem::take(&mut self.start));
                Ok(())
            }
            fed => fed,
        }
    }

    /// The body is over.
    pub fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
        let ended = match &mut self.shape {
            Shape::Unknown => Err(LlmError::premature_end()),
            Shape::OpenAi(decoder) => decoder.end(out),
            Shape::Anthropic(decoder) => decoder.end(out),
            Shape::Ollama(decoder) => decoder.end(out),
            Shape::Json(body) => values(self.wire, &std::mem::take(body), out),
            Shape::Page(body) => Err(LlmError::bad_reply(format!(
                "The model's server answered with a web page (HTML) instead of an answer: \u{201c}{}\u{201d}. Check the \
                 base path, and whether a proxy stands in between.",
                page::words(body)
            ))),
        };
        match ended {
            Err(error) if error.kind == LlmErrorKind::Interrupted && !self.began() && !self.is_stream() => {
                Err(LlmError::bad_reply(format!(
                    "The model's server answered with text that is not a stream of events. It begins with: {}",
                    page::shorten(String::from_utf8_lossy(&self.start).trim(), 200)
                )))
            }
            ended => ended,
        }
    }

    /// Whether nothing more will be decoded.
    pub fn is_done(&self) -> bool {
        match &self.shape {
            Shape::OpenAi(decoder) => decoder.done,
            Shape::Anthropic(decoder) => decoder.done,
            Shape::Ollama(decoder) => decoder.done,
            Shape::Unknown | Shape::Json(_) | Shape::Page(_) => false,
        }
    }

    /// Whether the answer is complete, though the stream goes on: a failure now costs nothing.
    pub fn is_complete(&self) -> bool {
        self.is_done() || matches!(&self.shape, Shape::OpenAi(decoder) if decoder.finished())
    }

    /// Whether there was any part of an answer.
    fn began(&self) -> bool {
        match &self.shape {
            Shape::OpenAi(decoder) => decoder.began,
            Shape::Anthropic(decoder) => decoder.began,
            Shape::Ollama(decoder) => decoder.began,
            Shape::Unknown | Shape::Json(_) | Shape::Page(_) => false,
        }
    }

    /// Whether what came looks like events, or lines of JSON, of which no whole one has come yet.
    fn is_stream(&self) -> bool {
        let start = self.start.trim_ascii_start();
        let known: [&[u8]; 7] = [b":", b"data:", b"event:", b"id:", b"retry:", b"{", b"["];
        start.is_empty() || known.iter().any(|begin| start.starts_with(begin))
    }

    fn recognised(&self) -> Option<Shape> {
        if MARK.starts_with(&self.start) {
            return None;
        }
        let start = self.start.strip_prefix(MARK).unwrap_or(&self.start).trim_ascii_start();
        Some(match (start.first()?, self.wire) {
            (b'<', _) => Shape::Page(Vec::new()),
            (_, Wire::Ollama) => Shape::Ollama(ollama::Decoder::new()),
            (b'{' | b'[', _) => Shape::Json(Vec::new()),
            (_, Wire::OpenAi) => Shape::OpenAi(openai::Decoder::new()),
            (_, Wire::Anthropic) => Shape::Anthropic(anthropic::Decoder::new()),
        })
    }
}

/// Takes apart a body that is JSON: a whole reply, or the chunks of a stream without anything around them.
fn values(wire: Wire, body: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
    let body = body.strip_prefix(MARK).unwrap_or(body);
    let value = match json::parse_bytes(body) {
        Ok(value) => value,
        Err(error) if wire == Wire::OpenAi && !error.is_eof() => return chunks(body, out),
        Err(error) => return Err(no_json(&error, body)),
    };
    match wire {
        Wire::OpenAi => openai::whole(&value, out),
        Wire::Anthropic => anthropic::whole(&value, out),
        Wire::Ollama => ollama::whole(&value, out),
    }
}

/// Chunks one after the other, each a JSON value.
fn chunks(body: &[u8], out: &mut VecDeque<Delta>) -> Result<(), LlmError> {
    let mut decoder = openai::Decoder::new();
    for value in serde_json::Deserializer::from_slice(body).into_iter::<Value>() {
        match value {
            Ok(value) => decoder.value(&value, out)?,
            Err(_) if decoder.finished() => break,
            Err(error) => return Err(no_json(&error, body)),
        }
    }
    decoder.end(out)
}

fn no_json(error: &serde_json::Error, body: &[u8]) -> LlmError {
    if error.is_eof() {
        return LlmError::premature_end();
    }
    LlmError::bad_reply(format!(
        "The model's answer is not JSON. Check that the base path is that of the model's API. It begins with: {}",
        page::shorten(String::from_utf8_lossy(body).trim(), 200)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Finish;

    /// What comes of a body that arrives in pieces of `size` bytes.
    fn decode(wire: Wire, body: &str, size: usize) -> (Vec<Delta>, Result<(), String>) {
        let (mut decoder, mut out) = (Decoder::new(wire), VecDeque::new());
        let fed = body.as_bytes().chunks(size).try_for_each(|bytes| decoder.feed(bytes, &mut out));
        let end = fed.and_then(|()| decoder.end(&mut out));
        (out.into(), end.map_err(|error| error.message))
    }

    fn hello(finish: Finish) -> Vec<Delta> {
        vec![Delta::Text("Hello".into()), Delta::Finish(finish)]
    }

    const CHUNK: &str = r#"{"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}"#;
    const REPLY: &str = r#"{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}"#;

    #[test]
    fn the_first_character_says_what_it_is() {
        for size in [1, 7, 1000] {
            for body in [
                format!("data: {CHUNK}\n\n"),
                format!(": note\n\ndata:{CHUNK}\r\n\r\n"),
                format!("\n\n {REPLY}"),
                format!("\u{feff}{REPLY}"),
                format!("{CHUNK}\n{{\"choices\":[]}}\n"),
            ] {
                assert_eq!(decode(Wire::OpenAi, &body, size), (hello(Finish::Stop), Ok(())), "{body}");
            }
        }
    }

    #[test]
    fn a_page_is_told_by_its_words() {
        let page = "<html><title>Proxy</title><body>This host is blocked</body></html>";
        for wire in [Wire::OpenAi, Wire::Anthropic, Wire::Ollama] {
            let (_, end) = decode(wire, page, 5);
            let message = end.unwrap_err();
            assert!(message.contains("HTML") && message.contains("Proxy This host is blocked"), "{message}");
        }
    }

    #[test]
    fn other_text_is_shown() {
        for wire in [Wire::OpenAi, Wire::Anthropic, Wire::Ollama] {
            let (_, end) = decode(wire, "upstream connect error", 5);
            assert!(end.unwrap_err().contains("begins with: upstream connect error"));
        }
    }

    #[test]
    fn a_stream_without_its_first_event_is_a_cut() {
        let cut = Err(LlmError::premature_end().message);
        for body in [": waiting\n\n", "event: message\n", "data: {\"choices\":[{\"del"] {
            assert_eq!(decode(Wire::OpenAi, body, 3), (vec![], cut.clone()), "{body}");
        }
    }

    #[test]
    fn json_that_ends_early_is_a_cut_and_other_json_is_named() {
        let cut = LlmError::premature_end().message;
        assert_eq!(decode(Wire::OpenAi, &REPLY[..40], 9).1, Err(cut.clone()));
        assert_eq!(decode(Wire::OpenAi, "", 1).1, Err(cut));
        assert!(decode(Wire::OpenAi, "{oops}", 2).1.unwrap_err().contains("not JSON"));
    }

    #[test]
    fn an_error_of_ollama_may_have_lines() {
        let (_, end) = decode(Wire::Ollama, "{\n  \"error\": \"model not found\"\n}\n", 4);
        assert_eq!(end.unwrap_err(), "The model reported an error: model not found");
    }
}
