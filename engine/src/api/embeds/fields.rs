//! An embed's settings on the wire (reference §11.7), and the odd ways in which clients send them.

use crate::api::body::Fields;
use crate::api::error::{ApiError, Code};
use crate::api::{js, wire};
use crate::model::{ChatMode, Embed};
use crate::text::origin;
use serde_json::{Value, json};

/// A list longer than this is no list of websites.
const ORIGINS_MAX: usize = 200;
/// The same for a list in a text.
const ORIGINS_BYTES_MAX: usize = 64 << 10;

/// The settings that a body may bring.
pub const NAMES: [&str; 9] = [
    "enabled",
    "chat_mode",
    "allowlist_domains",
    "allow_model_override",
    "allow_temperature_override",
    "allow_prompt_override",
    "max_chats_per_day",
    "max_chats_per_session",
    "message_limit",
];

/// The settings that a body brings; whether there were any.
///
/// What makes no sense becomes the most careful value that clients expect there: a mode that is none is
/// `query`, a flag that is no boolean is off, a limit that is no positive number is none.
///
/// # Errors
/// [`Code::InvalidField`] for an allowlist that names something, but no origin: no list would let
/// everyone in.
pub fn apply(embed: &mut Embed, fields: &Fields) -> Result<bool, ApiError> {
    let mut any = false;
    let mut has = |name: &str| {
        let value = fields.get(name);
        any |= value.is_some();
        value
    };
    if let Some(value) = has("enabled") {
        embed.enabled = flag(value);
    }
    if let Some(value) = has("chat_mode") {
        embed.mode = if value == "chat" { ChatMode::Chat } else { ChatMode::Query };
    }
    if let Some(value) = has("allowlist_domains") {
        embed.allowlist = allowlist(value)?;
    }
    if let Some(value) = has("allow_model_override") {
        embed.allow_model = flag(value);
    }
    if let Some(value) = has("allow_temperature_override") {
        embed.allow_temperature = flag(value);
    }
    if let Some(value) = has("allow_prompt_override") {
        embed.allow_prompt = flag(value);
    }
    if let Some(value) = has("max_chats_per_day") {
        embed.max_chats_per_day = limit(value);
    }
    if let Some(value) = has("max_chats_per_session") {
        embed.max_chats_per_session = limit(value);
    }
    if let Some(value) = has("message_limit") {
        embed.message_limit = limit(value);
    }
    Ok(any)
}

fn flag(value: &Value) -> bool {
    value == &Value::Bool(true)
}

fn limit(value: &Value) -> Option<u64> {
    js::parse_int(value).and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0)
}

/// The origins of a list, of a text with commas, or of a list written as JSON into a text, which is what
/// this API itself answers.
fn allowlist(value: &Value) -> Result<Option<Vec<String>>, ApiError> {
    let invalid = || ApiError::field("allowlist_domains", "a list of origins such as `https://example.com`");
    let items: Vec<String> = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(invalid)?,
        Value::String(text) if text.len() > ORIGINS_BYTES_MAX => {
            let expected = format!("a text of at most {ORIGINS_BYTES_MAX} bytes");
            return Err(ApiError::field("allowlist_domains", &expected));
        }
        Value::String(text) => match serde_json::from_str::<Vec<String>>(text) {
            Ok(items) => items,
            Err(_) => text.split(',').map(str::to_owned).collect(),
        },
        _ => return Err(invalid()),
    };
    let items: Vec<&str> = items.iter().map(|item| item.trim()).filter(|item| !item.is_empty()).collect();
    if items.is_empty() {
        return Ok(None);
    }
    let mut origins: Vec<String> = Vec::new();
    for origin in items.iter().take(ORIGINS_MAX).filter_map(|item| origin::written(item)) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.is_empty() {
        let message = format!(
            "`allowlist_domains` names no origin such as `https://example.com`: {}",
            items.into_iter().take(5).collect::<Vec<_>>().join(", ")
        );
        return Err(ApiError::new(Code::InvalidField, message));
    }
    Ok(Some(origins))
}

/// The row. The allowlist is a list written as JSON into a text.
pub fn row(embed: &Embed, workspace_slug: &str) -> Value {
    json!({
        "id": embed.id,
        "uuid": embed.uuid,
        "enabled": embed.enabled,
        "chat_mode": embed.mode.name(),
        "allowlist_domains": embed.allowlist.as_ref().map(|origins| json!(origins).to_string()),
        "allow_model_override": embed.allow_model,
        "allow_temperature_override": embed.allow_temperature,
        "allow_prompt_override": embed.allow_prompt,
        "max_chats_per_day": embed.max_chats_per_day,
        "max_chats_per_session": embed.max_chats_per_session,
        "message_limit": embed.message_limit,
        "workspace_id": embed.workspace,
        "workspace_slug": workspace_slug,
        "createdBy": embed.created_by,
        "usersId": null,
        "createdAt": wire::iso(embed.created_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: Value) -> Option<Vec<String>> {
        allowlist(&value).unwrap()
    }

    #[test]
    fn an_allowlist_is_the_same_in_every_spelling() {
        let both = Some(vec!["https://a.test".to_owned(), "http://b.test:8080".to_owned()]);
        assert_eq!(list(json!("a.test, http://b.test:8080/shop")), both);
        assert_eq!(list(json!(["https://A.test/", "http://b.test:8080", "a.test"])), both);
        assert_eq!(list(json!("[\"https://a.test\",\"http://b.test:8080\"]")), both);
    }

    #[test]
    fn no_list_admits_all_and_a_broken_list_is_refused() {
        for none in [json!(null), json!(""), json!(" , "), json!([]), json!("[]")] {
            assert_eq!(list(none.clone()), None, "{none}");
        }
        for broken in [json!("*"), json!(["ftp://a.test"]), json!(["a.test", 1]), json!(true), json!({})] {
            assert_eq!(allowlist(&broken).unwrap_err().code, Code::InvalidField, "{broken}");
        }
        assert_eq!(list(json!("*, a.test")), Some(vec!["https://a.test".to_owned()]));
    }

    #[test]
    fn limits_are_positive_or_none() {
        assert_eq!(limit(&json!(5)), Some(5));
        assert_eq!(limit(&json!("12")), Some(12));
        for none in [json!(0), json!(-1), json!("many"), json!(null), json!(true)] {
            assert_eq!(limit(&none), None, "{none}");
        }
    }
}
