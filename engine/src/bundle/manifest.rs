use serde::{Deserialize, Serialize};

/// The key of the first entry: a [`Manifest`] as JSON.
pub const MANIFEST: &str = "bundle/manifest";

/// What a bundle holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The layout of its records: [`LAYOUT`](super::LAYOUT).
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

impl Manifest {
    /// Why the vectors are of no use where `ours` embeds the questions, and what to do; `None` if they are. Vectors of two
    /// embedders cannot be compared.
    pub fn of_other_embedder(&self, ours: &str) -> Option<String> {
        if self.chunks == 0 || self.embedder == ours {
            return None;
        }
        let theirs = &self.embedder;
        let ours = if ours.is_empty() { "none" } else { ours };
        Some(format!(
            "The bundle's vectors are from the embedder {theirs}, and {ours} is configured here; nothing was imported. \
             Configure {theirs} and import it again, or add its documents here as files, which embeds them anew."
        ))
    }
}
