//! What AnythingLLM does with token counts: the size of a prompt, cutting a message in the middle, and the
//! estimate stored with each document.

use super::Tokenizer;
use crate::text::words::utf16_len;

/// Stands where [`truncate_middle`] took something out.
pub const TRUNCATION_MARKER: &str = "\n\n--prompt truncated for brevity--\n\n";

const TOKENS_PER_MESSAGE: usize = 3;
const TOKENS_PER_CONVERSATION: usize = 5;

/// Documents of this many UTF-16 units are no longer counted, but estimated from their length.
const ESTIMATE_FROM_UTF16_UNITS: usize = 5120;
const UTF16_UNITS_PER_ESTIMATED_TOKEN: usize = 8;

/// The tokens of a conversation, of which `contents` are the texts of all messages: those of each text, 3 for
/// each message, and 5 (reference, section 8.6).
pub fn count_messages<'a>(tokenizer: &Tokenizer, contents: impl IntoIterator<Item = &'a str>) -> usize {
    contents.into_iter().map(|content| tokenizer.count(content) + TOKENS_PER_MESSAGE).sum::<usize>()
        + TOKENS_PER_CONVERSATION
}

/// Cuts `text` to about `target_tokens` by taking tokens out of its middle, with [`TRUNCATION_MARKER`] instead.
///
/// For Δ tokens too many, `round(Δ/2)` go on each side of the token in the middle, half up. So the result has a
/// token more or less than asked, plus the marker, which is not counted (reference, section 8.6 and appendix B).
/// Budgets are shares of a context window (`0.8 * window`), hence the fraction in `target_tokens`: rounding it
/// beforehand can move the cut by a token. A character cut apart shows as U+FFFD. Text that fits stays as it is.
#[must_use]
pub fn truncate_middle(tokenizer: &Tokenizer, text: &str, target_tokens: f64) -> String {
    let tokens = tokenizer.encode(text);
    let excess = tokens.len() as f64 - target_tokens.max(0.0);
    if excess <= 0.0 {
        return text.to_owned();
    }
    let middle = tokens.len() / 2;
    let removed_per_side = (excess / 2.0).round() as usize;
    let left = &tokens[..middle.saturating_sub(removed_per_side)];
    let right = &tokens[(middle + removed_per_side).min(tokens.len())..];
    [&tokenizer.decode(left), TRUNCATION_MARKER, &tokenizer.decode(right)].concat()
}

/// `token_count_estimate` of a document's text as AnythingLLM stores it (reference, section 6.1): that of its length
/// if it is long, else its tokens.
#[must_use]
pub fn estimate_document_tokens(tokenizer: &Tokenizer, text: &str) -> usize {
    estimate_by_length(text).unwrap_or_else(|| tokenizer.count(text))
}

/// The estimate of a text of 5120 UTF-16 units and more: an eighth of that length, rounded up, which is about half of
/// the tokens in English and less elsewhere. `None` for a shorter text, which is to be counted.
#[must_use]
pub fn estimate_by_length(text: &str) -> Option<usize> {
    let units = utf16_len(text);
    (units >= ESTIMATE_FROM_UTF16_UNITS).then(|| units.div_ceil(UTF16_UNITS_PER_ESTIMATED_TOKEN))
}

#[cfg(test)]
mod tests {
    use super::super::CL100K_TABLE;
    use super::*;
    use proptest::prelude::*;

    fn tokenizer() -> Tokenizer {
        Tokenizer::from_table(CL100K_TABLE).unwrap()
    }

    #[test]
    fn a_conversation_costs_3_tokens_a_message_and_5() {
        let tokenizer = tokenizer();
        assert_eq!(count_messages(&tokenizer, []), 5);
        assert_eq!(count_messages(&tokenizer, ["hello world", "", "hello"]), 2 + 1 + 3 * 3 + 5);
    }

    #[test]
    fn of_100_tokens_cut_to_40_the_first_and_last_20_stay() {
        let tokenizer = tokenizer();
        let words: Vec<String> = (100..200).map(|number| format!("{number}")).collect();
        // Three digits are a token, and so is each ";".
        let text = words[..50].join(";") + ";";
        assert_eq!(tokenizer.count(&text), 100);
        let expected =
            [&words[..10].join(";"), ";", TRUNCATION_MARKER, &words[40..50].join(";"), ";"].concat();
        assert_eq!(truncate_middle(&tokenizer, &text, 40.0), expected);
    }

