use crate::model::Uses;
use crate::seam::{ApiRequest, Effect, HostError, HostErrorKind, KvOp};
use crate::store::key;
use crate::testing::{Replied, TestHost, json_request};
use serde_json::{Value, json};

const SESSION: &str = "0b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10";
const OTHER_SESSION: &str = "1b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10";
const SHOP: &str = "https://shop.test";

/// A host with a workspace that knows of otters, answered by quoting.
fn host(vars: &[(&str, &str)]) -> TestHost {
    let mut host = TestHost::new(vars);
    host.call("POST", "/v1/workspace/new", &json!({ "name": "Zoo", "similarityThreshold": 0 })).ok();
    let text = json!({ "textContent": "Otters eat fish. They live along the river.", "metadata": { "title": "otter" }, "addToWorkspaces": "zoo" });
    host.call("POST", "/v1/document/raw-text", &text).ok();
    host
}

/// An embed with these settings; its public name.
fn embed(host: &mut TestHost, settings: Value) -> String {
    let mut body = json!({ "workspace_slug": "zoo", "chat_mode": "chat" });
    body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let made = host.call("POST", "/v1/embed/new", &body).ok();
    made["embed"]["uuid"].as_str().unwrap().to_owned()
}

/// A call of a visitor: no key, from a page of this origin.
fn visit(host: &mut TestHost, method: &str, path: &str, origin: Option<&str>, body: &Value) -> Replied {
    let mut request = json_request(method, path, body);
    request.headers.extend(origin.map(|origin| ("origin".to_owned(), origin.to_owned())));
    host.call_with("", request)
}

fn ask(host: &mut TestHost, uuid: &str, session: &str, message: &str) -> Replied {
    let body = json!({ "sessionId": session, "message": message });
    visit(host, "POST", &format!("/embed/{uuid}/stream-chat"), None, &body)
}

fn text(replied: &Replied) -> String {
    String::from_utf8(replied.body.clone()).unwrap()
}

fn header<'a>(replied: &'a Replied, name: &str) -> Option<&'a str> {
    replied.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The public routes of an embed, and the status that each answers to a page of `origin`.
fn statuses(host: &mut TestHost, uuid: &str, origin: Option<&str>) -> Vec<u16> {
    let ask = json!({ "sessionId": SESSION, "message": "What do otters eat?" });
    [
        ("POST", format!("/embed/{uuid}/stream-chat"), ask),
        ("GET", format!("/embed/{uuid}/{SESSION}"), json!({})),
        ("DELETE", format!("/embed/{uuid}/{SESSION}"), json!({})),
    ]
    .into_iter()
    .map(|(method, path, body)| visit(host, method, &path, origin, &body).status)
    .collect()
}

/// Whether it is a commit that writes keys of this kind.
fn commits(effect: &Effect, kind: &str) -> bool {
    matches!(effect, Effect::Kv(KvOp::Commit { writes, .. }) if format!("{writes:?}").contains(kind))
}

#[test]
fn an_allowlist_holds_on_every_public_route_in_every_spelling() {
    let mut host = host(&[]);
    for list in [json!("shop.test"), json!(["https://shop.test"]), json!("[\"https://shop.test/x\"]")] {
        let uuid = embed(&mut host, json!({ "allowlist_domains": list }));
        assert_eq!(statuses(&mut host, &uuid, Some(SHOP)), [200, 200, 200]);
        for other in [
            None,
            Some("null"),
            Some("http://shop.test"),
            Some("https://shop.test:8443"),
            Some("https://evil.shop.test"),
            Some("https://shop.test.evil.test"),
            Some("https://shop.testevil"),
        ] {
            assert_eq!(statuses(&mut host, &uuid, other), [401, 401, 401], "{other:?}");
        }
    }
}

#[test]
fn what_was_set_can_be_read_before_it_is_changed() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({ "allowlist_domains": "shop.test", "max_chats_per_day": "50" }));
    let listed = |host: &mut TestHost| host.call("GET", "/v1/embed", &json!(null)).ok()["embeds"][0].clone();
    let before = listed(&mut host);
    assert_eq!(before["allowlist_domains"], json!(["https://shop.test"]));
    assert_eq!((&before["max_chats_per_day"], &before["max_chats_per_session"]), (&json!(50), &json!(null)));
    // As it was read it can be sent back.
    host.call("POST", &format!("/v1/embed/{uuid}"), &before).ok();
    assert_eq!(listed(&mut host), before);
}

