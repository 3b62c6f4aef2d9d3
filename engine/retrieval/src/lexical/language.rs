//! The languages whose words are told from one another.

/// What language a text is in, as far as its analysis depends on it.
///
/// Scripts of one language need none: their words are analysed by their letters alone. The codes are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Language {
    /// Not known: Latin words are analysed as English ones, Cyrillic words as Russian ones.
    #[default]
    Unknown = 0,
    English = 1,
    German = 2,
    French = 3,
    Spanish = 4,
    Portuguese = 5,
    Italian = 6,
    Dutch = 7,
    Swedish = 8,
    Danish = 9,
    Norwegian = 10,
    Finnish = 11,
    Hungarian = 12,
    Polish = 13,
    Czech = 14,
    Romanian = 15,
    Turkish = 16,
    Vietnamese = 17,
    Indonesian = 18,
    Russian = 19,
    Ukrainian = 20,
    Greek = 21,
    Arabic = 22,
    Hebrew = 23,
    Hindi = 24,
    Chinese = 25,
    Japanese = 26,
    Korean = 27,
    Thai = 28,
    Persian = 29,
}

use Language::*;

impl Language {
    /// All of them, in the order of their codes.
    pub const ALL: [Language; 30] = [
        Unknown, English, German, French, Spanish, Portuguese, Italian, Dutch, Swedish, Danish, Norwegian,
        Finnish, Hungarian, Polish, Czech, Romanian, Turkish, Vietnamese, Indonesian, Russian, Ukrainian,
        Greek, Arabic, Hebrew, Hindi, Chinese, Japanese, Korean, Thai, Persian,
    ];

    /// The number that stands for it in stored indexes.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The language of a stored number; [`Language::Unknown`] for numbers of later versions.
    #[must_use]
    pub fn from_code(code: u8) -> Language {
        Language::ALL.get(usize::from(code)).copied().unwrap_or(Unknown)
    }

    /// Written in Latin letters.
    pub(super) fn is_latin(self) -> bool {
        (English.code()..=Indonesian.code()).contains(&self.code())
    }

    /// Written in Cyrillic letters.
    pub(super) fn is_cyrillic(self) -> bool {
        matches!(self, Russian | Ukrainian)
    }

    /// Its compounds are written as one word.
    pub(super) fn has_compounds(self) -> bool {
        matches!(self, German | Dutch | Swedish | Danish | Norwegian)
    }

    /// Its bit in a set of languages.
    pub(super) fn bit(self) -> u32 {
        1 << self.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_their_languages() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), language);
        }
        assert_eq!(Language::from_code(200), Language::Unknown);
    }
}
