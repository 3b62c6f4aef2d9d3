//! Answers that fail, are withheld or are cut: what each kind of client is told.

use crate::seam::Effect;
use crate::testing::{Replied, TestHost, json_request};
use serde_json::{Value, json};

const MODEL: &str = "http://llm/v1/chat/completions";
const CHAT: &str = "/v1/workspace/notes/chat";
const STREAM: &str = "/v1/workspace/notes/stream-chat";
const OPENAI: &str = "/v1/chat/completions";

fn host() -> TestHost {
    let mut host = TestHost::new(&[
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "m"),
    ]);
    host.workspace("Notes");
    host
}

/// The model answers so from now on.
fn answers(host: &mut TestHost, kind: &str, body: &str) {
    host.pages.insert(MODEL.to_owned(), (200, kind.to_owned(), body.to_owned().into()));
}

fn stream_of(host: &mut TestHost, events: &[Value]) {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    answers(host, "text/event-stream", &(body + "data: [DONE]\n\n"));
}

fn chunk(delta: Value, finish: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn word(text: &str) -> Value {
    chunk(json!({ "content": text }), Value::Null)
}

fn whole_of(host: &mut TestHost, message: Value, finish: &str) {
    let body = json!({"choices": [{"index": 0, "message": message, "finish_reason": finish}]});
    answers(host, "application/json", &body.to_string());
}

fn ask() -> Value {
    json!({ "message": "Which colour?", "mode": "chat" })
}

fn completion(stream: bool) -> Value {
    let messages = json!([{ "role": "user", "content": "Which colour?" }]);
    json!({ "model": "notes", "stream": stream, "messages": messages })
}

fn events(reply: &Replied) -> Vec<Value> {
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// Text, error and `finish` of a streamed answer.
fn streamed(host: &mut TestHost) -> (String, String, String) {
    let events = events(&host.call("POST", STREAM, &ask()));
    let texts = events.iter().filter(|event| event["type"] == "textResponseChunk");
    let text = texts.map(|event| event["textResponse"].as_str().unwrap()).collect();
    let error = events.iter().find_map(|event| event["error"].as_str()).unwrap_or_default().to_owned();
    let finish = events.last().unwrap()["finish"].as_str().unwrap_or_default().to_owned();
    (text, error, finish)
}

/// What the model was asked last.
fn asked(host: &TestHost) -> Value {
    serde_json::from_slice(&host.fetched.as_ref().unwrap().body).unwrap()
}

#[test]
fn a_stream_says_how_it_ends() {
    let mut host = host();
    let hello = || word("Hello");
    for (events, text, error, finish) in [
        (vec![hello(), chunk(json!({}), json!("stop"))], "Hello", "", "stop"),
        (vec![hello(), chunk(json!({}), json!("length"))], "Hello", "", "length"),
        (
            vec![hello(), chunk(json!({}), json!("content_filter"))],
            "Hello",
            "withheld the rest",
            "content_filter",
        ),
        (vec![chunk(json!({}), json!("content_filter"))], "", "withheld the answer", "content_filter"),
        (vec![chunk(json!({"refusal": "I cannot."}), json!("stop"))], "I cannot.", "", "refusal"),
        (vec![chunk(json!({"role": "assistant"}), json!("stop"))], "", "No text", "empty"),
        (vec![chunk(json!({"tool_calls": [{}]}), json!("tool_calls"))], "", "tool", "empty"),
        (
            vec![hello(), json!({"object": "error", "message": "worker died"})],
            "Hello",
            "worker died",
            "error",
        ),
        (
            vec![json!({"object": "error", "message": "9000 tokens"})],
            "",
            "reported an error: 9000 tokens",
            "",
        ),
        (
            vec![chunk(json!({"reasoning_content": "hm"}), json!("length"))],
            "<think>hm</think>",
            "limit",
            "length",
        ),
    ] {
        stream_of(&mut host, &events);
        let (said, why, how) = streamed(&mut host);
        assert_eq!((said.as_str(), how.as_str()), (text, finish), "{events:?}");
        assert!(why.contains(error) && why.is_empty() == error.is_empty(), "{why:?} for {events:?}");
    }
}

#[test]
fn a_stream_that_breaks_off_is_said_to_be_cut() {
    let mut host = host();
    answers(&mut host, "text/event-stream", &format!("data: {}\n\n", word("Hello")));
    let (text, error, finish) = streamed(&mut host);
    assert_eq!((text.as_str(), finish.as_str()), ("Hello", "error"));
    assert!(error.contains("cut off"), "{error}");
    let history = host.call("GET", "/v1/workspace/notes/chats", &json!({})).ok();
    assert_eq!(history["history"][1]["finish"], "error");
}

#[test]
fn what_is_no_stream_is_recognised_by_its_first_bytes() {
    let mut host = host();
    let stream = format!("data: {}\n\ndata: [DONE]\n\n", word("Hello"));
    answers(&mut host, "application/json", &stream);
    assert_eq!(streamed(&mut host), ("Hello".into(), String::new(), "stop".into()));
    let page = "<html><title>Proxy</title><p>Access denied</p></html>";
    answers(&mut host, "text/html", page);
    let (_, error, _) = streamed(&mut host);
    assert!(error.contains("HTML") && error.contains("Access denied"), "{error}");
    let reply = host.call("POST", CHAT, &ask());
    assert!(reply.status == 500 && reply.json()["error"].as_str().unwrap().contains("HTML"));
}

#[test]
fn a_whole_answer_says_how_it_ends() {
    let mut host = host();
    for (message, reason, text, error, finish) in [
        (json!({"content": "Blue."}), "stop", json!("Blue."), "", "stop"),
        (json!({"content": "Blu"}), "length", json!("Blu"), "", "length"),
        (json!({"content": null}), "content_filter", Value::Null, "filter", "content_filter"),
        (json!({"content": ""}), "stop", Value::Null, "No text", "empty"),
        (json!({"content": null, "refusal": "No."}), "stop", json!("No."), "", "refusal"),
    ] {
        whole_of(&mut host, message, reason);
        let body = host.call("POST", CHAT, &ask()).ok();
        assert_eq!((&body["textResponse"], body["finish"].as_str()), (&text, Some(finish)), "{body}");
        let why = body["error"].as_str().unwrap_or_default();
        assert!(why.contains(error) && why.is_empty() == error.is_empty(), "{body}");
    }
}

#[test]
fn clients_of_openai_are_told_in_its_words() {
    let mut host = host();
    for (message, reason, content, refusal, finish) in [
        (json!({"content": "Blu"}), "length", json!("Blu"), Value::Null, "length"),
        (json!({"content": null, "refusal": "No."}), "stop", Value::Null, json!("No."), "stop"),
        (
            json!({"content": null}),
            "content_filter",
            Value::Null,
            json!("The provider's content filter withheld the answer."),
            "content_filter",
        ),
    ] {
        whole_of(&mut host, message, reason);
        let choice = host.call("POST", OPENAI, &completion(false)).ok()["choices"][0].clone();
        assert_eq!((&choice["message"]["content"], &choice["message"]["refusal"]), (&content, &refusal));
        assert_eq!(choice["finish_reason"], finish);
        let events = events(&host.call("POST", OPENAI, &completion(true)));
        let deltas =
            |key: &str| events.iter().find_map(|event| event["choices"][0]["delta"].get(key).cloned());
        assert_eq!((deltas("content"), deltas("refusal")), (of(&content), of(&refusal)), "{events:?}");
        assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], finish);
    }
}

