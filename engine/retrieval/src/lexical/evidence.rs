//! How likely a passage answers a question: by what its vector and its words say together.
//!
//! Neither alone tells an answer from a passage about something else. The best of many passages is nearer to any question
//! than the best of few, so what counts as near depends on how many there are. And a question may share its rarest word
//! with a passage whose vector is far, or none at all with one that says the same in other words.
//!
//! Constants were fitted on questions and passages of general knowledge (PyPI `fitz-gov`, by subject: questions on one
//! subject against passages on it, and those on others), in workspaces of ten passages and of some hundred.
//! `docs/quality.md` has the figures of other collections.

/// Relevance from which a passage may answer. Scores of other embedders are compared with the same number.
pub const MAY_ANSWER: f64 = 0.25;

/// What the words of a question that a passage has count, beside the cosine.
const WORDS: f64 = 0.4;

/// The share of a question's words that makes a passage relevant where there are no vectors.
const WORDS_ALONE: f64 = 0.35;

/// The least sum that is near, among 8 passages or fewer.
const NEAR_AMONG_FEW: f64 = 0.24;
/// What it takes more for each doubling of the passages, up to [`DOUBLINGS`].
const NEARER: f64 = 0.033;
/// Doublings of 8 passages: beyond a thousand the best of them is hardly nearer.
const DOUBLINGS: f64 = 7.0;
/// The greatest sum.
const MOST: f64 = 1.0 + WORDS;

/// A word of a question: what it counts (its rarity in the workspace, less for function words), and whether the passage
/// has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// At least 0.
    pub weight: f64,
    /// Whether the passage has it.
    pub found: bool,
}

/// The share of a question's weight that a passage has, 0 to 1. 0 for a question without words.
#[must_use]
pub fn share_of_words(asked: impl IntoIterator<Item = Asked>) -> f64 {
    let (mut all, mut found) = (0.0, 0.0);
    for word in asked {
        let weight = if word.weight > 0.0 { word.weight } else { 0.0 };
        all += weight;
        if word.found {
            found += weight;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}

/// The relevance of a passage, 0 to 1, one of `passages` that were searched. From [`MAY_ANSWER`] on it may answer.
///
/// `cosine` is that of the built-in embedder; `None` where question or passage is not embedded, as a text of unknown
/// tokens is not: that says nothing about it, and words alone count. `words` is [`share_of_words`]; `None` if they were
/// not looked for.
#[must_use]
pub fn relevance(cosine: Option<f64>, words: Option<f64>, passages: u64) -> f64 {
    let words = words.map(|words| words.clamp(0.0, 1.0));
    match (cosine, words) {
        (None, None) => 0.0,
        (None, Some(words)) => scaled(words, WORDS_ALONE, 1.0),
        (Some(cosine), words) => {
            let near = near(passages);
            // Without words less can come together.
            let near = if words.is_some() { near } else { near - near * WORDS_ALONE / 2.0 };
            scaled(cosine.clamp(-1.0, 1.0) + WORDS * words.unwrap_or(0.0), near, MOST)
        }
    }
}

/// The least sum that is near among so many passages.
fn near(passages: u64) -> f64 {
    // Between powers of two the logarithm is drawn as a line.
    let passages = passages.max(8);
    let whole = passages.ilog2();
    let part = passages as f64 / (1u64 << whole) as f64 - 1.0;
    let doublings = f64::from(whole) - 3.0 + part;
    NEAR_AMONG_FEW + NEARER * doublings.min(DOUBLINGS)
}

/// `sum` so that `near` becomes [`MAY_ANSWER`] and `most` 1.
fn scaled(sum: f64, near: f64, most: f64) -> f64 {
    if sum < near {
        (sum / near * MAY_ANSWER).max(0.0)
    } else {
        (MAY_ANSWER + (1.0 - MAY_ANSWER) * (sum - near) / (most - near)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_count_by_their_weight() {
        let asked = |weight, found| Asked { weight, found };
        assert_eq!(share_of_words([asked(3.0, true), asked(1.0, false)]), 0.75);
        assert_eq!(share_of_words([asked(f64::NAN, true), asked(-1.0, true), asked(1.0, false)]), 0.0);
        assert_eq!(share_of_words([]), 0.0);
    }

    #[test]
    fn the_best_of_many_must_be_nearer() {
        let may_answer =
            |cosine, words, passages| relevance(Some(cosine), Some(words), passages) >= MAY_ANSWER;
        // Said in other words, in a few notes.
        assert!(may_answer(0.25, 0.0, 10));
        assert!(!may_answer(0.25, 0.0, 1000));
        assert!(may_answer(0.35, 0.4, 1000));
        assert!(!may_answer(0.15, 0.1, 10));
    }

    #[test]
    fn what_is_not_embedded_is_judged_by_its_words() {
        assert!(relevance(None, Some(0.5), 10) >= MAY_ANSWER);
        assert!(relevance(None, Some(0.2), 10) < MAY_ANSWER);
        assert_eq!(relevance(None, None, 10), 0.0);
    }

    proptest! {
        #[test]
        fn more_is_never_less(cosine in -1.0f64..1.0, words in 0.0f64..1.0, more in 0.0f64..0.5, passages in 0u64..1 << 40) {
            let base = relevance(Some(cosine), Some(words), passages);
            prop_assert!((0.0..=1.0).contains(&base));
            prop_assert!(relevance(Some(cosine + more), Some(words), passages) >= base);
            prop_assert!(relevance(Some(cosine), Some(words + more), passages) >= base);
            prop_assert!(relevance(Some(cosine), Some(words), passages.saturating_mul(2)) <= base + 1e-12);
        }
    }
}