#[test]
fn a_page_of_the_servers_own_origin_is_known_by_its_referrer() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({ "allowlist_domains": "shop.test" }));
    let mut request = json_request("GET", &format!("/embed/{uuid}/{SESSION}"), &json!({}));
    request.headers.push(("referer".into(), "https://shop.test/page?x".into()));
    assert_eq!(host.call_with("", request.clone()).status, 200);
    // What the browser says of the origin comes first.
    request.headers.push(("origin".into(), "https://evil.test".into()));
    assert_eq!(host.call_with("", request).status, 401);
}

#[test]
fn only_pages_that_may_use_it_can_read_its_answers() {
    let mut host = host(&[]);
    let closed = embed(&mut host, json!({ "allowlist_domains": "shop.test" }));
    let open = embed(&mut host, json!({}));
    for (uuid, origin, readable) in
        [(&closed, SHOP, true), (&closed, "https://evil.test", false), (&open, "https://evil.test", true)]
    {
        for (method, path) in [
            ("OPTIONS", SESSION),
            ("OPTIONS", "stream-chat"),
            ("GET", SESSION),
            ("DELETE", SESSION),
            ("POST", "stream-chat"),
        ] {
            let body = json!({ "sessionId": SESSION, "message": "fish" });
            let replied = visit(&mut host, method, &format!("/embed/{uuid}/{path}"), Some(origin), &body);
            let allowed = header(&replied, "access-control-allow-origin");
            assert_eq!(allowed, readable.then_some(origin), "{method} {path} from {origin}");
            assert_eq!(header(&replied, "vary"), Some("Origin"));
            assert_eq!(header(&replied, "access-control-allow-credentials"), None);
        }
    }
}

#[test]
fn a_list_that_is_wanted_and_missing_lets_nobody_in() {
    let mut host = host(&[("EMBED_REQUIRE_ALLOWLIST", "true")]);
    let uuid = embed(&mut host, json!({}));
    assert_eq!(statuses(&mut host, &uuid, Some(SHOP)), [401, 401, 401]);
    let uuid = embed(&mut host, json!({ "allowlist_domains": "shop.test" }));
    assert_eq!(statuses(&mut host, &uuid, Some(SHOP)), [200, 200, 200]);
}

#[test]
fn an_embed_that_is_switched_off_answers_nobody() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    host.call("POST", &format!("/v1/embed/{uuid}"), &json!({ "enabled": false })).ok();
    assert_eq!(statuses(&mut host, &uuid, Some(SHOP)), [503, 503, 503]);
    assert_eq!(statuses(&mut host, "nope", Some(SHOP)), [404, 404, 404]);
}

#[test]
fn visitors_see_neither_sources_nor_models() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    let answered = ask(&mut host, &uuid, SESSION, "What do otters eat?");
    let events = text(&answered);
    assert!(events.contains("fish"), "{events}");
    let history = visit(&mut host, "GET", &format!("/embed/{uuid}/{SESSION}"), None, &json!({}));
    let history = text(&history);
    assert!(history.contains("fish"), "{history}");
    for secret in ["otter.txt", "docpath", "raw-otter", "provider", "model", "chunkSource"] {
        assert!(!events.contains(secret) && !history.contains(secret), "{secret}\n{events}\n{history}");
    }
    // Its owner sees what the answer rests on, and who asked.
    let chats = host.call("GET", &format!("/v1/embed/{uuid}/chats"), &json!({})).ok();
    let chat = &chats["chats"][0];
    assert!(chat["response"].as_str().unwrap().contains("otter.txt"));
    assert_eq!(chat["connection_information"], json!({ "ip": "192.0.2.1", "username": null }).to_string());
}

