//! Embedders that are not there.

use super::*;
use crate::llm::testing::{FakeHost, Script};
use crate::seam::{Effect, HostErrorKind, HttpRequest, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn embedder(pairs: &[(&str, &str)]) -> Embedder {
    let mut vars: BTreeMap<String, String> = BTreeMap::new();
    let fixed = [
        ("EMBEDDING_ENGINE", "generic-openai"),
        ("EMBEDDING_BASE_PATH", "http://embed.test/v1"),
        ("EMBEDDING_MODEL_PREF", "mock-embed"),
        ("GENERIC_OPEN_AI_EMBEDDING_API_KEY", "sk-1"),
        ("HAVERSACK_EMBED_RETRIES", "0"),
    ];
    vars.extend(fixed.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let (settings, problems) = EmbedSettings::from_vars(&vars);
    assert_eq!(problems, Vec::<String>::new());
    settings.embedder
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|i| i.to_string()).collect()
}

fn run(host: &mut FakeHost, embedder: Embedder, texts: Vec<String>) -> Result<Vec<Vec<f32>>, String> {
    host.run(move |cx| async move {
        embed(&cx, &embedder, &texts, Purpose::Query).await.map_err(|error| error.message)
    })
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// A server whose vector for the text `7` is `[7]`.
fn server() -> FakeHost {
    FakeHost::answering(|effect| {
        let Effect::Http(request) = effect else { panic!("{effect:?}") };
        let body = body(request);
        let texts = body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap());
        let vectors: Vec<Value> = texts.map(|text| json!([text.parse::<f32>().unwrap()])).collect();
        let data: Vec<Value> = vectors.iter().map(|vector| json!({ "embedding": vector })).collect();
        Script::reply(200, json!({ "data": data, "embeddings": vectors }).to_string())
    })
}

fn expected(count: usize) -> Result<Vec<Vec<f32>>, String> {
    Ok((0..count).map(|i| vec![i as f32]).collect())
}

#[test]
fn a_request_asks_for_base64_and_carries_the_key() {
    let mut host = server();
    assert_eq!(run(&mut host, embedder(&[]), numbers(2)), expected(2));
    let request = &host.requests[0];
    assert_eq!(request.url, "http://embed.test/v1/embeddings");
    assert_eq!(
        body(request),
        json!({"model": "mock-embed", "input": ["0", "1"], "encoding_format": "base64"})
    );
    assert!(request.headers.contains(&("authorization".into(), "Bearer sk-1".into())));
}

#[test]
fn batches_come_back_in_order_whoever_is_first() {
    let mut host = server();
    host.last_first = true;
    let embedder = embedder(&[
        ("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS", "2"),
        ("HAVERSACK_EMBED_CONCURRENCY", "3"),
    ]);
    assert_eq!(run(&mut host, embedder, numbers(11)), expected(11));
    assert_eq!((host.requests.len(), host.in_flight_max), (6, 3));
}

#[test]
fn the_generic_engine_sends_one_request_after_the_other() {
    let mut host = server();
    let embedder = embedder(&[
        ("GENERIC_OPEN_AI_EMBEDDING_API_DELAY_MS", "700"),
        ("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS", "1"),
    ]);
    assert_eq!(run(&mut host, embedder, numbers(3)), expected(3));
    assert_eq!((host.in_flight_max, host.pauses_ms.as_slice()), (1, [700, 700].as_slice()));
}

#[test]
fn long_texts_make_small_batches() {
    let mut host = FakeHost::answering(|effect| {
        let Effect::Http(request) = effect else { panic!("{effect:?}") };
        let texts = body(request)["input"].as_array().unwrap().len();
        Script::reply(200, json!({ "data": vec![json!({ "embedding": [1] }); texts] }).to_string())
    });
    let texts = vec!["x".repeat(150_000); 5];
    assert_eq!(run(&mut host, embedder(&[]), texts).unwrap().len(), 5);
    let sizes: Vec<usize> =
        host.requests.iter().map(|request| body(request)["input"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn questions_get_their_prefix_and_passages_have_it_already() {
    let mut host = FakeHost::answering(|_| Script::reply(200, r#"{"data":[{"embedding":[1]}]}"#));
    let embedder = embedder(&[
        ("GENERIC_OPEN_AI_EMBEDDING_QUERY_PREFIX", "query: "),
        ("GENERIC_OPEN_AI_EMBEDDING_PASSAGE_PREFIX", "passage: "),
    ]);
    assert_eq!(embedder.passage_prefix(), "passage: ");
    host.run(move |cx| async move {
        for purpose in [Purpose::Query, Purpose::Passage] {
            embed(&cx, &embedder, &["x".into()], purpose).await.unwrap();
        }
    });
    let inputs: Vec<Value> = host.requests.iter().map(|request| body(request)["input"][0].clone()).collect();
    assert_eq!(inputs, ["query: x", "x"]);
}

#[test]
fn errors_read_as_recorded() {
    // chat_basic.jsonl, "embedder fails during chat".
    let mut host = FakeHost::new([Script::reply(400, r#"{"error":{"message":"mock embedding failure"}}"#)]);
    let message = "GenericOpenAI Failed to embed: 400 mock embedding failure";
    assert_eq!(run(&mut host, embedder(&[]), numbers(1)), Err(message.into()));
}

#[test]
fn a_failing_batch_ends_the_others() {
    let mut count = 0;
    let mut host = FakeHost::answering(move |_| {
        count += 1;
        let reply = Script::reply(if count == 1 { 400 } else { 200 }, "broken");
        if count == 1 { reply } else { reply.open() }
    });
    let embedder = embedder(&[
        ("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS", "1"),
        ("HAVERSACK_EMBED_CONCURRENCY", "2"),
    ]);
    assert_eq!(run(&mut host, embedder, numbers(5)), Err("GenericOpenAI Failed to embed: 400 broken".into()));
    assert_eq!(host.requests.len() - 1, host.cancelled.len());
}

#[test]
fn a_server_that_knows_no_base64_is_asked_for_numbers() {
    let refusal = r#"{"error":{"message":"unknown field encoding_format"}}"#;
    let vector = || Script::reply(200, r#"{"data":[{"embedding":[1]}]}"#);
    let mut host = FakeHost::new([Script::reply(422, refusal), vector(), vector()]);
    let embedder = embedder(&[("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS", "1")]);
    assert_eq!(run(&mut host, embedder, numbers(2)), Ok(vec![vec![1.0]; 2]));
    let asked: Vec<bool> = host.requests.iter().map(|r| body(r).get("encoding_format").is_some()).collect();
    assert_eq!(asked, [true, false, false]);
}

#[test]
fn batches_of_different_length_are_refused() {
    let mut host = FakeHost::new([
        Script::reply(200, r#"{"data":[{"embedding":[1]}]}"#),
        Script::reply(200, r#"{"data":[{"embedding":[1,2]}]}"#),
    ]);
    let embedder = embedder(&[("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS", "1")]);
    let message = "GenericOpenAI Failed to embed: one vector has 1 dimensions, another 2";
    assert_eq!(run(&mut host, embedder, numbers(2)), Err(message.into()));
}

#[test]
fn ollama_has_its_own_address_and_window() {
    let mut host = server();
    let embedder = embedder(&[
        ("EMBEDDING_ENGINE", "ollama"),
        ("EMBEDDING_BASE_PATH", "http://embed.test"),
        ("EMBEDDING_MODEL_MAX_CHUNK_LENGTH", "8192"),
        ("OLLAMA_EMBEDDING_BATCH_SIZE", "8"),
    ]);
    assert_eq!(run(&mut host, embedder, numbers(2)), expected(2));
    let request = &host.requests[0];
    assert_eq!(request.url, "http://embed.test/api/embed");
    assert_eq!(
        body(request),
        json!({"model": "mock-embed", "input": ["0", "1"], "options": {"num_ctx": 8192}})
    );
}

#[test]
fn an_embedder_in_the_host() {
    let mut host = FakeHost::answering(|effect| {
        let Effect::Embed(request) = effect else { panic!("{effect:?}") };
        Script::settle(Reply::Embed(vec![vec![1.0]; request.texts.len()]))
    });
    let embedder = || Embedder::Host(HostEmbedder { model: "m".into(), max_chunk_chars: 500 });
    assert_eq!(run(&mut host, embedder(), numbers(40)).unwrap().len(), 40);
    let mut host = FakeHost::new([Script::fail(HostErrorKind::Unsupported, "this host has no embedder")]);
    let message = "The host's embedder Failed to embed: this host has no embedder";
    assert_eq!(run(&mut host, embedder(), numbers(1)), Err(message.into()));
}

#[test]
fn settings_that_lead_nowhere_fail_with_what_to_set() {
    let vars = BTreeMap::from([("EMBEDDING_ENGINE".to_owned(), "openai".to_owned())]);
    let embedder = EmbedSettings::from_vars(&vars).0.embedder;
    let message = "OpenAI Failed to embed: No API key was set for OpenAI embeddings. Set OPEN_AI_KEY.";
    assert_eq!(run(&mut FakeHost::new([]), embedder, numbers(1)), Err(message.into()));
}

#[cfg(feature = "embedded-assets")]
#[test]
fn the_built_in_model_breathes_between_slices() {
    let mut host = FakeHost::new([]);
    let texts = vec!["otters ".repeat(10_000); 7];
    let vectors = run(&mut host, Embedder::Builtin, texts.clone()).unwrap();
    assert_eq!((vectors.len(), vectors[0].len()), (7, 256));
    assert_eq!(vectors[6], minilm::embedded().embed(&texts[6]));
    // Half a megabyte is 10 ms of work, in many texts or in one.
    assert_eq!(host.effects, [Effect::Breathe, Effect::Breathe]);
    let mut host = FakeHost::new([]);
    let long = texts.concat();
    let vectors = run(&mut host, Embedder::Builtin, vec![long.clone()]).unwrap();
    assert_eq!(vectors, [minilm::embedded().embed(&long)]);
    assert_eq!(host.effects, [Effect::Breathe, Effect::Breathe]);
}
