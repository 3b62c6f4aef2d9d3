//! What the value of a setting must pass, with the words that clients know (reference §12.2).

use crate::embed::Embedder;
use crate::llm::table::PROVIDERS;

/// One condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Something.
    NotEmpty,
    /// A number.
    Number,
    /// A number above zero.
    Positive,
    /// An `http` or `https` address.
    Url,
    /// An address with `v1` in it.
    HasV1,
    /// No slash at the end.
    NoSlash,
    /// A key of this company, which begins so.
    KeyPrefix(&'static str, &'static str),
    /// A language model's provider.
    LlmProvider,
    /// An embedding engine.
    EmbeddingEngine,
    /// The store of vectors: there is one.
    VectorDb,
    /// How long Anthropic caches prompts.
    CacheControl,
}

/// Longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 4096;

/// The stores that AnythingLLM knows.
const VECTOR_DBS: [&str; 10] = [
    "chroma",
    "chromacloud",
    "pinecone",
    "lancedb",
    "weaviate",
    "qdrant",
    "milvus",
    "zilliz",
    "astra",
    "pgvector",
];

/// What is wrong with `value`, if anything is.
pub fn problem(checks: &[Check], value: &str) -> Option<String> {
    if value.len() > VALUE_BYTES_MAX {
        return Some(format!("Value cannot be longer than {VALUE_BYTES_MAX} bytes"));
    }
    if value.chars().any(char::is_control) {
        return Some("Value cannot hold line breaks or other control characters".to_owned());
    }
    checks.iter().find_map(|check| check.problem(value))
}

impl Check {
    fn problem(self, value: &str) -> Option<String> {
        let wrong = |wrong: bool, text: &str| wrong.then(|| text.to_owned());
        match self {
            Check::NotEmpty => wrong(value.trim().is_empty(), "Value cannot be empty"),
            Check::Number => wrong(number(value).is_none(), "Value must be a number"),
            Check::Positive => match number(value) {
                None => Some("Value must be a number".to_owned()),
                Some(number) => wrong(number <= 0.0, "Value must be greater than zero"),
            },
            Check::Url => wrong(!is_url(value), "URL is not a valid URL."),
            Check::HasV1 => wrong(!value.contains("v1"), "URL must include /v1"),
            Check::NoSlash => wrong(value.ends_with('/'), "URL cannot end with a slash"),
            Check::KeyPrefix(name, prefix) => {
                wrong(!value.starts_with(prefix), &format!("{name} Key must start with {prefix}"))
            }
            Check::LlmProvider => {
                let known = value == "host" || PROVIDERS.iter().any(|provider| provider.id == value);
                wrong(!known, &format!("{value} is not a valid LLM provider."))
            }
            Check::EmbeddingEngine => {
                let engines: Vec<&str> = Embedder::engines().collect();
                let text = format!("Invalid Embedding model type. Must be one of {}.", engines.join(", "));
                wrong(!engines.contains(&value), &text)
            }
            Check::VectorDb if VECTOR_DBS.contains(&value) => {
                let text = format!(
                    "{value} is not used here: vectors are kept in this server's own store, as lancedb."
                );
                wrong(value != "lancedb", &text)
            }
            Check::VectorDb => {
                Some(format!("Invalid VectorDB type. Must be one of {}.", VECTOR_DBS.join(", ")))
            }
            Check::CacheControl => wrong(
                !matches!(value, "5m" | "1h" | "none"),
                "Invalid cache control. Must be one of: 5m, 1h.",
            ),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// An address that a host can call: a scheme, a host, no white space.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let named = host.starts_with('[') || name.bytes().any(|b| b.is_ascii_alphanumeric());
    named && !text.contains(|c: char| c.is_whitespace() || matches!(c, '\\' | '"' | '<' | '>' | '`'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_that_clients_know() {
        for (check, value, text) in [
            (Check::NotEmpty, " ", "Value cannot be empty"),
            (Check::Positive, "many", "Value must be a number"),
            (Check::Positive, "0", "Value must be greater than zero"),
            (Check::Url, "localhost:1234", "URL is not a valid URL."),
            (Check::HasV1, "http://localhost:1234", "URL must include /v1"),
            (Check::NoSlash, "http://localhost/", "URL cannot end with a slash"),
            (Check::KeyPrefix("OpenAI", "sk-"), "nope", "OpenAI Key must start with sk-"),
            (Check::LlmProvider, "nope", "nope is not a valid LLM provider."),
            (Check::CacheControl, "1d", "Invalid cache control. Must be one of: 5m, 1h."),
        ] {
            assert_eq!(problem(&[check], value).as_deref(), Some(text));
        }
        assert_eq!(problem(&[Check::NotEmpty, Check::Url, Check::NoSlash], "http://10.0.0.5:11434"), None);
    }

    #[test]
    fn addresses_are_of_servers() {
        for good in ["http://a", "https://a.b:1/v1", "http://[::1]:9", "http://user:pass@host/x"] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "",
            "http://",
            "http:///x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://a b",
            "http://@",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn values_are_bounded_and_hold_no_line_breaks() {
        for bad in ["a\nLD_PRELOAD=/tmp/x.so", "a\r", "a\0b", "\u{1b}[2J"] {
            assert!(problem(&[], bad).is_some_and(|text| text.contains("control characters")));
        }
        assert!(problem(&[], &"a".repeat(VALUE_BYTES_MAX)).is_none());
        assert!(problem(&[], &"a".repeat(VALUE_BYTES_MAX + 1)).is_some());
    }
}
