//! What has gone wrong in servers like this one, and does not here. Lines of `docs/security.md` name these.

use super::{ROOT, SAM, new_user, sign_in, status, team, token, update};
use crate::api::auth::hash;
use crate::api::routes::{Access, ROUTES, Reach, Route};
use crate::model::Scope;
use crate::seam::Key;
use crate::testing::{TestHost, json_request};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A path of the route: `slug` for workspaces, and something else that exists for the rest.
fn path_of(route: &Route, slug: &str) -> String {
    let segment = |segment: &'static str| match segment {
        ":slug" => slug.to_owned(),
        ":id" => "2".to_owned(),
        segment if segment.starts_with(':') => "x".to_owned(),
        segment => segment.to_owned(),
    };
    route.pattern.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// A key of these scopes, limited to these workspaces.
fn key(host: &mut TestHost, body: Value) -> String {
    let made = host.call("POST", "/system/generate-api-key", &body).ok();
    made["apiKey"]["secret"].as_str().unwrap().to_owned()
}

/// The store without counters and notes of use.
fn records(host: &TestHost) -> BTreeMap<Key, Bytes> {
    let counts = ["seq/", "rate/", "key.used/"];
    let kept = |key: &Key| !counts.iter().any(|prefix| key.as_str().starts_with(prefix));
    host.store.iter().filter(|(key, _)| kept(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

// CVE-2023-4898, CVE-2023-5833, CVE-2024-22422, CVE-2024-3279, CVE-2024-3033, CVE-2025-63390.
#[test]
fn no_route_but_the_open_ones_answers_without_a_key() {
    let mut host = team(&[]);
    let before = records(&host);
    for route in ROUTES.iter().filter(|route| route.access != Access::Open) {
        let path = path_of(route, "mine");
        for secret in ["", "wrong"] {
            let answer = host.call_with(secret, json_request(route.method, &path, &json!({})));
            assert!([401, 403].contains(&answer.status), "{} {path}: {}", route.method, answer.status);
        }
    }
    assert_eq!(records(&host), before, "and nothing was done");
}

// CVE-2024-10109, CVE-2024-0439.
#[test]
fn a_key_without_the_scope_is_refused_everywhere() {
    let mut host = team(&[]);
    let all_but = |scope: Scope| -> Vec<&str> {
        Scope::ALL.into_iter().filter(|s| *s != scope && *s != Scope::Admin).map(Scope::name).collect()
    };
    let keys = Scope::ALL.map(|scope| (scope, key(&mut host, json!({ "scopes": all_but(scope) }))));
    let before = records(&host);
    for route in ROUTES {
        let Access::Scope(scope) = route.access else { continue };
        let (_, key) = keys.iter().find(|(lacks, _)| *lacks == scope).unwrap();
        let path = path_of(route, "mine");
        let answer = host.call_with(key, json_request(route.method, &path, &json!({})));
        assert_eq!(answer.status, 403, "{} {path}", route.method);
    }
    assert_eq!(records(&host), before, "and nothing was done");
}

#[test]
fn a_key_for_some_workspaces_does_nothing_that_concerns_all() {
    let mut host = team(&[]);
    let key = key(&mut host, json!({ "workspaces": ["mine"] }));
    for route in ROUTES.iter().filter(|route| route.reach == Reach::All && route.access != Access::Open) {
        let path = path_of(route, "mine");
        let answer = host.call_with(&key, json_request(route.method, &path, &json!({})));
        assert_eq!(answer.status, 403, "{} {path}", route.method);
    }
}

// CVE-2024-0549, CVE-2024-0551, CVE-2024-0765, CVE-2024-0798, CVE-2024-0795, CVE-2024-13060, CVE-2026-32715.
#[test]
fn roles_do_what_is_theirs_and_nothing_else() {
    let mut host = team(&[]);
    new_user(&mut host, "boss", "hunter2!!", "manager");
    let (sam, boss) = (token(&mut host, SAM), token(&mut host, ("boss", "hunter2!!")));
    let before = records(&host);
    for route in ROUTES {
        let path = path_of(route, "mine");
        let barred: &[&String] = match route.access {
            Access::Scope(Scope::Admin) => &[&sam, &boss],
            Access::Scope(Scope::Write) => &[&sam],
            _ => &[],
        };
        for secret in barred {
            let answer = host.call_with(secret, json_request(route.method, &path, &json!({})));
            assert_eq!(answer.status, 403, "{} {path}", route.method);
        }
    }
    assert_eq!(records(&host), before, "and nothing was done");
}

// Object-level authorization is the common hole: CVE-2026-45671, CVE-2026-46444, CVE-2025-63390.
#[test]
fn a_workspace_of_others_is_as_one_that_is_not_there() {
    let mut host = team(&[]);
    let marked = json!({ "message": "SECRET OF THEIRS", "mode": "chat" });
    host.call("POST", "/v1/workspace/theirs/chat", &marked).ok();
    host.call("POST", "/v1/workspace/theirs/thread/new", &json!({ "slug": "x", "name": "SECRET" })).ok();
    let sam = token(&mut host, SAM);
    let limited = key(&mut host, json!({ "workspaces": ["mine"] }));
    let before = records(&host);
    let mut seen = 0;
    for route in
        ROUTES.iter().filter(|route| route.pattern.contains("/:slug") && route.access != Access::Open)
    {
        for secret in [&sam, &limited] {
            let mut answer = |slug: &str| {
                let body = json!({ "message": "hi", "name": "n", "slug": "s" });
                let answer = host.call_with(secret, json_request(route.method, &path_of(route, slug), &body));
                let mut body = String::from_utf8(answer.body).unwrap().replace(slug, "SLUG");
                if let Ok(Value::Object(mut map)) = serde_json::from_str::<Value>(&body) {
                    // A fresh id for each answer.
                    map.remove("id");
                    map.remove("uuid");
                    body = Value::Object(map).to_string();
                }
                (answer.status, body)
            };
            let (theirs, none) = (answer("theirs"), answer("nowhere"));
            assert_eq!(theirs, none, "{} {}", route.method, route.pattern);
            assert!(!theirs.1.contains("SECRET"), "{} {}", route.method, route.pattern);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
    for secret in [&sam, &limited] {
        for path in ["/v1/workspaces", "/v1/openai/models", "/v1/openai/vector_stores"] {
            let listed = host.call_with(secret, json_request("GET", path, &json!(null)));
            assert!(!String::from_utf8(listed.body).unwrap().contains("theirs"), "{path}");
        }
    }
    assert_eq!(records(&host), before);
}

// CVE-2026-32717.
#[test]
fn a_suspended_user_is_out_at_once_and_so_are_their_keys() {
    let mut host = team(&[]);
    new_user(&mut host, "second", "hunter2!!", "admin");
    let second = token(&mut host, ("second", "hunter2!!"));
    let made = host.call_with(&second, json_request("POST", "/system/generate-api-key", &json!({}))).ok();
    assert_eq!(made["apiKey"]["createdBy"]["username"], "second");
    let key = made["apiKey"]["secret"].as_str().unwrap().to_owned();
    let good = |host: &mut TestHost, secret: &str| status(host, secret, "GET", "/v1/auth", json!({})) == 200;
    assert!(good(&mut host, &second) && good(&mut host, &key));
    update(&mut host, 3, json!({ "suspended": 1 }));
    assert!(!good(&mut host, &second) && !good(&mut host, &key));
    assert!(sign_in(&mut host, ("second", "hunter2!!"))["message"].as_str().unwrap().starts_with("[004]"));
    update(&mut host, 3, json!({ "suspended": 0 }));
    assert!(!good(&mut host, &second), "a session does not come back");
    assert!(good(&mut host, &key));
    update(&mut host, 3, json!({ "role": "manager" }));
    assert!(!good(&mut host, &key), "nor is a key more than its maker");
    host.call("DELETE", "/v1/admin/users/3", &json!(null)).ok();
    assert!(!good(&mut host, &key));
}

/// Makes a key with `secret`, which is a session or another key.
fn key_of(host: &mut TestHost, secret: &str, body: Value) -> String {
    let made = host.call_with(secret, json_request("POST", "/system/generate-api-key", &body)).ok();
    made["apiKey"]["secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_key_made_with_a_key_belongs_to_the_same_user_and_falls_with_them() {
    let changes: [(&str, &str, Value); 4] = [
        ("POST", "suspended", json!({ "suspended": 1 })),
        ("POST", "no administrator", json!({ "role": "default" })),
        ("POST", "no administrator", json!({ "role": "manager" })),
        ("DELETE", "deleted", json!(null)),
    ];
    for (method, what, change) in changes {
        let mut host = team(&[]);
        let of_operator = key(&mut host, json!({ "name": "of the operator" }));
        let of_that = key_of(&mut host, &of_operator, json!({}));
        new_user(&mut host, "second", "hunter2!!", "admin");
        let session = token(&mut host, ("second", "hunter2!!"));
        let first = key_of(&mut host, &session, json!({ "name": "first" }));
        let second = key_of(&mut host, &first, json!({ "name": "second" }));
        let third = key_of(&mut host, &second, json!({ "name": "third", "scopes": ["admin"] }));
        let listed = host.call("GET", "/system/api-keys", &json!(null)).ok()["apiKeys"].clone();
        let owners: Vec<(&Value, &Value)> =
            listed.as_array().unwrap().iter().map(|key| (&key["createdBy"], &key["createdWith"])).collect();
        let (nobody, theirs) = (Value::Null, json!({ "id": 3, "username": "second" }));
        let with = [json!(null), json!(1), json!(null), json!(3), json!(4)];
        let expected = [&nobody, &nobody, &theirs, &theirs, &theirs];
        assert_eq!(owners, expected.into_iter().zip(&with).collect::<Vec<_>>());
        host.call(method, "/v1/admin/users/3", &change).ok();
        for secret in [&session, &first, &second, &third] {
            assert_eq!(status(&mut host, secret, "GET", "/v1/admin/users", json!({})), 403, "{what}");
        }
        for secret in [&first, &second, &third] {
            assert_eq!(status(&mut host, secret, "GET", "/v1/auth", json!({})), 403, "{what}");
        }
        // What the operator made stays, whoever goes.
        for secret in [&of_operator, &of_that] {
            assert_eq!(status(&mut host, secret, "GET", "/v1/admin/users", json!({})), 200, "{what}");
        }
    }
}

#[test]
fn a_clock_that_went_back_brings_back_nothing_that_has_ended() {
    let mut host = team(&[("SIMPLE_SSO_ENABLED", "true")]);
    let ending = key(&mut host, json!({ "expiresAt": "2023-12-01" }));
    let lasting = key(&mut host, json!({}));
    let session = token(&mut host, SAM);
    let issued = host.call("GET", "/v1/users/2/issue-auth-token", &json!(null)).ok();
    for now in [0, -1, -86_400_000, i64::MIN] {
        host.now = crate::seam::UnixMs(now);
        for secret in [&ending, &session] {
            assert_eq!(status(&mut host, secret, "GET", "/v1/auth", json!({})), 403, "{now}");
        }
        assert_eq!(status(&mut host, &lasting, "GET", "/v1/auth", json!({})), 200, "{now}");
    }
    let path = format!("/request-token/sso/simple?token={}", issued["token"].as_str().unwrap());
    assert_eq!(host.call_with("", json_request("GET", &path, &json!(null))).status, 401);
    // Hosts whose clocks differ by a little share sessions and keys.
    host.now = crate::seam::UnixMs(crate::testing::START.0 - 60_000);
    for secret in [&ending, &session] {
        assert_eq!(status(&mut host, secret, "GET", "/v1/auth", json!({})), 200);
    }
}

// CVE-2024-5213, CVE-2024-7783, CVE-2024-6842, CVE-2026-24477; §15.2 of the reference.
#[test]
fn no_secret_is_kept_in_clear_or_comes_back() {
    let mut host = team(&[("SIMPLE_SSO_ENABLED", "true"), ("OPEN_AI_KEY", "sk-of-the-operator")]);
    let sam = token(&mut host, SAM);
    let key = key(&mut host, json!({ "name": "all" }));
    let issued = host.call("GET", "/v1/users/2/issue-auth-token", &json!(null)).ok();
    let sso = issued["token"].as_str().unwrap().to_owned();
    let secrets = [ROOT.1, SAM.1, &sam, &key, &sso, "sk-of-the-operator"].map(str::to_owned);
    for (place, value) in &host.store {
        let value = String::from_utf8_lossy(value);
        assert!(
            !secrets.iter().any(|s| value.contains(s.as_str()) || place.as_str().contains(s.as_str())),
            "{place}"
        );
    }
    let hashes = [hash(&sam), hash(&key), hash(&sso), "$argon2".to_owned(), hash("wrong")];
    let order = |route: &&Route| ["GET", "POST", "DELETE"].iter().position(|m| *m == route.method);
    let mut routes: Vec<&Route> = ROUTES.iter().collect();
    routes.sort_by_key(order);
    let mut answered = 0;
    for route in routes {
        for body in
            [json!({}), json!({ "message": "hi", "name": "n", "bio": "b", "offset": 0, "userIds": [2] })]
        {
            let path = path_of(route, "mine");
            let answer = host.call_with(&key, json_request(route.method, &path, &body));
            let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
            let text = headers.collect::<String>() + &String::from_utf8_lossy(&answer.body);
            for secret in secrets.iter().chain(&hashes) {
                assert!(!text.contains(secret.as_str()), "{} {path}: {secret}", route.method);
            }
            answered += usize::from(answer.status == 200);
        }
        // Nothing that is asked of every route may be what ends the asking.
        let alive = status(&mut host, &key, "GET", "/v1/auth", json!({}));
        assert_eq!(alive, 200, "{} {}", route.method, route.pattern);
    }
    assert!(answered > 40, "{answered}");
}

// CVE-2024-3102, CVE-2024-8251: a filter of a database where a text belongs.
#[test]
fn objects_are_no_names_and_no_passwords() {
    let mut host = team(&[]);
    let code = host.call("POST", "/v1/admin/invite/new", &json!({})).ok()["invite"]["code"].clone();
    let invite = format!("/invite/{}", code.as_str().unwrap());
    let before = records(&host);
    for wrong in [json!({ "$gt": "" }), json!(["sample-sam"]), json!(true), json!({ "contains": "a" })] {
        for body in
            [json!({ "username": wrong, "password": SAM.1 }), json!({ "username": SAM.0, "password": wrong })]
        {
            let paths = [
                "/request-token",
                &invite,
                "/v1/admin/users/new",
                "/v1/admin/users/2",
                "/system/enable-multi-user",
            ];
            for path in paths {
                let secret = ["/request-token", &invite].contains(&path);
                let answer = match secret {
                    true => host.call_with("", json_request("POST", path, &body)),
                    false => host.call("POST", path, &body),
                };
                assert!((400..500).contains(&answer.status), "{path} {body}: {}", answer.status);
            }
        }
        let body = json!({ "token": wrong });
        assert!(host.call_with("", json_request("POST", "/request-token", &body)).status >= 400);
    }
    assert_eq!(records(&host), before);
}

// CVE-2024-4284.
#[test]
fn nobody_has_the_id_zero() {
    let mut host = team(&[]);
    let before = records(&host);
    for id in ["0", "-1", "00", "%00", "1e0", "18446744073709551616", "..%2f1", "NaN"] {
        let said = host.call("POST", &format!("/v1/admin/users/{id}"), &json!({ "suspended": 1 }));
        assert_eq!(said.json()["success"], false, "{id}");
        assert_eq!(host.call("DELETE", &format!("/v1/admin/users/{id}"), &json!(null)).status, 404, "{id}");
    }
    let zero = json!({ "userIds": [0] });
    assert_eq!(host.call("POST", "/v1/admin/workspaces/mine/manage-users", &zero).status, 400);
    assert_eq!(records(&host), before);
}

// CVE-2024-5216.
#[test]
fn names_have_a_length() {
    let mut host = team(&[]);
    let long = "a".repeat(1 << 20);
    let body = json!({ "username": long, "password": "hunter2!!" });
    let refused = host.call("POST", "/v1/admin/users/new", &body);
    assert_eq!(
        (refused.status, refused.json()["error"].clone()),
        (400, json!("Username cannot be longer than 64 characters"))
    );
    assert_eq!(update(&mut host, 2, json!({ "username": long }))["success"], false);
    assert_eq!(update(&mut host, 2, json!({ "bio": long }))["success"], false);
    assert_eq!(sign_in(&mut host, (&long, "hunter2!!"))["valid"], false);
    assert_eq!(sign_in(&mut host, (SAM.0, &long))["valid"], false);
    let heaviest = host.store.iter().filter(|(key, _)| key.as_str().starts_with("event/"));
    assert!(heaviest.map(|(_, value)| value.len()).max() < Some(2000), "nor does the log grow by it");
}

// CVE-2024-3029, CVE-2024-3101.
#[test]
fn what_is_malformed_changes_neither_mode_nor_users() {
    let bodies = [
        "{",
        "null",
        "\"x\"",
        "[]",
        "{}",
        "{\"username\":",
        "{\"username\":\"root\"}",
        "{\"password\":\"hunter2!!\"}",
        "{\"username\":1,\"password\":2}",
        "{\"username\":\"Root\",\"password\":\"hunter2!!\"}",
        "\u{0}",
        "{\"username\":\"root-admin\",\"password\":\"short\"}",
        "{\"multi_user_mode\":false}",
    ];
    for mut host in [TestHost::new(&[]), team(&[])] {
        let before = records(&host);
        for body in bodies {
            let mut request = json_request("POST", "/system/enable-multi-user", &json!(null));
            request.body = body.into();
            let mut running = host.start(request);
            let answer = host.finish(&mut running);
            assert!((400..500).contains(&answer.status), "{body}: {}", answer.status);
        }
        assert_eq!(records(&host), before);
    }
    // Nor is it for anybody who finds the port.
    let mut host = TestHost::new(&[]);
    let body = json!({ "username": "intruder", "password": "hunter2!!" });
    assert_eq!(status(&mut host, "", "POST", "/system/enable-multi-user", body), 403);
}

// CVE-2024-3150, CVE-2024-3152, CVE-2024-3283, CVE-2024-4287.
#[test]
fn no_update_writes_what_it_is_not_for() {
    let mut host = team(&[]);
    let sam = token(&mut host, SAM);
    let thread = json!({ "slug": "own", "userId": 1, "user_id": 1, "workspace_id": 2 });
    assert_eq!(status(&mut host, &sam, "POST", "/v1/workspace/mine/thread/new", thread), 200);
    let nested = json!({ "name": "n", "user_id": 1, "workspace_id": 2, "id": 9, "slug": "other",
        "user": { "update": { "role": "admin" } }, "users": { "create": { "role": "admin" } },
        "workspace_users": { "create": { "user_id": 2 } }, "role": "admin" });
    assert_eq!(status(&mut host, &sam, "POST", "/v1/workspace/mine/thread/own/update", nested.clone()), 200);
    let kept = host.value("thread/000000000001/000000000001");
    assert_eq!(
        (kept["user"].clone(), kept["workspace"].clone(), kept["slug"].clone()),
        (json!(2), json!(1), json!("own"))
    );
    host.call("POST", "/v1/workspace/mine/update", &nested).ok();
    let kept = host.value("ws/000000000001");
    assert_eq!((kept["id"].clone(), kept["slug"].clone()), (json!(1), json!("mine")));
    let chat = json!({ "message": "hi", "mode": "chat", "userId": 1, "user": { "role": "admin" } });
    assert_eq!(status(&mut host, &sam, "POST", "/v1/workspace/mine/thread/own/chat", chat), 200);
    let seen =
        host.call_with(&sam, json_request("GET", "/v1/workspace/mine/thread/own/chats", &json!(null))).ok();
    assert_eq!(seen["history"].as_array().unwrap().len(), 2, "as themselves, whoever they say they are");
    let before = host.value("user/000000000002");
    update(&mut host, 2, json!({ "id": 1, "created_at": 0, "seen_recovery_codes": true, "bio": "mine" }));
    let after = host.value("user/000000000002");
    assert_eq!(
        (after["id"].clone(), after["created_at"].clone(), after["role"].clone()),
        (json!(2), before["created_at"].clone(), json!("default"))
    );
    assert_eq!(host.value("user/000000000001")["role"], "admin");
    assert_eq!(host.keys("user/").len(), 2);
}

// CVE-2026-21484, CVE-2024-0436.
#[test]
fn signing_in_does_not_tell_who_is_a_user() {
    let mut host = team(&[]);
    let known = sign_in(&mut host, (SAM.0, "wrong-guess"));
    let unknown = sign_in(&mut host, ("nobody-here", "wrong-guess"));
    assert_eq!(known, unknown);
    update(&mut host, 2, json!({ "suspended": 1 }));
    assert_eq!(sign_in(&mut host, (SAM.0, "wrong-guess")), known, "nor who is suspended");
    let events = host.store.iter().filter(|(key, _)| key.as_str().starts_with("event/"));
    let events: Vec<String> = events.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
    assert!(!events.iter().any(|line| line.contains("nobody-here")), "a name may be a mistyped password");
}

// CVE-2024-3569.
#[test]
fn a_malformed_authorization_header_is_no_key() {
    let mut host = team(&[]);
    for value in
        ["", " ", "Bearer", "Bearer ", "Bearer  x", "\u{0}", "Bearer \u{fffd}", "x", &" ".repeat(9999)]
    {
        let mut request = json_request("GET", "/v1/auth", &json!(null));
        request.headers.push(("authorization".into(), value.to_owned()));
        assert_eq!(host.call_with("", request).status, 403, "{value:.20}");
    }
}

// CVE-2026-72917: one code, two spellings.
#[test]
fn a_token_has_one_spelling() {
    let mut host = team(&[("SIMPLE_SSO_ENABLED", "true")]);
    let sam = token(&mut host, SAM);
    let issued = host.call("GET", "/v1/users/2/issue-auth-token", &json!(null)).ok();
    let sso = issued["token"].as_str().unwrap().to_owned();
    for spelling in [format!("{sso}%20"), format!("%20{sso}"), sso.to_lowercase(), sso.to_uppercase()] {
        let path = format!("/request-token/sso/simple?token={spelling}");
        assert_eq!(host.call_with("", json_request("GET", &path, &json!(null))).status, 401, "{spelling}");
    }
    for spelling in [sam.to_uppercase(), format!("{sam}\t"), format!("{sam}%20")] {
        assert_eq!(status(&mut host, &spelling, "GET", "/v1/auth", json!({})), 403, "{spelling}");
    }
}

// CVE-2024-3110, CVE-2026-88055.
#[test]
fn no_preference_is_a_script() {
    let mut host = team(&[]);
    let before = records(&host);
    for url in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        " javascript:x",
        "https://x\"onload=y",
        "//x",
        "",
    ] {
        let footer = json!([{ "icon": "x", "url": url }]).to_string();
        for body in
            [json!({ "footer_data": footer }), json!({ "footer_data": [{ "icon": "x", "url": url }] })]
        {
            assert_eq!(host.call("POST", "/v1/admin/preferences", &body).status, 400, "{body}");
        }
        if !url.is_empty() {
            let body = json!({ "meta_page_favicon": url });
            assert_eq!(host.call("POST", "/v1/admin/preferences", &body).status, 400, "{body}");
        }
    }
    assert_eq!(records(&host), before);
    let links = json!([{ "icon": "x", "url": "https://example.com/?a=b" }, { "icon": "m", "url": "mailto:a@example.com" }]);
    host.call("POST", "/v1/admin/preferences", &json!({ "footer_data": links.to_string() })).ok();
    assert_eq!(host.value("set/instance")["preferences"]["footer_data"], links.to_string());
}

/// What a route answers, without the ids and times that differ from call to call.
fn refusal(answer: &crate::testing::Replied) -> (u16, Vec<u8>) {
    (answer.status, answer.body.clone())
}

// CVE-2024-3279: a host that answers a route itself asks by the same row of the table.
#[test]
fn who_may_call_is_the_same_for_the_engine_and_for_hosts_that_answer_themselves() {
    let mut host = team(&[]);
    let (sam, root) = (token(&mut host, SAM), token(&mut host, ROOT));
    let mut callers: Vec<(String, String)> = [("nobody", ""), ("an unknown key", "wrong")]
        .map(|(name, secret)| (name.to_owned(), secret.to_owned()))
        .to_vec();
    for scope in Scope::ALL {
        callers.push((scope.name().to_owned(), key(&mut host, json!({ "scopes": [scope.name()] }))));
        let limited = json!({ "scopes": [scope.name()], "workspaces": ["mine"] });
        callers.push((format!("{} in one workspace", scope.name()), key(&mut host, limited)));
    }
    callers.push(("everything".to_owned(), key(&mut host, json!({}))));
    callers.extend([("a user".to_owned(), sam), ("an administrator".to_owned(), root)]);
    let (mut yes, mut no) = (0, 0);
    for route in ROUTES {
        let path = path_of(route, "mine");
        for (who, secret) in &callers {
            let expected = match (route.access, who.as_str()) {
                (Access::Open, _) => true,
                (_, "nobody" | "an unknown key") => false,
                (Access::Known, _) => route.reach == Reach::Own || !who.ends_with("in one workspace"),
                (Access::Scope(scope), "a user") => {
                    matches!(scope, Scope::Read | Scope::Chat) && route.reach == Reach::Own
                }
                (Access::Scope(_), "everything" | "an administrator") => true,
                (Access::Scope(scope), who) => {
                    let own = who.split(' ').next().and_then(Scope::parse).unwrap();
                    let limited = who.ends_with("in one workspace");
                    (own == scope || own == Scope::Admin) && (route.reach == Reach::Own || !limited)
                }
            };
            let mut request = json_request(route.method, &path, &json!({}));
            if !secret.is_empty() {
                request.headers.push(("authorization".into(), format!("Bearer {secret}")));
            }
            let before = records(&host);
            let asked = host.authorise(request.clone());
            assert_eq!(records(&host), before, "asking does nothing");
            assert_eq!(asked.status == 204, expected, "{who}: {} {path}", route.method);
            if expected {
                yes += 1;
                continue;
            }
            no += 1;
            let kept = host.store.clone();
            let answered = host.call_with("", request);
            assert_eq!(refusal(&asked), refusal(&answered), "{who}: {} {path}", route.method);
            host.store = kept;
        }
    }
    assert!(yes > 300 && no > 300, "{yes} {no}");
}

#[test]
fn a_host_that_asks_learns_also_of_wrong_methods_and_paths() {
    let mut host = team(&[]);
    let all = key(&mut host, json!({}));
    for (method, path, status) in [
        ("GET", "/v1/workspace/import/x", 404),
        ("PUT", "/v1/workspace/import", 405),
        ("POST", "/v1/workspace/import/", 204),
    ] {
        let mut request = json_request(method, path, &json!(null));
        request.headers.push(("authorization".into(), format!("Bearer {all}")));
        assert_eq!(host.authorise(request).status, status, "{method} {path}");
    }
    let import = Some("/v1/workspace/import");
    for path in ["/api/v1/workspace/import", "/API/v1/Workspace/IMPORT/", "/v1/workspace/import"] {
        assert_eq!(crate::Engine::route("POST", path), import, "{path}");
    }
    assert_eq!(crate::Engine::route("POST", "/api/nowhere"), None);
}
