//! What settings must not do: see the list of what has gone wrong in servers like ours.

use super::*;
use crate::testing::json_request;

/// Looks like a key, so that a search for it finds every leak.
const SECRET: &str = "sk-proj-5up3rs3cr3t";

#[test]
fn cve_2024_3104_no_variable_can_be_named_and_no_value_breaks_out() {
    let mut host = TestHost::new(&[]);
    for name in
        ["LD_PRELOAD", "NODE_OPTIONS", "PATH", "HAVERSACK_API_KEY", "HAVERSACK_CHUNK_SIZE", "LLM_PROVIDER"]
    {
        let done = update(&mut host, &json!({ name: "/tmp/x.so" }));
        assert_eq!(done["newValues"], json!({}), "{name}");
    }
    assert!(!host.store.contains_key(&crate::store::key::instance()));
    for value in ["m\nLD_PRELOAD=/tmp/x.so", "m\r\nX=1", "m\0", "m\u{85}X=1", "m\u{1b}[2J"] {
        let done = update(&mut host, &json!({ "GenericOpenAiModelPref": value }));
        assert_eq!(done["newValues"], json!({}), "{value:?}");
        assert!(done["error"].as_str().unwrap().contains("control characters"));
    }
    // What a shell or a file of variables would trip over is only text here: nothing writes either.
    let quoted = "a\"b'c`d$(e)#f;g";
    update(&mut host, &json!({ "GenericOpenAiModelPref": quoted }));
    assert_eq!(host.value("set/instance")["env"], json!({ "GENERIC_OPEN_AI_MODEL_PREF": quoted }));
}

#[test]
fn cve_2024_3110_an_address_is_an_address() {
    let mut host = TestHost::new(&[]);
    for value in
        ["javascript:alert(1)", "file:///etc/passwd", "gopher://x", "http://", "//host", "http://a\\@b"]
    {
        let done = update(&mut host, &json!({ "GenericOpenAiBasePath": value }));
        assert_eq!(done["error"], "URL is not a valid URL.", "{value}");
    }
}

#[test]
fn cve_2024_6842_no_answer_holds_a_secret() {
    let mut host = TestHost::new(&[("OPENROUTER_API_KEY", SECRET)]);
    let base = format!("http://ann:{SECRET}@llm/v1");
    let body = json!({ "OpenAiKey": SECRET, "GroqApiKey": SECRET, "GenericOpenAiBasePath": base });
    let done = host.call("POST", "/v1/system/update-env", &body);
    let mut answers = vec![text(&done)];
    let expected = json!({ "OpenAiKey": "******", "GroqApiKey": "******", "GenericOpenAiBasePath": "http://******@llm/v1" });
    assert_eq!(done.ok()["newValues"], expected);
    let paths = [
        "/v1/system",
        "/setup-complete",
        "/v1/system/env-dump",
        "/env-dump",
        "/utils/metrics",
        "/onboarding",
    ];
    let exports =
        ["json", "csv", "jsonl", "jsonAlpaca"].map(|kind| format!("/v1/system/export-chats?type={kind}"));
    let logs = "/v1/system/event-logs".to_owned();
    for path in paths.map(str::to_owned).into_iter().chain(exports).chain([logs]) {
        answers.push(text(&host.call("GET", &path, &Value::Null)));
    }
    answers.push(text(&host.call("POST", "/system/event-logs", &Value::Null)));
    assert!(answers.iter().all(|answer| !answer.contains(SECRET)), "{answers:#?}");
    let settings = shown(&mut host);
    let set = |key: &str| settings[key].clone();
    assert_eq!(
        [set("OpenAiKey"), set("OpenRouterApiKey"), set("MistralApiKey")],
        [json!(true), json!(true), json!(false)]
    );
    // What the answer showed can be sent back, and changes nothing.
    update(&mut host, &expected);
    assert_eq!(host.value("set/instance")["env"]["OPEN_AI_KEY"], SECRET);
    assert_eq!(host.value("set/instance")["env"]["GENERIC_OPEN_AI_BASE_PATH"], base);
}

#[test]
fn what_needs_no_key_says_nothing_of_the_instance() {
    let mut host = embedded();
    for (path, answer) in [("/ping", r#"{"online":true}"#), ("/migrate", "OK")] {
        let replied = host.call_with("", json_request("GET", path, &Value::Null));
        assert_eq!((replied.status, text(&replied).as_str()), (200, answer));
    }
}

#[test]
fn no_answer_says_where_on_the_disk_anything_is() {
    let mut host = TestHost::new(&[("STORAGE_DIR", "/srv/haversack"), ("HAVERSACK_DATA", "/srv/haversack")]);
    for path in ["/v1/system", "/setup-complete", "/utils/metrics", "/v1/system/env-dump"] {
        assert!(!text(&host.call("GET", path, &Value::Null)).contains("/srv"), "{path}");
    }
}

#[test]
fn cve_2026_32715_settings_exports_and_the_log_are_for_admins() {
    let mut host = TestHost::new(&[]);
    let reader =
        |scopes: Value| json!({ "id": 1, "name": null, "hint": "cret", "created_at": 0, "scopes": scopes });
    let secret = crate::store::key::api_key(&crate::api::key_hash("secret"));
    host.record(secret, &reader(json!(["read", "chat", "write"])));
    for (method, path) in [
        ("GET", "/v1/system"),
        ("GET", "/setup-complete"),
        ("GET", "/v1/system/env-dump"),
        ("GET", "/env-dump"),
        ("POST", "/v1/system/update-env"),
        ("GET", "/v1/system/export-chats"),
        ("GET", "/v1/system/event-logs"),
        ("POST", "/system/event-logs"),
    ] {
        for key in ["secret", ""] {
            let status = host.call_with(key, json_request(method, path, &json!({}))).status;
            assert_eq!(status, 403, "{method} {path} with the key {key:?}");
        }
    }
}

#[test]
fn settings_that_would_end_authentication_cannot_be_set() {
    let mut host = TestHost::new(&[]);
    for name in ["AuthToken", "JWTSecret"] {
        assert_eq!(update(&mut host, &json!({ name: "x" }))["error"], "Cannot set this setting.");
    }
}

#[test]
fn cve_2024_0765_the_log_cannot_be_emptied() {
    let mut host = TestHost::new(&[]);
    host.workspace("Docs");
    for path in ["/system/event-logs", "/v1/system/event-logs"] {
        assert_eq!(host.call("DELETE", path, &json!({})).status, 405);
    }
    assert_eq!(host.keys("event/").len(), 1);
}

#[test]
fn settings_are_bounded() {
    let mut host = TestHost::new(&[]);
    let long = "a".repeat(4096);
    let keys: Vec<String> = super::super::settings_table::SETTINGS
        .iter()
        .filter(|s| s.checks.is_empty())
        .map(|s| s.key.to_owned())
        .collect();
    let body: serde_json::Map<String, Value> =
        keys.into_iter().map(|key| (key, long.clone().into())).collect();
    let done = update(&mut host, &Value::Object(body));
    assert_eq!(done["error"], "The settings are too long together.");
    let strangers: serde_json::Map<String, Value> =
        (0..1000).map(|n| (format!("K{n}"), json!("x"))).collect();
    let done = update(&mut host, &Value::Object(strangers));
    assert_eq!(done["warnings"].as_array().unwrap().len(), 20);
}
