//! Making users.

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, events};
use super::{fields, mode, password, wire};
use crate::model::{Role, User};
use crate::store::{Transaction, key, next_id, retry};
use serde_json::{Value, json};

/// What a user is made of. Nothing else of a body is looked at.
pub struct Account {
    pub username: String,
    /// What is kept of the password.
    pub password: String,
    pub role: Role,
    pub daily_message_limit: Option<u64>,
    pub bio: String,
}

impl Account {
    /// Name and password of a body, by the rules; a user who may do the least.
    ///
    /// # Errors
    /// [`Code::InvalidField`] with the texts that clients know.
    pub async fn read(call: &Call, given: &Fields) -> Result<Account, ApiError> {
        let password = given.string("password")?.unwrap_or_default();
        if let Some(problem) = password::problem(password, &call.engine.settings().vars) {
            return Err(ApiError::new(Code::InvalidField, problem));
        }
        let username = fields::username(given.string("username")?.unwrap_or_default())?;
        let password = password::hash(&call.cx, password)
            .await
            .map_err(|why| ApiError::new(Code::Internal, format!("The password cannot be kept: {why}.")))?;
        Ok(Account { username, password, role: Role::Default, daily_message_limit: None, bio: String::new() })
    }
}

/// Makes `tx` add a user.
///
/// # Errors
/// [`Code::InvalidField`] if the name is taken.
pub async fn add(call: &Call, tx: &mut Transaction, id: u64, account: &Account) -> Result<User, ApiError> {
    if tx.get::<u64>(key::user_name(&account.username)).await?.is_some() {
        return Err(taken());
    }
    let now = call.cx.now();
    let user = User {
        id,
        username: account.username.clone(),
        password: account.password.clone(),
        role: account.role,
        suspended: false,
        bio: account.bio.clone(),
        daily_message_limit: account.daily_message_limit,
        epoch: 0,
        created_at: now,
        updated_at: now,
    };
    tx.put(key::user(id), &user)?;
    tx.put(key::user_name(&user.username), &id)?;
    Ok(user)
}

/// Somebody has the name.
pub fn taken() -> ApiError {
    ApiError::new(Code::InvalidField, "A user with that username already exists")
}

/// `POST /v1/admin/users/new {username, password, role?, dailyMessageLimit?, bio?}`.
pub async fn new(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    let user = new_user(&call).await.map_err(|error| error.with("user", Value::Null))?;
    Ok(Answer::ok(&json!({ "user": wire::user(&user), "error": null })))
}

async fn new_user(call: &Call) -> Result<User, ApiError> {
    let given = Fields::of_body(&call.request)?;
    let role = given.string("role")?.map(fields::role);
    let limit = fields::daily_message_limit(given.get("dailyMessageLimit").unwrap_or(&Value::Null));
    let bio = fields::bio(given.string("bio")?.unwrap_or_default());
    // What is wrong with name and password is said first, as ever.
    let account = Account::read(call, &given).await?;
    let account = Account {
        role: role.transpose()?.unwrap_or_default(),
        daily_message_limit: limit?,
        bio: bio?,
        ..account
    };
    let id = next_id(&call.cx, "user").await?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let user = add(call, &mut tx, id, &account).await?;
        let metadata = json!({ "username": user.username, "role": user.role.name() });
        events::log(&call.cx, &mut tx, "user_created", metadata).await?;
        if tx.commit().await? {
            return Ok(user);
        }
    }
}
