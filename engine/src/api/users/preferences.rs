//! Preferences: what an administrator may set without touching the set-up (reference §11.4).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, events, numbers};
use super::mode;
use crate::model::Instance;
use crate::store::{key, retry};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a preference may be.
#[derive(Clone, Copy)]
enum Kind {
    /// A text of at most so many characters.
    Text(usize),
    /// The address of a page or picture.
    Address,
    /// Links below the page: a list of at most three `{icon, url}`.
    Footer,
    /// A whole number from, to.
    Number(u32, u32),
}

/// What is kept. The others that AnythingLLM knows are for agents, telemetry and pictures, which there are
/// none of here: they are taken and not kept, like unknown ones. Some of them hold secrets.
const KNOWN: [(&str, Kind); 9] = [
    ("support_email", Kind::Text(320)),
    ("custom_app_name", Kind::Text(100)),
    ("meta_page_title", Kind::Text(200)),
    ("meta_page_favicon", Kind::Address),
    ("footer_data", Kind::Footer),
    ("default_system_prompt", Kind::Text(20_000)),
    ("text_splitter_chunk_size", Kind::Number(1, 1_000_000)),
    ("text_splitter_chunk_overlap", Kind::Number(0, 1_000_000)),
    ("experimental_live_file_sync", Kind::Text(20)),
];

/// `POST /v1/admin/preferences`: known labels are set, `null` and an empty text take one back, the rest is
/// not looked at.
pub async fn update(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    set(&call).await.map_err(|error| error.with("success", false))?;
    Ok(Answer::ok(&json!({ "success": true, "error": null })))
}

async fn set(call: &Call) -> Result<(), ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let mut changes: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (label, kind) in KNOWN {
        if let Some(value) = fields.get(label) {
            changes.insert(label, kind.read(label, value)?);
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let mut instance: Instance = tx.get(key::instance()).await?.unwrap_or_default();
        for (label, value) in &changes {
            match value {
                Some(value) => instance.preferences.insert((*label).to_owned(), value.clone()),
                None => instance.preferences.remove(*label),
            };
        }
        tx.put(key::instance(), &instance)?;
        let labels: Vec<&&str> = changes.keys().collect();
        events::log(&call.cx, &mut tx, "preferences_updated", json!({ "labels": labels })).await?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}

impl Kind {
    fn read(self, label: &str, value: &Value) -> Result<Option<String>, ApiError> {
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        if text.is_empty() {
            return Ok(None);
        }
        let too_long = |most: usize| text.chars().count() > most;
        match self {
            Kind::Text(most) if too_long(most) => {
                Err(ApiError::field(label, &format!("a text of at most {most} characters")))
            }
            Kind::Text(_) if !value.is_string() => Err(ApiError::field(label, "a text")),
            Kind::Text(_) => Ok(Some(text)),
            Kind::Address if too_long(2000) || !is_address(&text) => {
                Err(ApiError::field(label, "an address that begins with http:// or https://"))
            }
            Kind::Address => Ok(Some(text)),
            Kind::Number(least, most) => {
                let number = numbers::value_of(value).filter(|number| number.fract() == 0.0);
                let number = number.filter(|number| (f64::from(least)..=f64::from(most)).contains(number));
                let expected = format!("a whole number from {least} to {most}");
                number.map(|number| Some(number.to_string())).ok_or_else(|| ApiError::field(label, &expected))
            }
            Kind::Footer if too_long(10_000) => {
                Err(ApiError::field(label, "a text of at most 10000 characters"))
            }
            Kind::Footer => footer(&text).map(Some).ok_or_else(|| {
                let expected = "a list of at most three {icon, url}, with addresses of the web or of mail";
                ApiError::new(Code::InvalidField, format!("`{label}` must be {expected}."))
            }),
        }
    }
}

/// Whether a browser that follows it stays outside of scripts.
fn is_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let plain = !text.chars().any(|c| c.is_control() || c.is_whitespace() || "\"'<>`".contains(c));
    plain
        && ["http://", "https://"]
            .iter()
            .any(|scheme| lower.len() > scheme.len() && lower.starts_with(scheme))
}

fn footer(text: &str) -> Option<String> {
    let Ok(Value::Array(items)) = serde_json::from_str(text) else { return None };
    let item = |item: &Value| {
        let url = item["url"].as_str().filter(|url| url.len() <= 2000)?;
        let icon = item["icon"].as_str().unwrap_or_default();
        let mail = url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
        let good = is_address(url) || mail && !url.chars().any(|c| c.is_control() || "\"'<>`".contains(c));
        (good && icon.len() <= 50).then(|| json!({ "icon": icon, "url": url }))
    };
    let items: Option<Vec<Value>> = items.iter().map(item).collect();
    items.filter(|items| items.len() <= 3).map(|items| Value::Array(items).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(label: &str, value: Value) -> Result<Option<String>, ApiError> {
        let (_, kind) = KNOWN.into_iter().find(|(known, _)| *known == label).unwrap();
        kind.read(label, &value)
    }

    #[test]
    fn sizes_of_chunks_are_whole_numbers() {
        for (value, expected) in [(json!(500), "500"), (json!("700"), "700"), (json!(1_000_000), "1000000")] {
            assert_eq!(read("text_splitter_chunk_size", value), Ok(Some(expected.into())));
        }
        assert_eq!(read("text_splitter_chunk_overlap", json!(0)), Ok(Some("0".into())));
        for value in [json!(0), json!(-1), json!(1.5), json!("x"), json!(1e9), json!(true)] {
            let error = read("text_splitter_chunk_size", value.clone()).unwrap_err();
            let expected = "`text_splitter_chunk_size` must be a whole number from 1 to 1000000.";
            assert_eq!(error.message, expected, "{value}");
        }
    }

    #[test]
    fn texts_are_bounded_and_taken_back_with_nothing() {
        assert_eq!(read("support_email", json!("")), Ok(None));
        assert_eq!(read("support_email", json!(null)), Ok(None));
        assert_eq!(read("support_email", json!("help@example.com")), Ok(Some("help@example.com".into())));
        assert!(read("custom_app_name", json!("x".repeat(101))).is_err());
        assert!(read("custom_app_name", json!({"$gt": ""})).is_err());
    }
}
