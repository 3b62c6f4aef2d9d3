//! Is it noticed at once when a client goes, and do those who wait leave room for others?

use super::stage::{Stage, by, until};
use haversack_tests::hostile::wire::{Wire, head, raise_open_files};
use haversack_tests::requests::{API_KEY, get, json};
use serde_json::{Value, json};
use std::time::Duration;

fn request(path: &str, key: Option<&str>, body: &Value) -> String {
    let body = body.to_string();
    head("POST", path, key, &format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()))
        + &body
}

/// The model says nothing at all until it is let go on.
fn stalled() -> Value {
    json!({"message": "[[mock:stall]] tell me of otters", "mode": "chat"})
}

#[test]
fn who_leaves_before_the_first_word_takes_the_models_request_along() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let thread = stage.ok(json("POST", "/v1/workspace/w/thread/new", &json!({})));
    let thread = format!("/api/v1/workspace/w/thread/{}", thread["thread"]["slug"].as_str().unwrap());
    let embed = stage.ok(json("POST", "/v1/embed/new", &json!({"workspace_slug": "w", "chat_mode": "chat"})));
    let visitor = format!("/api/embed/{}/stream-chat", embed["embed"]["uuid"].as_str().unwrap());
    let foreign = |stream: bool| json!({"model": "w", "stream": stream, "messages": [{"role": "user", "content": "[[mock:stall]] tell me"}]});
    let visit =
        json!({"sessionId": "6f1a2b3c-0000-4000-8000-000000000002", "message": "[[mock:stall]] tell me"});
    for (path, key, body) in [
        ("/api/v1/workspace/w/chat", Some(API_KEY), stalled()),
        ("/api/v1/workspace/w/stream-chat", Some(API_KEY), stalled()),
        (&format!("{thread}/chat"), Some(API_KEY), stalled()),
        (&format!("{thread}/stream-chat"), Some(API_KEY), stalled()),
        ("/v1/chat/completions", Some(API_KEY), foreign(false)),
        ("/v1/chat/completions", Some(API_KEY), foreign(true)),
        (&visitor, None, visit),
    ] {
        let text = request(path, key, &body);
        let callers: Vec<Wire> = (0..10).map(|_| Wire::open(stage.address(), &text).unwrap()).collect();
        assert!(until(|| stage.mock.open() == 10), "{path}: the model was asked {} times", stage.mock.open());
        drop(callers);
        assert!(
            until(|| stage.mock.open() == 0),
            "{path}: {} requests to the model are still open",
            stage.mock.open()
        );
        // And it was not asked again.
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(stage.mock.open(), 0, "{path}");
    }
    let answer = stage.call(json("POST", "/v1/workspace/w/chat", &json!({"message": "hi", "mode": "chat"})));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[test]
fn many_who_wait_for_a_slow_model_leave_room_for_others() {
    raise_open_files().unwrap();
    let stage = Stage::new(&[]);
    stage.workspace("w");
    stage.note("note.txt");
    let other = stage.key(&json!({"name": "other"}));
    let keys: Vec<String> =
        (0..3).map(|n| stage.key(&json!({"name": format!("waits {n}"), "scopes": ["chat"]}))).collect();
    let waiting: Vec<Wire> = (0..750)
        .map(|n| {
            let path = ["/api/v1/workspace/w/chat", "/api/v1/workspace/w/stream-chat"][n % 2];
            Wire::open(stage.address(), &request(path, Some(&keys[n % keys.len()]), &stalled())).unwrap()
        })
        .collect();
    assert!(
        until(|| stage.mock.open() == waiting.len()),
        "{} of {} wait for the model",
        stage.mock.open(),
        waiting.len()
    );
    assert_eq!(stage.call(by(None, get("/ping"))).status, 200);
    stage.ok(by(Some(&other), get("/v1/workspaces")));
    stage.ok(by(Some(&other), json("POST", "/v1/workspace/w/vector-search", &json!({"query": "otters"}))));
    stage.ok(by(
        Some(&other),
        json("POST", "/v1/workspace/w/chat", &json!({"message": "hi", "mode": "chat"})),
    ));
    stage.note("meanwhile.txt");
    stage.mock.release();
    for mut wire in waiting {
        assert_eq!(wire.status(super::stage::PATIENCE).unwrap(), Some(200));
    }
}
