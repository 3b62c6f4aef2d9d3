//! `haversack.toml`.

use std::collections::BTreeMap;
use toml::{Table, Value};

/// Our own settings, without their prefix. A file may name them plainly; everywhere else they need the
/// prefix, for an environment may hold a `DATA` or `LOG` of somebody else's.
pub const OWN: [&str; 34] = [
    "ALLOW_PRIVATE_ADDRESSES",
    "API_KEY",
    "BACKFILL",
    "BODY_MEMORY_BYTES",
    "CHUNK_BY_STRUCTURE",
    "CHUNK_OVERLAP",
    "CHUNK_SIZE",
    "CONFIG",
    "DATA",
    "DEDUPLICATE",
    "EMBED_REQUESTS_PER_MINUTE",
    "ENV_FILE",
    "EVENT_LOG_LINES",
    "EXACT_CHUNKS",
    "EXTRACT_FILES",
    "EXTRACT_MEMORY_BYTES",
    "EXTRACT_TIMEOUT_SECONDS",
    "EXTRACT_WAIT_SECONDS",
    "INDEX_CACHE_MB",
    "LISTEN",
    "LOG",
    "MAX_BODY_BYTES",
    "MAX_DATABASE_BYTES",
    "MAX_EMBEDDING_BYTES",
    "MAX_MESSAGE_BYTES",
    "MAX_PROMPT_BYTES",
    "MAX_QUERY_BYTES",
    "MAX_REQUESTS",
    "MAX_STREAMS",
    "REQUEST_TIMEOUT_SECONDS",
    "RESERVE_BYTES",
    "SESSION_CHATS",
    "SESSION_DAYS",
    "TRUSTED_PROXIES",
];

/// The file as variables: names in upper case, tables joined with `_` (`[llm] provider` is `LLM_PROVIDER`).
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut variables = BTreeMap::new();
    flatten("", &table, &mut variables)?;
    Ok(variables)
}

fn flatten(prefix: &str, table: &Table, variables: &mut BTreeMap<String, String>) -> Result<(), String> {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.to_uppercase().replace('-', "_"));
        let text = match value {
            Value::Table(inner) => {
                flatten(&format!("{name}_"), inner, variables)?;
                continue;
            }
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            Value::Datetime(_) | Value::Array(_) => {
                return Err(format!("{key}: a text, a number or true/false is expected"));
            }
        };
        let name = if OWN.contains(&name.as_str()) { format!("HAVERSACK_{name}") } else { name };
        variables.insert(name, text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_variables() {
        let text = "listen = \"0.0.0.0:80\"\nmax-body-bytes = 5\n[llm]\nprovider = \"ollama\"\n[ollama]\nbase_path = 'x'";
        let variables: Vec<_> = parse(text).unwrap().into_iter().collect();
        let expected = [
            ("HAVERSACK_LISTEN", "0.0.0.0:80"),
            ("HAVERSACK_MAX_BODY_BYTES", "5"),
            ("LLM_PROVIDER", "ollama"),
            ("OLLAMA_BASE_PATH", "x"),
        ];
        assert_eq!(variables, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(parse("listen = [1]").unwrap_err().contains("listen"));
        assert!(parse("listen").is_err());
    }
}
