//! What part a character can have in a word.

use unicode_general_category::{GeneralCategory, get_general_category};

/// Kinds of characters, as far as they make words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It ends a word.
    End,
    /// A letter of a script that separates words.
    Letter,
    /// A digit.
    Digit,
    /// A mark on the character before it.
    Mark,
    /// A Chinese character.
    Han,
    /// A Japanese syllable of the round script.
    Hiragana,
    /// A Japanese syllable of the angular script.
    Katakana,
    /// A Korean syllable or letter.
    Hangul,
    /// A letter or sign of a script of South-East Asia that does not separate words.
    Unspaced,
}

impl Class {
    /// It goes on with a word of a script that separates words.
    pub(super) fn is_wordlike(self) -> bool {
        matches!(self, Class::Letter | Class::Digit | Class::Mark)
    }
}

/// The long vowel mark of kana.
pub(super) const LONG_VOWEL: char = 'ー';

/// The class of a character of [normalised](super::normal) text.
pub(super) fn class(ch: char) -> Class {
    match ch {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        '\0'..='\u{7f}' => Class::End,
        // Repetition signs: they add nothing to what they repeat.
        '\u{e46}' | '\u{ec6}' | '\u{e4f}' => Class::End,
        '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' | '\u{e81}'..='\u{ebd}' | '\u{ec0}'..='\u{ecf}' => {
            Class::Unspaced
        }
        '\u{edc}'..='\u{edf}' | '\u{1000}'..='\u{103f}' | '\u{1050}'..='\u{109d}' => Class::Unspaced,
        '\u{1780}'..='\u{17d3}' | '\u{17dc}'..='\u{17dd}' => Class::Unspaced,
        '\u{1950}'..='\u{19c9}' | '\u{1a20}'..='\u{1a7c}' | '\u{aa60}'..='\u{aadf}' => Class::Unspaced,
        '\u{1100}'..='\u{11ff}'
        | '\u{3131}'..='\u{318e}'
        | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7fb}' => Class::Hangul,
        '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' => Class::Hiragana,
        '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' => Class::Katakana,
        '々' | '〇' | '\u{3021}'..='\u{3029}' | '\u{2e80}'..='\u{2fd5}' => Class::Han,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => Class::Han,
        '\u{20000}'..='\u{3ffff}' => Class::Han,
        _ if ch.is_alphabetic() => Class::Letter,
        _ if is_mark(ch) => Class::Mark,
        _ if ch.is_numeric() => Class::Digit,
        _ => Class::End,
    }
}

/// By the table that others need anyway: every table more is downloaded by browsers.
pub(super) fn is_mark(ch: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    !ch.is_ascii() && matches!(get_general_category(ch), NonspacingMark | SpacingMark | EnclosingMark)
}

/// Scripts whose words have an analysis of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    /// Any other, and numbers.
    Other,
}

/// The script of a letter of [normalised](super::normal) text.
pub(super) fn script(ch: char) -> Script {
    match ch {
        'a'..='z' | 'A'..='Z' | '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' => Script::Latin,
        '\u{1e00}'..='\u{1eff}' | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}' => Script::Latin,
        '\u{250}'..='\u{2af}' => Script::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}'
        | '\u{1c80}'..='\u{1c8f}'
        | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}' => Script::Cyrillic,
        '\u{590}'..='\u{5ff}' => Script::Hebrew,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{8a0}'..='\u{8ff}' => Script::Arabic,
        '\u{900}'..='\u{97f}' | '\u{a8e0}'..='\u{a8ff}' => Script::Devanagari,
        _ => Script::Other,
    }
}
