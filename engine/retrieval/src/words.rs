//! Counting and cutting text the way JavaScript does, because clients and stored documents rely on it.

/// Number of pieces after splitting `text` on single spaces: `wordCount` of a stored document.
///
/// Newlines do not separate, two spaces in a row make an empty piece that counts, and empty text has one
/// piece (reference §6.1).
pub fn word_count(text: &str) -> usize {
    memchr::memchr_iter(b' ', text.as_bytes()).count() + 1
}

/// Number of pieces after splitting `text` on runs of white space: `wordCount` of a spreadsheet's sheet
/// (reference §6.1).
///
/// White space at either end makes an empty piece that counts, as it does in JavaScript.
pub fn word_count_of_sheet(text: &str) -> usize {
    let mut count = 1;
    let mut in_space = false;
    for ch in text.chars() {
        let space = is_js_space(ch);
        count += usize::from(space && !in_space);
        in_space = space;
    }
    count
}

/// Length of `text` in UTF-16 code units, which is what JavaScript calls its length.
pub fn utf16_len(text: &str) -> usize {
    // Each character has one byte that is not a continuation, and counts twice when its first byte says that
    // four follow. Plain arithmetic over bytes is vectorised, decoding is not.
    text.bytes().map(|byte| usize::from(byte & 0xC0 != 0x80) + usize::from(byte >= 0xF0)).sum()
}

/// The longest start of `text` with at most `units` UTF-16 code units. A surrogate pair is never cut: where
/// JavaScript would keep its first half, it is left out whole.
pub fn utf16_prefix(text: &str, units: usize) -> &str {
    // A character has at least as many bytes as units, so nothing this short can be over the limit.
    if text.len() <= units {
        return text;
    }
    let mut total = 0;
    for (offset, ch) in text.char_indices() {
        total += ch.len_utf16();
        if total > units {
            return &text[..offset];
        }
    }
    text
}

/// Whether JavaScript counts `ch` as white space, in `trim()` and in `\s`.
///
/// This is not [`char::is_whitespace`]: the byte order mark counts, U+0085 does not.
pub fn is_js_space(ch: char) -> bool {
    match ch {
        '\u{FEFF}' => true,
        '\u{85}' => false,
        _ => ch.is_whitespace(),
    }
}

/// `text` without white space at its ends, as JavaScript's `trim()` leaves it.
pub fn js_trim(text: &str) -> &str {
    text.trim_matches(is_js_space)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_separated_by_single_spaces_only() {
        assert_eq!(word_count("one two\nthree"), 2);
        assert_eq!(word_count("one  two"), 3);
        assert_eq!(word_count(""), 1);
    }

    #[test]
    fn words_of_a_sheet_are_separated_by_any_white_space() {
        assert_eq!(word_count_of_sheet("a,b\n\n c\t d"), 3);
        assert_eq!(word_count_of_sheet(" a "), 3);
        assert_eq!(word_count_of_sheet(""), 1);
    }

    #[test]
    fn a_prefix_keeps_surrogate_pairs_whole() {
        assert_eq!(utf16_prefix("a🚀b", 1), "a");
        assert_eq!(utf16_prefix("a🚀b", 2), "a");
        assert_eq!(utf16_prefix("a🚀b", 3), "a🚀");
        assert_eq!(utf16_prefix("日本", 1), "日");
    }

    #[test]
    fn javascript_trims_the_byte_order_mark_and_keeps_next_line() {
        assert_eq!(js_trim("\u{FEFF}\u{A0} x \u{2028}"), "x");
        assert_eq!(js_trim("\u{85}x"), "\u{85}x");
    }

    proptest! {
        #[test]
        fn utf16_length_is_that_of_the_encoding(text: String) {
            prop_assert_eq!(utf16_len(&text), text.encode_utf16().count());
        }

        #[test]
        fn a_prefix_is_the_longest_that_fits(text: String, units in 0usize..20) {
            let prefix = utf16_prefix(&text, units);
            prop_assert!(utf16_len(prefix) <= units);
            if let Some(next) = text[prefix.len()..].chars().next() {
                prop_assert!(utf16_len(prefix) + next.len_utf16() > units);
            }
        }
    }
}
