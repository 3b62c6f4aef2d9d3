//! Invitations, for who hands them out (reference §11.2).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, events, keys};
use super::{fields, mode, wire};
use crate::model::{Invite, InviteStatus, User};
use crate::store::{self, key, next_id, retry};
use serde_json::{Value, json};

/// `GET /v1/admin/invites`.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    let invites = store::all::<Invite>(&call.cx, key::invites()).await?;
    let invites: Vec<Invite> = invites.into_iter().map(|(_, invite)| invite).collect();
    let mut ids: Vec<u64> = invites.iter().flat_map(|i| [i.created_by, i.claimed_by]).flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    let users = store::get_many::<User>(&call.cx, ids.into_iter().map(key::user).collect()).await?;
    let names = store::by_id(users.iter().flatten().map(|user| (user.id, user.username.as_str())));
    let person = |id: u64| json!({ "id": id, "username": names.get(&id).unwrap_or(&"unknown user") });
    let row = |invite: &Invite| {
        let mut row = wire::invite(invite);
        for (field, id) in [("createdBy", invite.created_by), ("claimedBy", invite.claimed_by)] {
            if let Some(id) = id {
                row[field] = person(id);
            }
        }
        row
    };
    let rows: Vec<Value> = invites.iter().map(row).collect();
    Ok(Answer::ok(&json!({ "invites": rows })))
}

/// `POST /v1/admin/invite/new {workspaceIds?}`: ids of workspaces that do not exist are kept, and mean
/// nothing.
pub async fn new(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    let given = Fields::of_body(&call.request)?;
    let workspaces = fields::ids(&given, "workspaceIds").map_err(|e| e.with("invite", Value::Null))?;
    let now = call.cx.now();
    let invite = Invite {
        id: next_id(&call.cx, "invite").await?,
        code: keys::generate(&call.cx),
        status: InviteStatus::Pending,
        workspaces: workspaces.unwrap_or_default(),
        created_by: call.cx.actor().user,
        claimed_by: None,
        created_at: now,
        updated_at: now,
    };
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        tx.put(key::invite(invite.id), &invite)?;
        tx.put(key::invite_code(&invite.code), &invite.id)?;
        events::log(&call.cx, &mut tx, "invite_created", json!({ "inviteId": invite.id })).await?;
        if tx.commit().await? {
            return Ok(Answer::ok(&json!({ "invite": wire::invite(&invite), "error": null })));
        }
    }
}

/// `DELETE /v1/admin/invite/:id`: it stays on the list, and nobody can claim it. What was claimed stays
/// claimed.
pub async fn delete(call: Call) -> Result<Answer, ApiError> {
    mode::require(&call)?;
    let refuse = |code, text: &str| ApiError::new(code, text).with("success", false);
    let id: u64 = call.param(0).parse().map_err(|_| refuse(Code::InvalidField, "Invalid invite id"))?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let Some(mut invite) = tx.get::<Invite>(key::invite(id)).await? else {
            return Err(refuse(Code::NotFound, "Invite not found or already disabled"));
        };
        if invite.status == InviteStatus::Pending {
            invite.status = InviteStatus::Disabled;
            invite.updated_at = call.cx.now();
            tx.put(key::invite(id), &invite)?;
            events::log(&call.cx, &mut tx, "invite_deleted", json!({ "inviteId": id })).await?;
        }
        if tx.is_empty() || tx.commit().await? {
            return Ok(Answer::ok(&json!({ "success": true, "error": null })));
        }
    }
}
