//! The component's settings, from Spin's variables.
//!
//! A component must declare every variable it reads, so there are few: `haversack_env` holds any number of
//! lines `NAME=value`, with the names that a native server takes from its environment; the ones that most
//! people set have a variable each, which wins.

use spin_sdk::variables;
use std::collections::BTreeMap;

/// Variables of their own: Spin's spelling is the name in lower case.
const OWN: [&str; 14] = [
    "HAVERSACK_API_KEY",
    "HAVERSACK_ALLOW_PRIVATE_ADDRESSES",
    "HAVERSACK_STORE",
    "HAVERSACK_POSTGRES",
    "LLM_PROVIDER",
    "OPEN_AI_KEY",
    "OPEN_MODEL_PREF",
    "OLLAMA_BASE_PATH",
    "OLLAMA_MODEL_PREF",
    "GENERIC_OPEN_AI_BASE_PATH",
    "GENERIC_OPEN_AI_MODEL_PREF",
    "GENERIC_OPEN_AI_API_KEY",
    "EMBEDDING_ENGINE",
    "EMBEDDING_MODEL_PREF",
];

/// Every setting by the name it has in an environment.
pub async fn read() -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    // An undeclared variable is an error like any other here: it is not set.
    if let Ok(text) = variables::get("haversack_env").await {
        settings.extend(lines(&text));
    }
    for name in OWN {
        if let Ok(value) = variables::get(name.to_ascii_lowercase()).await
            && !value.is_empty()
        {
            settings.insert(name.to_owned(), value);
        }
    }
    // The engine knows its own settings without the prefix.
    let own: Vec<_> = settings
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("HAVERSACK_")?.to_owned(), value.clone())))
        .collect();
    settings.extend(own);
    settings
}

/// `NAME=value` lines; empty ones and those that begin with `#` say nothing, quotes around a value go.
fn lines(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let value = value.trim();
        let unquoted =
            ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
        Some((name.trim().to_owned(), unquoted.unwrap_or(value).to_owned()))
    })
}

/// A number of bytes, from 1; one that makes no sense is told in the log, and is none.
pub fn bytes(settings: &BTreeMap<String, String>, name: &str) -> Option<u64> {
    let text = settings.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())?;
    let bytes = text.parse().ok().filter(|bytes| *bytes > 0);
    if bytes.is_none() {
        crate::log::warn(&format!("{name}={text} is no number of bytes from 1: the default stands"));
    }
    bytes
}

/// Whether a flag is set.
pub fn flag(settings: &BTreeMap<String, String>, name: &str) -> bool {
    let value = settings.get(name).map(|value| value.to_ascii_lowercase());
    value.is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false" | "no" | "off"))
}
