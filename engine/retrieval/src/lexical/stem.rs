//! Stems of words by language: Snowball's algorithms, and English as it is stored since the first version (Porter).

use super::language::Language::{self, *};
use frostem::{Algorithm, Stemmer};

/// The algorithm for a language, if there is one.
fn algorithm(language: Language) -> Option<Algorithm> {
    Some(match language {
        German => Algorithm::German,
        French => Algorithm::French,
        Spanish => Algorithm::Spanish,
        Portuguese => Algorithm::Portuguese,
        Italian => Algorithm::Italian,
        Dutch => Algorithm::Dutch,
        Swedish => Algorithm::Swedish,
        Danish => Algorithm::Danish,
        Norwegian => Algorithm::Norwegian,
        Finnish => Algorithm::Finnish,
        Hungarian => Algorithm::Hungarian,
        Polish => Algorithm::Polish,
        Czech => Algorithm::Czech,
        Romanian => Algorithm::Romanian,
        Turkish => Algorithm::Turkish,
        Indonesian => Algorithm::Indonesian,
        Russian => Algorithm::Russian,
        Greek => Algorithm::Greek,
        Hindi => Algorithm::Hindi,
        _ => return None,
    })
}

/// The stem of a word in lower case; the word itself in languages without an algorithm.
pub(super) fn stem(word: &str, language: Language) -> String {
    match algorithm(language) {
        Some(algorithm) => Stemmer::new(algorithm).stem(word).into_owned(),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn endings_are_taken_off() {
        for (language, a, b) in [
            (German, "verträge", "vertrag"),
            (French, "animaux", "animal"),
            (Russian, "собаками", "собака"),
            (Turkish, "evlerimiz", "ev"),
            (Finnish, "taloissa", "talo"),
            (Hungarian, "házakban", "ház"),
            (Hindi, "लड़कियाँ", "लड़की"),
        ] {
            assert_eq!(stem(a, language), stem(b, language), "{a} {b}");
        }
        assert_eq!(stem("nhà", Vietnamese), "nhà");
    }

    proptest! {
        #[test]
        fn any_word_has_a_stem(word in "\\PC{0,20}|[a-zäöüßéèñçığşőűøåæ']{0,20}|[а-яёіїє]{0,20}|[α-ωά-ώ]{0,20}|[\u{900}-\u{97f}]{0,20}") {
            for language in Language::ALL {
                let _ = stem(&word, language);
            }
        }
    }
}
