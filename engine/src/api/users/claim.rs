//! Invitations, for who got one (reference §1): open to anybody who has the code.

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::rate::{self, Limit, Subject};
use super::super::{Call, events};
use super::create::{Account, add};
use super::{login, members};
use crate::model::{Invite, InviteStatus, Workspace};
use crate::store::{self, key, next_id, retry};
use serde_json::{Value, json};

/// Codes looked up and claimed from one address.
const BY_PEER: Limit = Limit { name: "invite", most: 30, window_s: 5 * 60 };

/// `GET /invite/:code`.
pub async fn look_up(call: Call) -> Result<Answer, ApiError> {
    rate::take(&call.cx, &[(BY_PEER, Subject::Peer)]).await?;
    let none = |why: &str| Ok(Answer::ok(&json!({ "invite": null, "error": why })));
    match find(&call).await? {
        None => none("Invite not found."),
        Some(invite) if invite.status != InviteStatus::Pending => none("Invite is no longer valid."),
        Some(invite) => {
            let row = json!({ "code": invite.code, "status": invite.status.name() });
            Ok(Answer::ok(&json!({ "invite": row, "error": null })))
        }
    }
}

/// `POST /invite/:code {username, password}`: makes a user who may do the least, a member of the invitation's
/// workspaces, and ends the invitation; all of it or nothing. Of many at once, one gets it.
///
/// What is not good is an answer with status 200 and `success: false`, as clients know it.
pub async fn claim(call: Call) -> Result<Answer, ApiError> {
    if login::is_forbidden(&call.engine.settings().vars) {
        let message = "Login via credentials has been disabled by the administrator.";
        return Err(ApiError::new(Code::Forbidden, message).with("success", false));
    }
    rate::take(&call.cx, &[(BY_PEER, Subject::Peer)]).await?;
    match become_user(&call).await {
        Ok(()) => Ok(Answer::ok(&json!({ "success": true, "error": null }))),
        Err(error) if error.code == Code::InvalidField => {
            Ok(Answer::ok(&json!({ "success": false, "error": error.message })))
        }
        Err(error) => Err(error.with("success", Value::Bool(false))),
    }
}

async fn become_user(call: &Call) -> Result<(), ApiError> {
    let invalid = || ApiError::new(Code::InvalidField, "Invite not found or is invalid.");
    let fields = Fields::of_body(&call.request)?;
    for name in ["username", "password"] {
        // Objects and the like are no mistakes of people.
        fields.string(name).map_err(|error| ApiError { code: Code::MalformedBody, ..error })?;
    }
    // A password is hashed for who has an invitation, and for nobody else.
    let id = find(call).await?.filter(is_pending).ok_or_else(invalid)?.id;
    let account = Account::read(call, &fields).await?;
    let user = next_id(&call.cx, "user").await?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        let invite = tx.get::<Invite>(key::invite(id)).await?;
        let mut invite = invite.filter(is_pending).ok_or_else(invalid)?;
        let made = add(call, &mut tx, user, &account).await?;
        for workspace in &invite.workspaces {
            if tx.get::<Workspace>(key::workspace(*workspace)).await?.is_some() {
                members::join(&mut tx, user, *workspace, call.cx.now())?;
            }
        }
        invite.status = InviteStatus::Claimed;
        invite.claimed_by = Some(user);
        invite.updated_at = call.cx.now();
        tx.put(key::invite(id), &invite)?;
        let metadata = json!({ "username": made.username });
        events::log(&call.cx, &mut tx, "invite_accepted", metadata).await?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}

fn is_pending(invite: &Invite) -> bool {
    invite.status == InviteStatus::Pending
}

/// The invitation of the path; there is none where there are no users.
async fn find(call: &Call) -> Result<Option<Invite>, ApiError> {
    if !call.instance.multi_user {
        return Ok(None);
    }
    match store::get::<u64>(&call.cx, key::invite_code(call.param(0))).await? {
        Some(id) => Ok(store::get(&call.cx, key::invite(id)).await?),
        None => Ok(None),
    }
}
