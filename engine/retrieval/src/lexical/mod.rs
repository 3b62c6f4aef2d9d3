//! Search by words: how texts become terms, how terms are stored, and how matches are scored (BM25).
//!
//! Plain arithmetic, the same bits on every host.

pub mod bm25;
pub mod collect;
pub mod fusion;
mod porter;
pub mod postings;
pub mod terms;
mod words;
