//! An API key and what it may do.

use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a caller may do. `Admin` includes the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look and search.
    Read,
    /// Ask, and keep threads.
    Chat,
    /// Change workspaces and documents.
    Write,
    /// Everything: users, keys, settings.
    Admin,
}

impl Scope {
    /// Every scope, narrowest first.
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Chat, Scope::Write, Scope::Admin];

    /// Its name, as stored and sent.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Chat => "chat",
            Scope::Write => "write",
            Scope::Admin => "admin",
        }
    }

    /// The scope of a name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A key without its secret, of which only the hash is kept (as part of the store's key).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// From 1.
    pub id: u64,
    /// For people.
    pub name: Option<String>,
    /// The last four characters of the secret, to tell keys apart.
    pub hint: String,
    /// When it was made.
    pub created_at: UnixMs,
    /// The user it belongs to, if it was made by one: signed in, or with a key that belongs to them. `None` is the
    /// operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<u64>,
    /// The key it was made with, if it was made with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_with: Option<u64>,
    /// What it may do; `None` is everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<Scope>>,
    /// Ids of the workspaces it is limited to; `None` is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspaces: Option<BTreeSet<u64>>,
    /// From when on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixMs>,
}
