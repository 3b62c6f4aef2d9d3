//! Splits a text into the pieces that cl100k_base encodes one by one.
//!
//! A scanner by hand of the pattern
//!
//! ```text
//! '(?i:[sdmt]|ll|ve|re) | [^\r\n\p{L}\p{N}]?+\p{L}+ | \p{N}{1,3} | ?[^\s\p{L}\p{N}]++[\r\n]* | \s*[\r\n] | \s+(?!\S) | \s+
//! ```
//!
//! (the fourth branch starts with an optional space). A regex engine and its tables would be most of a wasm
//! module's size. Letters and numbers are those of Unicode 16, as in the regex engine of the native tokenizer.

use unicode_general_category::{GeneralCategory, get_general_category};

/// The pieces of `text`, in order and without gaps. Each byte is looked at no more than three times.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at_checked(first_piece(rest))?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// The first place at byte `from` or behind it where `text` can be cut without changing its pieces: those of both
/// sides are those of the whole. The end of the text if there is no other.
pub fn next_cut(text: &str, from: usize) -> usize {
    let mut at = text.ceil_char_boundary(from.min(text.len()));
    while at < text.len() {
        if is_cut(text, at) {
            return at;
        }
        at = text.ceil_char_boundary(at + 1);
    }
    text.len()
}

/// The last such place at byte `to` or in front of it; the start of the text if there is no other.
pub fn last_cut(text: &str, to: usize) -> usize {
    let mut at = text.floor_char_boundary(to.min(text.len()));
    while at > 0 && at < text.len() && !is_cut(text, at) {
        at = text.floor_char_boundary(at - 1);
    }
    at
}

/// Whether a piece ends in front of `at`, whatever stands further off: behind a line end a word or a number begins,
/// or one that carries a space or a sign in front begins behind a word or a number.
fn is_cut(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back().and_then(|char| class_at(text, at - char.len_utf8()));
    let (Some((before, _)), Some((here, length))) = (before, class_at(text, at)) else { return false };
    match (before, here) {
        (Class::Newline, Class::Letter | Class::Number) => true,
        // What begins with an apostrophe may be the end of a word.
        (Class::Letter | Class::Number, Class::Space | Class::Other) | (Class::Other, Class::Space) => {
            !text[at..].starts_with('\'') && matches!(class_at(text, at + length), Some((Class::Letter, _)))
        }
        _ => false,
    }
}

/// The length of the piece that `text` begins with; 0 for no text.
fn first_piece(text: &str) -> usize {
    let Some((class, length)) = class_at(text, 0) else { return 0 };
    if let Some(length) = contraction(text) {
        return length;
    }
    match class {
        Class::Letter => run(text, length, Class::Letter),
        Class::Number => {
            let second = step(text, length, Class::Number);
            step(text, second, Class::Number)
        }
        Class::Newline => white_space(text),
        Class::Space | Class::Other => match (class_at(text, length), class) {
            (Some((Class::Letter, _)), _) => run(text, length, Class::Letter),
            (_, Class::Other) => punctuation(text, length),
            (Some((Class::Other, _)), _) if text.starts_with(' ') => punctuation(text, length),
            _ => white_space(text),
        },
    }
}

/// The end of `'s`, `'ll` and the like at the start of `text`, in either case.
fn contraction(text: &str) -> Option<usize> {
    let tail = text.strip_prefix('\'')?;
    let mut bytes = tail.bytes().map(|byte| byte.to_ascii_lowercase());
    match (bytes.next()?, bytes.next()) {
        (b's' | b'd' | b'm' | b't', _) => Some(2),
        (b'l', Some(b'l')) | (b'v' | b'r', Some(b'e')) => Some(3),
        // The long s is an s when case does not matter.
        _ => tail.starts_with('ſ').then_some("'ſ".len()),
    }
}

/// Punctuation up to `end` and on, with the line ends after it.
fn punctuation(text: &str, end: usize) -> usize {
    run(text, run(text, end, Class::Other), Class::Newline)
}

/// White space up to its last line end; without one, all but its last character, which belongs to what follows.
fn white_space(text: &str) -> usize {
    let (mut end, mut last, mut line_end) = (0, 0, 0);
    while let Some((class @ (Class::Space | Class::Newline), length)) = class_at(text, end) {
        last = end;
        end += length;
        if class == Class::Newline {
            line_end = end;
        }
    }
    if line_end > 0 {
        line_end
    } else if end == text.len() || last == 0 {
        end
    } else {
        last
    }
}

/// The end of the characters of `class` from `start` on.
fn run(text: &str, start: usize, class: Class) -> usize {
    let mut end = start;
    loop {
        let next = step(text, end, class);
        if next == end {
            return end;
        }
        end = next;
    }
}

/// Past the character at `at` if it is of `class`, else `at`.
fn step(text: &str, at: usize, class: Class) -> usize {
    match class_at(text, at) {
        Some((found, length)) if found == class => at + length,
        _ => at,
    }
}

/// What the pattern tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// `\p{L}`
    Letter,
    /// `\p{N}`
    Number,
    /// `[\r\n]`
    Newline,
    /// `\s` but for line ends
    Space,
    /// The rest: punctuation, symbols, marks, controls.
    Other,
}

/// The class and the length in bytes of the character at byte `at`.
fn class_at(text: &str, at: usize) -> Option<(Class, usize)> {
    match *text.as_bytes().get(at)? {
        ascii @ 0..128 => Some((ASCII_CLASSES[ascii as usize], 1)),
        _ => text.get(at..)?.chars().next().map(|char| (class_of(char), char.len_utf8())),
    }
}

