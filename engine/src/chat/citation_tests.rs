//! What clients get to see of citations, through every endpoint.

use crate::testing::{Replied, TestHost, document, extracted, json_request};
use haversack_extract::PageSpan;
use serde_json::{Value, json};

const MODEL: &str = "http://llm/v1/chat/completions";
const SESSION: &str = "0b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10";

/// A host with a model, and a workspace with notes that each have a chunk of their own.
fn host(notes: &[(&str, &str)]) -> TestHost {
    let vars = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "m"),
    ];
    with(TestHost::new(&vars), notes)
}

fn with(mut host: TestHost, notes: &[(&str, &str)]) -> TestHost {
    host.call("POST", "/v1/workspace/new", &json!({ "name": "Docs", "similarityThreshold": 0 })).ok();
    for (title, text) in notes {
        let path = host.raw_text(title, text);
        host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    }
    host.call("POST", "/v1/workspace/docs/thread/new", &json!({ "slug": "t" })).ok();
    host
}

const NOTES: &[(&str, &str)] = &[
    ("jetty", "🛶 The jetty is 12.5 metres long. Boats moor at the jetty for 9 euros a night."),
    ("oars", "The oars of the jetty boats hang in the shed. Lamps hang beside them."),
];

/// The model says this from now on, cut after each of its words where it is asked to stream.
fn says(host: &mut TestHost, text: &str, streamed: bool) {
    let body = match streamed {
        false => {
            json!({ "choices": [{ "message": { "content": text }, "finish_reason": "stop" }] }).to_string()
        }
        true => {
            let piece = |text: &str| {
                format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": text } }] }))
            };
            let mut body: String = text.split_inclusive(['[', ' ', ',']).map(piece).collect();
            body.push_str(
                "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            );
            body
        }
    };
    let kind = if streamed { "text/event-stream" } else { "application/json" };
    host.pages.insert(MODEL.to_owned(), (200, kind.to_owned(), body.into()));
}

fn events(reply: &Replied) -> Vec<Value> {
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let data = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

/// The answer, its sources and its relevance.
fn ask(host: &mut TestHost, path: &str, message: &str, mode: &str) -> (String, Vec<Value>, Value) {
    let reply = host.call("POST", path, &json!({ "message": message, "mode": mode }));
    if !path.contains("stream") {
        let body = reply.ok();
        let text = body["textResponse"].as_str().unwrap_or_default().to_owned();
        return (text, body["sources"].as_array().cloned().unwrap_or_default(), body["relevance"].clone());
    }
    let events = events(&reply);
    let text = events.iter().filter_map(|event| event["textResponse"].as_str()).collect();
    let last = events.last().unwrap();
    (text, last["sources"].as_array().cloned().unwrap_or_default(), last["relevance"].clone())
}

/// What was sent to the model last.
fn prompt(host: &TestHost) -> Vec<Value> {
    let request = host.fetched.clone().unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["messages"].as_array().cloned().unwrap()
}

/// The part of the text that a citation names, cut as JavaScript would.
fn cut(text: &str, from: &Value, to: &Value) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let place = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    String::from_utf16(&units[place(from)..place(to)]).unwrap()
}

#[track_caller]
fn sentences(source: &Value) -> Vec<String> {
    let text = source["text"].as_str().unwrap();
    source["citations"].as_array().unwrap().iter().map(|one| cut(text, &one["start"], &one["end"])).collect()
}

#[test]
fn a_number_is_the_place_of_its_source_streamed_and_whole() {
    for path in [
        "/v1/workspace/docs/chat",
        "/v1/workspace/docs/stream-chat",
        "/v1/workspace/docs/thread/t/chat",
        "/v1/workspace/docs/thread/t/stream-chat",
    ] {
        let mut host = host(NOTES);
        says(
            &mut host,
            "Oars hang in the shed [2], a night at the jetty is 9 euros [CONTEXT 1][7].",
            path.contains("stream"),
        );
        let (text, sources, relevance) = ask(&mut host, path, "jetty boats oars shed", "chat");
        let system = prompt(&host)[0]["content"].as_str().unwrap().to_owned();
        assert!(system.contains("[CONTEXT 1]:") && !system.contains("[CONTEXT 0]"), "{system}");
        assert!(system.contains("square brackets"));
        assert_eq!(text, "Oars hang in the shed [1], a night at the jetty is 9 euros [2].", "{path}");
        assert_eq!(sources.iter().map(|source| source["cited"] == true).collect::<Vec<_>>(), [true, true]);
        let all: Vec<String> = sources.iter().flat_map(sentences).collect();
        let expected = match sources[0]["title"].as_str().unwrap() {
            "oars.txt" => vec![
                "The oars of the jetty boats hang in the shed.",
                "Boats moor at the jetty for 9 euros a night.",
            ],
            // Which is second in the prompt is up to the search.
            _ => all.iter().map(String::as_str).collect(),
        };
        assert_eq!(all, expected, "{path}");
        assert!(
            relevance.as_f64().is_some_and(|relevance| relevance > 0.5 && relevance <= 1.0),
            "{relevance}"
        );
        let saved = host.keys("chat/");
        assert_eq!(host.value(&saved[0])["sources"], json!(sources));
    }
}

#[test]
fn places_are_utf16_units_of_source_and_document() {
    let mut host = host(&NOTES[..1]);
    says(&mut host, "Boats moor for 9 euros a night [1].", false);
    let (_, sources, _) = ask(&mut host, "/v1/workspace/docs/chat", "jetty night euros", "query");
    assert_eq!(sentences(&sources[0]), ["Boats moor at the jetty for 9 euros a night."]);
    let citation = &sources[0]["citations"][0];
    let place = sources[0]["docpath"].as_str().unwrap();
    let mut request = json_request("GET", "/v1/workspace/docs/document", &Value::Null);
    request.query = format!("path={place}");
    let shown = host.call_with_request(request).ok();
    let said = cut(shown["text"].as_str().unwrap(), &citation["documentStart"], &citation["documentEnd"]);
    assert_eq!(said, "Boats moor at the jetty for 9 euros a night.");
    assert_eq!((&citation["page"], &citation["pageEnd"]), (&Value::Null, &Value::Null));
}

#[test]
fn an_answer_on_page_three_says_page_three() {
    let mut host = host(&[]);
    let pages = [
        "Rules of the harbour of Orsk. Boats keep left.",
        "The fuel pier is open all day. Nobody smokes there.",
        "The lock opens at 7.30 in the morning and takes\nboats of up to 9.80 metres. It is closed on Sundays.",
    ];
    let text = pages.join("\n\n");
    let mut spans: Vec<PageSpan> = Vec::new();
    for (page, number) in pages.iter().zip(1..) {
        let start = spans.last().map_or(0, |page| page.end + 2);
        spans.push(PageSpan { number, start, end: start + page.len() });
    }
    let mut pdf = document(&text);
    pdf.pages = spans;
    host.extracted.insert("rules.pdf".into(), extracted(&[pdf], &[]));
    host.upload("/v1/document/upload", "rules.pdf", b"%PDF", &[("addToWorkspaces", "docs")]).ok();
    says(&mut host, "The lock takes boats of 9.80 metres and opens at 7.30 in the morning [1].", false);
    let (_, sources, _) = ask(&mut host, "/v1/workspace/docs/chat", "When does the lock open?", "query");
    assert_eq!(
        sentences(&sources[0]),
        ["The lock opens at 7.30 in the morning and takes\nboats of up to 9.80 metres."]
    );
    let citation = &sources[0]["citations"][0];
    assert_eq!(
        (&citation["page"], &citation["pageEnd"], &sources[0]["page"]),
        (&json!(3), &json!(3), &json!(1))
    );
}

#[test]
fn a_prompt_of_ones_own_keeps_the_numbers_of_anythingllm() {
    let mut host = host(NOTES);
    host.call("POST", "/v1/workspace/docs/update", &json!({ "openAiPrompt": "Be brief." })).ok();
    says(&mut host, "So it is [CONTEXT 1].", false);
    let (text, sources, _) = ask(&mut host, "/v1/workspace/docs/chat", "jetty boats", "chat");
    let system = prompt(&host)[0]["content"].as_str().unwrap().to_owned();
    assert!(
        system.starts_with("Be brief.\nContext:\n[CONTEXT 0]:\n") && system.contains("[CONTEXT 1]:\n"),
        "{system}"
    );
    assert_eq!(text, "So it is [1].");
    let second = system.split("[CONTEXT 1]:\n").nth(1).unwrap();
    assert!(second.starts_with(sources[0]["text"].as_str().unwrap()), "{second}");
}

#[test]
fn a_follow_up_has_the_sources_that_were_carried_over() {
    let mut host = host(&NOTES[..1]);
    says(&mut host, "A night is 9 euros [1].", false);
    ask(&mut host, "/v1/workspace/docs/chat", "jetty night euros", "chat");
    host.call(
        "POST",
        "/v1/workspace/docs/update",
        &json!({ "similarityThreshold": 0.99, "searchMode": "vector" }),
    )
    .ok();
    says(&mut host, "Yes, 9 euros [1].", false);
    for _ in 0..2 {
        let (text, sources, _) = ask(&mut host, "/v1/workspace/docs/chat", "Is that so?", "chat");
        assert_eq!((text.as_str(), sources.len()), ("Yes, 9 euros [1].", 1));
        assert_eq!((&sources[0]["carriedOver"], &sources[0]["cited"]), (&json!(true), &json!(true)));
        assert_eq!(sentences(&sources[0]), ["Boats moor at the jetty for 9 euros a night."]);
        assert!(sources[0]["citations"][0]["documentStart"].is_u64());
    }
    // The numbers of earlier answers are those of other sources.
    let said: Vec<Value> =
        prompt(&host).iter().filter(|message| message["role"] == "assistant").cloned().collect();
    assert_eq!(said[0]["content"], "A night is 9 euros.");
    // For a question of its own they are no answer.
    let (text, sources, relevance) = ask(&mut host, "/v1/workspace/docs/chat", "Is that so?", "query");
    assert!(text.starts_with("There is no relevant information") && sources.is_empty(), "{text}");
    assert!(relevance.as_f64().is_some_and(|relevance| relevance < 0.99));
}

#[test]
fn visitors_see_no_numbers() {
    let mut host = host(NOTES);
    let made =
        host.call("POST", "/v1/embed/new", &json!({ "workspace_slug": "docs", "chat_mode": "chat" })).ok();
    let path = format!("/embed/{}/stream-chat", made["embed"]["uuid"].as_str().unwrap());
    says(&mut host, "A night is 9 euros [1], oars hang in the shed 【2】.", true);
    let reply = host.call("POST", &path, &json!({ "sessionId": SESSION, "message": "jetty boats" }));
    let text: String = events(&reply).iter().filter_map(|event| event["textResponse"].as_str()).collect();
    assert_eq!(text, "A night is 9 euros, oars hang in the shed.");
    let history = host.call("GET", &path.replace("/stream-chat", &format!("/{SESSION}")), &Value::Null).ok();
    assert!(history["history"][1].get("relevance").is_none());
    let saved = host.keys("chat/").into_iter().chain(host.keys("embed.chat/"));
    let sources = saved.map(|key| host.value(&key)["sources"].clone()).find(Value::is_array).unwrap();
    assert_eq!(sources[0]["cited"], true);
}

#[test]
fn openai_clients_get_the_same() {
    for streamed in [false, true] {
        let mut host = host(NOTES);
        says(&mut host, "A night is 9 euros [2].", streamed);
        let body = json!({ "model": "docs", "stream": streamed, "messages": [{ "role": "user", "content": "jetty boats" }] });
        let reply = host.call("POST", "/v1/openai/chat/completions", &body);
        let (text, last) = match streamed {
            false => {
                let body = reply.ok();
                (body["choices"][0]["message"]["content"].as_str().unwrap().to_owned(), body)
            }
            true => {
                let events = events(&reply);
                let pieces =
                    events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
                (pieces.collect(), events.last().unwrap().clone())
            }
        };
        assert_eq!(text, "A night is 9 euros [1].");
        assert_eq!(
            (&last["sources"][0]["cited"], &last["sources"][1]["cited"]),
            (&json!(true), &json!(false))
        );
        assert!(last["relevance"].is_f64(), "{last}");
    }
}

#[test]
fn quotes_are_their_own_citations() {
    let mut host = with(TestHost::new(&[]), NOTES);
    let (text, sources, relevance) =
        ask(&mut host, "/v1/workspace/docs/stream-chat", "Where do the oars hang?", "query");
    assert!(text.contains("> The oars of the jetty boats hang in the shed. [1]"), "{text}");
    assert!(text.contains("Sources: [1] oars.txt"), "{text}");
    assert_eq!((&sources[0]["title"], &sources[0]["cited"]), (&json!("oars.txt"), &json!(true)));
    assert_eq!(sentences(&sources[0])[0], "The oars of the jetty boats hang in the shed.");
    assert!(sources[1..].iter().all(|source| source["cited"] == false));
    assert!(relevance.as_f64().is_some_and(|relevance| relevance > 0.4));
    let (text, sources, relevance) =
        ask(&mut host, "/v1/workspace/docs/chat", "Which composer wrote the ninth symphony?", "query");
    assert!(text.starts_with("Nothing about this was found") && sources.is_empty(), "{text}");
    assert!(relevance.as_f64().is_some_and(|relevance| relevance < 0.25), "{relevance}");
}

#[test]
fn a_whole_document_is_cited_where_it_stands() {
    let mut host = host(&[]);
    let text =
        format!("The ferry leaves at noon. {} The last bus waits for the ferry.", "Gulls cry. ".repeat(120));
    let path = host.raw_text("ferry", &text);
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    host.call("POST", "/v1/workspace/docs/update-pin", &json!({ "docPath": path, "pinStatus": true })).ok();
    says(&mut host, "The ferry leaves at noon [1]. The last bus waits for it [1].", false);
    let (_, sources, _) = ask(&mut host, "/v1/workspace/docs/chat", "When does the ferry leave?", "query");
    let citations = sources[0]["citations"].as_array().unwrap();
    assert_eq!(
        cut(sources[0]["text"].as_str().unwrap(), &citations[0]["start"], &citations[0]["end"]),
        "The ferry leaves at noon."
    );
    let last = citations.last().unwrap();
    assert_eq!((&last["start"], &last["end"]), (&Value::Null, &Value::Null));
    assert_eq!(cut(&text, &last["documentStart"], &last["documentEnd"]), "The last bus waits for the ferry.");
}
