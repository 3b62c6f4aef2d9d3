//! Signing in with a password (reference §11.5).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::rate::{self, Limit, Subject};
use super::super::{Call, events};
use super::{password, session, wire};
use crate::model::{Instance, User};
use crate::settings::Variables;
use crate::store::{self, key, retry};
use serde_json::{Value, json};

/// Tries from one address.
const BY_PEER: Limit = Limit { name: "login", most: 30, window_s: 5 * 60 };
/// Tries of one name, from addresses that the user is not signed in from.
const BY_NAME: Limit = Limit { name: "login-name", most: 10, window_s: 15 * 60 };

/// Whether users sign in by single sign-on only.
pub fn is_forbidden(vars: &Variables) -> bool {
    vars.is_present("SIMPLE_SSO_ENABLED") && vars.is_present("SIMPLE_SSO_NO_LOGIN")
}

/// `POST /request-token {username, password}`.
///
/// What is not good is an answer with status 200 and `valid: false`, as clients know it. An unknown name and
/// a wrong password are the same, in words and in time; theirs tells them apart.
pub async fn request_token(call: Call) -> Result<Answer, ApiError> {
    sign_in(&call).await.map_err(|error| {
        let error = error.with("valid", false).with("user", Value::Null);
        error.with("token", Value::Null)
    })
}

async fn sign_in(call: &Call) -> Result<Answer, ApiError> {
    if !call.instance.multi_user {
        let message = "[003] This instance has no users to sign in: use an API key.";
        return Err(ApiError::new(Code::NotMultiUser, message));
    }
    if is_forbidden(&call.engine.settings().vars) {
        let message = "[005] Login via credentials has been disabled by the administrator.";
        return Err(ApiError::new(Code::Forbidden, message));
    }
    let fields = Fields::of_body(&call.request)?;
    let (username, given) = (fields.required("username")?, fields.required("password")?);
    let cx = &call.cx;
    let counts = [(BY_PEER, Subject::Peer), (BY_NAME, Subject::Name(username))];
    rate::take(cx, &counts[..1]).await?;
    let id = store::get::<u64>(cx, key::user_name(username)).await?;
    let user = match id {
        Some(id) => store::get::<User>(cx, key::user(id)).await?,
        None => None,
    };
    if let Err(refused) = rate::take(cx, &counts[1..]).await {
        // Whoever tries a name elsewhere does not lock its owner out of where they are at home.
        let known = match &user {
            Some(user) => session::is_known_place(cx, user.id).await?,
            None => false,
        };
        if !known {
            return Err(refused);
        }
    }
    let right = password::is_right(cx, user.as_ref().map(|user| user.password.as_str()), given).await;
    let Some(user) = user.filter(|_| right) else {
        // The name only if it is one of ours: people type passwords into the wrong field.
        failed(call, "failed_login_invalid_credentials", id.map(|_| username)).await?;
        return Ok(refused("[001] Invalid login credentials."));
    };
    if user.suspended {
        failed(call, "failed_login_account_suspended", Some(username)).await?;
        return Ok(refused("[004] Account suspended by admin."));
    }
    let token = admit(call, user.id, |now| now.password == user.password).await?;
    rate::give_back(cx, &counts).await;
    match token {
        Some((user, token)) => Ok(admitted(&user, &token)),
        None => Ok(refused("[001] Invalid login credentials.")),
    }
}

/// Signs a user in; `None` if there is none any more, they are suspended, or not `as_expected`.
pub async fn admit(
    call: &Call,
    id: u64,
    as_expected: impl Fn(&User) -> bool,
) -> Result<Option<(User, String)>, ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        // Turning the mode off ends all sessions: none begins at that moment.
        let instance = tx.get::<Instance>(key::instance()).await?.unwrap_or_default();
        let user = tx.get::<User>(key::user(id)).await?.filter(|_| instance.multi_user);
        let Some(user) = user.filter(|user| !user.suspended && as_expected(user)) else { return Ok(None) };
        let token = session::open(call, &mut tx, &user).await?;
        let metadata = json!({ "ip": call.cx.peer(), "username": user.username });
        events::log(&call.cx, &mut tx, "login_event", metadata).await?;
        if tx.commit().await? {
            return Ok(Some((user, token)));
        }
    }
}

/// The answer to who got in.
pub fn admitted(user: &User, token: &str) -> Answer {
    Answer::ok(&json!({ "valid": true, "user": wire::user(user), "token": token, "message": null }))
}

/// Notes a try that failed.
pub async fn failed(call: &Call, event: &str, username: Option<&str>) -> Result<(), ApiError> {
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let metadata = json!({ "ip": call.cx.peer(), "username": username });
        events::log(&call.cx, &mut tx, event, metadata).await?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}

fn refused(message: &str) -> Answer {
    Answer::ok(&json!({ "valid": false, "user": null, "token": null, "message": message }))
}
