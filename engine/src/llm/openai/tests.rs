//! Replies and streams of OpenAI-compatible servers, as they are seen in the wild.

use super::answer::deltas;
use super::*;
use crate::llm::{Finish, Usage};
use serde_json::json;

fn decode(text: &str) -> (Vec<Delta>, Result<(), LlmError>) {
    let (mut decoder, mut out) = (Decoder::new(), VecDeque::new());
    let result = decoder.feed(text.as_bytes(), &mut out).and_then(|()| decoder.end(&mut out));
    (out.into(), result)
}

fn text(text: &str) -> Delta {
    Delta::Text(text.into())
}

#[test]
fn a_stream_with_thoughts_counts_and_an_end() {
    let stream = concat!(
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        ": OPENROUTER PROCESSING\n\n",
        "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hi \"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"you\"},\"finish_reason\":\"length\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
        "data: [DONE]\n\n",
    );
    let (deltas, end) = decode(stream);
    end.unwrap();
    let usage = Usage { prompt_tokens: Some(5), completion_tokens: Some(2) };
    assert_eq!(
        deltas,
        [
            Delta::Reasoning("hm".into()),
            text("Hi "),
            text("you"),
            Delta::Usage(usage),
            Delta::Finish(Finish::Length)
        ]
    );
}

#[test]
fn a_reason_to_finish_is_an_end_too() {
    let (deltas, end) =
        decode("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n");
    assert_eq!((deltas, end), (vec![text("a"), Delta::Finish(Finish::Stop)], Ok(())));
}

#[test]
fn a_stream_without_an_end_is_an_error_after_what_came() {
    let (deltas, end) = decode("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n");
    assert_eq!(deltas, [text("a")]);
    assert_eq!(end, Err(LlmError::premature_end()));
}

#[test]
fn an_error_in_the_middle_keeps_its_words() {
    let (deltas, end) = decode(
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n",
    );
    assert_eq!(deltas.len(), 1);
    assert_eq!(end.unwrap_err().message, "The model reported an error: overloaded");
}