fn of(value: &Value) -> Option<Value> {
    Some(value.clone()).filter(|value| !value.is_null())
}

#[test]
fn an_error_in_the_middle_is_an_object_to_clients_of_openai() {
    let mut host = host();
    stream_of(&mut host, &[word("Hello"), json!({"error": {"message": "overloaded"}})]);
    let events = events(&host.call("POST", OPENAI, &completion(true)));
    let error = &events.last().unwrap()["error"];
    assert!(error["message"].as_str().unwrap().contains("overloaded") && error["type"] == "server_error");
}

#[test]
fn thoughts_are_marked_and_never_sent_again() {
    let mut host = host();
    for message in [
        json!({"content": "Blue.", "reasoning_content": "the sea"}),
        json!({"content": "<think>the sea</think>\n\nBlue."}),
    ] {
        whole_of(&mut host, message, "stop");
        let text = host.call("POST", CHAT, &ask()).ok()["textResponse"].clone();
        assert!(text.as_str().unwrap().starts_with("<think>the sea</think>"), "{text}");
        let message = host.call("POST", OPENAI, &completion(false)).ok()["choices"][0]["message"].clone();
        assert_eq!(
            (&message["content"], &message["reasoning_content"]),
            (&json!("Blue."), &json!("the sea"))
        );
        let streamed = events(&host.call("POST", OPENAI, &completion(true)));
        assert_eq!(streamed[0]["choices"][0]["delta"]["reasoning_content"], "the sea");
        assert_eq!(streamed[1]["choices"][0]["delta"]["content"], "Blue.");
    }
    host.call("POST", CHAT, &ask()).ok();
    let sent = asked(&host)["messages"].to_string();
    assert!(sent.contains("Blue.") && !sent.contains("the sea") && !sent.contains("think"), "{sent}");
    let mut later = completion(false);
    later["messages"] = json!([
        { "role": "user", "content": "Which colour?" },
        { "role": "assistant", "content": "<think>the sea</think>Blue." },
        { "role": "user", "content": "And another?" },
    ]);
    host.call("POST", OPENAI, &later).ok();
    assert_eq!(asked(&host)["messages"][2], json!({ "role": "assistant", "content": "Blue." }));
}

