//! Token counts and cuts of texts whose length a caller decides: in slices, and of no more text than matters.
//!
//! A text is worked on in parts that can be cut off without changing a token (see [`pretokenize::next_cut`]), so the
//! results are those of the whole. A text without such a place, one endless word, is one part.

use super::messages::TRUNCATION_MARKER;
use super::{Tokenizer, pretokenize};
use crate::seam::{Slices, Work};

/// Bytes of a part, about: a quarter of a slice.
const PART_BYTES: usize = 16 << 10;

/// Bytes of a text that is counted before it is cut. The count of a longer one would only decide which of two
/// neighbouring tokens is the last one kept.
const COUNTED_BYTES: usize = 256 << 10;

/// Bytes that a token has, generously: where the end of a text is looked for first.
const TOKEN_BYTES: usize = 8;

/// The parts of `text`, in order.
fn parts(text: &str, bytes: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, after) = rest.split_at(pretokenize::next_cut(rest, bytes));
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// The number of tokens in `text`.
pub(crate) async fn count(slices: &mut Slices, tokenizer: &Tokenizer, text: &str) -> usize {
    let mut sum = 0;
    for part in parts(text, PART_BYTES) {
        sum += tokenizer.count(part);
        slices.spend(Work::Tokens(part.len())).await;
    }
    sum
}

/// The number of tokens in `text` if it is below `budget`. Looks at little more than so many tokens.
pub(crate) async fn count_below(
    slices: &mut Slices,
    tokenizer: &Tokenizer,
    text: &str,
    budget: f64,
) -> Option<usize> {
    let mut sum = 0;
    for part in parts(text, PART_BYTES) {
        sum += tokenizer.count(part);
        slices.spend(Work::Tokens(part.len())).await;
        if sum as f64 >= budget {
            return None;
        }
    }
    Some(sum).filter(|sum| (*sum as f64) < budget)
}

/// Cuts `text` to about `target` tokens as [`truncate_middle`](super::truncate_middle) does, working on its two ends
/// only. `known` is the number of its tokens, if that is at hand.
pub(crate) async fn truncate(
    slices: &mut Slices,
    tokenizer: &Tokenizer,
    text: &str,
    target: f64,
    known: Option<usize>,
) -> String {
    let target = target.max(0.0);
    let tokens = match known {
        Some(tokens) => Some(tokens),
        None if text.len() <= COUNTED_BYTES => Some(count(slices, tokenizer, text).await),
        None => count_below(slices, tokenizer, text, target + 1.0).await,
    };
    let (left, right) = match tokens {
        Some(tokens) if tokens as f64 <= target => return text.to_owned(),
        Some(tokens) => {
            let (middle, removed) = (tokens / 2, ((tokens as f64 - target) / 2.0).round() as usize);
            (middle.saturating_sub(removed), (tokens - middle).saturating_sub(removed))
        }
        // As of an even number.
        None => {
            let side = (target / 2.0 - 0.5).ceil() as usize;
            (side, side)
        }
    };
    let (start, end) =
        (first(slices, tokenizer, text, left).await, last(slices, tokenizer, text, right).await);
    [&start, TRUNCATION_MARKER, &end].concat()
}

/// The text of the first `wanted` tokens.
async fn first(slices: &mut Slices, tokenizer: &Tokenizer, text: &str, wanted: usize) -> String {
    let mut tokens = Vec::new();
    let mut parts = parts(text, PART_BYTES.min(wanted * TOKEN_BYTES));
    while tokens.len() < wanted {
        let Some(part) = parts.next() else { break };
        tokens.extend(tokenizer.encode(part));
        slices.spend(Work::Tokens(part.len())).await;
    }
    tokens.truncate(wanted);
    tokenizer.decode(&tokens)
}

/// The text of the last `wanted` tokens.
async fn last(slices: &mut Slices, tokenizer: &Tokenizer, text: &str, wanted: usize) -> String {
    let mut reach = wanted.saturating_mul(TOKEN_BYTES);
    loop {
        let from = pretokenize::last_cut(text, text.len().saturating_sub(reach));
        let mut tokens = Vec::new();
        for part in parts(&text[from..], PART_BYTES) {
            tokens.extend(tokenizer.encode(part));
            slices.spend(Work::Tokens(part.len())).await;
        }
        if tokens.len() >= wanted || from == 0 {
            return tokenizer.decode(&tokens[tokens.len().saturating_sub(wanted)..]);
        }
        reach = reach.saturating_mul(4);
    }
}

#[cfg(test)]
mod tests {
    use super::super::truncate_middle;
    use super::*;
    use crate::testing::in_run;
    use proptest::prelude::*;

    /// What the sliced functions give, and how often the run breathed.
    fn truncated(text: &str, target: f64, known: bool) -> (String, usize) {
        let text = text.to_owned();
        in_run(move |cx| async move {
            let (tokenizer, mut slices) = (Tokenizer::native(), cx.slices());
            let known = known.then(|| tokenizer.count(&text));
            truncate(&mut slices, &tokenizer, &text, target, known).await
        })
    }

    #[test]
    fn a_long_text_is_counted_in_slices() {
        let text = "Otters swim, and kestrels don't. ".repeat(20_000);
        let whole = Tokenizer::native().count(&text);
        let (counted, breaths) =
            in_run(move |cx| async move { count(&mut cx.slices(), &Tokenizer::native(), &text).await });
        assert_eq!(counted, whole);
        assert!(breaths >= 7, "{breaths} breaths in 40 ms of work");
    }

    #[test]
    fn what_is_over_its_budget_is_not_counted_to_the_end() {
        let text = "otter ".repeat(2_000_000);
        let (counted, breaths) = in_run(move |cx| async move {
            let (tokenizer, mut slices) = (Tokenizer::native(), cx.slices());
            let some = count_below(&mut slices, &tokenizer, &text, 1000.0).await;
            (some, count_below(&mut slices, &tokenizer, &text, 0.0).await)
        });
        assert_eq!((counted, breaths), ((None, None), 0));
    }

    #[test]
    fn a_text_of_megabytes_is_cut_by_its_ends() {
        let text = "otter ".repeat(2_000_000);
        let (cut, breaths) = truncated(&text, 1000.0, false);
        let (left, right) = cut.split_once(TRUNCATION_MARKER).unwrap();
        assert!(text.starts_with(left) && text.ends_with(right));
        let tokenizer = Tokenizer::native();
        assert_eq!((tokenizer.count(left), tokenizer.count(right)), (500, 500));
        assert!(breaths <= 1, "{breaths}");
    }

    proptest! {
        #[test]
        fn cuts_are_those_of_the_whole_text(
            text in "([a-zé文]{1,9}[ ,.\n'-]{1,2}){0,80}|[ab]{0,300}| {0,300}",
            target in -1.0_f64..80.0,
        ) {
            let expected = truncate_middle(&Tokenizer::native(), &text, target);
            prop_assert_eq!(truncated(&text, target, false).0, expected.clone());
            prop_assert_eq!(truncated(&text, target, true).0, expected);
        }
    }
}