    #[test]
    fn the_fraction_of_a_budget_counts() {
        let tokenizer = tokenizer();
        let kept = |target| {
            let cut = truncate_middle(&tokenizer, "1;2;3;4;5;6;", target);
            let (left, right) = cut.split_once(TRUNCATION_MARKER).unwrap();
            (left.to_owned(), right.to_owned())
        };
        assert_eq!(kept(7.0), ("1;2".into(), ";6;".into()));
        assert_eq!(kept(7.4), ("1;2;".into(), "5;6;".into()));
        assert_eq!(kept(0.0), (String::new(), String::new()));
    }

    #[test]
    fn text_that_fits_is_left_alone() {
        let tokenizer = tokenizer();
        assert_eq!(truncate_middle(&tokenizer, "hello world", 2.0), "hello world");
        assert_eq!(truncate_middle(&tokenizer, "", 0.0), "");
        assert_eq!(truncate_middle(&tokenizer, "hello", -1.0), TRUNCATION_MARKER);
        assert_eq!(truncate_middle(&tokenizer, "hello", f64::NAN), TRUNCATION_MARKER);
    }

    /// Messages that a recorded AnythingLLM 1.16 sent to its model, with a window of 2000 tokens.
    #[test]
    fn cuts_are_those_that_anythingllm_makes() {
        #[derive(serde::Deserialize)]
        struct Case {
            name: String,
            target_tokens: f64,
            text: String,
            cut: String,
        }
        let cases: Vec<Case> = serde_json::from_str(include_str!("fixtures/truncation.json")).unwrap();
        assert_eq!(cases.len(), 3);
        for tokenizer in [tokenizer(), Tokenizer::native()] {
            for case in &cases {
                assert_eq!(
                    truncate_middle(&tokenizer, &case.text, case.target_tokens),
                    case.cut,
                    "{}",
                    case.name
                );
            }
        }
    }

    #[test]
    fn documents_have_the_estimates_that_anythingllm_gives() {
        let tokenizer = tokenizer();
        for (text, expected) in [
            ("   \n ", 2),
            ("name,amount,note\nlantern,7,\"brass, old\"\nkettle,1,copper\n", 23),
            ("\u{feff}First line\r\nSecond line\r\n\r\nThird line after a gap\r\n", 13),
            (&"x".repeat(2500), 313),
            (&"abcd ".repeat(200), 400),
        ] {
            assert_eq!(estimate_document_tokens(&tokenizer, text), expected);
        }
    }

    #[test]
    fn long_documents_are_estimated_by_utf16_length() {
        let tokenizer = tokenizer();
        let short = &"a b\n".repeat(5120 / 4)[1..];
        assert_eq!(estimate_document_tokens(&tokenizer, short), tokenizer.count(short));
        assert_eq!(estimate_document_tokens(&tokenizer, &"🦀".repeat(2561)), 641);
    }

    proptest! {
        #[test]
        fn a_cut_keeps_both_ends_and_nearly_the_target(text in "[a-z 🦀é\n]{0,300}", target in 0_u32..80) {
            let tokenizer = tokenizer_once();
            let count = tokenizer.count(&text);
            let cut = truncate_middle(tokenizer, &text, target.into());
            if count <= target as usize {
                prop_assert_eq!(cut, text);
            } else {
                let tokens = tokenizer.encode(&text);
                let kept = (0..=count)
                    .flat_map(|left| (0..=count - left).map(move |right| (left, right)))
                    .filter(|&(left, right)| (left + right).abs_diff(target as usize) <= 1)
                    .any(|(left, right)| {
                        let start = tokenizer.decode(&tokens[..left]);
                        let end = tokenizer.decode(&tokens[count - right..]);
                        cut == [&start, TRUNCATION_MARKER, &end].concat()
                    });
                prop_assert!(kept, "{cut:?}");
            }
        }
    }

    fn tokenizer_once() -> &'static Tokenizer {
        static ONCE: std::sync::LazyLock<Tokenizer> = std::sync::LazyLock::new(tokenizer);
        &ONCE
    }
}
