//! Telling who calls, and whether they may.

use super::caller::Caller;
use super::error::{ApiError, Code};
use super::routes::{Access, Reach, Route};
use crate::model::{ApiKey, Instance, Scope, Session, User};
use crate::seam::{ApiRequest, Cx, UnixMs};
use crate::store::{self, StoreError, Transaction, key};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Hex SHA-256 of a secret. Keys and tokens are long and random, so a plain hash keeps them; looking one
/// up by its hash compares nothing secret byte by byte.
pub fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The caller and the settings of the instance, in one round trip to the store for a key, two for a
/// user.
///
/// # Errors
/// [`Code::InvalidApiKey`] unless the request carries a key or session token that holds, or the route is
/// open.
pub async fn identify(
    cx: &Cx,
    request: &ApiRequest,
    route: &Route,
    operator: bool,
) -> Result<(Caller, Instance), ApiError> {
    let invalid = || ApiError::new(Code::InvalidApiKey, "No valid api key found.");
    let known = match (operator, route.access) {
        (true, _) => Some(Caller::Operator),
        (false, Access::Open) => Some(Caller::Anyone),
        _ => None,
    };
    if let Some(caller) = known {
        return Ok((caller, store::get(cx, key::instance()).await?.unwrap_or_default()));
    }
    let secret = bearer(request).ok_or_else(invalid)?;
    let hash = hash(secret);
    let keys = vec![key::instance(), key::api_key(&hash), key::session(&hash), key::api_key_used(&hash)];
    let values = store::get_bytes(cx, keys.clone()).await?;
    let used = values.get(3).cloned().flatten();
    let mut values = values.into_iter().zip(keys);
    let instance = record::<Instance>(values.next())?.unwrap_or_default();
    if let Some(found) = record::<ApiKey>(values.next())? {
        check_key(cx, &found).await?;
        note_use(cx, &hash, used).await;
        return Ok((Caller::Key(found), instance));
    }
    let session = record::<Session>(values.next())?;
    let in_time =
        |session: &Session| session.expires_at > cx.now() && !is_before(cx.now(), session.created_at);
    let session = session.filter(|session| instance.multi_user && in_time(session));
    let session = session.ok_or_else(invalid)?;
    let user = store::get::<User>(cx, key::user(session.user)).await?.ok_or_else(invalid)?;
    if session.epoch != user.epoch {
        return Err(invalid());
    }
    if user.suspended {
        return Err(ApiError::new(Code::InvalidApiKey, "This account is suspended."));
    }
    let members = store::scan_keys(cx, key::members(user.id)).await?;
    let workspaces = members.iter().filter_map(key::trailing_id).collect();
    Ok((Caller::User(user, workspaces), instance))
}

/// # Errors
/// [`Code::InvalidApiKey`] for a key that has expired, or that belongs to a user who may not administer the instance
/// any more: a key is no way to stay.
async fn check_key(cx: &Cx, found: &ApiKey) -> Result<(), ApiError> {
    let refuse = |message: &str| Err(ApiError::new(Code::InvalidApiKey, message));
    if let Some(at) = found.expires_at {
        if at <= cx.now() {
            return refuse("This API key has expired.");
        }
        if is_before(cx.now(), found.created_at) {
            return refuse("This API key ends some day, and the server's clock is wrong: set the clock.");
        }
    }
    if let Some(maker) = found.created_by {
        let maker = store::get::<User>(cx, key::user(maker)).await?;
        if !maker.is_some_and(|user| user.role.may(Scope::Admin) && !user.suspended) {
            return refuse("The user to whom this API key belongs is no administrator any more.");
        }
    }
    Ok(())
}

/// Whether a clock that says `now` is behind a moment that has been, by more than clocks of hosts differ. It would bring
/// back what has expired.
pub fn is_before(now: UnixMs, been: UnixMs) -> bool {
    const DIFFERENCE_MS: u64 = 24 * 60 * 60 * 1000;
    now.plus(DIFFERENCE_MS) < been
}

/// Uses of a key within so long are one.
const USE_MS: u64 = 10 * 60 * 1000;

