//! The words of a part's rows, as they are collected.

use super::forms::Forms;
use super::grams::{Gram, Kind, Run, for_each_gram};
use super::language::Language;
use super::memo::Memo;
use super::postings::{Posting, bucket_at, length_code, level, seal, start, varint};
use super::terms::{Space, Term};
use super::words::{Token, for_each_token};
use std::collections::BTreeMap;

/// The postings of a part, row by row.
///
/// A text says most of its words again and again: what terms a word has, is worked out once and remembered.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The terms so far; the number of one is its place here.
    terms: Vec<Term>,
    numbers: BTreeMap<Term, u32>,
    /// What words of the language at hand were worked out to: the number of the one term, or [`MANY`] and a place in `many`.
    memo: Memo,
    language: Language,
    /// Numbers of the terms of words that have several: how many, and then those.
    many: Vec<u32>,
    forms: Forms,
    /// How often each term occurs in the row at hand, by number.
    counts: Vec<u32>,
    /// The terms of the row at hand.
    row: Vec<u32>,
    /// Postings of all rows with the numbers of their terms.
    postings: Vec<(u32, Posting)>,
    rows: u32,
}

/// The terms of `texts` as one row, and how often each occurs in it (up to 255).
#[must_use]
pub fn row_terms(texts: &[&str], language: Language) -> BTreeMap<Term, u8> {
    let mut collected = Collected::default();
    collected.push(texts, language);
    let term =
        |(number, posting): &(u32, Posting)| Some((*collected.terms.get(*number as usize)?, posting.count));
    collected.postings.iter().filter_map(term).collect()
}

/// The bit that tells places in `many` from numbers of terms.
const MANY: u32 = 1 << 31;

impl Collected {
    /// Adds the next row, whose words are those of all `texts`, and says how many words that are.
    ///
    /// Terms for parts of words and for words joined by signs do not count: they make a row no longer.
    pub fn push(&mut self, texts: &[&str], language: Language) -> u32 {
        if self.language != language {
            self.language = language;
            self.memo.clear();
        }
        let mut words = 0u32;
        for text in texts {
            for_each_token(text, &mut |token| words = words.saturating_add(self.token(token)));
        }
        let (row, length) = (self.rows, length_code(words));
        for number in self.row.drain(..) {
            let count = u8::try_from(std::mem::take(&mut self.counts[number as usize])).unwrap_or(u8::MAX);
            self.postings.push((number, Posting { row, count, length }));
        }
        self.rows += 1;
        words
    }

    /// Counts the terms of a token, and says how many words it is.
    fn token(&mut self, token: Token<'_>) -> u32 {
        match token {
            Token::Word { text, .. } => self.word(text, |forms, language| forms.word(text, language)),
            Token::Hangul(text) => self.word(text, |forms, _| forms.hangul(text)),
            Token::Han(run) => return self.run(run, Run::Han),
            Token::Katakana(run) => return self.run(run, Run::Katakana),
            Token::Unspaced(run) => return self.run(run, Run::Unspaced),
            Token::Signed(text) => {
                self.count_term(Term::of(Space::Whole, &text.to_lowercase()));
                return 0;
            }
            Token::Joined(text) => {
                self.word(text, |forms, language| forms.joined(text, language));
                return 0;
            }
        }
        1
    }

