//! Who the caller is, for a page that must know what to offer.

use super::super::answer::Answer;
use super::super::error::ApiError;
use super::super::{Call, Caller};
use super::wire;
use crate::model::{Scope, Workspace};
use crate::store::{self, key};
use serde_json::{Value, json};

/// `GET /system/me`, which is ours: `scopes` is what the caller may do, `workspaces` the slugs they are limited
/// to (`null` is no limit).
pub async fn me(call: Call) -> Result<Answer, ApiError> {
    let kind = match &call.caller {
        Caller::Operator => "operator",
        Caller::Key(_) => "key",
        Caller::User(..) => "user",
        Caller::Anyone => "anyone",
    };
    let api_key = match &call.caller {
        Caller::Key(found) => json!({ "id": found.id, "name": found.name }),
        _ => Value::Null,
    };
    let scopes: Vec<&str> =
        Scope::ALL.into_iter().filter(|scope| call.caller.may(*scope)).map(Scope::name).collect();
    let workspaces = match call.caller.limit() {
        None => Value::Null,
        Some(ids) => {
            let places = ids.iter().map(|id| key::workspace(*id)).collect();
            let found = store::get_many::<Workspace>(&call.cx, places).await?;
            found.into_iter().flatten().map(|workspace| workspace.slug).collect()
        }
    };
    Ok(Answer::ok(&json!({
        "caller": kind,
        "user": call.caller.user().map(wire::user),
        "role": call.caller.user().map(|user| user.role.name()),
        "apiKey": api_key,
        "scopes": scopes,
        "workspaces": workspaces,
        "multiUserMode": call.instance.multi_user,
    })))
}
