//! What is too long is refused before any work on it, in the words of each API.

use crate::testing::{TestHost, json_request};
use serde_json::{Value, json};

/// An instance with short limits, and a workspace `docs` that holds a document.
fn host() -> TestHost {
    let mut host = TestHost::new(&[
        ("HAVERSACK_MAX_MESSAGE_BYTES", "100"),
        ("HAVERSACK_MAX_QUERY_BYTES", "50"),
        ("HAVERSACK_MAX_PROMPT_BYTES", "60"),
        ("HAVERSACK_MAX_EMBEDDING_BYTES", "80"),
    ]);
    host.call("POST", "/v1/workspace/new", &json!({ "name": "Docs", "similarityThreshold": 0 })).ok();
    let path = host.raw_text("otters", "Otters swim in the river.");
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    host
}

fn text(bytes: usize) -> String {
    "x".repeat(bytes)
}

/// The answer to a call that is too long by a byte, after one that is not.
fn refused(host: &mut TestHost, path: &str, longest: usize, body: impl Fn(String) -> Value) -> Value {
    let well = host.call("POST", path, &body(text(longest)));
    assert_eq!(well.status, 200, "{path}: {}", String::from_utf8_lossy(&well.body));
    let embedded = host.embedded.len();
    let refused = host.call("POST", path, &body(text(longest + 1)));
    assert_eq!(refused.status, 413, "{path}");
    assert_eq!(host.embedded.len(), embedded, "{path}: nothing was worked on");
    refused.json()
}

#[test]
fn a_question_has_a_length() {
    let mut host = host();
    let expected = "The message has 101 bytes; at most 100 are allowed (HAVERSACK_MAX_MESSAGE_BYTES). \
                    Send less, or raise the limit.";
    for path in ["/v1/workspace/docs/chat", "/v1/workspace/docs/stream-chat"] {
        let error = refused(&mut host, path, 100, |text| json!({ "message": text, "mode": "chat" }));
        assert_eq!((&error["type"], &error["error"]), (&json!("abort"), &json!(expected)), "{path}");
    }
}

#[test]
fn the_messages_of_openais_api_have_a_length_together() {
    let mut host = host();
    let error = refused(&mut host, "/v1/chat/completions", 60, |text| {
        let said = |role: &str, text: &str| json!({ "role": role, "content": text });
        let messages =
            [said("system", &"s".repeat(20)), said("assistant", &"a".repeat(20)), said("user", &text)];
        json!({ "model": "docs", "messages": messages })
    });
    let error = &error["error"];
    assert_eq!((&error["param"], &error["code"]), (&json!("messages"), &json!("too_large")));
    assert!(error["message"].as_str().unwrap().contains("HAVERSACK_MAX_MESSAGE_BYTES"));
    let error = refused(&mut host, "/v1/embeddings", 40, |text| json!({ "input": ["y".repeat(40), text] }));
    assert_eq!(error["error"]["param"], "input");
    assert!(error["error"]["message"].as_str().unwrap().contains("HAVERSACK_MAX_EMBEDDING_BYTES"));
}

#[test]
fn visitors_of_a_website_get_the_same_answer() {
    let mut host = host();
    let settings = json!({ "workspace_slug": "docs", "chat_mode": "chat", "allow_prompt_override": true });
    let made = host.call("POST", "/v1/embed/new", &settings).ok();
    let path = format!("/embed/{}/stream-chat", made["embed"]["uuid"].as_str().unwrap());
    let ask = |text: String| json!({ "sessionId": "9f1de1a8-7ab5-4a5c-8b62-5b9c0f2f51a2", "message": text });
    let error = refused(&mut host, &path, 100, ask);
    assert_eq!(error["type"], "abort");
    assert!(error["error"].as_str().unwrap().contains("at most 100"));
    refused(&mut host, &path, 60, |text| {
        let mut body = ask("otters?".into());
        body["prompt"] = text.into();
        body
    });
}

#[test]
fn searches_and_texts_of_a_workspace_have_a_length() {
    let mut host = host();
    let error = refused(&mut host, "/v1/workspace/docs/vector-search", 50, |text| json!({ "query": text }));
    assert!(error["message"].as_str().unwrap().contains("HAVERSACK_MAX_QUERY_BYTES"));
    for field in ["openAiPrompt", "queryRefusalResponse"] {
        let error = refused(&mut host, "/v1/workspace/docs/update", 60, |text| json!({ field: text }));
        assert!(error["message"].as_str().unwrap().contains("HAVERSACK_MAX_PROMPT_BYTES"), "{field}");
    }
    let long = host.call("POST", "/v1/workspace/docs/update", &json!({ "chatModel": text(5000) }));
    assert_eq!((long.status, &long.json()["code"]), (400, &json!("invalid_field")));
}

#[test]
fn a_search_in_megabytes_is_refused_unread() {
    let mut host = host();
    let request =
        json_request("POST", "/v1/workspace/docs/vector-search", &json!({ "query": text(1 << 20) }));
    let mut running = host.start(request);
    let refused = host.finish(&mut running);
    assert_eq!((refused.status, running.breaths), (413, 0));
}

#[test]
fn a_body_of_too_many_values_is_refused() {
    let mut host = host();
    let fields: serde_json::Map<String, Value> = (0..600_000).map(|n| (format!("k{n}"), 1.into())).collect();
    let refused = host.call("POST", "/v1/workspace/docs/update", &Value::Object(fields));
    assert_eq!((refused.status, &refused.json()["code"]), (413, &json!("too_large")));
}
