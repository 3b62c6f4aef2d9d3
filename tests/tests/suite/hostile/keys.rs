//! Is a key ever more than was meant, or a way to stay?

use super::stage::{Stage, by};
use haversack_engine::seam::ApiRequest;
use haversack_tests::requests::{bare, get, json, raw};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const MAKE: [&str; 2] = ["/system/generate-api-key", "/admin/generate-api-key"];

fn people(stage: &Stage) {
    stage.ok(json(
        "POST",
        "/system/enable-multi-user",
        &json!({"username": "keeper", "password": "a long password"}),
    ));
}

/// A new administrator: their id, and the token of their session.
fn administrator(stage: &Stage, name: &str) -> (String, String) {
    let user = json!({"username": name, "password": "another password", "role": "admin"});
    let made = stage.ok(json("POST", "/v1/admin/users/new", &user));
    let sign_in = json!({"username": name, "password": "another password"});
    let token =
        stage.ok(by(None, json("POST", "/request-token", &sign_in)))["token"].as_str().unwrap().to_owned();
    (made["user"]["id"].to_string(), token)
}

/// A key made with another one.
fn key_by(stage: &Stage, maker: &str, way: &str, fields: &Value) -> String {
    let made = stage.ok(by(Some(maker), json("POST", way, fields)));
    made["apiKey"]["secret"].as_str().unwrap().to_owned()
}

/// What happens to the user with this id.
type Fall = fn(&str) -> ApiRequest;

#[test]
fn keys_fall_with_who_made_them_however_they_were_made() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    people(&stage);
    let falls: [(&str, Fall); 3] = [
        ("otto", |id| json("POST", &format!("/v1/admin/users/{id}"), &json!({"suspended": 1}))),
        ("olga", |id| json("POST", &format!("/v1/admin/users/{id}"), &json!({"role": "default"}))),
        ("oskar", |id| bare("DELETE", &format!("/v1/admin/users/{id}"))),
    ];
    for (name, fall) in falls {
        let (id, token) = administrator(&stage, name);
        let first = key_by(&stage, &token, MAKE[0], &json!({"name": format!("{name} 1")}));
        let second = key_by(&stage, &first, MAKE[1], &json!({"name": format!("{name} 2")}));
        let third = key_by(
            &stage,
            &second,
            MAKE[0],
            &json!({"name": format!("{name} 3"), "scopes": ["admin", "read"]}),
        );
        let reader = key_by(
            &stage,
            &third,
            MAKE[0],
            &json!({"name": format!("{name} 4"), "scopes": ["read"], "workspaces": ["w"]}),
        );
        let listed = stage.ok(get("/system/api-keys"));
        let rows = listed["apiKeys"].as_array().unwrap();
        for n in 1..=4 {
            let row = rows.iter().find(|row| row["name"] == format!("{name} {n}")).unwrap();
            assert_eq!(row["createdBy"]["username"], name, "{row}");
        }
        stage.ok(by(Some(&reader), get("/v1/workspaces")));
        let answer = stage.call(fall(&id));
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        for (what, key) in [("session", &token), ("first", &first), ("second", &second), ("third", &third)] {
            let status = stage.call(by(Some(key), get("/v1/admin/users"))).status;
            assert!(matches!(status, 401 | 403), "{name}, {what}: {status}");
        }
        let status = stage.call(by(Some(&reader), get("/v1/workspaces"))).status;
        assert!(matches!(status, 401 | 403), "{name}, reader: {status}");
        // Nor can any of them make another one.
        let status = stage.call(by(Some(&third), json("POST", MAKE[0], &json!({})))).status;
        assert!(matches!(status, 401 | 403), "{name}: {status}");
    }
}

fn count(stage: &Stage) -> usize {
    stage.ok(get("/system/api-keys"))["apiKeys"].as_array().unwrap().len()
}

