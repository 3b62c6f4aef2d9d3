//! Scripts that do not separate words: every two signs side by side are a term, and signs that may be a word alone.

use super::script::{Class, class};

/// Scripts whose runs are cut differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Chinese characters and round kana.
    Han,
    /// Angular kana.
    Katakana,
    /// Scripts of South-East Asia.
    Unspaced,
}

/// One or several signs of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gram<'t> {
    /// As they stand there.
    pub text: &'t str,
    /// Where they begin in the run, in bytes.
    pub from: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a gram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One sign.
    One,
    /// Two signs side by side.
    Two,
    /// All of the run.
    All,
}

/// Calls `gram` with each gram of a run, and says how many signs the run has.
pub(super) fn for_each_gram<'t>(run: &'t str, kind: Run, gram: &mut impl FnMut(Gram<'t>)) -> u32 {
    let mut signs = 0;
    let mut last: Option<(usize, usize)> = None;
    let mut from = 0;
    while from < run.len() {
        let to = from + sign_len(&run[from..], kind).max(1);
        let to = run.ceil_char_boundary(to);
        let one = Gram { text: &run[from..to], from, kind: Kind::One };
        if is_word(one.text, kind) || (from == 0 && to == run.len()) {
            gram(one);
        }
        if let Some((start, _)) = last.filter(|(start, end)| !is_break(&run[*start..*end], one.text, kind)) {
            gram(Gram { text: &run[start..to], from: start, kind: Kind::Two });
        }
        last = Some((from, to));
        from = to;
        signs += 1;
    }
    if kind == Run::Katakana && signs > 2 {
        gram(Gram { text: run, from: 0, kind: Kind::All });
    }
    signs
}

/// Whether one sign may be a word.
fn is_word(sign: &str, kind: Run) -> bool {
    match kind {
        Run::Han => sign.chars().next().is_some_and(|ch| class(ch) == Class::Han),
        Run::Katakana => false,
        Run::Unspaced => sign.chars().nth(1).is_some(),
    }
}

/// Whether a word ends for certain between two signs: a Japanese particle before a noun.
fn is_break(before: &str, sign: &str, kind: Run) -> bool {
    let is = |text: &str, wanted: Class| text.chars().next().is_some_and(|ch| class(ch) == wanted);
    kind == Run::Han && is(before, Class::Hiragana) && is(sign, Class::Han)
}

/// The bytes of the first sign: a character, or a consonant with all vowels and marks that are written around it.
fn sign_len(run: &str, kind: Run) -> usize {
    let mut chars = run.char_indices().peekable();
    let Some((_, first)) = chars.next() else { return 0 };
    if kind != Run::Unspaced {
        return first.len_utf8();
    }
    let mut wants_base = is_leading_vowel(first);
    let mut last = first;
    while let Some((at, ch)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let goes_on =
            is_following(ch) || wants_base || is_joiner(last) || (is_myanmar(ch) && next == Some('\u{103a}'));
        if !goes_on {
            return at;
        }
        wants_base &= is_following(ch) || is_leading_vowel(ch);
        last = ch;
    }
    run.len()
}

/// Thai and Lao vowels that are written before their consonant.
fn is_leading_vowel(ch: char) -> bool {
    matches!(ch, '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}')
}

/// Signs that put the next consonant under this one.
fn is_joiner(ch: char) -> bool {
    matches!(ch, '\u{1039}' | '\u{17d2}' | '\u{1a60}')
}

fn is_myanmar(ch: char) -> bool {
    matches!(ch, '\u{1000}'..='\u{103f}' | '\u{1050}'..='\u{109d}')
}

/// Vowels and marks that belong to the consonant before them.
fn is_following(ch: char) -> bool {
    matches!(ch, '\u{e30}'..='\u{e3a}' | '\u{e45}' | '\u{e47}'..='\u{e4e}' | '\u{eb0}'..='\u{ebd}' | '\u{ec8}'..='\u{ece}')
        || super::script::is_mark(ch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(run: &str, kind: Run) -> Vec<&str> {
        let mut grams = Vec::new();
        for_each_gram(run, kind, &mut |gram| grams.push(gram.text));
        grams
    }

    #[test]
    fn chinese_is_cut_into_characters_and_pairs() {
        assert_eq!(grams("图书馆", Run::Han), ["图", "书", "图书", "馆", "书馆"]);
        assert_eq!(grams("茶", Run::Han), ["茶"]);
        assert_eq!(grams("駅へ行く", Run::Han), ["駅", "駅へ", "行", "行く"]);
    }

    #[test]
    fn katakana_is_cut_into_pairs() {
        assert_eq!(grams("カメラ", Run::Katakana), ["カメ", "メラ", "カメラ"]);
    }

    #[test]
    fn vowels_stay_with_their_consonants() {
        assert_eq!(grams("เครื่อง", Run::Unspaced), ["เค", "รื่", "เครื่", "รื่อ", "อง"]);
        assert_eq!(grams("ยา", Run::Unspaced), ["ยา"]);
        // Burmese: the final consonant belongs to its syllable. Khmer: so does the one below.
        assert_eq!(grams("မြန်မာ", Run::Unspaced), ["မြန်", "မာ", "မြန်မာ"]);
        assert_eq!(grams("ខ្មែរ", Run::Unspaced), ["ខ្មែ", "ខ្មែរ"]);
    }
}
