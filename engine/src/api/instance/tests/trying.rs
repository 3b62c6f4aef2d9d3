//! Trying models, finding them, and how much is stored.

use super::*;

const JSON: &str = "application/json";

fn settings() -> Value {
    json!({
        "LLMProvider": "generic-openai",
        "GenericOpenAiBasePath": "http://llm/v1",
        "GenericOpenAiModelPref": "m",
    })
}

#[test]
fn a_model_is_tried_and_nothing_is_changed() {
    let mut host = TestHost::new(&[]);
    let reply = r#"{"choices":[{"message":{"content":"Hello there."},"finish_reason":"stop"}]}"#;
    host.pages.insert("http://llm/v1/chat/completions".into(), (200, JSON.into(), reply.into()));
    let mut ask = |body: &Value| host.call("POST", "/system/test-model", body).ok();
    let good = ask(&json!({ "kind": "llm", "settings": settings() }));
    assert_eq!(
        (&good["ok"], &good["reply"], &good["model"]),
        (&json!(true), &json!("Hello there."), &json!("m"))
    );
    let mut elsewhere = settings();
    elsewhere["GenericOpenAiBasePath"] = "http://nobody/v1".into();
    let bad = ask(&json!({ "kind": "llm", "settings": elsewhere }));
    assert_eq!(bad["ok"], false);
    assert!(!bad["error"].as_str().unwrap().is_empty());
    let none = ask(&json!({ "kind": "llm" }));
    assert_eq!(none["error"], "No language model is chosen. Choose a provider first.");
    let vector = ask(&json!({ "kind": "embedder" }));
    assert!(vector["ok"] == true && vector["dimensions"].as_u64().unwrap() > 0, "{vector}");
    assert_eq!(host.call("POST", "/system/test-model", &json!({ "kind": "x" })).status, 400);
    assert_eq!(shown(&mut host)["LLMProvider"], Value::Null);
}

#[test]
fn models_are_listed_and_servers_that_are_not_there_are_no_error() {
    let mut host = TestHost::new(&[]);
    let tags = r#"{"models":[{"name":"qwen3:4b"},{"name":"llama3.2:latest"}]}"#;
    host.pages.insert("http://127.0.0.1:11434/api/tags".into(), (200, JSON.into(), tags.into()));
    let found = host.call("POST", "/system/find-models", &json!({})).ok();
    let expected = json!([{
        "provider": "ollama",
        "name": "Ollama",
        "base": "http://127.0.0.1:11434",
        "models": ["llama3.2:latest", "qwen3:4b"],
        "error": null,
    }]);
    assert_eq!(found["servers"], expected);
    let named = host.call("POST", "/system/find-models", &json!({ "provider": "lmstudio" })).ok();
    assert!(named["servers"][0]["error"].is_string(), "{named}");
}

#[test]
fn storage_counts_what_is_there() {
    let mut host = embedded();
    let stored = host.call("GET", "/system/storage", &Value::Null).ok();
    assert_eq!(
        (&stored["documents"], &stored["chunks"], &stored["chats"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!(
        (&stored["workspaces"][0]["slug"], &stored["workspaces"][0]["documents"]),
        (&json!("docs"), &json!(1))
    );
}
