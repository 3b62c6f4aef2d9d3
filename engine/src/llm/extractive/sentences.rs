//! Sentences of a paragraph.

use unicode_segmentation::UnicodeSegmentation;

/// Words that end with a full stop and seldom end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "adm", "al", "approx", "apt", "art", "ave", "bros", "ca", "capt", "cf", "ch", "chap", "col", "dr", "ed",
    "eds", "e.g", "eg", "eq", "eqs", "esp", "fig", "figs", "gen", "gov", "hon", "i.e", "ie", "lt", "max",
    "min", "mr", "mrs", "ms", "mt", "no", "nos", "nr", "p", "para", "pp", "prof", "ref", "refs", "resp",
    "rev", "sec", "sect", "sen", "sgt", "sr", "st", "tab", "u.k", "u.s", "viz", "vol", "vols", "vs",
];

/// A sentence that is longer ends where the standard says: more of it is not quoted, and looking back over it for each
/// cut would take time.
const SENTENCE_BYTES_MAX: usize = 2000;

/// `text` cut after its sentences, without white space around them. The standard's rules (UAX #29) do the
/// cutting; what they cut after an abbreviation, an initial or a number is joined again.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let mut start = 0;
    for (at, piece) in text.split_sentence_bound_indices() {
        let end = at + piece.len();
        let so_far = text[start..end].trim();
        if so_far.len() < SENTENCE_BYTES_MAX && goes_on(so_far, &text[end..]) {
            continue;
        }
        if !so_far.is_empty() {
            out.push(so_far);
        }
        start = end;
    }
    out
}

fn goes_on(so_far: &str, rest: &str) -> bool {
    let Some(next) = rest.trim_start().chars().next() else { return false };
    if so_far.matches('`').count() % 2 == 1 && rest.contains('`') {
        // Inside a span of code.
        return true;
    }
    let last = so_far.split_whitespace().next_back().unwrap_or_default();
    let Some(word) = last.strip_suffix('.') else {
        // A question inside a sentence, or an open quotation, goes on in lower case.
        return next.is_lowercase() && !so_far.is_empty();
    };
    let word = word.trim_start_matches(['(', '[', '"', '“', '\'']).to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    let number = so_far.len() == last.len() && word.chars().all(|c| c.is_ascii_digit());
    // "No. 5" goes on, "The answer is no. They left" does not.
    let counted = !matches!(word.as_str(), "no" | "max" | "min" | "art" | "ed") || next.is_ascii_digit();
    next.is_lowercase() || initial || number || (counted && ABBREVIATIONS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str) {
        let expected: Vec<&str> = text.split('|').map(str::trim).collect();
        assert_eq!(sentences(&text.replace('|', "")), expected);
    }

    #[test]
    fn plain_sentences() {
        check("Otters swim. |They eat fish! |Do they sleep? |Yes.");
        check("He said “no.” |Then he left (at last.) |It rained");
    }

    #[test]
    fn abbreviations_initials_and_numbers_end_nothing() {
        check(
            "Dr. Hale met J. R. Smith, e.g. Tuesdays. |See Fig. 3 and No. 5. |It cost 3.50 in the U.S. Army.",
        );
        check("The answer is no. |They left.");
        check("1. Install the package. |Run it.");
        check("Use Node.js v18.2 or later. |Done.");
        check("It says `No. Such file. Here.` and stops. |Then `a`.");
    }

    #[test]
    fn other_scripts_are_cut_too() {
        check("水獭会游泳。|它们吃鱼。");
        check("Wie heißt das? |Otter.");
    }

    proptest! {
        #[test]
        fn nothing_but_space_is_lost(text in "([A-Za-z]{1,4}|\\.|\\?| |Dr\\. |é|。|\"|\\(|1\\. ){0,30}") {
            let kept: String = sentences(&text).concat().split_whitespace().collect();
            let all: String = text.split_whitespace().collect();
            prop_assert_eq!(kept, all);
        }
    }
}
