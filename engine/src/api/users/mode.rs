//! Having several users, or not.

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, Caller, events};
use super::create::{Account, add};
use crate::model::{Instance, Role};
use crate::store::{key, next_id, retry};
use serde_json::{Value, json};

/// What routes for instances with several users begin with.
///
/// # Errors
/// [`Code::NotMultiUser`], which is 401 (reference §2).
pub fn require(call: &Call) -> Result<(), ApiError> {
    match call.instance.multi_user {
        true => Ok(()),
        false => {
            Err(ApiError::new(Code::NotMultiUser, "Instance is not in Multi-User mode. Permission denied."))
        }
    }
}

/// `GET /v1/admin/is-multi-user-mode`.
pub async fn is_multi_user(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "isMultiUser": call.instance.multi_user })))
}

/// `GET /system/multi-user-mode`: open, as the page to sign in on must know.
pub async fn multi_user_mode(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "multiUserMode": call.instance.multi_user })))
}

/// `POST /system/enable-multi-user {username, password}`: makes the first admin and turns the mode on, both
/// or neither. Nothing else is touched, whatever is sent.
pub async fn enable(call: Call) -> Result<Answer, ApiError> {
    let refused = |error: ApiError| error.with("success", false);
    enable_with(&call).await.map_err(refused)?;
    Ok(Answer::ok(&json!({ "success": true, "error": null })))
}

async fn enable_with(call: &Call) -> Result<(), ApiError> {
    let already = || ApiError::new(Code::InvalidField, "Multi-user mode is already enabled.");
    if call.instance.multi_user {
        return Err(already());
    }
    let fields = Fields::of_body(&call.request)?;
    let account = Account { role: Role::Admin, ..Account::read(call, &fields).await? };
    let id = next_id(&call.cx, "user").await?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let mut instance: Instance = tx.get(key::instance()).await?.unwrap_or_default();
        if instance.multi_user {
            return Err(already());
        }
        instance.multi_user = true;
        tx.put(key::instance(), &instance)?;
        let admin = add(call, &mut tx, id, &account).await?;
        let metadata = json!({ "username": admin.username });
        events::log(&call.cx, &mut tx, "multi_user_mode_enabled", metadata).await?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}

/// `POST /system/disable-multi-user`, a way back that is ours: for the operator and keys, not for users.
///
/// Everybody is signed out. Users, memberships and conversations stay, for the day the mode comes back.
pub async fn disable(call: Call) -> Result<Answer, ApiError> {
    if !matches!(call.caller, Caller::Operator | Caller::Key(_)) {
        let message = "Only the operator or an API key may turn multi-user mode off.";
        return Err(ApiError::new(Code::Forbidden, message).with("success", false));
    }
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let mut instance: Instance = tx.get(key::instance()).await?.unwrap_or_default();
        if instance.multi_user {
            instance.multi_user = false;
            tx.put(key::instance(), &instance)?;
            tx.delete_range(key::all_sessions());
            tx.delete_range(key::all_sessions_of());
            events::log(&call.cx, &mut tx, "multi_user_mode_disabled", Value::Null).await?;
        }
        if tx.is_empty() || tx.commit().await? {
            return Ok(Answer::ok(&json!({ "success": true, "error": null })));
        }
    }
}