/// Writes down that a key was used, if that was not done of late. It is no harm if it cannot be.
async fn note_use(cx: &Cx, hash: &str, used: Option<Bytes>) {
    let last = used.as_ref().and_then(|bytes| serde_json::from_slice::<UnixMs>(bytes).ok());
    if last.is_some_and(|last| last <= cx.now() && last.plus(USE_MS) > cx.now()) {
        return;
    }
    let mut tx = Transaction::new(cx);
    // Only while the key is there: revoking it takes the note with it.
    if matches!(tx.get_raw(key::api_key(hash)).await, Ok(Some(_))) {
        tx.put_raw(key::api_key_used(hash), cx.now().0.to_string().into());
        let _ = tx.commit().await;
    }
}

/// The second word of the `Authorization` header; the first is not looked at, as clients send `Bearer`,
/// `bearer` and others (reference §2).
pub fn bearer(request: &ApiRequest) -> Option<&str> {
    request.header("authorization")?.split(' ').nth(1).filter(|secret| !secret.is_empty())
}

fn record<T: DeserializeOwned>(
    entry: Option<(Option<bytes::Bytes>, crate::seam::Key)>,
) -> Result<Option<T>, StoreError> {
    match entry {
        Some((Some(bytes), key)) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| StoreError::Damaged(key, error.to_string())),
        _ => Ok(None),
    }
}

