//! Clients that go before the answer: the model's request goes with them, and nothing is half saved.

use crate::seam::{ApiRequest, Effect};
use crate::testing::{Running, TestHost, json_request};
use serde_json::{Value, json};
use std::cell::Cell;

const MODEL: &str = "http://llm/v1/chat/completions";
const SESSION: &str = "0b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10";
const SECRET: &str = "0123456-789ABCD";

/// A host with a model, and a workspace `docs` with a document and a thread, an embed and a key.
fn host(streamed: bool) -> (TestHost, String) {
    let vars = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "m"),
    ];
    let mut host = TestHost::new(&vars);
    host.workspace("Docs");
    let path = host.raw_text("otters", "Otters swim in the river.");
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    host.call("POST", "/v1/workspace/docs/thread/new", &json!({ "slug": "t" })).ok();
    let made =
        host.call("POST", "/v1/embed/new", &json!({ "workspace_slug": "docs", "chat_mode": "chat" })).ok();
    let embed = made["embed"]["uuid"].as_str().unwrap().to_owned();
    host.call("POST", "/system/generate-api-key", &json!({ "secret": SECRET })).ok();
    let reply = match streamed {
        true => (200, "text/event-stream".to_owned(), SPOKEN.into()),
        false => (200, "application/json".to_owned(), WHOLE.into()),
    };
    host.pages.insert(MODEL.to_owned(), reply);
    (host, embed)
}

const WHOLE: &str = r#"{"choices":[{"message":{"content":"They swim well."},"finish_reason":"stop"}]}"#;
const SPOKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"They swim \"}}]}\n\n\
                      data: {\"choices\":[{\"delta\":{\"content\":\"well.\"},\"finish_reason\":\"stop\"}]}\n\n\
                      data: [DONE]\n\n";

/// Every way to ask: its path, its body, and whether the model is asked to stream.
fn ways(embed: &str) -> Vec<(String, Value, bool)> {
    let chat = json!({ "message": "Do otters swim in the river?", "mode": "chat" });
    let attached = json!({
        "message": "Do otters swim?", "mode": "chat",
        "attachments": [{ "name": "a.txt", "mime": "application/anythingllm-document", "contentString": "aGk=" }],
    });
    let completion = |stream: bool| json!({ "model": "docs", "stream": stream, "messages": [{ "role": "user", "content": "Do otters swim?" }] });
    let visit = json!({ "sessionId": SESSION, "message": "Do otters swim?" });
    vec![
        ("/v1/workspace/docs/chat".to_owned(), chat.clone(), false),
        ("/v1/workspace/docs/stream-chat".to_owned(), chat.clone(), true),
        ("/v1/workspace/docs/stream-chat".to_owned(), attached, true),
        ("/v1/workspace/docs/thread/t/chat".to_owned(), chat.clone(), false),
        ("/v1/workspace/docs/thread/t/stream-chat".to_owned(), chat, true),
        ("/v1/openai/chat/completions".to_owned(), completion(false), false),
        ("/v1/openai/chat/completions".to_owned(), completion(true), true),
        (format!("/embed/{embed}/stream-chat"), visit, true),
    ]
}

fn ask(path: &str, body: &Value) -> ApiRequest {
    let mut request = json_request("POST", path, body);
    request.headers.push(("authorization".into(), format!("Bearer {SECRET}")));
    request
}

/// Lets a call go on until `count` effects were performed. False if it ended before.
fn perform(host: &mut TestHost, running: &mut Running, count: usize) -> bool {
    let seen = Cell::new(0);
    host.run_until(running, |_| {
        seen.set(seen.get() + 1);
        seen.get() > count
    })
}

fn is_model(effect: &Effect) -> bool {
    matches!(effect, Effect::Http(request) if request.url == MODEL)
}

/// What was saved: the answers of all turns.
fn answers(host: &TestHost) -> Vec<String> {
    let keys = host.keys("chat/").into_iter().chain(host.keys("embed.chat/"));
    keys.filter_map(|key| host.value(&key)["text"].as_str().map(str::to_owned)).collect()
}

