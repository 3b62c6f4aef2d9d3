//! Users and invitations as clients know them. Never a password, nor what is kept of one.

use super::super::wire::iso;
use crate::model::{Invite, User};
use serde_json::{Value, json};

/// A user's row.
pub fn user(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "pfpFilename": null,
        "role": user.role.name(),
        "suspended": u8::from(user.suspended),
        "seen_recovery_codes": false,
        "createdAt": iso(user.created_at),
        "lastUpdatedAt": iso(user.updated_at),
        "dailyMessageLimit": user.daily_message_limit,
        "bio": user.bio,
    })
}

/// An invitation's row. A list of ids inside a string, as ever.
pub fn invite(invite: &Invite) -> Value {
    let ids: Vec<String> = invite.workspaces.iter().map(u64::to_string).collect();
    json!({
        "id": invite.id,
        "code": invite.code,
        "status": invite.status.name(),
        "claimedBy": invite.claimed_by,
        "workspaceIds": format!("[{}]", ids.join(",")),
        "createdAt": iso(invite.created_at),
        "createdBy": invite.created_by.unwrap_or(0),
        "lastUpdatedAt": iso(invite.updated_at),
    })
}
