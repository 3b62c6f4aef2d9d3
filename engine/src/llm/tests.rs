//! Whole conversations with models that are not there.

use super::testing::{FakeHost, Script};
use super::testing_models::{generic, of};
use super::*;
use crate::seam::{CompleteReply, Effect, HostErrorKind, Reply};
use bytes::Bytes;
use serde_json::{Value, json};

fn question() -> Prompt {
    Prompt { messages: vec![Message::new(Role::User, "Why?")], temperature: 0.7 }
}

fn chunk(delta: Value) -> Bytes {
    format!("data: {}\n\n", json!({"choices": [{"delta": delta}]})).into()
}

fn word(text: &str) -> Bytes {
    chunk(json!({ "content": text }))
}

fn done() -> Bytes {
    Bytes::from_static(b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

/// Everything a stream gives: texts, then how it ended.
fn stream(host: &mut FakeHost, model: HttpModel) -> Result<(Vec<String>, Option<String>), String> {
    host.run(move |cx| async move {
        let model = ChatModel::Http(Box::new(model));
        let mut stream = open_stream(&cx, &model, &question()).await.map_err(|error| error.message)?;
        let (mut tags, mut texts) = (ThinkTags::default(), Vec::new());
        while let Some(delta) = stream.next().await {
            match delta {
                Ok(delta) => texts.extend(tags.push(&delta)),
                Err(error) => return Ok((texts, Some(error.message))),
            }
        }
        Ok((texts, None))
    })
}

fn whole(host: &mut FakeHost, model: HttpModel) -> Result<Completion, String> {
    host.run(move |cx| async move {
        let model = ChatModel::Http(Box::new(model));
        complete(&cx, &model, &question()).await.map_err(|error| error.message)
    })
}

#[test]
fn a_whole_answer_has_its_thoughts_in_front() {
    // chat_basic.jsonl, "LLM answers with reasoning".
    let message = json!({"role": "assistant", "content": "MOCK", "reasoning_content": "thinking about it"});
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 6});
    let body = json!({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage});
    let mut host = FakeHost::new([Script::reply(200, body.to_string())]);
    let completion = whole(&mut host, generic()).unwrap();
    assert_eq!(completion.text, "<think>thinking about it</think>MOCK");
    assert_eq!(completion.usage, Usage { prompt_tokens: Some(100), completion_tokens: Some(6) });
    let request = &host.requests[0];
    assert_eq!(request.url, "http://llm.test/v1/chat/completions");
    assert!(request.headers.contains(&("authorization".into(), "Bearer sk-test".into())));
    assert!(!format!("{request:?}").contains("sk-test"));
}