const ASCII_CLASSES: [Class; 128] = {
    let mut classes = [Class::Other; 128];
    let mut i = 0;
    while i < 128 {
        classes[i] = match i as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b'0'..=b'9' => Class::Number,
            b'\r' | b'\n' => Class::Newline,
            b' ' | 0x09 | 0x0B | 0x0C => Class::Space,
            _ => Class::Other,
        };
        i += 1;
    }
    classes
};

/// The class of a character beyond ASCII.
fn class_of(char: char) -> Class {
    use GeneralCategory as G;
    match get_general_category(char) {
        G::UppercaseLetter | G::LowercaseLetter | G::TitlecaseLetter | G::ModifierLetter | G::OtherLetter => {
            Class::Letter
        }
        G::DecimalNumber | G::LetterNumber | G::OtherNumber => Class::Number,
        G::SpaceSeparator | G::LineSeparator | G::ParagraphSeparator => Class::Space,
        // The one control character beyond ASCII that is white space.
        G::Control if char == '\u{85}' => Class::Space,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(pieces(text).collect::<Vec<_>>(), expected);
        assert_eq!(reference(text), expected);
    }

    fn reference(text: &str) -> Vec<&str> {
        bpe_openai::cl100k_base().split(text).collect()
    }

    #[test]
    fn words_take_the_character_before_them() {
        check("Hello, my world", &["Hello", ",", " my", " world"]);
        check("(foo)\tbar", &["(foo", ")", "\tbar"]);
        check("naïve Straße 東京", &["naïve", " Straße", " 東京"]);
    }

    #[test]
    fn contractions_stand_alone() {
        check("I'm he'll WE'RE isn't", &["I", "'m", " he", "'ll", " WE", "'RE", " isn", "'t"]);
        check("'sun 'lo 'ſ", &["'s", "un", " '", "lo", " '", "ſ"]);
        check("x'ſy", &["x", "'ſ", "y"]);
    }

    #[test]
    fn prose_can_be_cut_between_any_two_words() {
        let text = "Otters swim (often) in 7 rivers.\nThey don't sink";
        let cuts: Vec<usize> = (0..=text.len()).filter(|at| next_cut(text, *at) == *at).collect();
        let rest: Vec<&str> =
            cuts.iter().map(|at| text[*at..].split_inclusive(' ').next().unwrap_or("")).collect();
        assert_eq!(rest, [" ", " ", " ", "They ", " ", " ", ""]);
        assert_eq!((next_cut("otters", 2), last_cut("otters", 2)), (6, 0));
        assert_eq!(last_cut("otters swim", 9), 6);
    }

    #[test]
    fn digits_come_in_threes() {
        check("1234567 ½", &["123", "456", "7", " ", "½"]);
    }

    #[test]
    fn punctuation_takes_a_space_before_and_line_ends_after() {
        check("a ==\r\n\nb", &["a", " ==\r\n\n", "b"]);
        check("a\t==", &["a", "\t", "=="]);
    }

    #[test]
    fn white_space_leaves_its_last_character_to_the_next_word() {
        check("a   b", &["a", "  ", " b"]);
        check("a   1", &["a", "  ", " ", "1"]);
        check("a \n \n  b", &["a", " \n \n", " ", " b"]);
        check("a\u{3000}\u{3000}b", &["a", "\u{3000}", "\u{3000}b"]);
        check("end  ", &["end", "  "]);
        check("end \n ", &["end", " \n", " "]);
    }

    /// Each character behind and before one of every class: a difference in what is a letter, a number or a
    /// space, or in which characters continue a contraction, changes a cut.
    #[test]
    fn every_character_is_classed_as_in_the_native_tokenizer() {
        let mut text = String::new();
        for char in char::MIN..=char::MAX {
            for (before, after) in
                [("a", "a"), ("1", "1"), ("!", "\n"), (" ", " a"), ("'", "x"), ("'r", ""), ("'l", "")]
            {
                text.clear();
                text.push_str(before);
                text.push(char);
                text.push_str(after);
                if !pieces(&text).eq(bpe_openai::cl100k_base().split(&text)) {
                    assert_eq!(pieces(&text).collect::<Vec<_>>(), reference(&text), "U+{:04X}", char as u32);
                }
            }
        }
    }

    /// A text of the kinds of pieces that there are.
    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[ \t\r\n\u{a0}]{1,3}",
            "'[sdmtlverſSDMTLVER]{1,3}",
            "[0-9٣½]{1,4}",
            "[!-/:-@]{1,3}",
            "[a-zäßΩ文字]{1,5}",
            any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_cut_changes_no_piece(text in texts(), from in 0_usize..60) {
            let whole: Vec<&str> = pieces(&text).collect();
            for at in [next_cut(&text, from), last_cut(&text, from)] {
                let (left, right) = text.split_at(at);
                prop_assert_eq!(pieces(left).chain(pieces(right)).collect::<Vec<_>>(), whole.clone());
            }
        }

        #[test]
        fn pieces_are_those_of_the_native_tokenizer(
            text in proptest::collection::vec(
                prop_oneof![
                    "[ \t\r\n\u{a0}\u{2003}]{1,5}",
                    "'[sdmtlverſSDMTLVER]{1,3}",
                    "[0-9٣½]{1,5}",
                    "[!-/:-@\\-]{1,4}",
                    "[a-zA-ZäöüßжΩ文字]{1,8}",
                    "\\PC{1,3}",
                    any::<char>().prop_map(String::from),
                ],
                0..20,
            )
        ) {
            let text = text.concat();
            prop_assert_eq!(pieces(&text).collect::<Vec<_>>(), reference(&text));
        }
    }
}
