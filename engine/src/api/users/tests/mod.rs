//! Users, as their callers see them.

mod accounts;
mod invitations;
mod security;
mod sign_in;

use crate::testing::{TestHost, json_request};
use serde_json::{Value, json};

/// Names and passwords of the users of [`team`].
const ROOT: (&str, &str) = ("root-admin", "Passw0rd!");
const SAM: (&str, &str) = ("sample-sam", "hunter2!!");

/// Two workspaces, `mine` and `theirs`, an admin (1), and a user (2) who is a member of `mine`.
fn team(vars: &[(&str, &str)]) -> TestHost {
    let mut host = TestHost::new(vars);
    host.workspace("Mine");
    host.workspace("Theirs");
    let (username, password) = ROOT;
    let body = json!({ "username": username, "password": password });
    host.call("POST", "/system/enable-multi-user", &body).ok();
    new_user(&mut host, SAM.0, SAM.1, "default");
    host.call("POST", "/v1/admin/workspaces/mine/manage-users", &json!({ "userIds": [2] })).ok();
    host
}

/// Makes a user; their id.
#[track_caller]
fn new_user(host: &mut TestHost, username: &str, password: &str, role: &str) -> u64 {
    let body = json!({ "username": username, "password": password, "role": role });
    host.call("POST", "/v1/admin/users/new", &body).ok()["user"]["id"].as_u64().unwrap()
}

/// What a try to sign in is answered with.
fn sign_in(host: &mut TestHost, (username, password): (&str, &str)) -> Value {
    let body = json!({ "username": username, "password": password });
    host.call_with("", json_request("POST", "/request-token", &body)).json()
}

/// Signs in; the token.
#[track_caller]
fn token(host: &mut TestHost, who: (&str, &str)) -> String {
    let answer = sign_in(host, who);
    answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The status of a call by whoever holds `secret`.
fn status(host: &mut TestHost, secret: &str, method: &str, path: &str, body: Value) -> u16 {
    host.call_with(secret, json_request(method, path, &body)).status
}

/// Changes a user; what is said of it.
fn update(host: &mut TestHost, id: u64, body: Value) -> Value {
    host.call("POST", &format!("/v1/admin/users/{id}"), &body).ok()
}
