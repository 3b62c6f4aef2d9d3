//! Search by words: how texts become terms, how terms are stored, and how matches are scored (BM25).
//!
//! Plain arithmetic, the same bits on every host.

pub mod bm25;
mod codes;
pub mod collect;
mod compound;
pub mod detect;
pub mod evidence;
pub mod folded;
mod forms;
mod function_words;
pub mod fusion;
mod grams;
mod hangul;
pub mod language;
mod memo;
mod normal;
mod porter;
pub mod postings;
pub mod question;
pub mod rank;
mod script;
mod semitic;
mod stem;
pub mod terms;
mod words;
#[cfg(test)]
mod words_of_the_world;
