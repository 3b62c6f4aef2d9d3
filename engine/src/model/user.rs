//! Users of an instance that has several, and their sessions.

use super::Scope;
use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// What a user may do (reference §11.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Ask, in the workspaces they are a member of.
    #[default]
    Default,
    /// Change workspaces and documents, all of them.
    Manager,
    /// Everything.
    Admin,
}

impl Role {
    /// Its name, as stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Role::Default => "default",
            Role::Manager => "manager",
            Role::Admin => "admin",
        }
    }

    /// The role of a name.
    pub fn parse(name: &str) -> Option<Role> {
        [Role::Default, Role::Manager, Role::Admin].into_iter().find(|role| role.name() == name)
    }

    /// Whether it includes `scope`.
    pub fn may(self, scope: Scope) -> bool {
        match self {
            Role::Default => matches!(scope, Scope::Read | Scope::Chat),
            Role::Manager => scope != Scope::Admin,
            Role::Admin => true,
        }
    }
}

/// A person.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// From 1.
    pub id: u64,
    /// Unique.
    pub username: String,
    /// Argon2id, as a PHC string.
    pub password: String,
    /// What they may do.
    pub role: Role,
    /// Shut out, until further notice.
    #[serde(default)]
    pub suspended: bool,
    /// In their own words; part of the system prompt where it says `{user.bio}`.
    #[serde(default)]
    pub bio: String,
    /// Messages they may send in 24 hours; `None` is no limit.
    #[serde(default)]
    pub daily_message_limit: Option<u64>,
    /// Grows when all their sessions end: those of earlier epochs are over, also one that was opened at that moment.
    #[serde(default)]
    pub epoch: u64,
    /// When they were made.
    pub created_at: UnixMs,
    /// When they last changed.
    pub updated_at: UnixMs,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "User {{ id: {}, username: {:?}, role: {} }}", self.id, self.username, self.role.name())
    }
}

/// Being signed in. The token is not kept, only its hash (as part of the store's key).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The user's id.
    pub user: u64,
    /// [`User::epoch`] when they signed in.
    #[serde(default)]
    pub epoch: u64,
    /// When they signed in.
    pub created_at: UnixMs,
    /// From when on it is refused.
    pub expires_at: UnixMs,
}

/// What is known of a session by its user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionPlace {
    /// Where they signed in from, as far as it tells clients apart; empty where there is no such thing.
    pub peer: String,
    /// From when on it is refused.
    pub expires_at: UnixMs,
}

/// A token that signs a user in once. It is not kept, only its hash (as part of the store's key).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoginToken {
    /// The user's id.
    pub user: u64,
    /// From when on it is refused.
    pub expires_at: UnixMs,
}
