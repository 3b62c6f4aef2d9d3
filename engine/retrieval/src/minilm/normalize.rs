use icu_normalizer::DecomposingNormalizerBorrowed;
use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// BERT's clean-up of a stretch of text that plain ASCII rules do not cover: drops control characters, spaces out
/// CJK ideographs, decomposes (NFD), drops accents and lower-cases, character by character.
pub(super) fn normalize(text: &str) -> impl Iterator<Item = char> {
    let kept = text.chars().filter(|&c| !is_dropped(c)).flat_map(|c| {
        let pad = is_cjk_ideograph(c).then_some(' ');
        pad.into_iter().chain([c]).chain(pad)
    });
    DecomposingNormalizerBorrowed::new_nfd()
        .normalize_iter(kept)
        .filter(|&c| get_general_category(c) != Category::NonspacingMark)
        .flat_map(char::to_lowercase)
}

/// ASCII punctuation (symbols such as `$` and `+` among it) or Unicode category P.
pub(super) fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(
            get_general_category(c),
            Category::ConnectorPunctuation
                | Category::DashPunctuation
                | Category::OpenPunctuation
                | Category::ClosePunctuation
                | Category::InitialPunctuation
                | Category::FinalPunctuation
                | Category::OtherPunctuation
        )
}

/// U+FFFD and category C, except the three control characters that count as spaces. A form feed and a zero-width
/// space are dropped too: what they part becomes one word.
fn is_dropped(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        '\u{fffd}' => true,
        _ => matches!(
            get_general_category(c),
            Category::Control
                | Category::Format
                | Category::PrivateUse
                | Category::Surrogate
                | Category::Unassigned
        ),
    }
}

/// The blocks BERT names: unified and compatibility ideographs, not kana and not Hangul.
fn is_cjk_ideograph(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{20000}'..='\u{2a6df}'
        | '\u{2a700}'..='\u{2b73f}'
        | '\u{2b740}'..='\u{2b81f}'
        | '\u{2b820}'..='\u{2ceaf}'
        | '\u{f900}'..='\u{faff}'
        | '\u{2f800}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(normalize(text).collect::<String>(), expected, "{text:?}");
    }

    #[test]
    fn accents_go_and_letters_are_lowered() {
        check("Ünïcödé", "unicode");
        check("İ\u{212b}ς", "iaς");
        // Lower-casing looks at one character: the final sigma is an ordinary one.
        check("ΟΔΟΣ", "οδοσ");
    }

    #[test]
    fn ideographs_stand_alone_and_kana_do_not() {
        check("東京タワー", " 東  京 タワー");
        check("\u{f900}", " \u{8c48} ");
    }

    #[test]
    fn controls_vanish_and_spaces_stay() {
        check("é\u{0}\u{200b}\u{ad}\u{fffd}\u{e000}\u{b}x", "ex");
        check("é\t\n\r\u{a0}\u{3000}", "e\t\n\r\u{a0}\u{3000}");
    }

    #[test]
    fn hangul_syllables_become_letters() {
        check("한", "\u{1112}\u{1161}\u{11ab}");
    }

    #[test]
    fn symbols_of_ascii_are_punctuation_and_others_are_not() {
        let found: String = "a1$+<=>^`|~¢°←«»、。…".chars().filter(|&c| is_punctuation(c)).collect();
        assert_eq!(found, "$+<=>^`|~«»、。…");
    }

    /// Vectors are stored: no other table of Unicode may make others of them.
    #[test]
    fn another_normaliser_decomposes_every_character_alike() {
        use unicode_normalization::UnicodeNormalization;
        let nfd = DecomposingNormalizerBorrowed::new_nfd();
        let differs = |ch: &char| !nfd.normalize_iter([*ch].into_iter()).eq([*ch].into_iter().nfd());
        assert_eq!(('\0'..=char::MAX).filter(differs).collect::<String>(), "");
    }
}
