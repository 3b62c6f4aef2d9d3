//! Measures what a search finds, over collections whose answers are known.
//!
//! - [`collection`]: reading collections (BEIR folders, spans of texts, questions without an answer).
//! - [`rank`]: nDCG, recall and MRR of a ranking of documents.
//! - [`span`]: how much of the answering text the best passages hold.
//! - [`command`]: what `cargo xtask eval` and `haversack eval` do.
//! - [`report`]: all of these for a collection, as a table and as JSON.
//! - [`bootstrap`]: how far a mean may be off.
//! - [`local`]: the arithmetic of retrieval without an engine around it, for choosing parameters.

#![forbid(unsafe_code)]

pub mod bootstrap;
pub mod collection;
pub mod command;
pub mod local;
pub mod rank;
pub mod report;
pub mod span;
