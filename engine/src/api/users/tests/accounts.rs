//! Making, changing and removing users; who belongs where.

use super::{SAM, new_user, sign_in, status, team, token, update};
use crate::testing::{START, TestHost, is_commit, json_request};
use serde_json::{Value, json};

#[test]
fn without_several_users_their_routes_are_closed() {
    let mut host = TestHost::new(&[]);
    let of = |host: &mut TestHost, method, path| host.call(method, path, &json!({})).status;
    assert_eq!(of(&mut host, "GET", "/v1/admin/users"), 401);
    assert_eq!(of(&mut host, "POST", "/v1/admin/users/new"), 401);
    assert_eq!(of(&mut host, "GET", "/v1/users"), 401);
    assert_eq!(of(&mut host, "GET", "/v1/users/1/issue-auth-token"), 403);
    assert_eq!(of(&mut host, "POST", "/v1/admin/preferences"), 401);
    assert_eq!(of(&mut host, "POST", "/v1/admin/workspace-chats"), 200);
}

#[test]
fn the_mode_goes_on_once_and_off_again() {
    let mut host = team(&[]);
    let again = json!({ "username": "other", "password": "Passw0rd!" });
    assert_eq!(host.call("POST", "/system/enable-multi-user", &again).status, 400);
    let sam = token(&mut host, SAM);
    let root = token(&mut host, super::ROOT);
    assert_eq!(status(&mut host, &root, "POST", "/system/disable-multi-user", json!({})), 403);
    host.call("POST", "/system/disable-multi-user", &json!({})).ok();
    assert_eq!(status(&mut host, &sam, "GET", "/v1/auth", json!({})), 403);
    host.call("POST", "/system/enable-multi-user", &again).ok();
    assert_eq!(status(&mut host, &sam, "GET", "/v1/auth", json!({})), 403, "signed out for good");
    assert_eq!(sign_in(&mut host, SAM)["valid"], true);
}

#[test]
fn the_last_admin_stays() {
    let mut host = team(&[]);
    for change in [json!({ "role": "default" }), json!({ "suspended": 1 })] {
        let said = update(&mut host, 1, change);
        assert_eq!(said["error"], "No system admins will remain if you do this. Update failed.");
    }
    assert_eq!(host.call("DELETE", "/v1/admin/users/1", &json!(null)).status, 400);
    new_user(&mut host, "second", "hunter2!!", "admin");
    assert_eq!(update(&mut host, 3, json!({ "suspended": true }))["success"], true);
    assert_eq!(
        update(&mut host, 1, json!({ "role": "manager" }))["success"],
        false,
        "the other is suspended"
    );
    assert_eq!(update(&mut host, 3, json!({ "suspended": false }))["success"], true);
    host.call("DELETE", "/v1/admin/users/1", &json!(null)).ok();
    assert_eq!(host.call("DELETE", "/v1/admin/users/3", &json!(null)).status, 400);
}

#[test]
fn of_two_admins_who_go_at_once_one_stays() {
    let mut host = team(&[]);
    new_user(&mut host, "second", "hunter2!!", "admin");
    let mut first = host.start(json_request("DELETE", "/v1/admin/users/1", &json!(null)));
    assert!(host.run_until(&mut first, is_commit));
    assert_eq!(update(&mut host, 3, json!({ "role": "default" }))["success"], true);
    assert_eq!(host.finish(&mut first).status, 400);
    assert_eq!(host.value("user/000000000001")["role"], "admin");
}

