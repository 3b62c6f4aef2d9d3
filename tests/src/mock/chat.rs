//! The model: it echoes the last question beside a fingerprint of the whole prompt.

use super::Answer;
use super::prompt::{content_text, prompt_hash};
use bytes::Bytes;
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// What the model will do with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The answer's text.
    pub reply: String,
    /// Text sent as `reasoning_content` before the reply.
    pub reasoning: Option<&'static str>,
    /// Fail with this HTTP status.
    pub error: Option<u16>,
    /// Break off after three words.
    pub cut: bool,
    /// Wait after the first word until the mock is told to go on.
    pub hold: bool,
    /// Say nothing, not even a status, until the mock is told to go on.
    pub stall: bool,
    /// Milliseconds before each word.
    pub pause_ms: u64,
    /// Words in the prompt and in the reply.
    pub usage: (usize, usize),
}

/// Reads the commands (`[[mock:error 500]]`, …) out of the last user message.
pub fn plan(body: &Value) -> Plan {
    static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "a constant pattern")]
        Regex::new(r"\[\[mock:([0-9A-Za-z_]+)(?: ([^\]]*))?\]\]").expect("the pattern is valid")
    });
    let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let last = messages.iter().rev().find(|m| m["role"] == "user").map(|m| &m["content"]);
    let (question, images) = last.map(question).unwrap_or_default();
    let command = COMMAND.captures(&question);
    let (name, argument) = command.as_ref().map_or(("", None), |found| {
        (found.get(1).map_or("", |m| m.as_str()), found.get(2).map(|m| m.as_str()))
    });
    let number = |default: u64| argument.and_then(|text| text.trim().parse().ok()).unwrap_or(default);
    let reply = match name {
        "empty" => String::new(),
        "raw" => argument.unwrap_or_default().to_owned(),
        "long" => (0..number(0)).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" "),
        _ => {
            let images = if images > 0 { format!(" img={images}") } else { String::new() };
            format!("MOCK {} n={}{images} echo: {question}", prompt_hash(messages), messages.len())
        }
    };
    let prompt_words = messages.iter().map(|m| word_count(&content_text(&m["content"]))).sum();
    Plan {
        reasoning: (name == "reason").then_some("thinking about it"),
        error: (name == "error").then(|| u16::try_from(number(400)).unwrap_or(400)),
        cut: name == "cut",
        hold: name == "hold",
        stall: name == "stall",
        pause_ms: if name == "slow" { number(50) } else { 0 },
        usage: (prompt_words, word_count(&reply)),
        reply,
    }
}

/// Text of a user message and the number of its other parts.
fn question(content: &Value) -> (String, usize) {
    let Value::Array(parts) = content else { return (content_text(content), 0) };
    let texts: Vec<&str> =
        parts.iter().filter(|p| p["type"] == "text").filter_map(|p| p["text"].as_str()).collect();
    let others = parts.iter().filter(|p| p["type"] != "text").count();
    (texts.join("\n"), others)
}

fn word_count(text: &str) -> usize {
    text.split(is_space).filter(|word| !word.is_empty()).count()
}

/// White space as the recordings' mock saw it: the byte order mark counts, U+0085 does not.
fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// One piece per word, the spaces around it kept; nothing for a text without words.
pub(super) fn words(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    // 0: before the word, 1: in it, 2: in the space after it.
    let mut state = 0;
    for (at, c) in text.char_indices() {
        match (state, is_space(c)) {
            (0, false) => state = 1,
            (1, true) => state = 2,
            (2, false) => {
                pieces.push(&text[start..at]);
                start = at;
                state = 1;
            }
            _ => {}
        }
    }
    if state > 0 {
        pieces.push(&text[start..]);
    }
    pieces
}

pub(super) fn answer(body: &Value, serial: usize) -> Answer {
    let plan = plan(body);
    if let Some(code) = plan.error {
        let error = json!({"message": format!("mock failure {code}"), "type": "mock_error", "code": code});
        return Answer::json(code, &json!({"error": error}));
    }
    let id = format!("mock-{serial}");
    let (prompt, completion) = plan.usage;
    let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion});
    if body["stream"] == true {
        return streamed(body, &plan, &id, &usage);
    }
    let mut message = json!({"role": "assistant", "content": plan.reply});
    if let Some(reasoning) = plan.reasoning {
        message["reasoning_content"] = reasoning.into();
    }
    let choice = json!({"index": 0, "finish_reason": "stop", "message": message});
    let body = json!({"id": id, "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice], "usage": usage});
    let held_from = plan.stall.then_some(0);
    Answer { pause_ms: plan.pause_ms, held_from, ..Answer::json(200, &body) }
}

fn streamed(body: &Value, plan: &Plan, id: &str, usage: &Value) -> Answer {
    let event = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        json!({"id": id, "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]})
    };
    let frame = |event: Value| Bytes::from(format!("data: {event}\n\n"));
    let mut pieces = vec![frame(event(json!({"role": "assistant", "content": ""}), Value::Null))];
    for word in plan.reasoning.map(words).unwrap_or_default() {
        pieces.push(frame(event(json!({"reasoning_content": word}), Value::Null)));
    }
    let take = if plan.cut { 3 } else { usize::MAX };
    for word in words(&plan.reply).into_iter().take(take) {
        pieces.push(frame(event(json!({"content": word}), Value::Null)));
    }
    if !plan.cut {
        let mut last = event(json!({}), "stop".into());
        if body["stream_options"]["include_usage"] == true {
            last["usage"] = usage.clone();
        }
        pieces.push(frame(last));
        pieces.push("data: [DONE]\n\n".into());
    }
    // The first piece only names the role, the second is the first word.
    let held_from = plan.hold.then_some(2).or(plan.stall.then_some(0));
    let pause_ms = plan.pause_ms;
    Answer { status: 200, content_type: "text/event-stream", pieces, pause_ms, cut: plan.cut, held_from }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(message: &str) -> Value {
        json!({"model": "m", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": message}]})
    }

    #[test]
    fn commands_are_read_from_the_last_question() {
        assert_eq!(plan(&ask("[[mock:long 3]]")).reply, "w0 w1 w2");
        assert_eq!(plan(&ask("[[mock:raw a b]] ]")).reply, "a b");
        assert_eq!(plan(&ask("[[mock:error 429]]")).error, Some(429));
        assert_eq!(plan(&ask("[[mock:empty]]")).reply, "");
        assert_eq!(plan(&ask("[[mock:slow 7]]")).pause_ms, 7);
        assert!(plan(&ask("[[mock:stall]]")).stall && plan(&ask("[[mock:hold]]")).hold);
        let plain = plan(&ask("hi there"));
        assert!(plain.reply.ends_with(" n=2 echo: hi there") && plain.error.is_none());
        assert_eq!(plain.usage, (3, 6));
    }

    #[test]
    fn a_stream_is_one_piece_a_word_and_loses_none() {
        assert_eq!(words("  a b\n\nc "), ["  a ", "b\n\n", "c "]);
        assert!(words(" \n").is_empty());
        let mut body = ask("[[mock:cut]] one two");
        body["stream"] = true.into();
        let answer = super::answer(&body, 1);
        assert!(answer.cut);
        assert_eq!(answer.pieces.len(), 4);
    }
}
