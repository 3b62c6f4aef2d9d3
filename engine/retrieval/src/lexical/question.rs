//! What a question asks for, word by word.

use super::terms::{Term, terms};
use std::collections::BTreeSet;

/// A word of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Any of these is the word; in order, each once.
    pub alternatives: Vec<Term>,
    /// What it counts beside the others.
    pub weight: f64,
}

/// Words that are looked for.
pub const WANTED_MAX: usize = 64;

/// Bytes of a question that are read. Whoever asks more has said what about long before.
pub const QUESTION_BYTES_MAX: usize = 8 << 10;

/// The words of a question, each once, in the order of their terms.
#[must_use]
pub fn question(text: &str) -> Vec<Wanted> {
    let text = &text[..text.floor_char_boundary(QUESTION_BYTES_MAX)];
    let words: BTreeSet<Term> = terms(text).into_iter().collect();
    let wanted = |term| Wanted { alternatives: vec![term], weight: 1.0 };
    words.into_iter().take(WANTED_MAX).map(wanted).collect()
}
