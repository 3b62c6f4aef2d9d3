use serde::{Deserialize, Serialize};

/// The key of the first entry: a [`Manifest`] as JSON.
pub const MANIFEST: &str = "bundle/manifest";

/// What a bundle holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of the keys, see [`crate::store::format::FORMAT`].
    pub layout: u32,
    /// The program that wrote it.
    pub program: String,
    /// The workspace's id, as in the keys.
    pub workspace: u64,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// Documents in it.
    pub documents: u64,
    /// Chunks of all of them.
    pub chunks: u64,
    /// The embedder of its vectors; empty if it has none.
    pub embedder: String,
    /// Values in a vector; 0 if it has none.
    pub dim: usize,
}
