//! Recorded facts about AnythingLLM's API, replayed against a host and compared.
//!
//! ```text
//! transcript   reads golden/anythingllm-v1/*.jsonl
//! request      fills in captured values and builds the call
//! scope        which steps belong to a later milestone
//! replay       runs a file against a target
//! normalise    removes what varies between two runs of the same server
//! compare      lists what is left
//! hosts        sends a file's requests to two hosts, whose answers must be the same
//! differences  takes away what differs on purpose, and tells which excuses are stale
//! ```

pub mod compare;
pub mod differences;
mod glob;
pub mod hosts;
pub mod normalise;
pub mod replay;
pub mod request;
pub mod scope;
pub mod transcript;

use std::path::PathBuf;

/// The folder of the recordings and of what we know about them.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}
