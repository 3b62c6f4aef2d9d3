//! A model and an embedder whose every answer is a function of the request.
//!
//! The rules are those of the recordings (`golden/README.md`, "The mocks"), so a prompt assembled
//! differently from the recorded one gives a different reply, and a chunk cut differently a different
//! vector. [`Mock`] answers a request without any I/O; [`server`] puts it on a loopback port.

mod chat;
mod embedding;
mod pages;
mod prompt;
pub mod server;

pub use chat::{Plan, plan};
pub use embedding::{DIMENSIONS, embed};
pub use prompt::prompt_hash;

use bytes::Bytes;
use serde_json::{Value, json};

/// What the model side was asked, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Body of a `POST /chat/completions`.
    Chat(Value),
    /// Body of a `POST /embeddings`.
    Embeddings(Value),
}

/// An answer, cut into the pieces in which it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The `content-type` header.
    pub content_type: &'static str,
    /// The body; each piece is one chunk on the wire.
    pub pieces: Vec<Bytes>,
    /// Milliseconds before each piece.
    pub pause_ms: u64,
    /// The connection breaks off after the last piece.
    pub cut: bool,
    /// The pieces from this one on wait until the mock is told to go on; with the first one, the head waits too. The
    /// simulated network does not wait.
    pub held_from: Option<usize>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Answer {
        Answer::whole(status, "application/json", body.to_string())
    }

    fn whole(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
        Answer { status, content_type, pieces: vec![body.into()], pause_ms: 0, cut: false, held_from: None }
    }
}

/// The model, the embedder and a few web pages, with a log of what was asked.
#[derive(Clone, Debug, Default)]
pub struct Mock {
    log: Vec<Asked>,
}

impl Mock {
    /// Answers one request. `path` is the part of the address after the origin.
    pub fn answer(&mut self, method: &str, path: &str, body: &[u8]) -> Answer {
        let path = path.split('?').next().unwrap_or_default();
        if let Some(name) = path.strip_prefix("/__mock/page/") {
            return pages::page(name);
        }
        let path = path.strip_prefix("/v1").unwrap_or(path);
        match (method, path) {
            ("GET", "/models") => Answer::json(
                200,
                &json!({"object": "list", "data": [{"id": "mock-model", "object": "model", "created": 1, "owned_by": "mock"}]}),
            ),
            ("POST", "/embeddings" | "/chat/completions") => {
                let Ok(body) = serde_json::from_slice::<Value>(body) else {
                    return Answer::json(400, &json!({"error": {"message": "bad json"}}));
                };
                if path == "/embeddings" {
                    self.log.push(Asked::Embeddings(body.clone()));
                    embedding::answer(&body)
                } else {
                    self.log.push(Asked::Chat(body.clone()));
                    chat::answer(&body, self.log.len())
                }
            }
            _ => {
                Answer::json(404, &json!({"error": {"message": format!("the mock has no {method} {path}")}}))
            }
        }
    }

    /// What was asked since the last call.
    pub fn take_log(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.log)
    }
}