#[test]
fn a_removed_user_leaves_nothing() {
    let mut host = team(&[]);
    let sam = token(&mut host, SAM);
    let chat = json!({ "message": "hello", "mode": "chat" });
    let session = json!({ "message": "hello", "mode": "chat", "sessionId": "s" });
    for (path, body) in [
        ("/v1/workspace/mine/chat", &chat),
        ("/v1/workspace/mine/chat", &session),
        ("/v1/workspace/mine/thread/new", &json!({ "slug": "own" })),
        ("/v1/workspace/mine/thread/own/chat", &chat),
    ] {
        assert_eq!(status(&mut host, &sam, "POST", path, body.clone()), 200, "{path}");
    }
    // A thread of nobody, in which a client asked for the user and for nobody.
    host.call("POST", "/v1/workspace/mine/thread/new", &json!({ "slug": "shared" })).ok();
    let path = "/v1/workspace/mine/thread/shared/chat";
    host.call("POST", path, &json!({ "message": "hello", "mode": "chat", "userId": 2 })).ok();
    host.call("POST", path, &chat).ok();
    // A client's session that is named like one of theirs.
    let named = json!({ "message": "hello", "mode": "chat", "sessionId": "2@other" });
    host.call("POST", "/v1/workspace/mine/chat", &named).ok();
    assert_eq!(host.keys("chat.id/").len(), 6);

    host.call("DELETE", "/v1/admin/users/2", &json!(null)).ok();
    assert_eq!(status(&mut host, &sam, "GET", "/v1/auth", json!({})), 403);
    assert_eq!(host.keys("thread/").len(), 1);
    assert_eq!((host.keys("chat/").len(), host.keys("chat.id/").len()), (2, 2));
    for prefix in ["member", "session", "staging", "sent", "user.name/sample", "sso"] {
        assert_eq!(host.keys(prefix), Vec::<String>::new(), "{prefix}");
    }
    assert_eq!(host.call("DELETE", "/v1/admin/users/2", &json!(null)).status, 404);
}

#[test]
fn what_a_crash_left_of_a_user_is_swept() {
    let mut host = team(&[]);
    let sam = token(&mut host, SAM);
    let thread = json!({ "slug": "own" });
    assert_eq!(status(&mut host, &sam, "POST", "/v1/workspace/mine/thread/new", thread), 200);
    let mut removal = host.start(json_request("DELETE", "/v1/admin/users/2", &json!(null)));
    assert!(host.run_until(&mut removal, is_commit));
    host.step(&mut removal);
    assert!(host.run_until(&mut removal, is_commit));
    drop(removal);
    assert_eq!((host.keys("member/").len(), host.keys("staging/").len()), (1, 1));
    host.maintain(true).ok();
    for prefix in ["member", "session", "staging", "thread", "chat"] {
        assert_eq!(host.keys(prefix), Vec::<String>::new(), "{prefix}");
    }
}

#[test]
fn members_go_with_their_workspace() {
    let mut host = team(&[]);
    let members = |host: &mut TestHost, id| {
        host.call("GET", &format!("/v1/admin/workspaces/{id}/users"), &json!(null)).ok()["users"].clone()
    };
    assert_eq!(members(&mut host, 1)[0]["username"], "sample-sam");
    let replace = "/v1/admin/workspaces/2/update-users";
    host.call("POST", replace, &json!({ "userIds": [1, "2", 9] })).ok();
    for wrong in [json!(["x"]), json!([null]), json!([0]), json!([-1]), json!([1.5]), json!("1")] {
        assert_eq!(host.call("POST", replace, &json!({ "userIds": wrong })).status, 400, "{wrong}");
    }
    assert_eq!(members(&mut host, 2).as_array().unwrap().len(), 2);
    host.call("POST", replace, &json!({ "userIds": [] })).ok();
    assert_eq!(members(&mut host, 2), json!([]));
    for (path, status) in [("9/update-users", 404), ("x/update-users", 404), ("nowhere/manage-users", 404)] {
        let path = format!("/v1/admin/workspaces/{path}");
        assert_eq!(host.call("POST", &path, &json!({ "userIds": [1] })).status, status, "{path}");
    }
    let manage = "/v1/admin/workspaces/mine/manage-users";
    assert_eq!(host.call("POST", manage, &json!({})).status, 400);
    let none = host.call("POST", manage, &json!({ "userIds": [9] }));
    assert_eq!((none.status, none.json()["users"][0]["userId"].clone()), (404, json!(2)));
    host.call("DELETE", "/v1/workspace/mine", &json!(null));
    assert_eq!(host.keys("member"), Vec::<String>::new());
}

