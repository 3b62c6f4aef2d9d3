//! Answering a question: one flow for every endpoint, streamed or whole.

mod allowance;
mod attachments;
mod backfill;
mod compress;
mod context;
mod flow;
mod history;
#[cfg(test)]
mod leaving_tests;
mod metrics;
mod prompt;
mod refusal;
mod save;
mod variables;

pub(crate) use attachments::{ATTACHMENTS_MAX, DOCUMENT, image};
pub(crate) use context::with_header;
pub(crate) use flow::{Ask, Outcome, Overrides, Refusal, Voice, answer};
pub(crate) use history::reset;
pub(crate) use prompt::context_block;
pub use variables::{Names, expand};

/// The system prompt of a workspace that has none of its own.
pub const DEFAULT_SYSTEM_PROMPT: &str = "You answer questions about a collection of documents. Rest your \
answer on the conversation so far and on the context that is given to you, and say so when they do not hold \
the answer. Answer the question that was asked last, in the language it was asked in, and follow the person's \
instructions. It is now {datetime}.";
