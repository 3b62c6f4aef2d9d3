//! Signing in with a token that another system asked for (reference §11.6).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::rate::{self, Limit, Subject};
use super::super::{Call, auth, keys};
use super::login;
use crate::model::{LoginToken, User};
use crate::store::{key, retry};
use serde_json::{Value, json};

const LIFETIME_MS: u64 = 6 * 60 * 1000;
/// Tokens tried from one address.
const BY_PEER: Limit = Limit { name: "sso", most: 30, window_s: 5 * 60 };

fn require(call: &Call) -> Result<(), ApiError> {
    let what_for = if call.engine.settings().vars.is_present("SIMPLE_SSO_ENABLED") {
        if call.instance.multi_user {
            return Ok(());
        }
        "Multi-User mode is not enabled. It must be enabled to use Simple SSO."
    } else {
        "Simple SSO is not enabled. It must be enabled to validate or issue temporary auth tokens."
    };
    Err(ApiError::new(Code::Forbidden, what_for))
}

/// `GET /v1/users/:id/issue-auth-token`: signs the user in once, within six minutes. An older one ends.
pub async fn issue(call: Call) -> Result<Answer, ApiError> {
    require(&call)?;
    let unknown = || ApiError::new(Code::NotFound, "User not found");
    let id: u64 = call.param(0).parse().map_err(|_| unknown())?;
    let token = format!("allm-tat-{}", keys::generate(&call.cx));
    let hash = auth::hash(&token);
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        tx.get::<User>(key::user(id)).await?.ok_or_else(unknown)?;
        if let Some(older) = tx.get::<String>(key::sso_of(id)).await? {
            tx.delete(key::sso(&older));
        }
        let record = LoginToken { user: id, expires_at: call.cx.now().plus(LIFETIME_MS) };
        tx.put(key::sso(&hash), &record)?;
        tx.put(key::sso_of(id), &hash)?;
        if tx.commit().await? {
            let path = format!("/sso/simple?token={token}");
            return Ok(Answer::ok(&json!({ "token": token, "loginPath": path })));
        }
    }
}

/// `GET /request-token/sso/simple?token=`. A token is gone once it was tried.
pub async fn exchange(call: Call) -> Result<Answer, ApiError> {
    require(&call)?;
    rate::take(&call.cx, &[(BY_PEER, Subject::Peer)]).await?;
    match redeem(&call).await? {
        Ok((user, token)) => {
            rate::give_back(&call.cx, &[(BY_PEER, Subject::Peer)]).await;
            Ok(login::admitted(&user, &token))
        }
        Err(why) => {
            login::failed(&call, "failed_login_invalid_temporary_auth_token", None).await?;
            let message = format!("[001] An error occurred while validating the token: {why}");
            Err(ApiError::new(Code::InvalidToken, message).with("valid", false).with("token", Value::Null))
        }
    }
}

async fn redeem(call: &Call) -> Result<Result<(User, String), &'static str>, ApiError> {
    let query = Fields::of_query(&call.request);
    let token = query.string("token")?.unwrap_or_default();
    if token.is_empty() {
        return Ok(Err("Public token is required to validate a temporary auth token."));
    }
    let hash = auth::hash(token);
    let mut attempts = retry(&call.cx);
    let found = loop {
        let mut tx = attempts.next().await?;
        let Some(found) = tx.get::<LoginToken>(key::sso(&hash)).await? else {
            return Ok(Err("Invalid token."));
        };
        tx.delete(key::sso(&hash));
        tx.delete(key::sso_of(found.user));
        if tx.commit().await? {
            break found;
        }
    };
    let now = call.cx.now();
    if found.expires_at <= now || auth::is_before(now.plus(LIFETIME_MS), found.expires_at) {
        return Ok(Err("Token expired."));
    }
    Ok(login::admit(call, found.user, |_| true).await?.ok_or("User account suspended."))
}
