//! Which ASCII text stands for a character in a slug.
//!
//! The mapping is that of npm `slugify` 1.6.6 (reference §4.2), with its choices: `θ` is `8`, `Ę` is a small
//! `e`, and a few accented letters (`Ĉ`, `Ŏ` …) have no mapping and vanish. Where the unaccented letter is the
//! answer it is computed; the rest is listed by script.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// What stands for a character.
#[derive(Clone, Copy)]
pub(super) enum Mapped {
    /// This text. White space in it separates words.
    Text(&'static str),
    /// This letter.
    Letter(char),
}

/// What stands for `ch`, or `None` if the character has no mapping and stands for itself.
pub(super) fn transliterate(ch: char) -> Option<Mapped> {
    let symbol = match ch {
        '$' => "dollar",
        '%' => "percent",
        '&' => "and",
        '<' => "less",
        '>' => "greater",
        '|' => "or",
        _ if ch.is_ascii() => return None,
        _ => return in_runs(ch).map(Mapped::Text).or_else(|| without_accents(ch).map(Mapped::Letter)),
    };
    Some(Mapped::Text(symbol))
}

/// Runs of neighbouring characters: the first one, then what stands for it and its followers, between spaces.
/// A hyphen inside separates words.
#[rustfmt::skip]
const RUNS: &[(char, &str)] = &[
    // Latin letters that are not a base letter with accents, or do not keep it.
    ('ª', "a"), ('º', "o"), ('Æ', "AE"), ('Ð', "D"), ('Ø', "O"), ('Þ', "TH ss"), ('æ', "ae"), ('ð', "d"),
    ('ø', "o"), ('þ', "th"), ('Đ', "DJ dj"), ('Ę', "e"), ('Ī', "i"), ('ı', "i"), ('Ķ', "k"), ('Ł', "L l"),
    ('Œ', "OE oe"), ('Ū', "u"), ('Ə', "E"), ('ƒ', "f"), ('ǈ', "LJ lj"), ('ǋ', "NJ nj"), ('ə', "e"),
    ('˚', "o"), ('ẞ', "SS"),

    // Greek
    ('Ά', "A"), ('Έ', "E H I"), ('Ό', "O"),
    ('Ύ', "Y W i"),
    ('Α', "A B G D E Z H 8 I K L M N 3 O P R"),
    ('Σ', "S T Y F X PS W I Y a e h i y"),
    ('α', "a b g d e z h 8 i k l m n 3 o p r s s t y f x ps w i y o y w"),

    // Cyrillic: the Russian alphabet, then what Serbian, Macedonian, Ukrainian and Kazakh add
    ('А', "A B V G D E Zh Z I J K L M N O P R S T U F H C Ch Sh Sh U Y"), ('Э', "E Yu Ya"),
    ('а', "a b v g d e zh z i j k l m n o p r s t u f h c ch sh sh u y"), ('э', "e yu ya"),
    ('Ё', "Yo DJ"), ('Є', "Ye"), ('І', "I Yi J LJ NJ C"), ('Џ', "DZ"),
    ('ё', "yo dj"), ('є', "ye"), ('і', "i yi j lj nj c"), ('ѝ', "u"), ('џ', "dz"),
    ('Ґ', "G g GH gh"), ('Қ', "KH kh"), ('Ң', "NG ng"), ('Ү', "UE ue U u"), ('Һ', "H h"), ('Ә', "AE ae"),
    ('Ө', "OE oe"),

    // Armenian
    ('Ա', "A B G D E Z E' Y' T' JH I L X C' K H D' GH TW M Y N SH"), ('Չ', "CH P J R' S V T R C"),
    ('Փ', "P' Q' O'' F"), ('և', "EV"),

    // Arabic and Persian: letters, vowel marks, digits, ligatures
    ('ء', "a aa a u i e a b h t th j h kh d th r z s sh s dh t z a gh"),
    ('ف', "f q k l m n h w a y an on en a u e"),
    ('\u{660}', "0 1 2 3 4 5 6 7 8 9"), ('\u{6F0}', "0 1 2 3 4 5 6 7 8 9"),
    ('پ', "p"), ('چ', "ch"), ('ژ', "zh"), ('ک', "k"), ('گ', "g"), ('ی', "y"),
    ('\u{FEF5}', "laa"), ('\u{FEF7}', "laa"), ('\u{FEF9}', "lai"), ('\u{FEFB}', "la"),

    // Georgian
    ('ა', "a b g d e v z t i k l m n o p zh r s t u f k gh q sh ch ts dz ts ch kh j h"),

    // Money
    ('¢', "cent pound currency yen"), ('฿', "baht"), ('₠', "ecu"),
    ('₢', "cruzeiro french-franc lira mill naira peseta rupee won new-shequel dong euro kip tugrik drachma \
           penny peso guarani austral hryvnia cedi"),
    ('₸', "kazakhstani-tenge indian-rupee turkish-lira"), ('₽', "russian-ruble"), ('₿', "bitcoin"),
    ('元', "yuan"), ('円', "yen"), ('﷼', "rial"),

    // Signs and punctuation
    ('©', "(c)"), ('®', "(r)"), ('℠', "sm"), ('™', "tm"), ('–', "-"), ('‘', "' '"), ('“', "\" \" \""),
    ('†', "+"), ('•', "*"), ('…', "..."), ('∂', "d"), ('∆', "delta"), ('∑', "sum"), ('∞', "infinity"),
    ('♥', "love"),
];

fn in_runs(ch: char) -> Option<&'static str> {
    RUNS.iter().find_map(|&(first, run)| {
        let index = u32::from(ch).checked_sub(u32::from(first))?;
        // No run is longer than the alphabet it holds; skip the others without splitting them.
        if index > 40 { None } else { run.split_ascii_whitespace().nth(index as usize) }
    })
}

/// Where a letter is answered by its base letter.
const ACCENTED: &[(char, char)] =
    &[('À', 'ÿ'), ('Ā', 'ž'), ('Ơ', 'ơ'), ('Ư', 'ư'), ('Ș', 'ț'), ('Ṣ', 'ṣ'), ('Ẁ', 'ẅ'), ('Ạ', 'ỹ')];

/// The letters inside [`ACCENTED`] that have no mapping all the same.
const UNMAPPED: &str = "ĈĉĊċĔĕĜĝĠġĤĥĬĭĴĵĹĺŎŏŖŗŜŝŬŭ";

fn without_accents(ch: char) -> Option<char> {
    if !ACCENTED.iter().any(|&(first, last)| (first..=last).contains(&ch)) || UNMAPPED.contains(ch) {
        return None;
    }
    let mut parts = DecomposingNormalizerBorrowed::new_nfd().normalize_iter(std::iter::once(ch));
    parts.next().filter(char::is_ascii_alphabetic)
}
