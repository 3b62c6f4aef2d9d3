//! The fingerprint of a prompt.

use regex::Regex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::LazyLock;

/// First 12 hex digits of SHA-256 over role NUL content NUL of every message. Wall-clock text is
/// neutralised first, so the fingerprint tells whether two servers built the same prompt.
pub fn prompt_hash(messages: &[Value]) -> String {
    let mut hash = Sha256::new();
    for message in messages {
        let content = without_published_lines(&content_text(&message["content"])).into_owned();
        hash.update(message["role"].as_str().unwrap_or("undefined"));
        hash.update([0]);
        hash.update(without_clock(&content).as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The text without the lines of a chunk's header that hold a date of publication.
pub(crate) fn without_published_lines(text: &str) -> Cow<'_, str> {
    if !text.contains("published: ") {
        return Cow::Borrowed(text);
    }
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.starts_with("published: ")).collect();
    Cow::Owned(lines.join("\n"))
}

/// Dates and times as they appear in prompts, replaced by `<DATETIME>`.
pub(crate) fn without_clock(text: &str) -> Cow<'_, str> {
    static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
        let date = "(?:[A-Z][a-z]+day, )?[A-Z][a-z]+ [0-9]{1,2}, [0-9]{4}";
        let time = "(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})? [AP]M)?";
        #[expect(clippy::expect_used, reason = "a constant pattern")]
        Regex::new(&format!("{date}{time}")).expect("the pattern is valid")
    });
    CLOCK.replace_all(text, "<DATETIME>")
}

/// The text of a message: a string, or the parts' texts and image addresses in a row.
pub(super) fn content_text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(part_text).collect(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn part_text(part: &Value) -> &str {
    part["text"].as_str().or_else(|| part["image_url"]["url"].as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_clock_does_not_change_the_fingerprint_but_a_word_does() {
        let hash = |text: &str| prompt_hash(&[json!({"role": "system", "content": text})]);
        assert_eq!(hash("It is Friday, August 21, 2026 8:50 PM."), hash("It is May 1, 2030."));
        assert_eq!(hash("a\npublished: 1/2/2024\nb"), hash("a\nb"));
        assert_ne!(hash("a"), hash("b"));
    }

    #[test]
    fn role_and_content_cannot_run_into_each_other() {
        let one = prompt_hash(&[json!({"role": "user", "content": "x"})]);
        assert_ne!(one, prompt_hash(&[json!({"role": "userx", "content": ""})]));
        let parts = json!([{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "y"}}]);
        assert_eq!(
            prompt_hash(&[json!({"role": "user", "content": parts})]),
            prompt_hash(&[json!({"role": "user", "content": "xy"})])
        );
    }
}
