//! Does one caller's long work hold the others?

use super::stage::{Stage, by};
use haversack_engine::seam::ApiRequest;
use haversack_tests::requests::{json, raw};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

fn otters(megabytes: usize) -> String {
    "otter ".repeat(megabytes * 1_000_000 / 6)
}

/// Every way in for words that are counted, embedded or searched for: path and body.
fn ways(words: &str) -> Vec<(&'static str, Value)> {
    let ask = json!({"message": words, "mode": "chat"});
    let search = |mode: &str| json!({"query": words, "searchMode": mode});
    vec![
        ("/v1/workspace/w/chat", ask.clone()),
        ("/v1/workspace/w/stream-chat", ask.clone()),
        ("/v1/workspace/w/chat", json!({"message": words, "mode": "query", "sessionId": "s"})),
        ("/v1/workspace/w/vector-search", search("vector")),
        ("/v1/workspace/w/vector-search", search("lexical")),
        ("/v1/workspace/w/vector-search", search("hybrid")),
        (
            "/v1/openai/chat/completions",
            json!({"model": "w", "messages": [{"role": "user", "content": words}]}),
        ),
        (
            "/v1/openai/chat/completions",
            json!({"model": "w", "stream": true, "messages": [{"role": "user", "content": [{"type": "text", "text": words}]}]}),
        ),
    ]
}

#[test]
fn words_that_are_too_many_are_refused_with_the_limit() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    stage.note("note.txt");
    let thread = stage.ok(json("POST", "/v1/workspace/w/thread/new", &json!({})));
    let thread = format!("/v1/workspace/w/thread/{}", thread["thread"]["slug"].as_str().unwrap());
    let embed = stage.ok(json("POST", "/v1/embed/new", &json!({"workspace_slug": "w", "chat_mode": "chat"})));
    let visitor = format!("/embed/{}/stream-chat", embed["embed"]["uuid"].as_str().unwrap());
    let words = otters(20);
    let mut ways: Vec<(String, Value)> =
        ways(&words).into_iter().map(|(path, body)| (path.to_owned(), body)).collect();
    let ask = json!({"message": words, "mode": "chat"});
    ways.push((format!("{thread}/chat"), ask.clone()));
    ways.push((format!("{thread}/stream-chat"), ask));
    ways.push((visitor, json!({"sessionId": "6f1a2b3c-0000-4000-8000-000000000001", "message": words})));
    for (path, body) in ways {
        for answer in stage.while_others_ask(&json("POST", &path, &body)) {
            assert_eq!(answer.status, 413, "{path}: {:.300}", String::from_utf8_lossy(&answer.body));
            let said = answer.json()["error"].to_string();
            assert!(said.bytes().any(|byte| byte.is_ascii_digit()), "{path}: the limit is not named: {said}");
        }
    }
}

#[test]
fn a_body_of_many_fields_holds_nobody() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let mut fields = String::from("{");
    for n in 0..3_000_000 {
        let _ = write!(fields, "\"k{n}\":1,");
    }
    fields.push_str("\"query\":\"otters\"}");
    let nested =
        format!("{{\"query\":\"otters\",\"o\":{}1{}}}", "[".repeat(2_000_000), "]".repeat(2_000_000));
    let list = format!("{{\"query\":\"otters\",\"o\":[{}1]}}", "{},".repeat(5_000_000));
    let form = format!("query=otters{}", "&o=1".repeat(3_000_000));
    let parts = format!(
        "{}--o--\r\n",
        "--o\r\ncontent-disposition: form-data; name=\"o\"\r\n\r\n1\r\n".repeat(400_000)
    );
    for (what, kind, path, body) in [
        ("fields", "application/json", "/v1/workspace/w/vector-search", fields.clone()),
        ("brackets", "application/json", "/v1/workspace/w/vector-search", nested),
        ("small values", "application/json", "/v1/workspace/w/chat", list),
        ("pairs", "application/x-www-form-urlencoded", "/v1/workspace/w/vector-search", form),
        ("parts", "multipart/form-data; boundary=o", "/v1/document/upload", parts),
        ("fields of a key", "application/json", "/system/generate-api-key", fields),
    ] {
        for answer in stage.while_others_ask(&raw("POST", path, kind, body)) {
            let said = String::from_utf8_lossy(&answer.body);
            assert!(answer.status > 0 && answer.status < 500, "{what}: {} {said:.300}", answer.status);
        }
    }
}

/// The longest question that is taken, and then short ones: what was counted once is not counted again.
#[test]
fn a_long_turn_costs_once() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let key = stage.key(&json!({"scopes": ["chat"], "workspaces": ["w"]}));
    let ask = |words: &str| {
        by(Some(&key), json("POST", "/v1/workspace/w/chat", &json!({"message": words, "mode": "chat"})))
    };
    let longest = longest_taken(&ask, &stage);
    assert!(longest > 1000, "a question may have {longest} bytes");
    // What a short question costs where nothing long was said: in a workspace of its own.
    stage.workspace("fresh");
    let fresh =
        |words: &str| json("POST", "/v1/workspace/fresh/chat", &json!({"message": words, "mode": "chat"}));
    let cost = |request: &dyn Fn(&str) -> ApiRequest| {
        let before = stage.cpu();
        (0..6).for_each(|_| assert_eq!(stage.call(request("Hi?")).status, 200));
        stage.cpu() - before
    };
    cost(&fresh);
    let (after_nothing, after_long) = (cost(&fresh), cost(&ask));
    assert!(
        after_long < after_nothing * 4 + Duration::from_millis(600),
        "short questions cost {after_long:?} after a long one, and {after_nothing:?} otherwise"
    );
}

/// Asks longer and longer questions until one is refused; how long the last one was that was taken.
fn longest_taken(ask: &dyn Fn(&str) -> ApiRequest, stage: &Stage) -> usize {
    let mut taken = 0;
    for length in (10..25).map(|power| 1_usize << power) {
        match stage.call(ask(&"otter ".repeat(length / 6))).status {
            200 => taken = length,
            413 => return taken,
            status => panic!("a question of {length} bytes: {status}"),
        }
    }
    taken
}