#[test]
fn whoever_leaves_at_any_moment_takes_every_outbound_request_along() {
    let all = ways(&host(true).1).len();
    for way in 0..all {
        let mut moments = 0;
        for count in 0.. {
            let streamed = ways("")[way].2;
            let (mut host, embed) = host(streamed);
            let (path, body, _) = ways(&embed).swap_remove(way);
            let mut running = host.start(ask(&path, &body));
            if !perform(&mut host, &mut running, count) {
                break;
            }
            moments += 1;
            let waited = running.waiting();
            host.leave(&mut running);
            let requests = host.requests;
            assert_eq!(running.waiting(), 0, "{path}: effect {count}");
            let cancelled = running.cancelled.iter().filter(|effect| matches!(effect, Effect::Http(_)));
            assert_eq!(cancelled.count(), waited, "{path}: effect {count}");
            host.finish(&mut running);
            assert_eq!(host.requests, requests, "{path}: nothing is asked after effect {count}");
            let saved = answers(&host);
            let whole = saved.iter().all(|text| text == "They swim well.");
            assert!(saved.len() <= 1 && whole, "{path}: {saved:?} after effect {count}");
        }
        assert!(moments > 6, "{} has {moments} moments", ways("")[way].0);
    }
}

#[test]
fn whoever_leaves_between_head_and_first_word_takes_the_model_along() {
    for way in 0..ways("").len() {
        let streamed = ways("")[way].2;
        let (mut host, embed) = host(streamed);
        let (path, body, _) = ways(&embed).swap_remove(way);
        let mut running = host.start(ask(&path, &body));
        assert!(host.run_until(&mut running, is_model), "{path}");
        host.give_head(&mut running);
        assert_eq!(running.waiting(), 1, "{path}");
        host.leave(&mut running);
        assert!(running.cancelled.iter().any(is_model), "{path}");
        host.finish(&mut running);
        assert_eq!(answers(&host), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn no_other_try_follows_when_the_client_left_during_the_pause() {
    for way in 0..ways("").len() {
        let (mut host, embed) = host(true);
        let busy = (503, "application/json".to_owned(), "{}".into());
        host.pages.insert(MODEL.to_owned(), busy);
        let (path, body, _) = ways(&embed).swap_remove(way);
        let mut running = host.start(ask(&path, &body));
        assert!(host.run_until(&mut running, is_model), "{path}");
        host.step(&mut running);
        assert!(host.is_pausing(&mut running), "{path}");
        let requests = host.requests;
        host.leave(&mut running);
        host.finish(&mut running);
        assert_eq!(host.requests, requests, "{path}");
        assert_eq!(answers(&host), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn a_call_that_only_answers_ends_when_its_client_goes() {
    for (method, path, body) in [
        ("POST", "/v1/workspace/docs/vector-search", json!({ "query": "otters" })),
        ("POST", "/v1/openai/embeddings", json!({ "input": ["otters", "rivers"] })),
        ("POST", "/system/test-model", json!({ "kind": "llm" })),
        ("POST", "/system/test-model", json!({ "kind": "embedder" })),
        ("POST", "/system/find-models", json!({ "provider": "generic-openai" })),
        ("POST", "/system/find-models", json!({})),
    ] {
        let (mut host, _) = host(true);
        let mut running = host.start(json_request(method, path, &body));
        assert!(host.run_until(&mut running, |effect| matches!(effect, Effect::Http(_))), "{path}");
        let requests = host.requests;
        host.leave(&mut running);
        assert_eq!(running.waiting(), 0, "{path}");
        assert!(running.done, "{path}");
        assert_eq!(host.requests, requests, "{path}");
    }
}

#[test]
fn what_changes_something_goes_on_without_its_client() {
    let (mut host, _) = host(true);
    let body = json!({ "textContent": "Beavers build dams.", "metadata": { "title": "b" }, "addToWorkspaces": "docs" });
    let mut running = host.start(json_request("POST", "/v1/document/raw-text", &body));
    assert!(host.run_until(&mut running, |effect| matches!(effect, Effect::Http(_))));
    host.leave(&mut running);
    host.finish(&mut running).ok();
    let found = host
        .call("POST", "/v1/workspace/docs/vector-search", &json!({ "query": "beavers", "scoreThreshold": 0 }))
        .ok();
    assert_eq!(found["results"].as_array().unwrap().len(), 2);
}

#[test]
fn a_refusal_is_given_without_the_model_and_saved_whole() {
    for count in 0.. {
        let (mut host, _) = host(false);
        host.workspace("Empty");
        let body = json!({ "message": "Anything?", "mode": "query" });
        let mut running = host.start(json_request("POST", "/v1/workspace/empty/chat", &body));
        if !perform(&mut host, &mut running, count) {
            break;
        }
        host.leave(&mut running);
        host.finish(&mut running);
        assert!(answers(&host).len() <= 1);
    }
}
