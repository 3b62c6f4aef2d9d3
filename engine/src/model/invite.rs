//! An invitation to become a user.

use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteStatus {
    /// Whoever has the code may become a user.
    Pending,
    /// Somebody did.
    Claimed,
    /// It was taken back.
    Disabled,
}

impl InviteStatus {
    /// Its name, as sent.
    pub fn name(self) -> &'static str {
        match self {
            InviteStatus::Pending => "pending",
            InviteStatus::Claimed => "claimed",
            InviteStatus::Disabled => "disabled",
        }
    }
}

/// An invitation. Its code is kept in clear: whoever administers the instance hands it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invite {
    /// From 1.
    pub id: u64,
    /// What the link holds; 140 random bits.
    pub code: String,
    /// What became of it.
    pub status: InviteStatus,
    /// Ids of workspaces to become a member of, some of which may not exist.
    pub workspaces: Vec<u64>,
    /// The user who made it, if one did.
    pub created_by: Option<u64>,
    /// The user who came of it.
    pub claimed_by: Option<u64>,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
}
