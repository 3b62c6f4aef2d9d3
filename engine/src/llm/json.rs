//! JSON as model servers write it.

use serde_json::Value;
use std::borrow::Cow;

/// The value of `text`.
///
/// Servers that cut their answer at tokens also cut the escapes of characters outside the basic plane, and send
/// `"\ud83d"` in one piece and `"\ude42"` in the next. Each half alone is no JSON; it becomes U+FFFD, so that the
/// words beside it are not lost.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| match without_lone_surrogates(text) {
        Cow::Owned(mended) => serde_json::from_str(&mended),
        Cow::Borrowed(_) => Err(error),
    })
}

/// The same for bytes; what is no UTF-8 becomes U+FFFD.
pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    parse(&String::from_utf8_lossy(bytes))
}

fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    const REPLACEMENT: &str = "\\ufffd";
    let (mut mended, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        let escape = at + found;
        at = match unit(text, escape) {
            Some(0xD800..=0xDBFF) if matches!(unit(text, escape + 6), Some(0xDC00..=0xDFFF)) => escape + 12,
            Some(0xD800..=0xDFFF) => {
                mended.push_str(&text[copied..escape]);
                mended.push_str(REPLACEMENT);
                copied = escape + 6;
                copied
            }
            Some(_) => escape + 6,
            // The character behind the backslash may be a backslash itself.
            None => escape + 1 + text[escape + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    if mended.is_empty() {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

/// The UTF-16 unit of the escape `\uXXXX` that begins at `at`.
fn unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn half_a_character_costs_nothing_beside_it() {
        assert_eq!(parse(r#"{"a":"Well \ud83d"}"#).unwrap(), json!({ "a": "Well \u{fffd}" }));
        assert_eq!(parse(r#"["\ude42 done"]"#).unwrap(), json!(["\u{fffd} done"]));
        assert_eq!(parse(r#"["\ud83d\ude42 \ud83d."]"#).unwrap(), json!(["🙂 \u{fffd}."]));
        assert_eq!(parse(r#"["\\ud83d \ud83d"]"#).unwrap(), json!(["\\ud83d \u{fffd}"]));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        assert!(parse(r#"{"a":"#).unwrap_err().is_eof());
        assert!(parse("<html>").is_err() && parse(r#""\ud83d"#).is_err() && parse("\\").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\\\|u|d83d|de42|0041|\"|é){0,12}") {
            let _ = parse(&text);
        }
    }
}
