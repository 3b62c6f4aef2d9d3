//! Whole calls against a store in memory.

pub(in crate::api) mod consistency;
mod crashes;
mod folders;
mod links;
mod listings;
mod placing;
mod previewing;
mod uploading;

use crate::testing::TestHost;
use serde_json::{Value, json};

/// A host with a workspace `docs`.
fn host() -> TestHost {
    let mut host = TestHost::new(&[]);
    host.workspace("Docs");
    host
}

/// `update-embeddings` of the workspace `docs`.
#[track_caller]
fn update(host: &mut TestHost, adds: &[&str], deletes: &[&str]) -> Value {
    let body = json!({ "adds": adds, "deletes": deletes });
    host.call("POST", "/v1/workspace/docs/update-embeddings", &body).ok()
}

/// About `kilobytes` of text in short paragraphs.
fn long_text(kilobytes: usize) -> String {
    (0..kilobytes).map(|n| format!("Paragraph {n} {}\n\n", "otters swim ".repeat(84))).collect()
}
