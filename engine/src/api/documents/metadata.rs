//! What a client says of a document: an object, or JSON in a text, which need not be quite right.

use super::super::error::{ApiError, Code};
use super::super::js;
use serde_json::{Map, Value};

/// The fields a client sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata(Map<String, Value>);

/// Longest value of one field, in bytes.
pub const FIELD_BYTES_MAX: usize = 10 * 1024;

/// Longest text that is read as JSON, in bytes: room for all fields, and for as much again.
const TEXT_BYTES_MAX: usize = 256 * 1024;

impl Metadata {
    /// From a body's `metadata`. What cannot be understood is empty (reference §6.3).
    ///
    /// # Errors
    /// [`Code::TooLarge`](super::super::error::Code) for a text of more bytes than all fields can have.
    pub fn read(value: Option<&Value>) -> Result<Metadata, ApiError> {
        match value {
            Some(Value::String(text)) if text.len() > TEXT_BYTES_MAX => {
                let message =
                    format!("`metadata` has {} bytes; at most {TEXT_BYTES_MAX} are allowed.", text.len());
                Err(ApiError::new(Code::TooLarge, message).with("success", false))
            }
            value => Ok(Metadata::of(value)),
        }
    }

    fn of(value: Option<&Value>) -> Metadata {
        match value {
            Some(Value::Object(map)) => Metadata(map.clone()),
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Metadata(map),
                Ok(_) => Metadata::default(),
                Err(_) => Metadata(repair(text)),
            },
            _ => Metadata::default(),
        }
    }

    /// A field as text; `None` if it is absent or, in JavaScript's eyes, false.
    ///
    /// # Errors
    /// [`Code::InvalidField`](super::super::error::Code) for lists, objects, and more than 10 kB.
    pub fn text(&self, field: &str) -> Result<Option<String>, ApiError> {
        let text = match self.0.get(field) {
            value if !js::truthy(value) => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(_)) => "true".to_owned(),
            _ => return Err(ApiError::field(&format!("metadata.{field}"), "a string")),
        };
        if text.len() > FIELD_BYTES_MAX {
            let most = format!("at most {FIELD_BYTES_MAX} bytes long");
            return Err(ApiError::field(&format!("metadata.{field}"), &most));
        }
        Ok(Some(text))
    }

    /// A field as sent.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }
}

/// What was probably meant by `text`: an object without nesting whose names may lack quotes, whose texts
/// may have single ones, and whose closing brace may be missing.
fn repair(text: &str) -> Map<String, Value> {
    let mut map = Map::new();
    let Some(mut rest) = text.trim_start().strip_prefix('{') else { return map };
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        let Some((name, after)) = name(rest) else { return map };
        let Some(after) = after.trim_start().strip_prefix(':') else { return map };
        let Some((value, after)) = value(after.trim_start()) else { return map };
        map.insert(name, value);
        rest = after;
    }
}

fn name(text: &str) -> Option<(String, &str)> {
    if text.starts_with(['"', '\'']) {
        return quoted(text);
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

fn value(text: &str) -> Option<(Value, &str)> {
    if text.starts_with(['"', '\'']) {
        let (text, rest) = quoted(text)?;
        return Some((Value::String(text), rest));
    }
    if text.starts_with(['{', '[']) {
        return None;
    }
    let end = text.find([',', '}', '\n']).unwrap_or(text.len());
    let bare = text[..end].trim();
    let value = serde_json::from_str(bare).unwrap_or_else(|_| Value::String(bare.to_owned()));
    Some((value, &text[end..]))
}

/// A text in quotes; to the end if the closing one is missing.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.char_indices();
    let (_, quote) = chars.next()?;
    let mut content = String::new();
    while let Some((at, ch)) = chars.next() {
        match ch {
            '\\' => match chars.next() {
                Some((_, 'n')) => content.push('\n'),
                Some((_, 't')) => content.push('\t'),
                Some((_, escaped)) => content.push(escaped),
                None => break,
            },
            _ if ch == quote => return Some((content, &text[at + ch.len_utf8()..])),
            _ => content.push(ch),
        }
    }
    Some((content, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn title(metadata: Value) -> Option<String> {
        Metadata::of(Some(&metadata)).text("title").unwrap()
    }

    #[test]
    fn objects_and_texts_of_objects_are_read() {
        assert_eq!(title(json!({ "title": "a" })).as_deref(), Some("a"));
        assert_eq!(title(json!("{\"title\":\"string meta\"}")).as_deref(), Some("string meta"));
        assert_eq!(title(json!({ "title": 7 })).as_deref(), Some("7"));
        for none in [
            json!(""),
            json!("not json"),
            json!("[1]"),
            json!(null),
            json!({ "title": "" }),
            json!("{broken"),
        ] {
            assert_eq!(title(none), None);
        }
    }

    #[test]
    fn almost_json_is_repaired() {
        let cases = [
            ("{title: 'repaired', docAuthor: 'me'", json!({ "title": "repaired", "docAuthor": "me" })),
            ("{'a': 1, b: true,, }", json!({ "a": 1, "b": true })),
            (r#"{"a": "x\"y\n", "b": open"#, json!({ "a": "x\"y\n", "b": "open" })),
            ("{a: {b: 1}}", json!({})),
            ("{", json!({})),
        ];
        for (text, expected) in cases {
            assert_eq!(Value::Object(repair(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_text_of_megabytes_is_refused_before_it_is_read() {
        let long = json!(format!("{{{}}}", " ".repeat(TEXT_BYTES_MAX)));
        assert_eq!(Metadata::read(Some(&long)).unwrap_err().code, Code::TooLarge);
        assert_eq!(
            Metadata::read(Some(&json!("{title: 'a'}"))).unwrap().text("title").unwrap().unwrap(),
            "a"
        );
    }

    #[test]
    fn fields_are_bounded_and_named() {
        let metadata =
            Metadata::of(Some(&json!({ "title": "x".repeat(FIELD_BYTES_MAX + 1), "docAuthor": ["x"] })));
        assert!(metadata.text("title").unwrap_err().message.starts_with("`metadata.title` must be at most"));
        assert!(metadata.text("docAuthor").unwrap_err().message.starts_with("`metadata.docAuthor`"));
    }

    proptest! {
        #[test]
        fn repairing_ends(text in r#"\{?([a-z]{0,3}|[{}\[\]:,'"\\ é]){0,20}"#) {
            repair(&text);
        }
    }
}
