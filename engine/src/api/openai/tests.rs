//! What OpenAI's clients see, and what they may not see.

use crate::api::auth::hash;
use crate::model::{ApiKey, Scope};
use crate::store::key;
use crate::testing::{Replied, START, TestHost, json_request, upload_request};
use serde_json::{Value, json};

/// An instance whose answers are quoted from one document, in the workspace `otters`.
fn host() -> TestHost {
    let mut host = TestHost::new(&[]);
    for name in ["Otters", "Empty"] {
        host.call("POST", "/v1/workspace/new", &json!({ "name": name, "similarityThreshold": 0 })).ok();
    }
    let text = "Otters eat fish. They live along the river.";
    let document = json!({ "textContent": text, "metadata": { "title": "o" }, "addToWorkspaces": "otters" });
    host.call("POST", "/v1/document/raw-text", &document).ok();
    host
}

fn question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "What do otters eat?" }] })
}

fn events(reply: &Replied) -> Vec<Value> {
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| data.into())).collect()
}

#[test]
fn both_mounts_answer_with_sources() {
    let mut host = host();
    for mount in ["/v1/openai", "/v1"] {
        let models = host.call("GET", &format!("{mount}/models"), &json!({})).ok();
        assert_eq!((&models["data"][0]["id"], &models["data"][1]["id"]), (&json!("otters"), &json!("empty")));
        let model = host.call("GET", &format!("{mount}/models/otters"), &json!({})).ok();
        assert_eq!(model, models["data"][0]);
        let vectors = host.call("POST", &format!("{mount}/embeddings"), &json!({ "input": "otters" })).ok();
        assert_eq!(vectors["data"][0]["embedding"].as_array().unwrap().len(), 384);
        let answer = host.call("POST", &format!("{mount}/chat/completions"), &question("otters")).ok();
        assert_eq!((&answer["object"], &answer["model"]), (&json!("chat.completion"), &json!("otters")));
        let message = &answer["choices"][0]["message"];
        assert!(message["content"].as_str().unwrap().contains("Otters eat fish."), "{message}");
        assert_eq!(answer["sources"][0]["title"], "o.txt");
        assert!(answer["usage"]["total_tokens"].as_u64().unwrap() > 0);
    }
}

#[test]
fn a_stream_names_the_role_once_and_ends_with_sources_usage_and_done() {
    let mut host = host();
    let mut body = question("otters");
    body["stream"] = true.into();
    body["stream_options"] = json!({ "include_usage": true });
    let reply = host.call("POST", "/v1/chat/completions", &body);
    let [chunks @ .., last, usage, done] = &events(&reply)[..] else { panic!("too short") };
    assert!(chunks.len() > 1 && chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
    let roles: Vec<bool> =
        chunks.iter().map(|chunk| chunk["choices"][0]["delta"].get("role").is_some()).collect();
    assert!(roles[0] && !roles[1..].contains(&true));
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!((&last["sources"][0]["title"], &last["usage"]), (&json!("o.txt"), &Value::Null));
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].is_u64());
    assert_eq!(done, "[DONE]");
}

#[test]
fn a_refusal_is_an_answer() {
    let mut host = host();
    host.call(
        "POST",
        "/v1/workspace/empty/update",
        &json!({ "chatMode": "query", "queryRefusalResponse": "No." }),
    )
    .ok();
    let answer = host.call("POST", "/v1/chat/completions", &question("empty")).ok();
    assert_eq!(answer["choices"][0]["message"]["content"], "No.");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let mut streamed = question("empty");
    streamed["stream"] = true.into();
    let events = events(&host.call("POST", "/v1/chat/completions", &streamed));
    assert_eq!(events[0]["choices"][0]["delta"], json!({ "content": "No.", "role": "assistant" }));
    assert_eq!(events[2], "[DONE]");
}

