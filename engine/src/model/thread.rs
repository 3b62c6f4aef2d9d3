//! A thread: a conversation with a name of its own.

use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// A conversation inside a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// From 1.
    pub id: u64,
    /// For people.
    pub name: String,
    /// Unique over all workspaces.
    pub slug: String,
    /// The workspace's id.
    pub workspace: u64,
    /// Who opened it, if a user did.
    pub user: Option<u64>,
    /// When it was opened.
    pub created_at: UnixMs,
    /// When it was last renamed.
    pub updated_at: UnixMs,
}

/// Where a thread is, by its slug.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadPlace {
    /// The workspace's id.
    pub workspace: u64,
    /// The thread's id.
    pub thread: u64,
}