#[test]
fn a_daily_limit_is_for_the_last_24_hours() {
    let mut host = team(&[]);
    let sam = token(&mut host, SAM);
    update(&mut host, 2, json!({ "dailyMessageLimit": 2 }));
    let ask = |host: &mut TestHost| {
        let body = json!({ "message": "hello", "mode": "chat" });
        host.call_with(&sam, json_request("POST", "/v1/workspace/mine/chat", &body))
    };
    assert_eq!(ask(&mut host).status, 200);
    host.now = START.plus(60 * 60 * 1000);
    assert_eq!(ask(&mut host).status, 200);
    let refused = ask(&mut host);
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains(&("retry-after".into(), (23 * 60 * 60).to_string())));
    assert_eq!(refused.json()["type"], "abort");
    let streamed = json_request("POST", "/v1/workspace/mine/stream-chat", &json!({ "message": "hello" }));
    assert_eq!(host.call_with(&sam, streamed).status, 429);
    let asked_for = json!({ "message": "hello", "mode": "chat", "userId": 2 });
    host.call("POST", "/v1/workspace/mine/chat", &asked_for).ok();
    host.now = START.plus(24 * 60 * 60 * 1000);
    assert_eq!(ask(&mut host).status, 200);
    assert_eq!(ask(&mut host).status, 429);
}

#[test]
fn preferences_that_are_settings_take_effect() {
    let mut host = team(&[]);
    let body = json!({ "text_splitter_chunk_size": 60, "text_splitter_chunk_overlap": 0, "not_one": 1,
        "support_email": "help@example.com", "logo_filename": "../../x", "default_system_prompt": "Be brief." });
    assert_eq!(
        host.call("POST", "/v1/admin/preferences", &body).ok(),
        json!({ "success": true, "error": null })
    );
    let kept = host.value("set/instance")["preferences"].clone();
    assert_eq!(kept["support_email"], "help@example.com");
    assert_eq!((kept["logo_filename"].clone(), kept["not_one"].clone()), (Value::Null, Value::Null));
    let made = host.call("POST", "/v1/workspace/new", &json!({ "name": "New" })).ok();
    assert_eq!(made["workspace"]["openAiPrompt"], "Be brief.");
    let path = host.raw_text("long", &"one two three four. ".repeat(20));
    host.call("POST", "/v1/workspace/new/update-embeddings", &json!({ "adds": [path] })).ok();
    assert!(host.keys("chunk/").len() >= 5);
    let wrong = json!({ "custom_app_name": "x".repeat(1000) });
    assert_eq!(host.call("POST", "/v1/admin/preferences", &wrong).status, 400);
}

#[test]
fn all_chats_are_listed_page_by_page() {
    let mut host = team(&[]);
    for n in 0..21 {
        let body = json!({ "message": format!("message {n}"), "mode": "chat", "sessionId": "s" });
        host.call("POST", "/v1/workspace/mine/chat", &body).ok();
    }
    let page = |host: &mut TestHost, offset: Value| {
        host.call("POST", "/v1/admin/workspace-chats", &json!({ "offset": offset })).ok()
    };
    let first = page(&mut host, json!(0));
    assert_eq!((first["chats"].as_array().unwrap().len(), first["hasPages"].clone()), (20, json!(true)));
    assert_eq!(first["chats"][0]["prompt"], "message 20");
    assert_eq!(first["chats"][0]["user"]["username"], "API");
    let second = page(&mut host, json!(1));
    assert_eq!(
        (second["chats"][0]["prompt"].clone(), second["hasPages"].clone()),
        (json!("message 0"), json!(false))
    );
    assert_eq!(page(&mut host, json!(5000))["chats"], json!([]));
    for offset in [json!(5001), json!(-1), json!(0.5), json!("x")] {
        let body = json!({ "offset": offset });
        assert_eq!(host.call("POST", "/v1/admin/workspace-chats", &body).status, 400, "{body}");
    }
}