#[test]
fn every_error_has_openais_shape_and_says_which_field() {
    let mut host = host();
    let mut refused = |changed: Value, status: u16, param: Value| {
        let mut body = question("otters");
        body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let reply = host.call("POST", "/v1/chat/completions", &body);
        let error = reply.json()["error"].clone();
        assert_eq!((reply.status, &error["param"]), (status, &param), "{changed}: {error}");
        assert!(error["message"].is_string() && error["type"].is_string() && error["code"].is_string());
    };
    refused(json!({ "model": "nope" }), 404, json!("model"));
    refused(json!({ "model": null }), 400, json!("model"));
    refused(json!({ "messages": [] }), 400, json!("messages"));
    refused(json!({ "stream": "yes" }), 400, json!("stream"));
    refused(json!({ "temperature": 3 }), 400, json!("temperature"));
    refused(json!({ "user": "x".repeat(257) }), 400, json!("user"));
    for (method, path, status) in [("GET", "/v1/chat/completions", 405), ("GET", "/v1/openai/nope", 404)] {
        let reply = host.call(method, path, &json!({}));
        assert_eq!((reply.status, &reply.json()["error"]["param"]), (status, &Value::Null), "{path}");
    }
}

#[test]
fn nobody_draws_but_what_is_asked_is_looked_at() {
    let mut host = host();
    for (body, status, param) in
        [(json!({}), 400, json!("prompt")), (json!({ "prompt": "an otter" }), 501, Value::Null)]
    {
        let reply = host.call("POST", "/v1/images/generations", &body);
        assert_eq!((reply.status, &reply.json()["error"]["param"]), (status, &param));
    }
    let mut running =
        host.start(upload_request("/v1/openai/images/generations", "a.png", b"", &[("prompt", "an otter")]));
    assert_eq!(host.finish(&mut running).status, 501);
}

#[test]
fn a_key_sees_its_own_workspaces_only() {
    let mut host = host();
    let key = ApiKey {
        id: 9,
        name: None,
        hint: "cret".into(),
        created_at: START,
        created_by: None,
        created_with: None,
        scopes: Some([Scope::Read].into()),
        workspaces: Some([2].into()),
        expires_at: None,
    };
    host.record(key::api_key(&hash("secret")), &key);
    let mut call = |method: &str, path: &str| {
        let reply = host.call_with("secret", json_request(method, path, &question("otters")));
        (reply.status, reply.json())
    };
    for path in ["/v1/models", "/v1/vector_stores"] {
        let (status, list) = call("GET", path);
        let ids: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
        assert_eq!((status, ids), (200, vec![&json!("empty")]));
    }
    assert_eq!(call("GET", "/v1/models/otters").0, 404);
    let (status, body) = call("POST", "/v1/chat/completions");
    assert_eq!((status, &body["error"]["type"]), (403, &json!("permission_error")));
    let nobody = host.call_with("wrong", json_request("GET", "/v1/models", &json!({})));
    assert_eq!((nobody.status, &nobody.json()["error"]["code"]), (403, &json!("invalid_api_key")));
}

#[test]
fn conversations_are_kept_apart_by_user_and_header() {
    let mut host = host();
    let mut body = question("otters");
    body["user"] = "ann".into();
    host.call("POST", "/v1/chat/completions", &body).ok();
    let mut request = json_request("POST", "/v1/chat/completions", &body);
    request.headers.push(("x-session-id".into(), "tab".into()));
    let mut running = host.start(request);
    host.finish(&mut running).ok();
    for (query, turns) in [("?apiSessionId=ann", 1), ("?apiSessionId=tab", 1), ("", 0)] {
        let history = host.call("GET", &format!("/v1/workspace/otters/chats{query}"), &json!({})).ok();
        assert_eq!(history["history"].as_array().unwrap().len(), turns * 2, "{query}");
    }
}

#[test]
fn vector_stores_come_in_pages() {
    let mut host = host();
    let mut page = |query: &str| {
        let list = host.call("GET", &format!("/v1/vector_stores{query}"), &json!({})).ok();
        let ids: Vec<String> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect();
        (ids.join(" "), list["has_more"].as_bool().unwrap())
    };
    for (query, ids, has_more) in [
        ("", "otters empty", false),
        ("?limit=1", "otters", true),
        ("?limit=1&after=otters", "empty", false),
        ("?order=desc", "empty otters", false),
        ("?before=empty", "otters", false),
        ("?after=nope", "", false),
        ("?after=empty&before=otters", "", false),
    ] {
        assert_eq!(page(query), (ids.to_owned(), has_more), "{query}");
    }
    for query in ["?limit=0", "?limit=101", "?limit=x", "?order=up"] {
        assert_eq!(host.call("GET", &format!("/v1/vector_stores{query}"), &json!({})).status, 400, "{query}");
    }
}
