//! One turn of a conversation: a question and its answer.

use super::Visitor;
use crate::seam::UnixMs;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A saved turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    /// From 1, over all workspaces.
    pub id: u64,
    /// The workspace's id.
    pub workspace: u64,
    /// The question.
    pub prompt: String,
    /// The answer, as far as it came.
    pub text: String,
    /// What it rests on, as sent to the client.
    pub sources: Vec<Value>,
    /// Images that came with the question, as sent by the client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Value>,
    /// Name of the mode it was answered in.
    pub mode: String,
    /// As sent to the client.
    pub metrics: Value,
    /// Part of the memory: false once it was reset, or if it was a refusal.
    pub include: bool,
    /// Who asked, if a user did.
    pub user: Option<u64>,
    /// The thread's id.
    pub thread: Option<u64>,
    /// The client's session.
    pub session: Option<String>,
    /// When it was saved.
    pub created_at: UnixMs,
    /// A person's verdict.
    #[serde(default)]
    pub feedback: Option<bool>,
    /// Who asked, if it was through an embed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitor: Option<Visitor>,
    /// How long it is for a model. Turns of older programs have no count: they are counted as they are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TurnTokens>,
}

/// Token counts of a turn, see [`crate::tokens`]. They are kept so that a long turn is counted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnTokens {
    /// Of the question.
    pub prompt: usize,
    /// Of the answer.
    pub text: usize,
}
