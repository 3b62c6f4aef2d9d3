//! The terms of one word: what index and question look for it by.

use super::codes;
use super::compound;
use super::hangul;
use super::language::Language;
use super::normal::fold;
use super::porter;
use super::script::{Script, script};
use super::semitic;
use super::stem::stem;
use super::terms::{Space, Term};

/// Letters of the beginning of a Turkish word: with five, search is as good as with a dictionary (Can and others, 2008).
const BEGINNING: usize = 5;

/// The terms of a word.
#[derive(Clone, Debug, Default)]
pub(super) struct Forms {
    /// Any of these is the word.
    pub same: Vec<Term>,
    /// The word with its accents, where languages tell words apart by them.
    pub exact: Option<Term>,
    /// What it is made of.
    pub parts: Vec<Term>,
}

impl Forms {
    /// All of them once.
    pub(super) fn all(&self) -> impl Iterator<Item = Term> {
        let all = self.same.iter().chain(&self.exact).chain(&self.parts);
        all.clone()
            .enumerate()
            .filter(move |(n, term)| !all.clone().take(*n).any(|other| other == *term))
            .map(|(_, term)| *term)
    }

    fn clear(&mut self) {
        self.same.clear();
        self.exact = None;
        self.parts.clear();
    }

    fn add(&mut self, term: Term) {
        if !self.same.contains(&term) {
            self.same.push(term);
        }
    }

    /// Makes it that of a [word](super::words::Token::Word) in a text of this language.
    pub(super) fn word(&mut self, text: &str, language: Language) {
        self.clear();
        let lower = text.to_ascii_lowercase();
        let script =
            lower.chars().map(script).find(|script| *script != Script::Other).unwrap_or(Script::Other);
        if lower.bytes().any(|byte| byte.is_ascii_digit()) {
            self.add(Term::plain(&fold(&lower).replace(',', "")));
            self.parts.extend(codes::numbers(&lower).map(Term::plain));
            return;
        }
        match script {
            Script::Latin => {
                self.latin(&lower, if language.is_latin() { language } else { Language::English })
            }
            Script::Cyrillic if language == Language::Ukrainian => self.add(Term::plain(&lower)),
            Script::Cyrillic => {
                self.add(Term::of(Space::Stem(Language::Russian), &stem(&lower, Language::Russian)))
            }
            Script::Greek => self.add(Term::plain(&fold(&stem(&lower, Language::Greek)))),
            Script::Devanagari => self.add(Term::plain(&stem(&lower, Language::Hindi))),
            Script::Arabic => semitic::arabic(&lower).iter().for_each(|form| self.add(Term::plain(form))),
            Script::Hebrew => semitic::hebrew(&lower).iter().for_each(|form| self.add(Term::plain(form))),
            Script::Other => self.add(Term::plain(&lower)),
        }
    }

    /// Makes it that of a [joined word](super::words::Token::Joined), without those of the words in it.
    pub(super) fn joined(&mut self, text: &str, language: Language) {
        let code = codes::code(text);
        match code.word {
            Some(word) => self.word(&word, language),
            None => self.clear(),
        }
        code.whole.into_iter().chain(code.pairs).chain(code.runs).for_each(|term| self.add(term));
    }

    fn latin(&mut self, lower: &str, language: Language) {
        let folded = fold(lower);
        let is_plain = folded == lower;
        if language == Language::English || folded.len() < 3 {
            self.add(Term::plain(&porter::stem(&folded)));
            return;
        }
        if language == Language::Vietnamese {
            self.add(Term::plain(&folded));
            self.exact = (!is_plain).then(|| Term::of(Space::Exact, lower));
            return;
        }
        let stemmed = |word: &str| Term::of(Space::Stem(language), &fold(&stem(word, language)));
        self.add(stemmed(lower));
        if !is_plain {
            self.add(stemmed(&folded));
        }
        if language == Language::Turkish {
            // Endings follow one another, and no stemmer knows all of them: what words of one root share is their beginning.
            let end = folded.char_indices().nth(BEGINNING).map_or(folded.len(), |(at, _)| at);
            self.parts.push(Term::of(Space::Beginning, &folded[..end]));
        }
        if language.has_compounds() {
            let parts = &mut self.parts;
            compound::for_each_part(lower, &mut |part| parts.push(stemmed(part)));
        }
    }

    /// Makes it that of a [Korean word](super::words::Token::Hangul).
    pub(super) fn hangul(&mut self, word: &str) {
        self.clear();
        let stem = hangul::stem(word);
        self.add(Term::plain(stem));
        let short = hangul::short_stem(stem).map(Term::plain);
        self.parts.extend(short.into_iter().chain(hangul::pairs(word).map(Term::plain)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn same(language: Language, a: &str, b: &str) {
        let of = |word: &str| {
            let mut forms = Forms::default();
            forms.word(word, language);
            forms.same
        };
        assert!(of(a).iter().any(|term| of(b).contains(term)), "{a} and {b}");
    }

    #[test]
    fn endings_and_accents_do_not_matter() {
        same(Language::English, "Connections", "connected");
        same(Language::French, "décisions", "decision");
        same(Language::German, "Verträge", "vertrag");
        same(Language::German, "Mueller", "müller");
        same(Language::Danish, "rødgrød", "rodgrod");
        same(Language::Unknown, "café", "cafes");
        same(Language::Polish, "łódź", "lodz");
        same(Language::Vietnamese, "hợp", "hop");
        same(Language::Russian, "собаками", "собака");
        same(Language::Arabic, "المكتبه", "مكتبه");
    }

    #[test]
    fn stems_of_languages_are_apart() {
        let (mut a, mut b) = (Forms::default(), Forms::default());
        a.word("notes", Language::French);
        b.word("not", Language::English);
        assert!(a.same.iter().all(|term| !b.same.contains(term)));
    }

    proptest! {
        #[test]
        fn every_word_has_a_term(word in "\\PC{1,20}") {
            let mut forms = Forms::default();
            for language in Language::ALL {
                forms.word(&word, language);
                prop_assert!(!forms.same.is_empty());
            }
            forms.hangul(&word);
            prop_assert!(!forms.same.is_empty());
        }
    }
}