#[test]
fn sessions_do_not_see_each_other_and_the_workspace_sees_none() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    ask(&mut host, &uuid, SESSION, "What do otters eat?");
    for path in [
        format!("/embed/{uuid}/{OTHER_SESSION}"),
        format!("/embed/{uuid}/zzz"),
        format!("/embed/{uuid}/%2e%2e"),
    ] {
        let seen = visit(&mut host, "GET", &path, None, &json!({})).ok();
        assert_eq!(seen["history"], json!([]), "{path}");
    }
    assert_eq!(host.call("GET", "/v1/workspace/zoo/chats", &json!({})).ok()["history"], json!([]));
    host.call("DELETE", "/v1/workspace/zoo/chats", &json!({})).ok();
    let path = format!("/embed/{uuid}/{}", SESSION.to_uppercase());
    assert_eq!(visit(&mut host, "GET", &path, None, &json!({})).ok()["history"].as_array().unwrap().len(), 2);
    visit(&mut host, "DELETE", &path, None, &json!({}));
    assert_eq!(visit(&mut host, "GET", &path, None, &json!({})).ok()["history"], json!([]));
    let kept = host.call("GET", &format!("/v1/embed/{uuid}/chats/{SESSION}"), &json!({})).ok();
    assert_eq!(kept["chats"][0]["include"], false);
}

#[test]
fn a_limit_says_when_to_come_back_and_forgets_after_a_day() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({ "max_chats_per_day": 3, "max_chats_per_session": 2 }));
    for expected in [200, 200, 429] {
        assert_eq!(ask(&mut host, &uuid, SESSION, "fish?").status, expected);
    }
    let other = ask(&mut host, &uuid, OTHER_SESSION, "fish?");
    assert_eq!(other.status, 200);
    let refused = ask(&mut host, &uuid, OTHER_SESSION, "fish?");
    assert_eq!((refused.status, refused.json()["error"].clone()), (429, json!("Rate limit exceeded")));
    let seconds: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
    assert!((86_000..87_000).contains(&seconds), "{seconds}");
    host.now = host.now.plus(seconds * 1000);
    assert_eq!(ask(&mut host, &uuid, SESSION, "fish?").status, 200);
}

#[test]
fn who_comes_too_often_is_told_to_wait_and_nobody_else() {
    let mut host = host(&[("HAVERSACK_EMBED_REQUESTS_PER_MINUTE", "3")]);
    let (uuid, other) = (embed(&mut host, json!({})), embed(&mut host, json!({})));
    assert_eq!(statuses(&mut host, &uuid, Some(SHOP)), [200, 200, 200]);
    assert_eq!(statuses(&mut host, &uuid, Some(SHOP)), [429, 429, 429]);
    assert_eq!(statuses(&mut host, &other, Some(SHOP)), [200, 200, 200]);
    let refused = ask(&mut host, &uuid, SESSION, "fish?");
    let seconds: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
    assert!(seconds <= 120, "{seconds}");
    host.now = host.now.plus(seconds * 1000);
    assert_eq!(ask(&mut host, &uuid, SESSION, "fish?").status, 200);
}

#[test]
fn what_was_no_answer_does_not_count() {
    let mut host = host(&[]);
    let uuid =
        embed(&mut host, json!({ "chat_mode": "query", "max_chats_per_day": 1, "max_chats_per_session": 1 }));
    host.call(
        "POST",
        "/v1/workspace/zoo/update",
        &json!({ "similarityThreshold": 1, "queryRefusalResponse": "Ask me about otters." }),
    )
    .ok();
    for _ in 0..3 {
        let refused = text(&ask(&mut host, &uuid, SESSION, "unrelated words entirely"));
        assert!(refused.contains("Ask me about otters."), "{refused}");
    }
    assert!(host.store.keys().all(|key| !key.as_str().starts_with("embed.chat/")));
}

#[test]
fn many_at_once_do_not_get_past_a_limit_together() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({ "max_chats_per_day": 2 }));
    let mut running: Vec<_> = (0..6)
        .map(|_| {
            let body = json!({ "sessionId": SESSION, "message": "fish?" });
            let request = json_request("POST", &format!("/embed/{uuid}/stream-chat"), &body);
            let mut run = host.start(request);
            // All of them have read the counter before any of them writes it.
            assert!(host.run_until(&mut run, |effect| commits(effect, "embed.day/")));
            run
        })
        .collect();
    let mut statuses: Vec<u16> = running.iter_mut().map(|run| host.finish(run).status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429, 429, 429, 429]);
    let uses: Uses = serde_json::from_slice(&host.plain()[&key::embed_day(1)]).unwrap();
    assert_eq!(uses.count(), 2);
}

