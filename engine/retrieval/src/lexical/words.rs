//! From text to the parts of words that terms are made of.
//!
//! Words are those of Unicode's segmentation. Most text is ASCII, where its rules are short enough to follow byte by
//! byte; whatever is not goes the long way.

use unicode_segmentation::UnicodeSegmentation;

/// Longer words are no words that anybody looks for.
const WORD_BYTES_MAX: usize = 64;

/// Programs join words with these; people look for the parts too.
const JOINTS: [char; 5] = ['_', '.', ':', '\'', '’'];

/// Calls `part` with each part of each word of `text`, as it stands there, in order. Takes time in proportion to the text.
pub(super) fn for_each_part<'t>(text: &'t str, part: &mut impl FnMut(&'t str)) {
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, later) = rest.split_at(plain_len(rest));
        ascii(plain, part);
        let (other, later) = later.split_at(piece_len(later));
        unicode(other, part);
        rest = later;
    }
}

/// Whether text can be cut into words on both sides of the place between two bytes alone: an ASCII character behind
/// ASCII white space. No rule of the segmentation looks across such a place.
fn is_seam(pair: &[u8]) -> bool {
    matches!(pair, [b' ' | b'\t' | b'\r' | b'\n', next] if next.is_ascii_graphic())
}

/// How much of the front is ASCII and can be cut alone.
fn plain_len(text: &str) -> usize {
    let Some(end) = text.bytes().position(|byte| !byte.is_ascii()) else { return text.len() };
    let mut pairs = text.as_bytes()[..end].windows(2);
    pairs.rposition(is_seam).map_or(0, |n| n + 1)
}

/// The length of the first piece that can be cut alone.
fn piece_len(text: &str) -> usize {
    text.as_bytes().windows(2).position(is_seam).map_or(text.len(), |n| n + 1)
}

fn unicode<'t>(text: &'t str, part: &mut impl FnMut(&'t str)) {
    for word in text.unicode_words().filter(|word| word.len() <= WORD_BYTES_MAX) {
        word.split(JOINTS).filter(|some| !some.is_empty()).for_each(&mut *part);
    }
}

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
/// `_`, which joins whatever is beside it.
const BAR: u8 = 4;
/// A mark inside a word.
const MARK: u8 = 8;

/// What each byte is within a word; 0 for what ends one.
static KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'_' => BAR,
            _ if byte.is_ascii_alphabetic() => LETTER,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

fn ascii<'t>(text: &'t str, part: &mut impl FnMut(&'t str)) {
    let bytes = text.as_bytes();
    let kind = |at: usize| bytes.get(at).map_or(0, |byte| KINDS[usize::from(*byte)]);
    let mut start = 0;
    while start < bytes.len() {
        let (mut at, mut seen) = (start, 0);
        loop {
            while kind(at) != 0 {
                seen |= kind(at);
                at += 1;
            }
            // Between two letters, or between two digits, some marks belong to the word.
            let joins = at > start
                && match bytes.get(at) {
                    Some(b'.' | b'\'') => {
                        kind(at - 1) == kind(at + 1) && kind(at + 1) & (LETTER | DIGIT) != 0
                    }
                    Some(b':') => kind(at - 1) == LETTER && kind(at + 1) == LETTER,
                    Some(b',' | b';') => kind(at - 1) == DIGIT && kind(at + 1) == DIGIT,
                    _ => false,
                };
            if !joins {
                break;
            }
            seen |= MARK;
            at += 1;
        }
        match text.get(start..at) {
            Some(word) if word.len() > WORD_BYTES_MAX => {}
            Some(word) if seen & (BAR | MARK) != 0 => {
                word.split(JOINTS).filter(|some| !some.is_empty()).for_each(&mut *part);
            }
            Some(word) if !word.is_empty() => part(word),
            _ => {}
        }
        start = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<&str> {
        let mut parts = Vec::new();
        for_each_part(text, &mut |part| parts.push(part));
        parts
    }

    #[test]
    fn words_are_taken_apart_at_their_joints() {
        assert_eq!(parts("ERR_CONN.reset: don't!"), ["ERR", "CONN", "reset", "don", "t"]);
        assert_eq!(parts("3,000.5 a,b 1:2 x_1'2"), ["3,000", "5", "a", "b", "1", "2", "x", "1", "2"]);
        assert_eq!(parts("l’été à 20 °C"), ["l", "été", "à", "20", "C"]);
    }

    #[test]
    fn a_long_word_is_left_out() {
        let (longest, longer) = ("a".repeat(64), "a.".repeat(32) + "a");
        assert_eq!(parts(&format!("x {longest} {longer} y")), ["x", &longest, "y"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// Letters, digits, marks, marks that extend the character before, joiners, flags, Hebrew quotes, kana.
        #[test]
        fn parts_are_those_of_the_segmentation_of_the_whole(
            text in "([a-bA0-1_.,:;'\" \t\r\n()-]|[éß’·٣\u{300}\u{345}\u{200d}\u{ad}🇩🇪אカ日ａ\u{a0}\u{2028}\u{93e}]){0,40}|\\PC{0,40}",
        ) {
            let mut expected = Vec::new();
            unicode(&text, &mut |part| expected.push(part));
            prop_assert_eq!(parts(&text), expected);
        }
    }
}
