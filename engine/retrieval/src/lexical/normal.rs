//! Text as it is compared: NFKC in lower case, without what nobody sees, with one form of each letter.
//!
//! Accents of Latin letters stay here, as stemmers need them; [`fold`] takes them off.

use super::script::{Script, is_mark, script};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// Writes the normal form of `text` into `into`, in place of what that holds.
pub(super) fn normalize(text: &str, into: &mut String) {
    into.clear();
    let mut spaced = Spaced::default();
    let mut visible = String::with_capacity(text.len());
    text.chars().filter(|ch| !is_invisible(*ch)).for_each(|ch| spaced.push(ch, &mut visible));
    let mut chars = ComposingNormalizerBorrowed::new_nfkc().normalize_iter(visible.chars()).peekable();
    let mut last = '\0';
    while let Some(ch) = chars.next() {
        let before = into.len();
        match ch {
            // Hebrew abbreviations have the sign, or a plain quotation mark, before their last letter.
            '"' | '\'' | '\u{5f3}' | '\u{5f4}' if script(last) == Script::Hebrew => {
                if !chars.peek().is_some_and(|next| script(*next) == Script::Hebrew) {
                    into.push(' ');
                }
            }
            _ => push(ch, last, into),
        }
        if into.len() > before {
            last = into.chars().next_back().unwrap_or('\0');
        }
    }
}

/// Keeps apart what the compatibility forms would run together: 10⁶ is not 106, 1½ is not 11/2.
#[derive(Default)]
struct Spaced {
    /// Letters just before, if no digit is among them.
    letters: usize,
}

impl Spaced {
    fn push(&mut self, ch: char, into: &mut String) {
        match ch {
            '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' if !(1..=2).contains(&self.letters) => into.push(' '),
            '¼'..='¾' | '⅐'..='⅞' => into.push(' '),
            '™' | '℠' | '®' | '©' => return into.push(' '),
            _ => {}
        }
        // Behind a unit, m², it stays: more of them belong to it.
        self.letters = match ch {
            _ if ch.is_alphabetic() => self.letters + 1,
            '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' if (1..=2).contains(&self.letters) => self.letters,
            _ => 0,
        };
        into.push(ch);
    }
}

/// Soft hyphens, zero-width signs, direction marks, variation selectors, fillers and the Arabic stretching line.
fn is_invisible(ch: char) -> bool {
    matches!(ch, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// Adds the forms of `ch`, which follows `last`.
fn push(ch: char, last: char, into: &mut String) {
    if ch.is_ascii() {
        return into.push(ch.to_ascii_lowercase());
    }
    match ch {
        'İ' => into.push('i'),
        'ß' | 'ẞ' => into.push_str("ss"),
        'ς' => into.push('σ'),
        '\u{2010}'..='\u{2012}' | '\u{2212}' => into.push('-'),
        '\u{2044}' | '\u{2215}' => into.push('/'),
        // Combining accents: the letters that are no others with them are composed already.
        '\u{300}'..='\u{36f}' => {
            if script(last) == Script::Latin {
                into.push(ch);
            }
        }
        'ё' | 'Ё' | 'ѐ' | 'Ѐ' => into.push('е'),
        'ѝ' | 'Ѝ' => into.push('и'),
        // Arabic: vowel signs and signs of recitation.
        '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{8d3}'..='\u{8ff}' => {}
        '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' => {}
        'أ' | 'إ' | 'آ' | 'ٱ' => into.push('ا'),
        'ى' | 'ی' | 'ئ' | 'ې' => into.push('ي'),
        'ؤ' => into.push('و'),
        'ة' | 'ۀ' | 'ہ' | 'ھ' | 'ە' => into.push('ه'),
        'ک' => into.push('ك'),
        // Hebrew: points; letters at the end of a word are the letters.
        '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' => {}
        'ך' => into.push('כ'),
        'ם' => into.push('מ'),
        'ן' => into.push('נ'),
        'ף' => into.push('פ'),
        'ץ' => into.push('צ'),
        // Devanagari: the dot below that marks sounds of other languages is often left out; in ड़ and ढ़ it is not.
        '\u{93c}' => {
            if matches!(last, 'ड' | 'ढ') {
                into.push(ch);
            }
        }
        'ऩ' => into.push('न'),
        'ऱ' => into.push('र'),
        'ऴ' => into.push('ळ'),
        'ँ' => into.push('ं'),
        _ => match digit(ch) {
            Some(digit) => into.push(digit),
            None if script(ch) == Script::Greek => {
                into.push_str(&fold(&ch.to_lowercase().collect::<String>()))
            }
            None => into.extend(ch.to_lowercase()),
        },
    }
}

/// The digit that stands for one of another script.
fn digit(ch: char) -> Option<char> {
    const ZEROS: [u32; 17] = [
        0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0x17e0, 0x1810,
    ];
    let value = ZEROS.iter().find_map(|zero| u32::from(ch).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// `word` without the accents of Latin and Greek letters, and with two letters for those that are written so where
/// keyboards lack them.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_owned();
    }
    let mut folded = String::with_capacity(word.len());
    for ch in
        DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(word.chars()).filter(|ch| !is_mark(*ch))
    {
        match ch {
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ŋ' => folded.push('n'),
            'ŧ' => folded.push('t'),
            'ƒ' => folded.push('f'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'þ' => folded.push_str("th"),
            'ς' => folded.push('σ'),
            _ => folded.push(ch),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, normal: &str) {
        let mut into = "what was there".to_owned();
        normalize(text, &mut into);
        assert_eq!(into, normal, "{text}");
    }

    #[test]
    fn signs_nobody_sees_are_gone() {
        is("Haus\u{ad}tür", "haustür");
        is("a\u{200b}b\u{feff}c\u{2060}d", "abcd");
        is("مـــحمد", "محمد");
    }

    #[test]
    fn letters_have_one_form() {
        is("STRAẞE Straße", "strasse strasse");
        is("İzmir", "izmir");
        is("ＡＢＣ１２３", "abc123");
        is("ﾊﾞｽ", "バス");
        is("ΟΔΌΣ οδός", "οδοσ οδοσ");
        is("Ёлка йод", "елка йод");
        is("за\u{301}мок", "замок");
        is("أُسْرَةٌ", "اسره");
        is("ﻣﺤﻤﺪ", "محمد");
        is("שָׁלוֹם", "שלומ");
        is("צה\"ל ארה״ב", "צהל ארהב");
        is("ज़मीन सड़क", "जमीन सड़क");
        is("٤٥ ๑๒ ०९", "45 12 09");
        is("FX‑2207", "fx-2207");
    }

    #[test]
    fn raised_digits_are_not_digits_of_the_number_before() {
        is("10⁶ m² km³ claim¹ 1½ CO₂", "10 6 m2 km3 claim 1 1 1/2 co2");
        is("Acme™", "acme ");
    }

    #[test]
    fn vowels_and_tones_stay_where_they_are_letters() {
        is("किला", "किला");
        is("ที่", "ที่");
        is("パ", "パ");
    }

    #[test]
    fn accents_of_latin_letters_fold() {
        assert_eq!(fold("łódź"), "lodz");
        assert_eq!(fold("rødgrød"), "rodgrod");
        assert_eq!(fold("cœur"), "coeur");
        assert_eq!(fold("đường"), "duong");
        assert_eq!(fold("ısı"), "isi");
    }
}