#[test]
fn a_model_that_fails_is_not_described_to_the_public() {
    let mut host = host(&[
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://model.internal/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "secret-model"),
        ("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT", "4096"),
    ]);
    let uuid = embed(&mut host, json!({ "max_chats_per_day": 1 }));
    let error = json!({ "error": { "message": "secret-model: quota of org-123 exceeded" } }).to_string();
    host.pages.insert(
        "http://model.internal/v1/chat/completions".into(),
        (400, "application/json".into(), error.into()),
    );
    for _ in 0..2 {
        let failed = text(&ask(&mut host, &uuid, SESSION, "fish?"));
        assert!(failed.contains("\"type\":\"abort\"") && failed.contains("Try again later"), "{failed}");
        for secret in ["secret", "org-123", "model", "quota", "internal"] {
            assert!(!failed.contains(secret), "{secret}: {failed}");
        }
    }
    let logged = host.store.values().any(|value| {
        let line = String::from_utf8_lossy(value);
        line.contains("embed_chat_failed") && line.contains("org-123")
    });
    assert!(logged, "its owner is told");
}

#[test]
fn a_store_that_fails_is_not_described_to_the_public() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    host.fault = Box::new(|effect| match effect {
        Effect::Kv(KvOp::Scan { .. }) => {
            Some(HostError::new(HostErrorKind::Failed, "disk /dev/sda1 is broken"))
        }
        _ => None,
    });
    for (method, path, body) in [
        ("POST", "stream-chat", json!({ "sessionId": SESSION, "message": "fish?" })),
        ("GET", SESSION, json!({})),
        ("DELETE", SESSION, json!({})),
    ] {
        let failed = visit(&mut host, method, &format!("/embed/{uuid}/{path}"), Some(SHOP), &body);
        assert!(!text(&failed).contains("sda1"), "{method}: {}", text(&failed));
        assert_eq!(header(&failed, "access-control-allow-origin"), Some(SHOP), "{method}");
    }
}

#[test]
fn what_a_page_brings_counts_only_where_it_may() {
    let mut host = host(&[
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", "http://model/v1"),
        ("GENERIC_OPEN_AI_MODEL_PREF", "usual"),
        ("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT", "4096"),
    ]);
    host.call("POST", "/v1/workspace/zoo/update", &json!({ "openAiPrompt": "Be kind.", "openAiTemp": 0.5 }))
        .ok();
    let never = embed(&mut host, json!({}));
    let always = embed(
        &mut host,
        json!({ "allow_model_override": true, "allow_temperature_override": true, "allow_prompt_override": true }),
    );
    let brought = json!({ "prompt": "Be a pirate.", "model": "other", "temperature": 0.1 });
    for (uuid, more, expected) in [
        (&never, &brought, ("usual", 0.5, "Be kind.")),
        (&always, &brought, ("other", 0.1, "Be a pirate.")),
        (&always, &json!({}), ("usual", 0.5, "Be kind.")),
        (&always, &json!({ "prompt": null, "model": "", "temperature": "warm" }), ("usual", 0.5, "Be kind.")),
    ] {
        let mut body = json!({ "sessionId": SESSION, "message": "fish?" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        visit(&mut host, "POST", &format!("/embed/{uuid}/stream-chat"), None, &body);
        let asked: Value = serde_json::from_slice(&host.fetched.as_ref().unwrap().body).unwrap();
        assert_eq!(asked["model"], expected.0);
        assert_eq!(asked["temperature"], expected.1);
        assert!(asked["messages"][0]["content"].as_str().unwrap().starts_with(expected.2), "{asked}");
    }
}

#[test]
fn what_is_too_much_is_refused_before_the_model_is_asked() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({ "max_chats_per_day": 1 }));
    assert_eq!(ask(&mut host, &uuid, SESSION, &"x".repeat(8001)).status, 413);
    let path = format!("/embed/{uuid}/stream-chat");
    let body = json!({ "sessionId": SESSION, "message": "x", "prompt": "y".repeat(200_000) });
    assert_eq!(visit(&mut host, "POST", &path, None, &body).status, 413);
    let plain = ApiRequest {
        headers: vec![("content-type".into(), "text/plain;charset=UTF-8".into())],
        ..json_request("POST", &path, &json!({ "sessionId": SESSION, "message": "fish?" }))
    };
    assert_eq!(host.call_with("", plain).status, 200, "as the widget sends it");
}

