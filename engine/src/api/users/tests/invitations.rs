//! Invitations, from making to claiming.

use super::{sign_in, status, team, token};
use crate::testing::{TestHost, is_commit, json_request};
use serde_json::{Value, json};

fn invite(host: &mut TestHost) -> String {
    let body = json!({ "workspaceIds": [1, 45] });
    let made = host.call("POST", "/v1/admin/invite/new", &body).ok();
    made["invite"]["code"].as_str().unwrap().to_owned()
}

fn claim(host: &mut TestHost, code: &str, username: &str) -> Value {
    let body = json!({ "username": username, "password": "hunter2!!", "role": "admin", "id": 1 });
    host.call_with("", json_request("POST", &format!("/invite/{code}"), &body)).ok()
}

#[test]
fn whoever_has_the_code_becomes_a_member_once() {
    let mut host = team(&[]);
    let code = invite(&mut host);
    let seen = host.call_with("", json_request("GET", &format!("/invite/{code}"), &json!(null))).ok();
    assert_eq!(seen["invite"]["status"], "pending");
    assert_eq!(claim(&mut host, &code, "Bad Name")["success"], false);
    assert_eq!(claim(&mut host, &code, "sample-sam")["error"], "A user with that username already exists");
    assert_eq!(claim(&mut host, &code, "ann"), json!({ "success": true, "error": null }));
    assert_eq!(claim(&mut host, &code, "bob")["error"], "Invite not found or is invalid.");
    let seen = host.call_with("", json_request("GET", &format!("/invite/{code}"), &json!(null))).ok();
    assert_eq!(seen["error"], "Invite is no longer valid.");
    let ann = token(&mut host, ("ann", "hunter2!!"));
    assert_eq!(status(&mut host, &ann, "GET", "/v1/workspace/mine/chats", json!({})), 200);
    assert_eq!(status(&mut host, &ann, "GET", "/v1/workspace/theirs/chats", json!({})), 400);
    assert_eq!(status(&mut host, &ann, "GET", "/v1/admin/users", json!({})), 403);
    let listed = host.call("GET", "/v1/admin/invites", &json!(null)).ok();
    assert_eq!(listed["invites"][0]["claimedBy"]["username"], "ann");
}

#[test]
fn of_two_who_claim_at_once_one_gets_it() {
    let mut host = team(&[]);
    let code = invite(&mut host);
    let body = json!({ "username": "ann", "password": "hunter2!!" });
    let mut first = host.start(json_request("POST", &format!("/invite/{code}"), &body));
    // Past the count of tries, up to the commit that makes the user.
    assert!(host.run_until(&mut first, is_commit));
    host.step(&mut first);
    assert!(host.run_until(&mut first, is_commit));
    assert_eq!(claim(&mut host, &code, "bob")["success"], true);
    assert_eq!(host.finish(&mut first).ok()["success"], false);
    assert_eq!(sign_in(&mut host, ("ann", "hunter2!!"))["valid"], false);
}

#[test]
fn what_is_taken_back_or_points_nowhere_is_harmless() {
    let mut host = team(&[]);
    let code = invite(&mut host);
    host.call("DELETE", "/v1/admin/invite/1", &json!(null)).ok();
    assert_eq!(claim(&mut host, &code, "ann")["success"], false);
    assert_eq!(claim(&mut host, "nonsense", "ann")["success"], false);
    let code = invite(&mut host);
    host.call("DELETE", "/v1/workspace/mine", &json!(null));
    assert_eq!(claim(&mut host, &code, "ann")["success"], true);
    assert_eq!(host.keys("member"), Vec::<String>::new());
    let code = invite(&mut host);
    host.call("POST", "/system/disable-multi-user", &json!({})).ok();
    assert_eq!(claim(&mut host, &code, "bob")["success"], false);
}

#[test]
fn codes_cannot_be_tried_for_ever() {
    let mut host = team(&[]);
    let get = |host: &mut TestHost| {
        host.call_with("", json_request("GET", "/invite/AAAAAAA-BBBBBBB-CCCCCCC-DDDDDDD", &json!(null)))
    };
    for _ in 0..30 {
        assert_eq!(get(&mut host).status, 200);
    }
    let refused = get(&mut host);
    assert_eq!(refused.status, 429);
    let after = refused.headers.iter().find(|(name, _)| name == "retry-after").unwrap();
    host.now = host.now.plus(after.1.parse::<u64>().unwrap() * 1000);
    assert_eq!(get(&mut host).status, 200);
}