#[test]
fn wishes_of_openai_clients_reach_the_model_or_are_refused() {
    let mut host = host();
    whole_of(&mut host, json!({"content": "Blue."}), "stop");
    let mut body = completion(false);
    body.as_object_mut().unwrap().extend(
        json!({"max_tokens": 5, "stop": ["END"], "seed": 7, "top_p": 0.5, "n": 1})
            .as_object()
            .unwrap()
            .clone(),
    );
    host.call("POST", OPENAI, &body).ok();
    let sent = asked(&host);
    assert_eq!((&sent["max_tokens"], &sent["stop"], &sent["seed"]), (&json!(5), &json!(["END"]), &json!(7)));
    assert_eq!((&sent["top_p"], sent.get("n")), (&json!(0.5), None));
    body["n"] = json!(2);
    let refused = host.call("POST", OPENAI, &body);
    assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &json!("n")));
}

#[test]
fn the_limit_of_answers_is_a_setting() {
    let mut host = host();
    whole_of(&mut host, json!({"content": "Blue."}), "stop");
    host.call("POST", CHAT, &ask()).ok();
    assert_eq!(asked(&host).get("max_tokens"), None);
    let set = |host: &mut TestHost, value: &str| {
        host.call("POST", "/v1/system/update-env", &json!({ "LLMMaxTokens": value })).ok()["error"].clone()
    };
    assert_eq!(set(&mut host, "700"), false);
    host.call("POST", CHAT, &ask()).ok();
    assert_eq!(asked(&host)["max_tokens"], 700);
    assert_eq!(host.call("GET", "/v1/system", &json!({})).ok()["settings"]["LLMMaxTokens"], "700");
    assert!(set(&mut host, "many").as_str().unwrap().contains("whole number"));
    assert_eq!(set(&mut host, ""), false);
    host.call("POST", CHAT, &ask()).ok();
    assert_eq!(asked(&host).get("max_tokens"), None);
}

#[test]
fn the_head_goes_out_at_once_and_comments_follow_in_silence() {
    let mut host = host();
    stream_of(&mut host, &[word("Hello"), chunk(json!({}), json!("stop"))]);
    let mut running = host.start(json_request("POST", STREAM, &ask()));
    assert!(host.run_until(&mut running, is_model));
    assert_eq!(running.sent(), (200, ""));
    host.pass(&mut running, 14_999);
    assert_eq!(running.sent().1, "");
    host.pass(&mut running, 1);
    host.pass(&mut running, 15_000);
    assert_eq!(running.sent().1, ": keep-alive\n\n".repeat(2));
    let body = String::from_utf8(host.finish(&mut running).body).unwrap();
    assert!(body.contains("Hello") && body.matches(": keep-alive").count() == 2, "{body}");
}

#[test]
fn clients_of_openai_get_a_status_unless_the_failure_comes_late() {
    for late in [false, true] {
        let mut host = host();
        let busy = (400, "application/json".to_owned(), r#"{"error":{"message":"too long"}}"#.into());
        host.pages.insert(MODEL.to_owned(), busy);
        let mut running = host.start(json_request("POST", OPENAI, &completion(true)));
        assert!(host.run_until(&mut running, is_model));
        if late {
            host.pass(&mut running, 20_000);
        }
        let reply = host.finish(&mut running);
        let body = String::from_utf8(reply.body).unwrap();
        assert_eq!(reply.status, if late { 200 } else { 500 });
        assert!(body.contains("too long") && body.contains("data: ") == late, "{body}");
    }
}

fn is_model(effect: &Effect) -> bool {
    matches!(effect, Effect::Http(request) if request.url == MODEL)
}
