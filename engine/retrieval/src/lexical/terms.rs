//! Terms: what words are stored and looked for as.

use super::language::Language;

/// Which analysis makes the terms of this version. Terms of another one are not found: what they were made of has to be
/// analysed again.
pub const ANALYSIS_VERSION: u32 = 2;

/// A term, as a number: 6 bits that choose its bucket and 32 that tell it from the others there. Two of a million terms
/// may be taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// 0 to 63.
    pub bucket: u8,
    /// Within the bucket.
    pub mark: u32,
}

/// What a term stands for. The same letters are another term in each space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// A word as it is, or its English stem.
    Plain,
    /// The stem of a word in a language: `not` is a French stem of `notes` and has nothing to do with the English word.
    Stem(Language),
    /// Words that signs join, with those signs.
    Whole,
    /// Two words side by side in a longer chain of joined words.
    Pair,
    /// A word with its accents, where the one without is a term too.
    Exact,
    /// A run of kana.
    Run,
    /// The beginning of a word of a language whose words have many endings.
    Beginning,
}

impl Term {
    pub(super) fn of(space: Space, text: &str) -> Term {
        // No word has control characters.
        let prefix: &[u8] = match space {
            Space::Plain => &[],
            Space::Stem(language) => &[1, language.code()],
            Space::Whole => &[2],
            Space::Pair => &[3],
            Space::Exact => &[4],
            Space::Run => &[5],
            Space::Beginning => &[6],
        };
        // FNV-1a, and the finaliser of SplitMix64 over it.
        let bytes = prefix.iter().copied().chain(text.bytes());
        let hash = bytes
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Term { bucket: (hash >> 58) as u8, mark: hash as u32 }
    }

    pub(super) fn plain(text: &str) -> Term {
        Term::of(Space::Plain, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stored must be found again: whoever changes this changes [`ANALYSIS_VERSION`].
    #[test]
    fn a_term_stays_what_it_is() {
        assert_eq!(Term::plain("otter"), Term { bucket: 6, mark: 4_237_808_177 });
    }

    #[test]
    fn spaces_are_apart() {
        let spaces = [
            Space::Plain,
            Space::Stem(Language::French),
            Space::Whole,
            Space::Pair,
            Space::Exact,
            Space::Run,
            Space::Beginning,
        ];
        for (n, space) in spaces.iter().enumerate() {
            for other in &spaces[..n] {
                assert_ne!(Term::of(*space, "not"), Term::of(*other, "not"));
            }
        }
    }

    #[test]
    fn terms_spread_over_the_buckets() {
        let mut seen = [0; 64];
        (0..6400).for_each(|n| seen[Term::plain(&format!("word{n}")).bucket as usize] += 1);
        assert!(seen.iter().all(|count| (50..170).contains(count)), "{seen:?}");
    }
}
