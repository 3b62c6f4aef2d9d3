//! Changing users.

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, events, js};
use super::create::taken;
use super::{fields, mode, password, session};
use crate::model::{Role, User};
use crate::seam::Cx;
use crate::store::{self, Transaction, key, retry};
use serde_json::{Map, Value, json};

/// `POST /v1/admin/users/:id {username?, password?, role?, suspended?, dailyMessageLimit?, bio?}`: what else is
/// in the body is not looked at.
///
/// What the rules forbid is an answer with status 200 and `success: false`, as clients know it. A new
/// password and a suspension end the user's sessions.
pub async fn update(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    answer(change(&call).await)
}

/// What a change is answered with.
pub fn answer(changed: Result<(), Refused>) -> Result<Answer, ApiError> {
    match changed {
        Ok(()) => Ok(Answer::ok(&json!({ "success": true, "error": null }))),
        Err(Refused::ByRule(text)) => Ok(Answer::ok(&json!({ "success": false, "error": text }))),
        Err(Refused::Failed(error)) => Err(error.with("success", false)),
    }
}

/// Why nothing was changed.
pub enum Refused {
    /// A rule forbids it: a text for people.
    ByRule(String),
    /// It could not be done, or the request makes no sense.
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Refused {
        Refused::Failed(error.into())
    }
}

fn by_rule(error: ApiError) -> Refused {
    Refused::ByRule(error.message)
}

/// What is to change.
#[derive(Default)]
pub struct Changes {
    username: Option<String>,
    password: Option<String>,
    role: Option<Role>,
    suspended: Option<bool>,
    daily_message_limit: Option<Option<u64>>,
    bio: Option<String>,
}

async fn change(call: &Call) -> Result<(), Refused> {
    let given = Fields::of_body(&call.request)?;
    let unknown = || Refused::ByRule("User not found".to_owned());
    let id: u64 = call.param(0).parse().map_err(|_| unknown())?;
    let known = store::get::<User>(&call.cx, key::user(id)).await?.ok_or_else(unknown)?;
    let changes = Changes::read(call, &given, &known).await?;
    apply(call, id, &changes, |_| true, None).await
}

/// Changes a user who is `as_expected`. A new password and a suspension end all of their sessions but the one that
/// `stays`, by the hash of its token.
pub async fn apply(
    call: &Call,
    id: u64,
    changes: &Changes,
    as_expected: impl Fn(&User) -> bool,
    stays: Option<&str>,
) -> Result<(), Refused> {
    let unknown = || Refused::ByRule("User not found".to_owned());
    if changes.is_empty() {
        return Err(Refused::ByRule("No valid updates applied.".to_owned()));
    }
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let before = tx.get::<User>(key::user(id)).await?.filter(&as_expected).ok_or_else(unknown)?;
        let mut after = changes.applied_to(&before, call);
        if is_active_admin(&before) && !is_active_admin(&after) {
            require_another_admin(&call.cx, &mut tx, id).await.map_err(|error| match error.code {
                Code::LastAdmin => by_rule(error),
                _ => Refused::Failed(error),
            })?;
        }
        if after.username != before.username {
            if tx.get::<u64>(key::user_name(&after.username)).await?.is_some() {
                return Err(by_rule(taken()));
            }
            tx.delete(key::user_name(&before.username));
            tx.put(key::user_name(&after.username), &id)?;
        }
        if after.suspended || after.password != before.password {
            session::end_all(&call.cx, &mut tx, &mut after, stays).await?;
        }
        tx.put(key::user(id), &after)?;
        let metadata = json!({ "username": before.username, "changes": changes.named() });
        events::log(&call.cx, &mut tx, "user_updated", metadata).await?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}

impl Changes {
    /// What of a body is to change, by the rules.
    pub async fn read(call: &Call, given: &Fields, known: &User) -> Result<Changes, Refused> {
        // First the types: a filter where a text belongs is no rule of ours.
        let (username, role) = (given.string("username")?, given.string("role")?);
        let (password, bio) = (given.string("password")?, given.string("bio")?);
        let mut changes = Changes::default();
        // An unchanged name is none to judge: old ones may break the rules of today.
        if let Some(name) = username.filter(|name| *name != known.username) {
            changes.username = Some(fields::username(name).map_err(by_rule)?);
        }
        if let Some(role) = role {
            changes.role = Some(fields::role(role).map_err(by_rule)?);
        }
        if let Some(value) = given.get("dailyMessageLimit") {
            changes.daily_message_limit = Some(fields::daily_message_limit(value).map_err(by_rule)?);
        }
        if let Some(bio) = bio {
            changes.bio = Some(fields::bio(bio).map_err(by_rule)?);
        }
        changes.suspended = given.get("suspended").map(|value| js::truthy(Some(value)));
        if let Some(password) = password {
            if let Some(problem) = password::problem(password, &call.engine.settings().vars) {
                return Err(Refused::ByRule(problem));
            }
            let hash = password::hash(&call.cx, password).await;
            changes.password = Some(hash.map_err(|why| {
                ApiError::new(Code::Internal, format!("The password cannot be kept: {why}."))
            })?);
        }
        Ok(changes)
    }

    /// Whether the password is to change.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    fn is_empty(&self) -> bool {
        self.named().is_empty()
    }

    /// For the event log: what the fields become, but for the password.
    fn named(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut name = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), value);
            }
        };
        name("username", self.username.clone().map(Value::from));
        name("password", self.password.as_ref().map(|_| "changed".into()));
        name("role", self.role.map(|role| role.name().into()));
        name("suspended", self.suspended.map(Value::from));
        name("dailyMessageLimit", self.daily_message_limit.map(Value::from));
        name("bio", self.bio.clone().map(Value::from));
        map
    }

    fn applied_to(&self, user: &User, call: &Call) -> User {
        let mut user = user.clone();
        if let Some(username) = &self.username {
            user.username.clone_from(username);
        }
        if let Some(password) = &self.password {
            user.password.clone_from(password);
        }
        if let Some(bio) = &self.bio {
            user.bio.clone_from(bio);
        }
        user.role = self.role.unwrap_or(user.role);
        user.suspended = self.suspended.unwrap_or(user.suspended);
        user.daily_message_limit = self.daily_message_limit.unwrap_or(user.daily_message_limit);
        user.updated_at = call.cx.now();
        user
    }
}

/// Whether they can administer the instance.
pub fn is_active_admin(user: &User) -> bool {
    user.role == Role::Admin && !user.suspended
}

/// Makes `tx` commit only if another user can administer the instance than this one. Two who go at the same
/// time hold on to each other, so that one of them stays.
///
/// # Errors
/// [`Code::LastAdmin`] if there is none.
pub async fn require_another_admin(cx: &Cx, tx: &mut Transaction, id: u64) -> Result<(), ApiError> {
    for (place, user) in store::all::<User>(cx, key::users()).await? {
        if user.id != id && is_active_admin(&user) {
            let user = tx.get::<User>(place).await?;
            if user.as_ref().is_some_and(is_active_admin) {
                return Ok(());
            }
        }
    }
    Err(ApiError::new(Code::LastAdmin, "No system admins will remain if you do this. Update failed."))
}