#[test]
fn a_body_that_is_not_wholly_understood_makes_no_key() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    let before = count(&stage);
    const JSON: &str = "application/json";
    let long = format!("{{\"scopes\":[{}\"read\"]}}", "\"read\",".repeat(200_000));
    for (kind, body, names) in [
        ("application/x-www-form-urlencoded", r#"{"scopes":["read"]}"#, ""),
        ("application/x-www-form-urlencoded", "scopes=read", ""),
        ("text/plain", "scopes=read", ""),
        (
            "multipart/form-data; boundary=o",
            "--o\r\ncontent-disposition: form-data; name=\"scopes\"\r\n\r\nread\r\n--o--\r\n",
            "",
        ),
        (JSON, "[]", ""),
        (JSON, "\"read\"", ""),
        (JSON, "null", ""),
        (JSON, r#"[{"scopes":["read"]}]"#, ""),
        (JSON, r#"{"scopes":["read"]"#, ""),
        (JSON, r#"{"scope":["read"]}"#, "scope"),
        (JSON, r#"{"Scopes":["read"]}"#, "Scopes"),
        (JSON, r#"{"scopes ":["read"]}"#, "scopes"),
        (JSON, r#"{"apiKey":{"scopes":["read"]}}"#, "apiKey"),
        (JSON, r#"{"scopes":"read"}"#, "scopes"),
        (JSON, r#"{"scopes":[]}"#, "scopes"),
        (JSON, r#"{"scopes":["Read"]}"#, "scopes"),
        (JSON, r#"{"scopes":["read","everything"]}"#, "scopes"),
        (JSON, r#"{"scopes":{"0":"read"}}"#, "scopes"),
        (JSON, r#"{"workspaces":"w"}"#, "workspaces"),
        (JSON, r#"{"workspaces":[]}"#, "workspaces"),
        (JSON, r#"{"workspaces":["elsewhere"]}"#, "elsewhere"),
        (JSON, r#"{"workspace":["w"]}"#, "workspace"),
        (JSON, r#"{"expiresat":"2031-01-01"}"#, "expiresat"),
        (JSON, r#"{"expiresAt":"soon"}"#, "expiresAt"),
        (JSON, r#"{"expiresAt":"1970-01-01"}"#, "expiresAt"),
        (JSON, r#"{"expiresAt":4102444800}"#, "expiresAt"),
        (JSON, r#"{"name":["read"]}"#, "name"),
        (JSON, r#"{"secret":"chosen-by-somebody"}"#, "secret"),
    ] {
        for way in MAKE {
            let answer = stage.call(raw("POST", way, kind, body));
            assert!(
                matches!(answer.status, 400 | 403 | 415 | 422),
                "{kind}, {body}: {} {:?}",
                answer.status,
                answer.body
            );
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(said.contains(names), "{body}: `{names}` is not named in {said}");
        }
    }
    for way in MAKE {
        let status = stage.call(bare("POST", &format!("{way}?scopes=read"))).status;
        assert!(matches!(status, 400 | 422), "limits in the query: {status}");
    }
    assert_eq!(count(&stage), before, "a refusal made a key");
    // What is understood although its type is missing or odd has the limits that were asked for.
    for (kind, body) in
        [("text/plain", r#"{"scopes":["read"]}"#), ("", r#"{"scopes":["read"]}"#), (JSON, long.as_str())]
    {
        let answer = stage.call(raw("POST", MAKE[0], kind, body.to_owned()));
        let scopes = answer.json()["apiKey"]["scopes"].clone();
        assert!(
            answer.status == 200 && scopes == json!(["read"]) || (400..500).contains(&answer.status),
            "{kind}: {answer:?}"
        );
    }
}

#[test]
fn a_key_makes_none_that_lasts_longer_or_sees_more() {
    let stage = Stage::new(&[]);
    stage.workspace("w");
    stage.workspace("x");
    let ends = "2031-01-01T00:00:00.000Z";
    let maker = stage.key(&json!({"scopes": ["admin"], "expiresAt": ends}));
    for wanted in [
        json!({}),
        json!({"scopes": ["write"]}),
        json!({"expiresAt": "2099-01-01"}),
        json!({"expiresAt": null}),
    ] {
        let answer = stage.call(by(Some(&maker), json("POST", MAKE[0], &wanted)));
        let end = answer.json()["apiKey"]["expiresAt"].as_str().unwrap_or("never").to_owned();
        assert!(
            answer.status == 200 && *end <= *ends || matches!(answer.status, 400 | 403),
            "{wanted}: {answer:?}"
        );
    }
    // Keys are for all workspaces: who has one for some makes none.
    let some = stage.key(&json!({"workspaces": ["w"]}));
    for wanted in [json!({}), json!({"workspaces": ["x"]}), json!({"workspaces": ["w"]})] {
        let status = stage.call(by(Some(&some), json("POST", MAKE[0], &wanted))).status;
        assert_eq!(status, 403, "{wanted}");
    }
}

/// A server that notes what it is sent, and says nothing of use.
fn listener() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(String::new()));
    let notes = heard.clone();
    std::thread::spawn(move || {
        for visitor in listener.incoming() {
            let mut visitor = visitor.unwrap();
            let mut bytes = [0; 8192];
            let count = visitor.read(&mut bytes).unwrap_or(0);
            notes.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            let _ = visitor.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"data\":[]}");
        }
    });
    (address, heard)
}

#[test]
fn a_stored_key_of_a_provider_goes_to_the_stored_address_alone() {
    let stage = Stage::new(&[
        ("GENERIC_OPEN_AI_API_KEY", "the-key-of-the-model"),
        ("EMBEDDING_ENGINE", "generic-openai"),
        ("EMBEDDING_MODEL_PREF", "mock-embed"),
        ("GENERIC_OPEN_AI_EMBEDDING_API_KEY", "the-key-of-the-embedder"),
        ("EMBEDDING_BASE_PATH", "http://127.0.0.1:9/v1"),
    ]);
    let (elsewhere, heard) = listener();
    let port = elsewhere.rsplit(':').next().unwrap().to_owned();
    let stored = format!("{}/v1", stage.mock.url());
    let detour = format!("{}/v1", stage.mock.url().replace("http://", "http://o:o@"))
        .replace("127.0.0.1", &format!("127.0.0.1:{port}/@127.0.0.1"));
    for base in [
        format!("{elsewhere}/v1"),
        format!("{elsewhere}/v1/../v1"),
        format!("{elsewhere}/?{stored}"),
        format!("{elsewhere}#{stored}"),
        detour,
    ] {
        for (path, body) in [
            ("/system/test-model", json!({"kind": "llm", "settings": {"GenericOpenAiBasePath": base}})),
            (
                "/system/test-model",
                json!({"kind": "llm", "settings": {"LLMProvider": "generic-openai", "GenericOpenAiBasePath": base}}),
            ),
            ("/system/test-model", json!({"kind": "embedder", "settings": {"EmbeddingBasePath": base}})),
            (
                "/system/find-models",
                json!({"provider": "generic-openai", "settings": {"GenericOpenAiBasePath": base}}),
            ),
            ("/system/find-models", json!({"provider": "localai", "settings": {"LocalAiBasePath": base}})),
        ] {
            let answer = stage.call(json("POST", path, &body));
            assert!(
                answer.status > 0 && answer.status < 500 || answer.status == 502,
                "{path}: {:?}",
                answer.body
            );
            let said = heard.lock().unwrap().clone();
            assert!(!said.contains("the-key-of-the"), "{path} sent a stored key to {base}");
        }
    }
    // A key that comes with the call is sent where the call says.
    let own =
        json!({"GenericOpenAiBasePath": format!("{elsewhere}/v1"), "GenericOpenAiKey": "a-key-of-the-call"});
    stage.call(json("POST", "/system/find-models", &json!({"provider": "generic-openai", "settings": own})));
    assert!(heard.lock().unwrap().contains("a-key-of-the-call"));
}
