//! The words of a part's rows, as they are collected.

use super::postings::{Posting, bucket_at, length_code, level, seal, start, varint};
use super::terms::Term;
use super::words::for_each_part;
use std::collections::BTreeMap;

/// The postings of a part, row by row.
///
/// A text says most of its words again and again: what term a word is, is worked out once and remembered.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The terms so far; the number of one is its place here.
    terms: Vec<Term>,
    numbers: BTreeMap<Term, u32>,
    memo: Memo,
    /// How often each term occurs in the row at hand, by number.
    counts: Vec<u32>,
    /// The terms of the row at hand.
    row: Vec<u32>,
    /// Postings of all rows with the numbers of their terms.
    postings: Vec<(u32, Posting)>,
    rows: u32,
}

impl Collected {
    /// Adds the next row, whose words are those of all `texts`, and says how many words that are.
    pub fn push(&mut self, texts: &[&str]) -> u32 {
        let mut words = 0u32;
        for text in texts {
            for_each_part(text, &mut |part| {
                words = words.saturating_add(1);
                let number = self.number(part) as usize;
                if self.counts[number] == 0 {
                    self.row.push(number as u32);
                }
                self.counts[number] = self.counts[number].saturating_add(1);
            });
        }
        let (row, length) = (self.rows, length_code(words));
        for number in self.row.drain(..) {
            let count = u8::try_from(std::mem::take(&mut self.counts[number as usize])).unwrap_or(u8::MAX);
            self.postings.push((number, Posting { row, count, length }));
        }
        self.rows += 1;
        words
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

    fn number(&mut self, part: &str) -> u32 {
        let Some(key) = Memo::key(part) else { return self.number_of(Term::of(part)) };
        if let Some(number) = self.memo.get(key) {
            return number;
        }
        let number = self.number_of(Term::of(part));
        self.memo.put(key, number);
        number
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

/// The numbers of words. No text, however it is made, costs more than working out each of its words: one that finds no
/// place near its own is not remembered.
#[derive(Clone, Debug, Default)]
struct Memo {
    /// Keys of words, in the order they were met, and the numbers of their terms: what is said often stands together.
    words: Vec<(u128, u32)>,
    /// 2ⁿ places: a word's place in `words`, plus 1; 0 is a free one.
    places: Vec<u32>,
}

const PLACES: usize = 1 << 8;
/// Places looked at for a word.
const STEPS: usize = 8;

impl Memo {
    /// A word of up to 16 ASCII letters and digits, in lower case, as a number that is no other's.
    fn key(part: &str) -> Option<u128> {
        let bytes = part.as_bytes();
        let mut key = [0; 16];
        key.get_mut(..bytes.len())?.copy_from_slice(bytes);
        // This bit makes letters small, marks between digits and the digits have it, and no word has a space.
        let key = u128::from_le_bytes(key) | u128::from_le_bytes([b' '; 16]);
        part.is_ascii().then_some(key)
    }

    fn near(&self, key: u128) -> impl Iterator<Item = usize> + use<> {
        let mixed = (key as u64 ^ ((key >> 64) as u64).rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (first, last) = ((mixed >> 32) as usize, self.places.len().wrapping_sub(1));
        (0..STEPS).map(move |step| (first + step) & last)
    }

    fn get(&self, key: u128) -> Option<u32> {
        for place in self.near(key) {
            let word = self.words.get((*self.places.get(place)? as usize).wrapping_sub(1))?;
            if word.0 == key {
                return Some(word.1);
            }
        }
        None
    }

    fn put(&mut self, key: u128, number: u32) {
        if self.words.len() >= self.places.len() / 2 {
            self.places = vec![0; (4 * self.places.len()).max(PLACES)];
            let words = std::mem::take(&mut self.words);
            words.into_iter().for_each(|(key, number)| self.place(key, number));
        }
        self.place(key, number);
    }

    fn place(&mut self, key: u128, number: u32) {
        if let Some(place) = self.near(key).find(|place| self.places.get(*place) == Some(&0)) {
            self.words.push((key, number));
            self.places[place] = self.words.len() as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexical::postings::read;
    use crate::lexical::terms::terms;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn collected(texts: &[String]) -> Collected {
        let mut collected = Collected::default();
        texts.iter().for_each(|text| assert!(collected.push(&[text]) < 1 << 20));
        collected
    }

    #[test]
    fn texts_of_a_row_count_as_one() {
        let (mut apart, mut joined) = (Collected::default(), Collected::default());
        assert_eq!(apart.push(&["otters swim", "", "Otter"]), 3);
        assert_eq!(joined.push(&["otters swim\n\nOtter"]), 3);
        assert_eq!(apart.encode(), joined.encode());
    }

    #[test]
    fn many_words_are_counted_like_few() {
        const WORDS: usize = 1 << 14;
        let words = |step: usize| (0..WORDS).map(|n| format!("w{}", n * step)).collect::<Vec<_>>().join(" ");
        let mut collected = Collected::default();
        for text in [words(1), words(3), words(1)] {
            assert_eq!(collected.push(&[&text]) as usize, WORDS);
        }
        let (level, buckets) = collected.encode();
        for (word, expected) in [
            ("w0", &[0, 1, 2][..]),
            ("w1", &[0, 2]),
            ("w4095", &[0, 1, 2]),
            ("w16382", &[0, 2]),
            ("w49149", &[1]),
        ] {
            let (term, mut rows) = (terms(word)[0], Vec::new());
            read(&buckets[&bucket_at(term, level)], |t| t == term, |_, posting| rows.push(posting.row))
                .unwrap();
            assert_eq!(rows, expected, "{word}");
        }
    }

    proptest! {
        #[test]
        fn what_was_stored_comes_back(texts in vec("([a-dA-D]{1,2}[ .é]){0,30}", 0..50)) {
            let (level, buckets) = collected(&texts).encode();
            prop_assert_eq!(level, super::level(texts.len() as u64));
            for term in terms("a b c d aa ab ac ad ba dd é aé") {
                let expected: Vec<(u32, u32)> = texts.iter().enumerate().filter_map(|(row, text)| {
                    let count = terms(text).into_iter().filter(|other| *other == term).count() as u32;
                    (count > 0).then_some((row as u32, count))
                }).collect();
                let mut found = Vec::new();
                if let Some(bytes) = buckets.get(&bucket_at(term, level)) {
                    read(bytes, |other| other == term, |_, p| found.push((p.row, u32::from(p.count)))).unwrap();
                }
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn a_key_tells_words_apart(a in "[a-zA-Z0-9,;]{1,18}|[à-ü]{1,6}", b in "[a-b]{1,3}") {
            let key = |word: &str| Memo::key(word);
            prop_assert_eq!(key(&a).is_some(), a.len() <= 16 && a.is_ascii());
            if let Some(found) = key(&a) {
                prop_assert_eq!(Some(found) == key(&b), a.to_ascii_lowercase() == b);
            }
        }
    }
}
