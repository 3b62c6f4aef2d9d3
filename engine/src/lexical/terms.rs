//! From text to terms.

use super::porter::stem;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Longer words are no words that anybody looks for.
const WORD_BYTES_MAX: usize = 64;

/// A term, as a number: 6 bits that choose its bucket and 32 that tell it from the others there. Two of a million terms
/// may be taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// 0 to 63.
    pub bucket: u8,
    /// Within the bucket.
    pub mark: u32,
}

impl Term {
    /// The term of a word's stem.
    fn of(stem: &str) -> Term {
        // FNV-1a, and the finaliser of SplitMix64 over it.
        let hash = stem
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Term { bucket: (hash >> 58) as u8, mark: hash as u32 }
    }
}

/// How often each term occurs in a text, and how many words it has.
///
/// Words are those of Unicode's segmentation, in lower case, without accents; English endings are taken off (Porter).
#[must_use]
pub fn count(text: &str) -> (BTreeMap<Term, u32>, u32) {
    let mut counts = BTreeMap::new();
    let mut words = 0u32;
    for term in terms(text) {
        *counts.entry(term).or_insert(0) += 1;
        words = words.saturating_add(1);
    }
    (counts, words)
}

/// The terms of a text, in its order.
pub fn terms(text: &str) -> impl Iterator<Item = Term> + '_ {
    let words = text.unicode_words().filter(|word| word.len() <= WORD_BYTES_MAX);
    words.flat_map(|word| {
        // Programs join words with `_` and `.`; people look for the parts too.
        let parts = word.split(['_', '.', ':', '\'', '’']).filter(|part| !part.is_empty());
        parts.map(|part| Term::of(&stem(&folded(part)))).collect::<Vec<_>>()
    })
}

fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.to_lowercase().nfkd().filter(|c| !is_combining_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(terms(a).collect::<Vec<_>>(), terms(b).collect::<Vec<_>>(), "{a} and {b}");
    }

    #[test]
    fn case_accents_and_endings_do_not_matter() {
        same("Connections", "connected");
        same("CAFÉ", "cafe");
        same("otters, swimming!", "otter swim");
        same("ERR_CONN.reset", "err conn reset");
        same("ﬁle", "file");
    }

    #[test]
    fn words_that_differ_are_other_terms() {
        assert_ne!(terms("river").next(), terms("rivet").next());
        assert_eq!(terms("日本 語").count(), 3);
        assert_eq!(terms(" … —").count(), 0);
    }

    #[test]
    fn occurrences_are_counted() {
        let (counts, words) = count("an otter and an otter");
        assert_eq!((counts.len(), words), (3, 5));
        assert_eq!(counts.values().sum::<u32>(), 5);
    }

    #[test]
    fn terms_spread_over_the_buckets() {
        let mut seen = [0; 64];
        (0..6400).for_each(|n| seen[Term::of(&format!("word{n}")).bucket as usize] += 1);
        assert!(seen.iter().all(|count| (50..170).contains(count)), "{seen:?}");
    }
}