#[test]
fn whole_replies() {
    let mut out = VecDeque::new();
    let body = json!({
        "choices": [{"message": {"content": "yes", "reasoning": "hm"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1}
    });
    whole(&body, &mut out).unwrap();
    assert_eq!(out.len(), 4);
    assert_eq!(out[0], Delta::Reasoning("hm".into()));
    let error = whole(&json!({"error": "model is loading"}), &mut out).unwrap_err();
    assert_eq!(error.message, "The model reported an error: model is loading");
    let error = whole(&json!({"object": "list"}), &mut out).unwrap_err();
    assert!(error.message.contains("base path"));
}

fn chunk(choice: Value) -> String {
    format!("data: {}\n\n", json!({"choices": [choice]}))
}

#[test]
fn errors_in_streams_have_many_shapes() {
    let hello = chunk(json!({"delta": {"content": "Hello"}, "finish_reason": null}));
    for (event, words) in [
        (r#"data: {"object":"error","message":"9000 tokens","code":400}"#, "9000 tokens"),
        (r#"data: {"detail":"worker died"}"#, "worker died"),
        ("event: error\ndata: {\"message\":\"busy\"}", "busy"),
        ("event: error\ndata: out of memory", "out of memory"),
        ("event: error\ndata: \"gone\"", "gone"),
        ("data: [ERROR] no worker", "[ERROR] no worker"),
        (
            r#"data: {"choices":[{"delta":{},"finish_reason":"error","error":{"message":"overloaded"}}]}"#,
            "overloaded",
        ),
        (r#"data: {"choices":[{"delta":{},"finish_reason":"error"}]}"#, "it ended with `error`"),
        (r#"data: {"choices":[{"delta":{},"finish_reason":"insufficient_system_resource"}]}"#, "resource"),
    ] {
        for before in ["", hello.as_str()] {
            let (deltas, end) = decode(&format!("{before}{event}\n\ndata: [DONE]\n\n"));
            let error = end.unwrap_err();
            assert!(
                error.kind == crate::llm::LlmErrorKind::Model && error.message.contains(words),
                "{error}"
            );
            assert_eq!(deltas.len(), usize::from(!before.is_empty()), "{event}");
        }
    }
}

#[test]
fn an_error_after_the_end_costs_nothing() {
    let end = chunk(json!({"delta": {"content": "a"}, "finish_reason": "stop"}));
    let (deltas, end) = decode(&format!("{end}data: {{\"error\":\"late\"}}\n\n"));
    assert_eq!((deltas, end), (vec![text("a"), Delta::Finish(Finish::Stop)], Ok(())));
}

#[test]
fn reasons_to_end_are_known_in_any_providers_words() {
    for (reason, finish) in [
        ("STOP", Finish::Stop),
        ("MAX_TOKENS", Finish::Length),
        ("SAFETY", Finish::Filtered),
        ("refusal", Finish::Refused),
        ("tool_calls", Finish::Tools),
        ("whatever", Finish::Other),
    ] {
        let (deltas, _) = decode(&chunk(json!({"delta": {}, "finish_reason": reason})));
        assert_eq!(deltas, [Delta::Finish(finish)], "{reason}");
    }
}

#[test]
fn blocked_questions_and_filters_say_why() {
    let (deltas, end) = decode("data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\n\n");
    end.unwrap();
    let why = Delta::Why("the question was blocked (SAFETY)".into());
    assert_eq!(deltas, [why, Delta::Finish(Finish::Filtered)]);
    let found = json!({"hate": {"filtered": true}, "violence": {"filtered": false}});
    let choice = json!({"delta": {}, "finish_reason": "content_filter", "content_filter_results": found});
    let (deltas, _) = decode(&chunk(choice));
    assert_eq!(deltas, [Delta::Why("hate".into()), Delta::Finish(Finish::Filtered)]);
}

#[test]
fn refusals_and_tools_are_told_apart_from_text() {
    let refusal = chunk(json!({"delta": {"refusal": "I cannot."}}));
    let (deltas, _) = decode(&format!("{refusal}data: [DONE]\n\n"));
    assert_eq!(deltas, [Delta::Refusal("I cannot.".into()), Delta::Finish(Finish::Stop)]);
    let call = json!({"delta": {"tool_calls": [{"id": "1"}]}, "finish_reason": "stop"});
    assert_eq!(decode(&chunk(call)).0, [Delta::Finish(Finish::Tools)]);
}

#[test]
fn only_the_first_choice_is_read_and_nothing_twice() {
    let two = json!({"choices": [
        {"index": 1, "delta": {"content": "other"}},
        {"index": 0, "delta": {"content": "mine"}},
    ]});
    let last = json!({"message": {"content": "mine"}, "finish_reason": "stop"});
    let (deltas, _) = decode(&format!("data: {two}\n\n{}", chunk(last)));
    assert_eq!(deltas, [text("mine"), Delta::Finish(Finish::Stop)]);
}

#[test]
fn half_a_character_costs_nothing_beside_it() {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"Well \\ud83d\"}}]}\n\n";
    let (deltas, _) = decode(&format!("{half}data: [DONE]\n\n"));
    assert_eq!(deltas[0], text("Well \u{fffd}"));
}

#[test]
fn a_stream_of_something_else_shows_what_it_is() {
    let (_, end) = decode("data: hello there\n\n");
    let message = end.unwrap_err().message;
    assert!(message.contains("hello there") && message.contains("JSON"), "{message}");
}

#[test]
fn typed_parts_are_read() {
    let mut out = VecDeque::new();
    let content = json!([
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "yes"}
    ]);
    deltas(&json!({ "content": content }), &mut out);
    assert_eq!(out, [Delta::Reasoning("hm".into()), text("yes")]);
}