/// Whether the caller may use the route at all. What of it they see is for its handler.
///
/// # Errors
/// [`Code::Forbidden`], with what is missing.
pub fn allow(caller: &Caller, route: &Route) -> Result<(), ApiError> {
    let who = if caller.user().is_some() { "This account" } else { "This API key" };
    if let Access::Scope(scope) = route.access
        && !caller.may(scope)
    {
        let message = format!("{who} has no `{}` permission, which this needs.", scope.name());
        return Err(ApiError::new(Code::Forbidden, message));
    }
    if route.reach == Reach::All && caller.limit().is_some() {
        let message = format!("{who} is limited to some workspaces, and this concerns all of them.");
        return Err(ApiError::new(Code::Forbidden, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;
    use crate::testing::{START, TestHost, json_request};
    use serde_json::json;

    #[test]
    fn the_hash_is_sha256_in_hex() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash("abc"), expected);
    }

    fn host() -> TestHost {
        let mut host = TestHost::new(&[]);
        for name in ["Mine", "Theirs"] {
            host.call("POST", "/v1/workspace/new", &json!({ "name": name })).ok();
        }
        host
    }

    fn key() -> ApiKey {
        ApiKey {
            id: 1,
            name: None,
            hint: "cret".into(),
            created_at: START,
            created_by: None,
            created_with: None,
            scopes: None,
            workspaces: None,
            expires_at: None,
        }
    }

    fn user(role: Role) -> User {
        User {
            id: 7,
            username: "ann".into(),
            password: String::new(),
            role,
            suspended: false,
            bio: String::new(),
            daily_message_limit: None,
            epoch: 0,
            created_at: START,
            updated_at: START,
        }
    }

    /// A store where `secret` is this user's session.
    fn signed_in(user: &User) -> TestHost {
        let mut host = host();
        let session = Session { user: user.id, epoch: 0, created_at: START, expires_at: START.plus(1000) };
        host.record(key::instance(), &Instance { multi_user: true, ..Instance::default() });
        host.record(key::session(&hash("secret")), &session);
        host.record(key::user(user.id), user);
        host.record(key::member(user.id, 1), &());
        host
    }

    fn status(host: &mut TestHost, method: &str, path: &str) -> u16 {
        host.call_with("secret", json_request(method, path, &json!({ "message": "hi", "name": "x" }))).status
    }

    #[test]
    fn a_key_has_the_scopes_it_was_given() {
        let mut host = host();
        let reader = ApiKey { scopes: Some([Scope::Read].into()), ..key() };
        host.record(key::api_key(&hash("secret")), &reader);
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 200);
        assert_eq!(status(&mut host, "GET", "/v1/workspaces"), 200);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/mine/chat"), 403);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/mine/update"), 403);
        assert_eq!(status(&mut host, "GET", "/system/api-keys"), 403);
        let admin = ApiKey { scopes: Some([Scope::Admin].into()), ..key() };
        host.record(key::api_key(&hash("secret")), &admin);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/mine/update"), 200);
        assert_eq!(status(&mut host, "GET", "/system/api-keys"), 200);
    }

    #[test]
    fn a_key_ends_when_it_was_to_end() {
        let mut host = host();
        host.record(key::api_key(&hash("secret")), &ApiKey { expires_at: Some(START.plus(5)), ..key() });
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 200);
        host.now = START.plus(5);
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 403);
    }

    #[test]
    fn whoever_is_limited_to_some_workspaces_finds_no_others() {
        let mut host = host();
        host.record(key::api_key(&hash("secret")), &ApiKey { workspaces: Some([1].into()), ..key() });
        let listed = host.call_with("secret", json_request("GET", "/v1/workspaces", &json!({}))).ok();
        assert_eq!(listed["workspaces"].as_array().unwrap().len(), 1);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/mine/update"), 200);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/theirs/update"), 400);
        assert_eq!(status(&mut host, "DELETE", "/v1/workspace/theirs"), 400);
        assert_eq!(status(&mut host, "GET", "/v1/documents"), 403);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/new"), 403);
    }

    #[test]
    fn who_does_not_get_in_is_told_why_as_json() {
        let mut host = host();
        let refused = host.call_with("wrong", json_request("GET", "/v1/auth", &json!({})));
        assert_eq!(
            (refused.status, refused.json()["error"].clone()),
            (403, json!("No valid api key found."))
        );
        let json_type = ("content-type".to_owned(), "application/json; charset=utf-8".to_owned());
        assert_eq!(refused.headers, [json_type]);
    }

    #[test]
    fn a_session_is_good_for_its_user_while_both_last() {
        let mut host = signed_in(&user(Role::Default));
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 200);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/mine/update"), 403);
        assert_eq!(status(&mut host, "GET", "/v1/workspace/theirs/chats"), 400);
        host.record(key::user(7), &User { suspended: true, ..user(Role::Default) });
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 403);

        let mut host = signed_in(&user(Role::Manager));
        assert_eq!(status(&mut host, "POST", "/v1/workspace/theirs/update"), 200);
        assert_eq!(status(&mut host, "GET", "/system/api-keys"), 403);
        host.record(key::instance(), &Instance::default());
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 403);

        let mut host = signed_in(&user(Role::Admin));
        assert_eq!(status(&mut host, "GET", "/system/api-keys"), 200);
        host.now = UnixMs(START.0 + 1000);
        assert_eq!(status(&mut host, "GET", "/v1/auth"), 403);
    }

    #[test]
    fn users_keep_their_conversations_to_themselves() {
        let mut host = signed_in(&user(Role::Default));
        let chat = |message: &str| json!({ "message": message, "mode": "chat", "sessionId": "s" });
        host.call("POST", "/v1/workspace/mine/chat", &json!({ "message": "of nobody" })).ok();
        host.call("POST", "/v1/workspace/mine/chat", &chat("of a client")).ok();
        host.call("POST", "/v1/workspace/mine/thread/new", &json!({ "slug": "t" })).ok();
        for path in ["/v1/workspace/mine/chats", "/v1/workspace/mine/chats?apiSessionId=s"] {
            let seen = host.call_with("secret", json_request("GET", path, &json!({}))).ok();
            assert_eq!(seen["history"], json!([]), "{path}");
        }
        assert_eq!(status(&mut host, "GET", "/v1/workspace/mine/thread/t/chats"), 404);
        assert_eq!(status(&mut host, "POST", "/v1/workspace/mine/chat"), 200);
        let seen = host.call_with("secret", json_request("GET", "/v1/workspace/mine/chats", &json!({}))).ok();
        assert_eq!(seen["history"][0]["content"], "hi");
    }
}
