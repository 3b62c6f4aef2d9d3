//! The hosts the suite can talk to.

pub mod process;
mod real;
mod sim;
pub mod usage;

pub use real::{
    Chromium, ChromiumTarget, Kind, Native, NativeTarget, Node, NodeTarget, RealTarget, Spin, SpinFresh,
    SpinFreshTarget, SpinTarget,
};
pub use sim::{SimTarget, engine, prepare};

use crate::mock::Asked;
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use std::collections::BTreeMap;

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status; 0 if there was none.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// All of the body.
    pub body: Bytes,
}

impl Answer {
    /// The first header of this name (`name` in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as JSON; `Null` if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A fresh server of some kind, with a mock as its model and embedder and one valid key.
pub trait Target {
    /// Names the kind in `differences.toml`.
    const NAME: &'static str;

    /// Sends a request and waits for the whole answer.
    fn call(&mut self, request: ApiRequest) -> Answer;

    /// A key that is valid.
    fn api_key(&self) -> String;

    /// Where the server finds the mock.
    fn mock_url(&self) -> String;

    /// What the mock was asked since the last call.
    fn take_mock_log(&mut self) -> Vec<Asked>;
}

/// Settings that point every provider at the mock, as in the recordings: a window of 4,096 tokens,
/// chunks of 1,000 characters, UTC. `env` is added on top.
pub fn settings(mock_url: &str, env: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let base = format!("{mock_url}/v1");
    let ours = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", &base),
        ("GENERIC_OPEN_AI_MODEL_PREF", "mock-model"),
        ("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT", "4096"),
        ("GENERIC_OPEN_AI_API_KEY", "mock-key"),
        ("EMBEDDING_ENGINE", "generic-openai"),
        ("EMBEDDING_BASE_PATH", &base),
        ("EMBEDDING_MODEL_PREF", "mock-embed"),
        ("EMBEDDING_MODEL_MAX_CHUNK_LENGTH", "1000"),
        ("VECTOR_DB", "lancedb"),
    ];
    let mut settings: BTreeMap<String, String> =
        ours.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    settings.extend(env.iter().map(|(name, value)| (name.clone(), value.clone())));
    settings
}
