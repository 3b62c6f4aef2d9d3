//! How much the best evidence has to do with the question.

use super::context::Context;
use crate::llm::extractive::{body, terms};
use crate::seam::{Slices, Work};
use std::collections::BTreeSet;

/// Bytes of a question, and of each text, that are compared.
const QUESTION_BYTES_MAX: usize = 2 << 10;
const TEXT_BYTES_MAX: usize = 16 << 10;

/// What a pair of letters that no text has counts, in scripts without spaces: many pairs are no word.
const ABSENT_PAIR: f64 = 0.3;

/// 0 to 1: the best score of a search, or the share of the question's words that one text holds, if that is more.
pub(super) async fn relevance(slices: &mut Slices, question: &str, best: f64, context: &Context) -> f64 {
    let question = &question[..question.floor_char_boundary(QUESTION_BYTES_MAX)];
    let asked: BTreeSet<String> = terms::terms(question).into_iter().collect();
    let mut held: Vec<BTreeSet<&str>> = Vec::new();
    for text in &context.texts {
        let (_, text) = body(text);
        let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
        let said: BTreeSet<String> = terms::terms(text).into_iter().collect();
        held.push(asked.iter().filter(|word| said.contains(*word)).map(String::as_str).collect());
        slices.spend(Work::Words(4 * text.len())).await;
    }
    let anywhere: BTreeSet<&str> = held.iter().flatten().copied().collect();
    let weight = |word: &&String| {
        let pair = word.chars().next().is_some_and(terms::is_dense);
        if pair && !anywhere.contains(word.as_str()) { ABSENT_PAIR } else { 1.0 }
    };
    let total: f64 = asked.iter().map(|word| weight(&word)).sum();
    let most = held.iter().map(BTreeSet::len).max().unwrap_or(0) as f64;
    let share = if total > 0.0 { most / total } else { 0.0 };
    rounded(best.max(share))
}

/// To four digits, between 0 and 1.
pub(super) fn rounded(value: f64) -> f64 {
    (value.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::slices;
    use futures_util::FutureExt;

    fn of(question: &str, best: f64, texts: &[&str]) -> f64 {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        let context = Context { texts, sources: Vec::new() };
        relevance(&mut slices(), question, best, &context).now_or_never().unwrap()
    }

    #[test]
    fn words_count_where_vectors_say_little() {
        let text = "The spare oar lies under the jetty.";
        assert_eq!(of("Where is the spare oar?", 0.21, &[text]), 1.0);
        assert_eq!(of("Who won the cup in 1966?", 0.21, &[text]), 0.21);
        assert_eq!(of("Who won the cup in 1966?", 0.0, &[]), 0.0);
        assert!(of("备用桨在哪里？", 0.0, &["备用桨在码头下面。"]) > 0.9);
    }
}
