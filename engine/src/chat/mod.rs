//! Answering a question: one flow for every endpoint, streamed or whole.

mod allowance;
mod attachments;
mod backfill;
#[cfg(test)]
mod citation_tests;
mod citations;
mod cite;
mod compress;
mod context;
#[cfg(test)]
mod ending_tests;
mod flow;
mod history;
#[cfg(test)]
mod leaving_tests;
mod metrics;
mod prompt;
mod refusal;
mod relevance;
mod save;
mod sources;
mod variables;
mod wishes;

pub(crate) use attachments::{ATTACHMENTS_MAX, DOCUMENT, image};
pub(crate) use context::with_header;
pub(crate) use flow::{Ask, Outcome, Overrides, Refusal, Voice, answer};
pub(crate) use history::reset;
pub(crate) use prompt::{context_block, first_number};
pub use variables::{Names, expand};

/// The system prompt of a workspace that has none of its own. Only this one asks for citations: whoever brings a prompt gets
/// the context as AnythingLLM writes it.
pub const DEFAULT_SYSTEM_PROMPT: &str = "You answer questions about a collection of documents. Rest your \
answer on the conversation so far and on the context that is given to you, and say so when they do not hold \
the answer. Each block of the context has a number. Directly after every claim that rests on a block write that \
block's number in square brackets, such as [1] or [2][3], and use no number that no block has. Answer the question that \
was asked last, in the language it was asked in, and follow the person's instructions. It is now {datetime}.";

/// The system prompt of earlier versions, which is stored with the workspaces that they made.
const FORMER_SYSTEM_PROMPT: &str = "You answer questions about a collection of documents. Rest your \
answer on the conversation so far and on the context that is given to you, and say so when they do not hold \
the answer. Answer the question that was asked last, in the language it was asked in, and follow the person's \
instructions. It is now {datetime}.";
