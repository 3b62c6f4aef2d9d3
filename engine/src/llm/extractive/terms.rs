//! Words that carry meaning.

use unicode_segmentation::UnicodeSegmentation;

/// Words that say nothing about a subject, sorted.
const STOP_WORDS: &[&str] = &[
    "a", "about", "above", "after", "again", "against", "all", "also", "am", "an", "and", "any", "are", "as",
    "at", "be", "because", "been", "before", "being", "below", "between", "both", "but", "by", "can",
    "could", "did", "do", "does", "doing", "done", "down", "during", "each", "else", "explain", "few", "for",
    "from", "further", "get", "give", "had", "has", "have", "having", "he", "hello", "help", "her", "here",
    "hers", "hi", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know", "let",
    "like", "many", "may", "me", "might", "more", "most", "much", "must", "my", "need", "no", "nor", "not",
    "now", "of", "off", "on", "once", "only", "or", "other", "our", "out", "over", "own", "please", "said",
    "same", "say", "shall", "she", "should", "show", "so", "some", "such", "tell", "than", "thanks", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too",
    "under", "until", "up", "us", "very", "want", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "whom", "whose", "why", "will", "with", "would", "yes", "you", "your", "yours",
];

/// Whether `word` (lower case) says nothing about a subject.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// The stems of the words of `text` that are no stop words, in order, repeated as they come. Parts of
/// `snake_case` and `kebab-case` names count besides the whole.
pub(super) fn terms(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in text.unicode_words() {
        let word = word.to_lowercase().replace('’', "'");
        let word = word.strip_suffix("'s").unwrap_or(&word);
        if is_stop_word(word) {
            continue;
        }
        out.push(stem(word));
        if word.contains('_') {
            let parts = word.split('_').filter(|part| !part.is_empty() && !is_stop_word(part));
            out.extend(parts.map(stem));
        }
    }
    out
}

/// A light stemmer for English: endings of number and tense. Both sides of a comparison go through it, so
/// it need not be right, only regular.
fn stem(word: &str) -> String {
    let mut stem = word.to_owned();
    if !word.is_ascii() || word.len() < 4 || word.contains(|c: char| c.is_ascii_digit()) {
        return stem;
    }
    if stem.ends_with("ies") && stem.len() > 4 {
        stem.truncate(stem.len() - 3);
        stem.push('y');
    } else if stem.ends_with('s') && !stem.ends_with("ss") && !stem.ends_with("us") && !stem.ends_with("is") {
        let es = ["sses", "ches", "shes", "xes", "zes"].iter().any(|end| stem.ends_with(end));
        stem.truncate(stem.len() - if es { 2 } else { 1 });
    }
    // Twice, since what is left may end like a tense itself: "embedding", "embed".
    for _ in 0..2 {
        let root = ["ing", "ed", "ly"].iter().find_map(|end| stem.strip_suffix(end));
        if let Some(root) =
            root.filter(|root| root.len() >= 3 && root.contains(['a', 'e', 'i', 'o', 'u', 'y']))
        {
            stem = undouble(root);
        }
    }
    // "manage", "managed" and "managing" meet without their e.
    if stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    stem
}

/// "stopp" is "stop"; "fill" stays.
fn undouble(root: &str) -> String {
    let bytes = root.as_bytes();
    let doubled = bytes.len() > 3
        && bytes[bytes.len() - 1] == bytes[bytes.len() - 2]
        && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z' | b'e' | b'o');
    root[..root.len() - usize::from(doubled)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn forms_of_a_word_meet() {
        for forms in [
            "manage managed managing manages",
            "stop stops stopped stopping",
            "city cities",
            "box boxes",
            "install installed installing installs",
            "arch arches",
            "embed embedding embedded embeds",
        ] {
            let stems = terms(forms);
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{stems:?}");
        }
        for different in ["bus bu", "process proceed", "string str"] {
            let stems = terms(different);
            assert_ne!(stems[0], stems[1]);
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(terms("What is the otter’s favourite fish?"), ["otter", "favourit", "fish"]);
    }

    #[test]
    fn names_count_whole_and_in_parts() {
        assert_eq!(
            terms("max_tokens of gpt-4"),
            ["max_tokens", "max", "token", "gpt", "4"]
                .map(|t| { if t == "max_tokens" { "max_token" } else { t } })
        );
    }
}
