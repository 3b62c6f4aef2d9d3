//! Removing users.

use super::super::answer::Answer;
use super::super::error::{ApiError, Code};
use super::super::{Call, events};
use super::mode;
use super::update::{is_active_admin, require_another_admin};
use crate::model::User;
use crate::retrieve::staging::Orphans;
use crate::store::{key, retry};
use serde_json::json;

/// `DELETE /v1/admin/users/:id`: the user, their sessions, memberships, threads and chats. The last admin
/// stays, unlike in AnythingLLM (reference §15.7).
pub async fn remove(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    remove_user(&call).await.map_err(|error| error.with("success", false))?;
    Ok(Answer::ok(&json!({ "success": true, "error": null })))
}

async fn remove_user(call: &Call) -> Result<(), ApiError> {
    let unknown = || ApiError::new(Code::NotFound, "User not found");
    let id: u64 = call.param(0).parse().map_err(|_| unknown())?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let user = tx.get::<User>(key::user(id)).await?.ok_or_else(unknown)?;
        if is_active_admin(&user) {
            require_another_admin(&call.cx, &mut tx, id).await?;
        }
        tx.delete(key::user(id));
        tx.delete(key::user_name(&user.username));
        let orphans = Orphans::of_user(&call.cx, id).await?;
        orphans.leave(&mut tx, call.cx.now())?;
        let metadata = json!({ "userName": user.username });
        events::log(&call.cx, &mut tx, "api_user_deleted", metadata).await?;
        if tx.commit().await? {
            orphans.remove(&call.cx).await;
            return Ok(());
        }
    }
}
