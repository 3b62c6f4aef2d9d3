//! A document's place in a workspace.

use super::Document;
use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};

/// One document, embedded in one workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// From 1, over all workspaces.
    pub id: u64,
    /// A UUID of its own.
    pub doc_id: String,
    /// The workspace's id.
    pub workspace: u64,
    /// The document as it was when it was embedded.
    pub document: Document,
    /// Its whole text goes into every prompt.
    pub pinned: bool,
    /// Its segment of the vector index.
    pub segment: u64,
    /// Chunks in that segment.
    pub chunks: u64,
    /// Words in all of them, as the index of words counts.
    #[serde(default)]
    pub words: u64,
    /// When it was embedded.
    pub created_at: UnixMs,
    /// When its pin last changed.
    pub updated_at: UnixMs,
}