    fn run(&mut self, run: &str, kind: Run) -> u32 {
        for_each_gram(run, kind, &mut |gram: Gram<'_>| match gram.kind {
            Kind::All => self.count_term(Term::of(Space::Run, gram.text)),
            Kind::One | Kind::Two => {
                let Some(key) = Memo::key(gram.text) else { return self.count_term(Term::plain(gram.text)) };
                let number = self.memo.get(key).unwrap_or_else(|| {
                    let number = self.number_of(Term::plain(gram.text));
                    self.memo.put(key, number);
                    number
                });
                self.count(number);
            }
        })
    }

    /// Counts the terms of a word, whose forms `make` works out.
    fn word(&mut self, text: &str, make: impl FnOnce(&mut Forms, Language)) {
        let key = Memo::key(text);
        let found = key.and_then(|key| self.memo.get(key)).unwrap_or_else(|| {
            let mut forms = std::mem::take(&mut self.forms);
            make(&mut forms, self.language);
            let found = self.numbers_of(&forms, key.is_some());
            self.forms = forms;
            if let Some(key) = key.filter(|_| found != MANY) {
                self.memo.put(key, found);
            }
            found
        });
        if found & MANY == 0 {
            self.count(found);
        } else if found == MANY {
            // Not remembered.
            let forms = std::mem::take(&mut self.forms);
            forms.all().for_each(|term| self.count_term(term));
            self.forms = forms;
        } else {
            let place = (found & !MANY) as usize;
            let some = place..place + self.many[place - 1] as usize;
            some.for_each(|n| self.count(self.many[n]));
        }
    }

    /// The number of the one term of a word, or where those of several are. [`MANY`] alone if they were not kept.
    fn numbers_of(&mut self, forms: &Forms, keep: bool) -> u32 {
        let mut all = forms.all();
        match (all.next(), all.next()) {
            (Some(one), None) => return self.number_of(one),
            _ if !keep || self.many.len() as u32 >= MANY / 2 => return MANY,
            _ => {}
        }
        let start = self.many.len();
        self.many.push(0);
        for term in forms.all() {
            let number = self.number_of(term);
            self.many.push(number);
        }
        self.many[start] = (self.many.len() - start - 1) as u32;
        MANY | (start as u32 + 1)
    }

    fn count_term(&mut self, term: Term) {
        let number = self.number_of(term);
        self.count(number);
    }

    fn count(&mut self, number: u32) {
        let count = &mut self.counts[number as usize];
        if *count == 0 {
            self.row.push(number);
        }
        *count = count.saturating_add(1);
    }

    /// The level of the part, and the bytes of each bucket that holds anything.
    #[must_use]
    pub fn encode(&self) -> (u8, BTreeMap<u8, Vec<u8>>) {
        let level = level(u64::from(self.rows));
        let (starts, postings) = self.by_term();
        let mut buckets: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (term, number) in &self.numbers {
            let bytes = buckets.entry(bucket_at(*term, level)).or_insert_with(start);
            let some = &postings[starts[*number as usize]..starts[*number as usize + 1]];
            bytes.push(term.bucket);
            bytes.extend_from_slice(&term.mark.to_le_bytes());
            varint(some.len() as u32, bytes);
            let mut next = 0;
            for posting in some {
                varint(posting.row - next, bytes);
                bytes.extend_from_slice(&[posting.count, posting.length]);
                next = posting.row + 1;
            }
        }
        buckets.values_mut().for_each(seal);
        (level, buckets)
    }

    /// The postings with those of a term side by side, by number and row, and where those of each begin.
    fn by_term(&self) -> (Vec<usize>, Vec<Posting>) {
        let mut starts = vec![0usize; self.terms.len() + 1];
        for (number, _) in &self.postings {
            starts[*number as usize + 1] += 1;
        }
        for n in 1..starts.len() {
            starts[n] += starts[n - 1];
        }
        let mut next = starts.clone();
        let mut postings = vec![Posting { row: 0, count: 0, length: 0 }; self.postings.len()];
        for (number, posting) in &self.postings {
            let place = &mut next[*number as usize];
            postings[*place] = *posting;
            *place += 1;
        }
        (starts, postings)
    }

    fn number_of(&mut self, term: Term) -> u32 {
        let Collected { terms, numbers, counts, .. } = self;
        *numbers.entry(term).or_insert_with(|| {
            terms.push(term);
            counts.push(0);
            terms.len() as u32 - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::postings::read;
    use crate::lexical::question::question;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn collected(texts: &[String]) -> Collected {
        let mut collected = Collected::default();
        texts.iter().for_each(|text| assert!(collected.push(&[text], Language::English) < 1 << 20));
        collected
    }

    #[test]
    fn texts_of_a_row_count_as_one() {
        let (mut apart, mut joined) = (Collected::default(), Collected::default());
        assert_eq!(apart.push(&["otters swim", "", "Otter"], Language::English), 3);
        assert_eq!(joined.push(&["otters swim\n\nOtter"], Language::English), 3);
        assert_eq!(apart.encode(), joined.encode());
    }

    #[test]
    fn many_words_are_counted_like_few() {
        const WORDS: usize = 1 << 14;
        let words = |step: usize| (0..WORDS).map(|n| format!("w{}", n * step)).collect::<Vec<_>>().join(" ");
        let mut collected = Collected::default();
        for text in [words(1), words(3), words(1)] {
            assert_eq!(collected.push(&[&text], Language::English) as usize, WORDS);
        }
        let (level, buckets) = collected.encode();
        for (word, expected) in [
            ("w0", &[0, 1, 2][..]),
            ("w1", &[0, 2]),
            ("w4095", &[0, 1, 2]),
            ("w16382", &[0, 2]),
            ("w49149", &[1]),
        ] {
            let (term, mut rows) = (question(word, &[])[0].alternatives[0], Vec::new());
            read(&buckets[&bucket_at(term, level)], |t| t == term, |_, posting| rows.push(posting.row))
                .unwrap();
            assert_eq!(rows, expected, "{word}");
        }
    }

    /// The terms of the only row, by what was stored.
    fn stored(text: &str, language: Language) -> BTreeMap<Term, u8> {
        let mut collected = Collected::default();
        collected.push(&[text], language);
        let mut found = BTreeMap::new();
        for bytes in collected.encode().1.values() {
            read(bytes, |_| true, |term, posting| _ = found.insert(term, posting.count)).unwrap();
        }
        found
    }

    #[test]
    fn occurrences_are_counted() {
        let found = stored("Otter, otters and OTTERS", Language::English);
        assert_eq!(found[&Term::plain("otter")], 3);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn terms_beside_the_words_make_a_row_no_longer() {
        let mut collected = Collected::default();
        assert_eq!(collected.push(&["Der Mietvertrag"], Language::German), 2);
        assert_eq!(collected.push(&["FX-2207/B"], Language::German), 3);
    }

    proptest! {
        #[test]
        fn what_was_stored_comes_back(texts in vec("([a-dA-D]{1,2}[ .é]){0,30}", 0..50)) {
            let (level, buckets) = collected(&texts).encode();
            prop_assert_eq!(level, super::level(texts.len() as u64));
            for (row, text) in texts.iter().enumerate() {
                for (term, count) in stored(text, Language::English) {
                    let mut found = None;
                    let keep = |_, posting: Posting| if posting.row == row as u32 { found = Some(posting.count) };
                    read(&buckets[&bucket_at(term, level)], |other| other == term, keep).unwrap();
                    prop_assert_eq!(found, Some(count));
                }
            }
        }

        /// Whatever a text says is found by it, in whatever language it is.
        #[test]
        fn every_word_of_a_text_is_found_by_itself(text in "([a-zA-ZäßéİıłñČøÅ]{1,14}|[0-9A-Z]{1,4}[-./][0-9]{1,3}|[가-힣]{1,5}|[一-十ぁ-んァ-ン]{1,5}|[ก-๎]{1,6}|[а-яё]{1,9}|[ء-ي]{2,8}|[א-ת]{2,8}|[ऀ-ॿ]{1,6}|[à-ỹ]{1,7})( \\PC{0,3})?") {
            for language in Language::ALL {
                let found = stored(&text, language);
                for wanted in question(&text, &[language]) {
                    let is_found = wanted.alternatives.iter().any(|term| found.contains_key(term));
                    prop_assert!(is_found, "{:?} in {:?}: {:?}", text, language, wanted);
                }
            }
        }

        #[test]
        fn any_text_is_taken(text in "\\PC{0,60}|([\\PC]|[a-z.\\-/#+_@: ]){0,60}") {
            for language in Language::ALL {
                let _ = stored(&text, language);
            }
            prop_assert!(question(&text, &Language::ALL).len() <= crate::lexical::question::WANTED_MAX);
        }
    }
}
