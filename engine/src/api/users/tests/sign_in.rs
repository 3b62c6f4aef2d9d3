//! Signing in and out, with a password or a token of another system.

use super::{ROOT, SAM, sign_in, status, team, token, update};
use crate::seam::Origin;
use crate::testing::{TestHost, is_commit, json_request};
use serde_json::{Value, json};

#[test]
fn a_session_ends_when_it_is_ended() {
    let mut host = team(&[]);
    let (first, second, third) = (token(&mut host, SAM), token(&mut host, SAM), token(&mut host, SAM));
    let good = |host: &mut TestHost, token: &str| status(host, token, "GET", "/v1/auth", json!({})) == 200;
    assert_eq!(status(&mut host, &first, "POST", "/session/end", json!({})), 200);
    assert_eq!([&first, &second, &third].map(|t| good(&mut host, t)), [false, true, true]);
    assert_eq!(status(&mut host, &second, "POST", "/session/end", json!({ "all": true })), 200);
    assert_eq!([&second, &third].map(|t| good(&mut host, t)), [false, false]);
    assert_eq!(host.keys("session"), Vec::<String>::new());
    let fourth = token(&mut host, SAM);
    assert_eq!(update(&mut host, 2, json!({ "password": "another-one" }))["success"], true);
    assert!(!good(&mut host, &fourth), "a new password ends what the old one began");
    assert_eq!(sign_in(&mut host, SAM)["valid"], false);
    assert_eq!(sign_in(&mut host, (SAM.0, "another-one"))["valid"], true);
}

#[test]
fn users_change_what_is_their_own() {
    let mut host = team(&[]);
    let (here, elsewhere) = (token(&mut host, SAM), token(&mut host, SAM));
    let change = |host: &mut TestHost, secret: &str, body: Value| {
        host.call_with(secret, json_request("POST", "/system/user", &body))
    };
    let said = change(&mut host, &here, json!({ "bio": "Otters.", "role": "admin", "suspended": true })).ok();
    assert_eq!(said, json!({ "success": true, "error": null }));
    let kept = host.value("user/000000000002");
    assert_eq!(
        (&kept["bio"], &kept["role"], &kept["suspended"]),
        (&json!("Otters."), &json!("default"), &json!(false))
    );
    for current in [json!("wrong"), json!(null), json!("")] {
        let body = json!({ "password": "another-one", "currentPassword": current });
        assert_eq!(change(&mut host, &here, body).ok()["success"], false);
    }
    let short = json!({ "password": "short", "currentPassword": SAM.1 });
    assert_eq!(
        change(&mut host, &here, short).ok()["error"],
        "password should be at least 8 characters long"
    );
    let body = json!({ "username": "sam", "password": "another-one", "currentPassword": SAM.1 });
    assert_eq!(change(&mut host, &here, body.clone()).ok()["success"], true);
    let good = |host: &mut TestHost, token: &str| status(host, token, "GET", "/v1/auth", json!({})) == 200;
    assert_eq!([&here, &elsewhere].map(|token| good(&mut host, token)), [true, false]);
    assert_eq!(sign_in(&mut host, ("sam", "another-one"))["valid"], true);
    assert_eq!(change(&mut host, &here, json!({ "username": ROOT.0 })).ok()["success"], false, "taken");
    assert_eq!(change(&mut host, &here, json!({})).ok()["success"], false);
    assert_eq!(host.call("POST", "/system/user", &body).status, 400, "a key is nobody");
}

#[test]
fn who_signs_in_while_all_sessions_end_is_signed_out_too() {
    for change in [json!({ "suspended": true }), json!({ "password": "another-one" })] {
        let mut host = team(&[]);
        let mut updating = host.start(json_request("POST", "/v1/admin/users/2", &change));
        assert!(host.run_until(&mut updating, is_commit));
        let sam = token(&mut host, SAM);
        host.finish(&mut updating).ok();
        assert_eq!(update(&mut host, 2, json!({ "suspended": false }))["success"], true);
        assert_eq!(status(&mut host, &sam, "GET", "/v1/auth", json!({})), 403, "{change}");
    }
}

#[test]
fn the_current_password_cannot_be_guessed_from_a_session() {
    let mut host = team(&[]);
    let sam = token(&mut host, SAM);
    let body = json!({ "password": "another-one", "currentPassword": "a guess" });
    let tries: Vec<u16> =
        (0..11).map(|_| status(&mut host, &sam, "POST", "/system/user", body.clone())).collect();
    assert_eq!((tries[9], tries[10]), (200, 429));
}

#[test]
fn sessions_last_as_long_as_set_and_are_not_many() {
    let mut host = team(&[("JWT_EXPIRY", "1h")]);
    let sam = token(&mut host, SAM);
    host.now = host.now.plus(60 * 60 * 1000 - 1);
    assert_eq!(status(&mut host, &sam, "GET", "/v1/auth", json!({})), 200);
    host.now = host.now.plus(1);
    assert_eq!(status(&mut host, &sam, "GET", "/v1/auth", json!({})), 403);
    for _ in 0..3 {
        token(&mut host, SAM);
    }
    assert_eq!(host.keys("session/").len(), 3, "the one that ended was cleared away");
}

