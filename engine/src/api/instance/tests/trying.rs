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

/// Where the key `the-stored-secret` was sent, of all requests.
fn watched(host: &mut TestHost) -> std::sync::Arc<std::sync::Mutex<Vec<String>>> {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = seen.clone();
    host.fault = Box::new(move |effect| {
        if let crate::seam::Effect::Http(request) = effect {
            let sent = request.headers.iter().any(|(_, value)| value.contains("the-stored-secret"));
            if sent {
                kept.lock().unwrap().push(request.url.clone());
            }
        }
        None
    });
    seen
}

/// An instance whose operator has set keys for a model, an embedder and further headers.
fn with_secrets() -> TestHost {
    TestHost::new(&[
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "m"),
        ("GENERIC_OPEN_AI_API_KEY", "the-stored-secret"),
        ("GENERIC_OPEN_AI_CUSTOM_HEADERS", "x-token:the-stored-secret-too"),
        ("GENERIC_OPEN_AI_EMBEDDING_API_KEY", "the-stored-secret"),
        ("LMSTUDIO_BASE_PATH", "http://studio/v1"),
        ("LMSTUDIO_AUTH_TOKEN", "the-stored-secret"),
        ("OLLAMA_AUTH_TOKEN", "the-stored-secret"),
        ("COHERE_API_KEY", "the-stored-secret"),
    ])
}

#[test]
fn a_stored_key_is_tried_at_its_own_address_and_at_no_other() {
    let other = "http://elsewhere/v1";
    for settings in [
        json!({ "GenericOpenAiBasePath": other }),
        json!({ "GenericOpenAiBasePath": "http://llm/elsewhere/v1" }),
        json!({ "GenericOpenAiBasePath": "http://llm:81/v1" }),
        json!({ "GenericOpenAiBasePath": "https://llm/v1" }),
        json!({ "GenericOpenAiBasePath": "http://llm@elsewhere/v1" }),
        json!({ "GenericOpenAiBasePath": other, "GenericOpenAiKey": "********************" }),
        json!({ "LLMProvider": "lmstudio", "LMStudioBasePath": other, "LMStudioModelPref": "m" }),
        json!({ "LLMProvider": "ollama", "OllamaLLMBasePath": "http://elsewhere", "OllamaLLMModelPref": "m" }),
        json!({ "EmbeddingBasePath": other }),
        json!({ "EmbeddingEngine": "lmstudio", "EmbeddingBasePath": other }),
        json!({ "EmbeddingEngine": "lmstudio" }),
        json!({ "EmbeddingEngine": "ollama" }),
    ] {
        for (path, body) in [
            ("/system/test-model", json!({ "kind": "llm", "settings": settings })),
            ("/system/test-model", json!({ "kind": "embedder", "settings": settings })),
            ("/system/find-models", json!({ "provider": "generic-openai", "settings": settings })),
            ("/system/find-models", json!({ "provider": "lmstudio", "settings": settings })),
            ("/system/find-models", json!({ "provider": "ollama", "settings": settings })),
            ("/system/find-models", json!({ "settings": settings })),
        ] {
            let mut host = with_secrets();
            let seen = watched(&mut host);
            let answer = host.call("POST", path, &body).ok();
            assert!(answer["warnings"][0].as_str().unwrap().contains("was not sent to"), "{answer}");
            let stored =
                ["http://llm/v1/", "http://studio/v1/", "http://embedder/v1/", "http://127.0.0.1:11434/"];
            for url in seen.lock().unwrap().iter() {
                assert!(stored.iter().any(|address| url.starts_with(address)), "{path} {body}: {url}");
            }
        }
    }
    // With a key of its own another address is tried, and the stored one at its own.
    for (settings, url) in [
        (json!({ "GenericOpenAiModelPref": "other" }), "http://llm/v1/chat/completions"),
        (json!({ "GenericOpenAiBasePath": "http://llm/v1" }), "http://llm/v1/chat/completions"),
    ] {
        let mut host = with_secrets();
        let seen = watched(&mut host);
        let answer =
            host.call("POST", "/system/test-model", &json!({ "kind": "llm", "settings": settings })).ok();
        assert_eq!((answer.get("warnings"), &seen.lock().unwrap()[..]), (None, &[url.to_owned()][..]));
    }
    let mut host = with_secrets();
    let seen = watched(&mut host);
    let settings = json!({ "GenericOpenAiBasePath": other, "GenericOpenAiKey": "brought" });
    host.call("POST", "/system/test-model", &json!({ "kind": "llm", "settings": settings })).ok();
    assert_eq!(*seen.lock().unwrap(), Vec::<String>::new());
    let sent = &host.fetched.as_ref().unwrap().headers;
    assert!(sent.contains(&("authorization".into(), "Bearer brought".into())), "{sent:?}");
}
