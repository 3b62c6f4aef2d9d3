//! From the parts of words to terms.

use super::porter::stem;
use super::words::for_each_part;
use icu_normalizer::DecomposingNormalizerBorrowed;
use unicode_general_category::{GeneralCategory, get_general_category};

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
    /// The term of a part of a word: of its stem in lower case and without accents.
    pub(super) fn of(part: &str) -> Term {
        Term::of_stem(&stem(&folded(part)))
    }

    fn of_stem(stem: &str) -> Term {
        // FNV-1a, and the finaliser of SplitMix64 over it.
        let hash = stem
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Term { bucket: (hash >> 58) as u8, mark: hash as u32 }
    }
}

/// The terms of a text, in its order.
///
/// Words are those of Unicode's segmentation, in lower case, without accents; English endings are taken off (Porter).
#[must_use]
pub fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    for_each_part(text, &mut |part| terms.push(Term::of(part)));
    terms
}

fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let lower = word.to_lowercase();
    DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(lower.chars()).filter(|c| !is_mark(*c)).collect()
}

/// By the table that others need anyway: every table more is downloaded by browsers.
fn is_mark(ch: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(get_general_category(ch), NonspacingMark | SpacingMark | EnclosingMark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(terms(a), terms(b), "{a} and {b}");
    }

    #[test]
    fn case_accents_and_endings_do_not_matter() {
        same("Connections", "connected");
        same("CAFÉ", "cafe");
        same("otters, swimming!", "otter swim");
        same("ERR_CONN.reset", "err conn reset");
        same("ﬁle", "file");
    }

    /// Terms are stored: no other table of Unicode may make others of them.
    #[test]
    fn another_normaliser_folds_every_character_alike() {
        use unicode_normalization::UnicodeNormalization;
        let other = |text: &str| text.to_lowercase().nfkd().filter(|c| !is_mark(*c)).collect::<String>();
        let differs = |ch: &char| folded(&ch.to_string()) != other(&ch.to_string());
        assert_eq!(('\u{80}'..=char::MAX).filter(differs).collect::<String>(), "");
    }

    #[test]
    fn words_that_differ_are_other_terms() {
        assert_ne!(terms("river"), terms("rivet"));
        assert_eq!(terms("日本 語").len(), 3);
        assert_eq!(terms(" … —"), []);
    }

    /// What is stored must be found again: a term is what it was in every earlier version.
    #[test]
    fn a_term_stays_what_it_is() {
        assert_eq!(terms("Otters"), [Term { bucket: 6, mark: 4_237_808_177 }]);
    }

    #[test]
    fn terms_spread_over_the_buckets() {
        let mut seen = [0; 64];
        (0..6400).for_each(|n| seen[Term::of(&format!("word{n}")).bucket as usize] += 1);
        assert!(seen.iter().all(|count| (50..170).contains(count)), "{seen:?}");
    }
}