#[test]
fn cve_2024_8249_a_chat_with_nothing_in_it_is_refused() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    let path = format!("/embed/{uuid}/stream-chat");
    for body in [json!({}), json!(null), json!([]), json!({ "sessionId": null, "message": null })] {
        assert_eq!(visit(&mut host, "POST", &path, None, &body).status, 404, "{body}");
    }
    for message in [json!(""), json!(null), json!(7), json!({})] {
        let body = json!({ "sessionId": SESSION, "message": message });
        assert_eq!(visit(&mut host, "POST", &path, None, &body).status, 400);
    }
}

#[test]
fn cve_2024_8251_a_filter_is_no_session_id() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    let path = format!("/embed/{uuid}/stream-chat");
    ask(&mut host, &uuid, SESSION, "fish?");
    for session in [
        json!("not-a-uuid"),
        json!(null),
        json!({ "$ne": "" }),
        json!(["a"]),
        json!("{0b0e7a34-7d5c-4e0e-9c2b-6f1f4f3b2a10}"),
    ] {
        let refused = visit(&mut host, "POST", &path, None, &json!({ "sessionId": session, "message": "x" }));
        assert_eq!((refused.status, refused.json()["error"].clone()), (404, json!("Invalid session ID.")));
    }
}

#[test]
fn nothing_of_an_embed_outlives_it_or_its_workspace() {
    for workspace in [false, true] {
        let mut host = host(&[]);
        let uuid = embed(&mut host, json!({ "max_chats_per_day": 9, "max_chats_per_session": 9 }));
        assert_eq!(ask(&mut host, &uuid, SESSION, "fish?").status, 200);
        let kinds =
            |host: &TestHost| host.store.keys().filter(|key| key.as_str().starts_with("embed")).count();
        assert_eq!(kinds(&host), 6);
        // An answer under way does not bring anything back.
        let body = json!({ "sessionId": SESSION, "message": "fish?" });
        let mut late = host.start(json_request("POST", &format!("/embed/{uuid}/stream-chat"), &body));
        assert!(host.run_until(&mut late, |effect| commits(effect, "embed.chat/")));
        if workspace {
            assert_eq!(host.call("DELETE", "/v1/workspace/zoo", &json!({})).status, 200);
        } else {
            host.call("DELETE", &format!("/v1/embed/{uuid}"), &json!({})).ok();
        }
        host.finish(&mut late);
        assert_eq!(kinds(&host), 0, "{:?}", host.store.keys().collect::<Vec<_>>());
        assert_eq!(statuses(&mut host, &uuid, None), [404, 404, 404]);
    }
}

#[test]
fn managing_embeds_takes_a_key() {
    let mut host = host(&[]);
    let uuid = embed(&mut host, json!({}));
    for (method, path) in [
        ("GET", "/v1/embed".to_owned()),
        ("POST", "/v1/embed/new".to_owned()),
        ("POST", format!("/v1/embed/{uuid}")),
        ("DELETE", format!("/v1/embed/{uuid}")),
        ("GET", format!("/v1/embed/{uuid}/chats")),
    ] {
        assert_eq!(visit(&mut host, method, &path, None, &json!({})).status, 403, "{method} {path}");
    }
}

#[test]
fn the_widget_is_served_under_both_names() {
    let mut host = TestHost::new(&[]);
    for name in ["haversack-chat.js", "anythingllm-chat-widget.min.js"] {
        let script = visit(&mut host, "GET", &format!("/embed/{name}"), None, &json!({}));
        assert_eq!(header(&script, "content-type"), Some("text/javascript; charset=utf-8"));
        let mut again = json_request("GET", &format!("/embed/{name}"), &json!({}));
        again.headers.push(("if-none-match".into(), header(&script, "etag").unwrap().into()));
        assert_eq!(host.call_with("", again).status, 304);
    }
}