#[test]
fn errors_read_as_recorded() {
    for status in [400, 429, 500] {
        let body = format!(r#"{{"error":{{"message":"mock failure {status}","code":{status}}}}}"#);
        let mut host = FakeHost::new([Script::reply(status, body.clone())]);
        assert_eq!(whole(&mut host, generic()), Err(format!("{status} mock failure {status}")));
        let mut host = FakeHost::new([Script::reply(status, body)]);
        assert_eq!(stream(&mut host, generic()), Err(format!("{status} mock failure {status}")));
    }
}

#[test]
fn a_streamed_answer_comes_as_recorded() {
    let think = |text: &str| chunk(json!({ "reasoning_content": text }));
    let chunks = [word(""), think("thinking "), think("it"), word("MOCK "), word("n=6"), done()];
    let mut host = FakeHost::new([Script::stream(200, chunks)]);
    let texts = ["<think>thinking ", "it", "</think>", "MOCK ", "n=6"].map(str::to_owned);
    assert_eq!(stream(&mut host, generic()), Ok((texts.to_vec(), None)));
}

#[test]
fn an_answer_that_breaks_off_keeps_what_was_received() {
    // stream_chat.jsonl, "upstream connection cut".
    for end in [HostErrorKind::Unavailable, HostErrorKind::Failed] {
        let mut host = FakeHost::new([Script::stream(200, [word("MOCK "), word("n=8 ")]).cut(end)]);
        let received = vec!["MOCK ".to_owned(), "n=8 ".to_owned()];
        assert_eq!(stream(&mut host, generic()), Ok((received, Some("Premature close".into()))));
    }
}

#[test]
fn a_stream_is_tried_again_only_before_its_first_token() {
    let mut model = generic();
    model.patience.retries = 1;
    let cut = || Script::stream(200, [word("")]).cut(HostErrorKind::Unavailable);
    let mut host = FakeHost::new([cut(), Script::stream(200, [word("yes"), done()])]);
    assert_eq!(stream(&mut host, model.clone()), Ok((vec!["yes".into()], None)));

    let mut host = FakeHost::new([Script::stream(200, [word("a")]).cut(HostErrorKind::Unavailable)]);
    assert_eq!(stream(&mut host, model), Ok((vec!["a".into()], Some("Premature close".into()))));
    assert_eq!(host.requests.len(), 1);
}

#[test]
fn an_empty_answer_is_no_error() {
    let mut host = FakeHost::new([Script::stream(200, [word(""), done()])]);
    assert_eq!(stream(&mut host, generic()), Ok((vec![], None)));
}

#[test]
fn what_follows_the_end_mark_is_not_waited_for() {
    let mut host = FakeHost::new([Script::stream(200, [word("a"), done()]).open()]);
    assert_eq!(stream(&mut host, generic()), Ok((vec!["a".into()], None)));
    assert_eq!(host.cancelled.len(), 1);
}

#[test]
fn dropping_a_stream_stops_the_model() {
    let mut host = FakeHost::new([Script::stream(200, [word("a")]).open()]);
    host.run(|cx| async move {
        let model = ChatModel::Http(Box::new(generic()));
        let mut stream = open_stream(&cx, &model, &question()).await.unwrap();
        assert_eq!(stream.next().await, Some(Ok(Delta::Text("a".into()))));
    });
    assert_eq!(host.cancelled.len(), 1);
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    let body = json!({"choices": [{"message": {"content": "all of it"}, "finish_reason": "stop"}]});
    let reply =
        || Script::reply(200, body.to_string()).header("content-type", "application/json; charset=utf-8");
    let mut host = FakeHost::new([reply()]);
    assert_eq!(stream(&mut host, generic()), Ok((vec!["all of it".into()], None)));

    let mut model = generic();
    model.streams = false;
    let mut host = FakeHost::new([reply()]);
    assert_eq!(stream(&mut host, model), Ok((vec!["all of it".into()], None)));
    assert!(!std::str::from_utf8(&host.requests[0].body).unwrap().contains("\"stream\""));
}

#[test]
fn ollama_and_anthropic_have_addresses_and_keys_of_their_own() {
    let line = json!({"message": {"content": "hi"}, "done": true}).to_string();
    let mut host = FakeHost::new([Script::reply(200, line)]);
    assert_eq!(stream(&mut host, of("ollama", "llama3")), Ok((vec!["hi".into()], None)));
    assert_eq!(host.requests[0].url, "http://127.0.0.1:11434/api/chat");

    let body = json!({"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"});
    let mut host = FakeHost::new([Script::reply(200, body.to_string())]);
    assert_eq!(whole(&mut host, of("anthropic", "claude")).unwrap().text, "hi");
    let request = &host.requests[0];
    assert_eq!(request.url, "https://api.anthropic.com/v1/messages");
    assert!(request.headers.contains(&("x-api-key".into(), "sk-ant-test".into())));
    assert!(request.headers.iter().all(|(name, _)| name != "authorization"));
}

#[test]
fn a_model_in_the_host_speaks_in_bytes() {
    let text = "Grüße 🚀".as_bytes();
    let reply = Reply::Complete(CompleteReply { prompt_tokens: Some(4), completion_tokens: None });
    let chunks = text.chunks(3).map(Bytes::copy_from_slice).collect::<Vec<_>>();
    let mut host = FakeHost::new([Script::settle(reply).chunks(chunks)]);
    let completion = host.run(|cx| async move {
        let model = HostModel { model: "m".into(), context_window: 4096, max_tokens: 64 };
        complete(&cx, &ChatModel::Host(model), &question()).await.unwrap()
    });
    assert_eq!(completion.text, "Grüße 🚀");
    assert_eq!(completion.usage.prompt_tokens, Some(4));
    let Effect::Complete(request) = &host.effects[0] else { panic!("{:?}", host.effects) };
    assert_eq!(request.messages, [("user".to_owned(), "Why?".to_owned())]);
}

#[test]
fn a_host_without_a_model_says_so() {
    let mut host =
        FakeHost::new([Script::fail(HostErrorKind::Unsupported, "this host has no language model")]);
    let error = host.run(|cx| async move {
        let model = HostModel { model: String::new(), context_window: 4096, max_tokens: 64 };
        open_stream(&cx, &ChatModel::Host(model), &question()).await.err().unwrap()
    });
    assert_eq!(
        (error.kind, error.message.as_str()),
        (LlmErrorKind::Settings, "this host has no language model")
    );
}

#[test]
fn words_of_a_ready_answer_stream_too() {
    let mut host = FakeHost::new([]);
    let completion = host.run(|_| async { TokenStream::words("two  words\n").collect().await });
    assert_eq!(completion.unwrap().text, "two  words\n");
}
