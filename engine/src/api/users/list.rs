//! Listing users.

use super::super::Call;
use super::super::answer::Answer;
use super::super::error::ApiError;
use super::{mode, wire};
use crate::model::User;
use crate::store::{self, key};
use serde_json::{Value, json};

/// `GET /v1/admin/users`.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    rows(&call, wire::user).await
}

/// `GET /v1/users`.
pub async fn list_short(call: Call) -> Result<Answer, ApiError> {
    rows(&call, |user| json!({ "id": user.id, "username": user.username, "role": user.role.name() })).await
}

async fn rows(call: &Call, row: fn(&User) -> Value) -> Result<Answer, ApiError> {
    mode::require(call)?;
    let users = store::all::<User>(&call.cx, key::users()).await?;
    let rows: Vec<Value> = users.iter().map(|(_, user)| row(user)).collect();
    Ok(Answer::ok(&json!({ "users": rows })))
}