#[test]
fn who_am_i() {
    let mut host = team(&[]);
    let me = |host: &mut TestHost, token: &str| {
        host.call_with(token, json_request("GET", "/system/me", &json!(null))).ok()
    };
    let sam = token(&mut host, SAM);
    let said = me(&mut host, &sam);
    assert_eq!((said["caller"].clone(), said["user"]["username"].clone()), (json!("user"), json!(SAM.0)));
    assert_eq!(
        (said["scopes"].clone(), said["workspaces"].clone()),
        (json!(["read", "chat"]), json!(["mine"]))
    );
    let root = token(&mut host, ROOT);
    let said = me(&mut host, &root);
    assert_eq!((said["role"].clone(), said["workspaces"].clone()), (json!("admin"), Value::Null));
    let body = json!({ "scopes": ["read"], "workspaces": ["theirs"] });
    let key = host.call("POST", "/system/generate-api-key", &body).ok()["apiKey"]["secret"].clone();
    let said = me(&mut host, key.as_str().unwrap());
    assert_eq!((said["caller"].clone(), said["workspaces"].clone()), (json!("key"), json!(["theirs"])));
}

#[test]
fn another_system_signs_users_in_once() {
    let mut host = team(&[("SIMPLE_SSO_ENABLED", "true")]);
    let issue = |host: &mut TestHost, id: u64| {
        let issued = host.call("GET", &format!("/v1/users/{id}/issue-auth-token"), &json!(null)).ok();
        let token = issued["token"].as_str().unwrap().to_owned();
        assert_eq!(issued["loginPath"], format!("/sso/simple?token={token}"));
        token
    };
    let exchange = |host: &mut TestHost, token: &str| {
        let path = format!("/request-token/sso/simple?token={token}");
        let answer = host.call_with("", json_request("GET", &path, &json!(null)));
        (answer.status, answer.json())
    };
    let why = |answer: &Value| answer["message"].as_str().unwrap().rsplit(": ").next().unwrap().to_owned();
    let one = issue(&mut host, 2);
    let (status_of, signed_in) = exchange(&mut host, &one);
    assert_eq!((status_of, signed_in["user"]["username"].clone()), (200, json!(SAM.0)));
    assert_eq!(status(&mut host, signed_in["token"].as_str().unwrap(), "GET", "/v1/auth", json!({})), 200);
    let (again, said) = exchange(&mut host, &one);
    assert_eq!((again, why(&said)), (401, "Invalid token.".into()));

    let (older, newer) = (issue(&mut host, 2), issue(&mut host, 2));
    assert_eq!(exchange(&mut host, &older).0, 401);
    host.now = host.now.plus(6 * 60 * 1000);
    assert_eq!(why(&exchange(&mut host, &newer).1), "Token expired.");
    let late = issue(&mut host, 2);
    update(&mut host, 2, json!({ "suspended": 1 }));
    assert_eq!(why(&exchange(&mut host, &late).1), "User account suspended.");
    assert_eq!(host.keys("sso"), Vec::<String>::new(), "a token is gone once it was tried");
    assert!(exchange(&mut host, "").1["message"].as_str().unwrap().contains("Public token is required"));
    assert_eq!(host.call("GET", "/v1/users/9/issue-auth-token", &json!(null)).status, 404);
}

#[test]
fn passwords_can_be_switched_off() {
    let mut host = team(&[("SIMPLE_SSO_ENABLED", "true"), ("SIMPLE_SSO_NO_LOGIN", "")]);
    let body = json!({ "username": SAM.0, "password": SAM.1 });
    for path in ["/request-token", "/invite/x"] {
        assert_eq!(host.call_with("", json_request("POST", path, &body)).status, 403, "{path}");
    }
}

/// Tries to sign in from an address; the status.
fn from(host: &mut TestHost, peer: Option<&str>, (username, password): (&str, &str)) -> u16 {
    let body = json!({ "username": username, "password": password });
    let origin = Origin {
        seed: [7; 32],
        now: host.now,
        utc_offset_minutes: 0,
        operator: false,
        peer: peer.map(str::to_owned),
    };
    let run = host.engine.start(json_request("POST", "/request-token", &body), origin);
    host.finish_run(run).status
}

#[test]
fn guessing_is_slow_and_locks_nobody_out_of_home() {
    let mut host = team(&[]);
    assert_eq!(from(&mut host, Some("198.51.100.7"), SAM), 200);
    let guess = (SAM.0, "wrong-guess");
    for n in 0..10 {
        assert_eq!(from(&mut host, Some(&format!("203.0.113.{n}")), guess), 200);
    }
    assert_eq!(from(&mut host, Some("203.0.113.99"), guess), 429, "one name, from ever new places");
    assert_eq!(from(&mut host, Some("203.0.113.99"), ROOT), 200, "another name is not concerned");
    assert_eq!(from(&mut host, Some("198.51.100.7"), SAM), 200, "nor is a place where they are signed in");
    host.now = host.now.plus(60 * 60 * 1000);
    assert_eq!(from(&mut host, Some("203.0.113.99"), SAM), 200, "nobody is shut out for ever");
}

#[test]
fn one_place_tries_many_names_in_vain() {
    let mut host = team(&[]);
    for n in 0..30 {
        // A client of IPv6 has a whole network of addresses.
        let peer = format!("2001:db8:1:2::{n:x}");
        assert_eq!(from(&mut host, Some(&peer), (&format!("nobody{n}"), "hunter2!!")), 200);
    }
    assert_eq!(from(&mut host, Some("2001:db8:1:2::ffff"), SAM), 429);
    assert_eq!(from(&mut host, Some("2001:db8:1:3::1"), SAM), 200);
    assert_eq!(from(&mut host, None, SAM), 200, "a host that knows no addresses counts all in one");
    let rates = host.keys("rate/").len();
    host.now = host.now.plus(24 * 60 * 60 * 1000);
    assert_eq!(from(&mut host, Some("2001:db8:1:3::1"), SAM), 200);
    assert!(host.keys("rate/").len() < rates, "what no longer counts is not kept");
}

#[test]
fn who_gets_in_is_not_counted() {
    let mut host = team(&[]);
    for _ in 0..40 {
        assert_eq!(from(&mut host, Some("198.51.100.7"), SAM), 200);
    }
}
