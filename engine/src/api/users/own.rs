//! What users change of themselves.

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::rate::{self, Limit, Subject};
use super::super::{Call, auth};
use super::update::{Changes, Refused, answer, apply};
use super::{login, password};
use crate::model::User;

/// Tries of the password that is to be replaced.
const BY_USER: Limit = Limit { name: "own-password", most: 10, window_s: 15 * 60 };

/// `POST /system/user {username?, password?, currentPassword?, bio?}`, by whoever is signed in, of themselves.
///
/// What the rules forbid is an answer with status 200 and `success: false`, as clients know it. A new password takes
/// the current one, which theirs does not: a session left open is no way to take over an account. It ends the user's
/// other sessions.
pub async fn change(call: Call) -> Result<Answer, ApiError> {
    let Some(user) = call.caller.user() else {
        let message = "This is no session: accounts are changed by POST /v1/admin/users/{id}.";
        return Err(ApiError::new(Code::InvalidField, message).with("success", false));
    };
    answer(change_of(&call, user).await)
}

async fn change_of(call: &Call, user: &User) -> Result<(), Refused> {
    let given = Fields::of_body(&call.request)?;
    let current = given.string("currentPassword")?.unwrap_or_default().to_owned();
    let wants_password = given.string("password")?.is_some();
    if wants_password {
        if login::is_forbidden(&call.engine.settings().vars) {
            let text = "Passwords are not used here: everybody signs in by single sign-on.";
            return Err(Refused::ByRule(text.to_owned()));
        }
        let name = format!("user {}", user.id);
        let count = [(BY_USER, Subject::Name(&name))];
        rate::take(&call.cx, &count).await?;
        if !password::is_right(&call.cx, Some(&user.password), &current).await {
            return Err(Refused::ByRule("The current password (currentPassword) is not right.".to_owned()));
        }
        rate::give_back(&call.cx, &count).await;
    }
    let changes = Changes::read(call, &given.only(&["username", "password", "bio"]), user).await?;
    // Nobody else may have set a password meanwhile.
    let as_known = |now: &User| !changes.has_password() || now.password == user.password;
    let own = auth::bearer(&call.request).map(auth::hash);
    apply(call, user.id, &changes, as_known, own.as_deref()).await
}
