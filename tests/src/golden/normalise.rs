//! Removes what varies between two runs of the same server.
//!
//! The list is that of `golden/README.md`, "Values that vary between runs". Numbers with a tolerance
//! are left to [`super::compare`].

use crate::mock::Asked;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// Keys whose number is a time or a speed.
const CLOCK_KEYS: [&str; 9] = [
    "duration",
    "outputTps",
    "sentAt",
    "created",
    "createdAt",
    "lastUpdatedAt",
    "timestamp",
    "occurredAt",
    "expiresAt",
];

/// Listings sorted by file names that hold a random id: compared as sets.
const SET_KEYS: [&str; 2] = ["items", "documents"];

/// At most so many inputs of an embedding request were recorded whole.
const INPUTS_MAX: usize = 60;

/// Replaces varying values in an answer or a prompt. `names` are captured values and the names they
/// get instead, longest first.
pub fn normalise(value: &Value, names: &[(String, String)]) -> Value {
    walk(value, "", names)
}

/// What the mock was asked, in the recording's shape; empty lists are left out.
pub fn mock_log(asked: &[Asked]) -> Map<String, Value> {
    let (mut chat, mut embeddings) = (Vec::new(), Vec::new());
    for request in asked {
        match request {
            Asked::Chat(body) => chat.push(with_tool_names(body)),
            Asked::Embeddings(body) => embeddings.push(with_few_inputs(body)),
        }
    }
    let lists = [("chat", chat), ("embeddings", embeddings)];
    lists.into_iter().filter(|(_, l)| !l.is_empty()).map(|(k, l)| (k.into(), l.into())).collect()
}

fn with_tool_names(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(tools) = body.get_mut("tools").and_then(Value::as_array_mut) {
        for tool in tools {
            *tool = tool["function"]["name"].clone();
        }
    }
    body
}

fn with_few_inputs(body: &Value) -> Value {
    let inputs = match &body["input"] {
        Value::Array(inputs) => inputs.clone(),
        one => vec![one.clone()],
    };
    let count = inputs.len();
    let input = if count > INPUTS_MAX {
        [&inputs[..3], &["...".into()], &inputs[count - 3..]].concat()
    } else {
        inputs
    };
    json!({"model": body["model"], "count": count, "input": input})
}

fn walk(value: &Value, key: &str, names: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => match json_inside(text) {
            Some(inner) => json!({"<json>": walk(&inner, key, names)}),
            None => text_of(text, names).into(),
        },
        // `null`: e.g. the speed of an answer that took no time.
        Value::Number(_) | Value::Null if CLOCK_KEYS.contains(&key) => "<number>".into(),
        Value::Array(items) if key == "embedding" => format!("<{} floats>", items.len()).into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| walk(item, key, names)).collect();
            if SET_KEYS.contains(&key) {
                items.sort_by_key(|item| {
                    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
                    (text("title"), text("name"), text("docpath"), canonical(item))
                });
            }
            Value::Array(items)
        }
        Value::Object(fields) => {
            fields.iter().map(|(k, v)| (k.clone(), walk(v, k, names))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The object inside a string field such as a document row's `metadata`.
fn json_inside(text: &str) -> Option<Value> {
    if text.starts_with("{\"") && text.ends_with('}') { serde_json::from_str(text).ok() } else { None }
}

/// The value as text with its keys in order, so that additive keys do not shuffle sets more than they
/// must.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(k, v)| format!("{k}:{}", canonical(v))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

fn text_of(text: &str, names: &[(String, String)]) -> String {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        const DATE: &str = "(?:[A-Z][a-z]+day, )?[A-Z][a-z]+ [0-9]{1,2}, [0-9]{4}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})? [AP]M)?";
        let patterns = [
            ("(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
            (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z?", "<iso>"),
            ("[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}, [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M", "<date>"),
            (
                r"[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT[+-][0-9]{4}(?: \([^)]*\))?",
                "<date>",
            ),
            ("[0-9A-Z]{7}-[0-9A-Z]{7}-[0-9A-Z]{7}-[0-9A-Z]{7}", "<code>"),
            (DATE, "<DATETIME>"),
            (r"\b[0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M", "<time>"),
            (r"-[0-9]{8}\b", "-<seed>"),
            // Their folder for uploads, which leaks into addresses (reference §15.5).
            ("file://<ROOT>/collector/hotdir/", "file://"),
            // Prompts are compared in full: their fingerprint would only repeat each difference.
            ("MOCK [0-9a-f]{12}", "MOCK <prompt>"),
            // The same as a word of a stream.
            ("^[0-9a-f]{12} $", "<prompt> "),
        ];
        #[expect(clippy::expect_used, reason = "constant patterns")]
        patterns.map(|(p, name)| (Regex::new(p).expect("the pattern is valid"), name)).into()
    });
    let mut text = text.to_owned();
    for (value, name) in names {
        text = text.replace(value.as_str(), name);
    }
    for (pattern, name) in PATTERNS.iter() {
        text = pattern.replace_all(&text, *name).into_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_times_and_captured_values_go_and_the_rest_stays() {
        let names = [("custom-documents/raw-otter.json".to_owned(), "{{otter}}".to_owned())];
        let before = json!({
            "id": "11f22423-4d59-4b2f-926d-27f76e02e04e",
            "at": "custom-documents/raw-otter.json",
            "published": "11/21/2026, 8:06:35 AM",
            "duration": 0.01,
            "outputTps": null,
            "slug": "name-12345678",
            "metadata": "{\"createdAt\":5,\"b\":1}",
            "text": "MOCK a567faa1b944 n=2 echo: hi",
        });
        assert_eq!(
            normalise(&before, &names),
            json!({
                "id": "<uuid>", "at": "{{otter}}", "published": "<date>", "duration": "<number>",
                "outputTps": "<number>", "slug": "name-<seed>",
                "metadata": {"<json>": {"createdAt": "<number>", "b": 1}},
                "text": "MOCK <prompt> n=2 echo: hi",
            })
        );
    }

    #[test]
    fn listings_are_sets_and_histories_are_not() {
        let of = |value: Value| normalise(&value, &[]);
        assert_eq!(of(json!({"items": [2, 1]})), of(json!({"items": [1, 2]})));
        assert_ne!(of(json!({"history": [2, 1]})), of(json!({"history": [1, 2]})));
    }
}
