//! How well a unit answers a question.

use super::Embed;
use super::blocks::Kind;
use super::question::{Question, Wants, answers, defines};
use super::units::Unit;
use crate::seam::{Slices, Work};
use std::collections::{BTreeMap, BTreeSet};

/// Shares of the three signals; tuned by reading answers over manuals, papers and read-me files.
const WORDS: f32 = 0.50;
const MEANING: f32 = 0.42;
const RANK: f32 = 0.08;
/// Most units that are compared by meaning: the best by words. Pinned documents may be whole books.
const EMBEDDED_MAX: usize = 600;

/// A unit with its score: about 1 for a sentence that repeats the question, 0 for an unrelated one.
#[derive(Clone, Debug)]
pub(super) struct Scored {
    pub unit: usize,
    pub score: f32,
    /// The part of the score that words and meaning alone give.
    pub evidence: f32,
    /// The question's words it holds, as indices into [`Question::words`].
    pub holds: BTreeSet<usize>,
}

/// Scores every unit; best first, ties in reading order. `passages` is their number.
pub(super) async fn score(
    slices: &mut Slices,
    question: &str,
    asked: &Question,
    units: &[Unit],
    passages: usize,
    embed: &Embed<'_>,
) -> Vec<Scored> {
    let weights = weights(asked, units);
    let total: f32 = weights.iter().sum();
    let mut scored: Vec<Scored> = Vec::with_capacity(units.len());
    for (at, unit) in units.iter().enumerate() {
        let (holds, share) = overlap(asked, &weights, unit);
        let words = if total > 0.0 { share / total } else { 0.0 };
        let rank = 1.0 - unit.passage as f32 / passages.max(1) as f32;
        let evidence = WORDS * words;
        scored.push(Scored { unit: at, score: evidence + RANK * rank + fit(asked, unit), evidence, holds });
        slices.spend(Work::Words(unit.text.len() * (1 + asked.words.len() / 8))).await;
    }
    sort(&mut scored);
    let meaning = embed(question);
    for one in scored.iter_mut().take(EMBEDDED_MAX) {
        slices.spend(Work::Embed(units[one.unit].text.len())).await;
        let near = MEANING * cosine(&meaning, &embed(&units[one.unit].text)).max(0.0);
        one.score += near;
        one.evidence += near;
    }
    sort(&mut scored);
    scored
}

fn sort(scored: &mut [Scored]) {
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.unit.cmp(&b.unit)));
}

/// How much each word of the question tells: rare ones more. A word that occurs nowhere tells most, so
/// that no unit scores high when the subject itself is missing.
fn weights(asked: &Question, units: &[Unit]) -> Vec<f32> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in units {
        let distinct: BTreeSet<&str> = unit.terms.iter().chain(&unit.heading).map(String::as_str).collect();
        for term in distinct {
            *counts.entry(term).or_default() += 1;
        }
    }
    let n = units.len() as f32;
    let weight = |word: &String| {
        let count = counts.get(word.as_str()).copied().unwrap_or(0) as f32;
        (1.0 + (n - count + 0.5) / (count + 0.5)).ln()
    };
    asked.words.iter().map(weight).collect()
}

/// The question's words that `unit` holds, and their weight; words in its titles count for less.
fn overlap(asked: &Question, weights: &[f32], unit: &Unit) -> (BTreeSet<usize>, f32) {
    let mut holds = BTreeSet::new();
    let mut share = 0.0;
    for (i, word) in asked.words.iter().enumerate() {
        if unit.terms.contains(word) {
            holds.insert(i);
            share += weights[i];
        } else if unit.heading.contains(word) {
            holds.insert(i);
            share += weights[i] * 0.6;
        } else if unit.outer.contains(word) {
            holds.insert(i);
            share += weights[i] * 0.2;
        }
    }
    (holds, share)
}

/// What speaks for or against a unit besides words and meaning.
fn fit(asked: &Question, unit: &Unit) -> f32 {
    let mut fit = 0.0;
    if unit.terms.len() < 3 && unit.below.is_empty() {
        fit -= 0.10;
    }
    if unit.text.ends_with('?') {
        // It asks; what follows it answers.
        fit -= 0.15;
    }
    if unit.cut_before || unit.cut_after {
        fit -= 0.08;
    } else if unit.kind == Kind::Prose && !unit.text.ends_with(ENDS) {
        // A title or a list of names rather than a sentence.
        fit -= 0.06;
    }
    if unit.kind == Kind::Code {
        fit -= if asked.wants == Wants::Steps { 0.08 } else { 0.20 };
    }
    let chars = unit.text.chars().count();
    if chars > 300 {
        // Whoever lists everything holds every word.
        fit -= 0.12 * ((chars - 300) as f32 / 500.0).min(1.0);
    }
    let letters = unit.text.chars().filter(|c| c.is_alphabetic() || c.is_whitespace()).count();
    if letters * 10 < chars * 6 {
        // Numbers and signs.
        fit -= 0.10;
    }
    if asked.wants == Wants::Definition && defines(asked, unit) {
        fit += 0.12;
    }
    if answers(asked.wants, unit) {
        fit += 0.08;
    }
    fit
}

/// How sentences end.
const ENDS: [char; 12] = ['.', '?', '!', ':', '"', '”', ')', '。', '！', '？', '…', '`'];

/// Cosine of two vectors of one length; 0 where one is zero.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let (mut dot, mut aa, mut bb) = (0.0f32, 0.0f32, 0.0f32);
    for (x, y) in a.iter().zip(b) {
        dot += x * y;
        aa += x * x;
        bb += y * y;
    }
    let norm = (aa * bb).sqrt();
    if norm > 0.0 { dot / norm } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::{Passage, units::units};
    use super::*;
    use crate::testing::slices;
    use futures_util::FutureExt;

    /// The best unit, without any embedder.
    fn best(question: &str, text: &str) -> String {
        let mut slices = slices();
        let units = units(&mut slices, &[Passage { title: "t", text }]).now_or_never().unwrap();
        let asked = Question::new(question);
        let scored = score(&mut slices, question, &asked, &units, 1, &|_| vec![]).now_or_never().unwrap();
        units[scored[0].unit].text.clone()
    }

    #[test]
    fn rare_words_decide() {
        let text = "Otters eat fish. Otters eat frogs in the winter. Otters swim.";
        assert_eq!(best("What do otters eat in winter?", text), "Otters eat frogs in the winter.");
    }

    #[test]
    fn the_kind_of_answer_matters() {
        let text = "The bridge was built by masons. The bridge was built in 1764.";
        assert_eq!(best("When was the bridge built?", text), "The bridge was built in 1764.");
        let text = "The bridge was built in 1764. The bridge was built by Margaret Hale.";
        assert_eq!(best("Who built the bridge?", text), "The bridge was built by Margaret Hale.");
    }

    #[test]
    fn questions_answer_nothing() {
        let text = "How do I reset my password? Reset a password on the page of your account.";
        assert_eq!(best("how do I reset my password", text), "Reset a password on the page of your account.");
    }

    #[test]
    fn titles_count_for_what_is_below_them() {
        let text = "# Otters\n\nThey eat fish all day.\n\n# Kestrels\n\nThey eat mice all day.";
        assert_eq!(best("What do kestrels eat?", text), "They eat mice all day.");
    }

    #[test]
    fn cosines() {
        assert_eq!(cosine(&[1.0, 0.0], &[2.0, 0.0]), 1.0);
        assert_eq!(cosine(&[1.0, 0.0], &[0.0, 0.0]), 0.0);
    }
}
