//! Errors that a server reports inside an answer that began well: with status 200, or in the middle of a stream.
//!
//! No two servers agree on the shape. Those that are known: OpenAI's `{"error": {"message"}}`, the same inside an array
//! (Gemini), `{"object": "error", "message"}` (vLLM), `{"type": "error", "error"}` (Anthropic), `{"error": "text"}`
//! (Ollama, llama.cpp), `{"detail"}` (FastAPI), `{"errors": [{"message"}]}` (Cloudflare), `{"base_resp": {"status_code",
//! "status_msg"}}` (MiniMax), `{"error_code", "error_msg"}` (Baidu), `{"code", "message"}` (DashScope).

use super::page;
use super::{LlmError, LlmErrorKind};
use serde_json::Value;

/// Characters of the provider's words that are passed on.
const CHARS_MAX: usize = 400;

/// The error that `value` says it is, whatever else it holds.
pub(crate) fn error_in(value: &Value) -> Option<LlmError> {
    is_error(value).then(|| error(words(value)))
}

/// The same for a value that is no part of an answer: then a message alone is an error as well.
pub(crate) fn error_instead(value: &Value) -> Option<LlmError> {
    error_in(value).or_else(|| words(value).map(|words| error(Some(words))))
}

/// An error in the provider's words, inside ours.
pub(crate) fn error(words: Option<String>) -> LlmError {
    LlmError::new(
        LlmErrorKind::Model,
        match words {
            Some(words) => format!("The model reported an error: {words}"),
            None => "The model reported an error and did not say which.".to_owned(),
        },
    )
}

fn is_error(value: &Value) -> bool {
    if let Value::Array(items) = value {
        return items.first().is_some_and(is_error);
    }
    let says = |key: &str, words: &[&str]| {
        value.get(key).and_then(Value::as_str).is_some_and(|text| words.contains(&text))
    };
    ["error", "errors", "error_msg", "error_message", "error_code"].iter().any(|key| is_set(value.get(*key)))
        || says("object", &["error"])
        || says("type", &["error", "response.failed", "response.error"])
        || says("status", &["error", "failed"])
        || value.get("success") == Some(&Value::Bool(false))
        || is_set(value.get("base_resp").and_then(|reply| reply.get("status_code")))
}

/// Whether a field says something: servers also send `"error": null`, `""`, `false`, `0` or `{}`.
fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
    }
}

/// The words of a body that tells of an error: those of its JSON, the text of a web page, or the start of what it is.
pub(crate) fn words_of_body(body: &[u8]) -> Option<String> {
    let text = match super::json::parse_bytes(body) {
        Ok(value) => return words(&value),
        Err(_) if page::is_page(body) => page::words(body),
        Err(_) => page::shorten(String::from_utf8_lossy(body).trim(), CHARS_MAX),
    };
    (!text.is_empty()).then_some(text)
}

/// The provider's words in an error, or in a message that stands for one.
pub(crate) fn words(value: &Value) -> Option<String> {
    let text = find(value)?;
    let text = text.trim();
    (!text.is_empty()).then(|| page::shorten(text, CHARS_MAX))
}

fn find(value: &Value) -> Option<String> {
    if let Value::Array(items) = value {
        return items.first().and_then(find);
    }
    let at = |path: &[&str]| {
        let found = path.iter().try_fold(value, |value, key| value.get(*key))?;
        is_set(Some(found)).then_some(found)
    };
    // OpenRouter says only that the provider failed; the provider's own words are beside it.
    if let (Some(Value::String(text)), Some(Value::String(raw))) =
        (at(&["error", "message"]), at(&["error", "metadata", "raw"]))
    {
        let raw = super::json::parse(raw).ok().as_ref().and_then(find).unwrap_or_else(|| raw.clone());
        return Some(format!("{text}: {raw}"));
    }
    if let Some(first) = at(&["errors"]).and_then(|errors| errors.get(0)) {
        return find(first).or_else(|| Some(plain(first)));
    }
    // `"error": true` says only that the words are elsewhere.
    let told = WORDS.iter().find_map(|path| at(path).filter(|found| **found != Value::Bool(true)));
    // MiniMax says `success` in the same place.
    let failed = at(&["base_resp", "status_code"]).and_then(|_| at(&["base_resp", "status_msg"]));
    failed.or(told).map(plain)
}

/// Where servers put their words.
const WORDS: [&[&str]; 11] = [
    &["error", "message"],
    &["error", "error", "message"],
    &["response", "error", "message"],
    &["error"],
    &["error_msg"],
    &["error_message"],
    &["message"],
    &["detail"],
    &["msg"],
    &["error_description"],
    &["error_code"],
];

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(value: Value) -> Option<String> {
        error_in(&value).map(|error| error.message.replace("The model reported an error: ", ""))
    }

    #[test]
    fn every_shape_keeps_the_providers_words() {
        for value in [
            json!({"error": {"message": "too long", "code": 400}}),
            json!([{"error": {"message": "too long"}}]),
            json!({"object": "error", "message": "too long", "type": "BadRequestError"}),
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "too long"}}),
            json!({"error": "too long"}),
            json!({"error": true, "message": "too long"}),
            json!({"errors": [{"code": 7000, "message": "too long"}], "success": false}),
            json!({"errors": ["too long"]}),
            json!({"base_resp": {"status_code": 1004, "status_msg": "too long"}}),
            json!({"error_code": 17, "error_msg": "too long"}),
            json!({"type": "response.failed", "response": {"error": {"message": "too long"}}}),
            json!({"status": "error", "message": "too long"}),
        ] {
            assert_eq!(told(value.clone()).as_deref(), Some("too long"), "{value}");
        }
    }

    #[test]
    fn the_words_behind_a_router_are_told() {
        let raw = r#"{"error":{"message":"quota is used up"}}"#;
        let value = json!({"error": {"message": "Provider returned error", "metadata": {"raw": raw}}});
        assert_eq!(told(value).as_deref(), Some("Provider returned error: quota is used up"));
    }

    #[test]
    fn fields_that_say_nothing_are_no_errors() {
        for value in [
            json!({"error": null, "choices": []}),
            json!({"error": "", "errors": [], "error_code": 0, "success": true}),
            json!({"base_resp": {"status_code": 0, "status_msg": "success"}}),
            json!({"type": "ping"}),
            json!({"message": {"content": "hi"}}),
        ] {
            assert_eq!(told(value.clone()), None, "{value}");
        }
    }

    #[test]
    fn a_message_is_an_error_only_in_place_of_an_answer() {
        for value in
            [json!({"message": "no such model"}), json!({"detail": "Not Found"}), json!({"msg": "busy"})]
        {
            assert!(error_in(&value).is_none(), "{value}");
            assert!(error_instead(&value).is_some(), "{value}");
        }
        assert!(error_instead(&json!({"object": "list", "data": []})).is_none());
    }

    #[test]
    fn an_error_without_words_is_told_all_the_same() {
        let error = error_in(&json!({"object": "error"})).unwrap();
        assert_eq!(error.message, "The model reported an error and did not say which.");
    }
}
