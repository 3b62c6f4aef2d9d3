//! The parts of compounds that Germanic languages write as one word, found without a dictionary.
//!
//! A place between two parts has consonants that no syllable begins with, or a linking `s`; the rest of the word looks
//! like a word. The guess errs on the side of finding parts: a false one is a term that nobody looks for.

use super::normal::fold;

/// Shorter words are not taken apart.
const LETTERS_MIN: usize = 7;
/// Places of one word where it is taken apart.
const CUTS_MAX: usize = 2;

/// Calls `part` with the parts of a word in lower case: for each likely place, what is before and what is behind it.
pub(super) fn for_each_part<'w>(word: &'w str, part: &mut impl FnMut(&'w str)) {
    if word.len() < LETTERS_MIN || word.len() > super::words::WORD_BYTES_MAX {
        return;
    }
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let letters: Vec<u8> = chars.iter().map(|(_, ch)| base(*ch)).collect();
    if letters.len() < LETTERS_MIN || letters.contains(&b'?') {
        return;
    }
    let mut cuts: Vec<(i32, usize)> = Vec::new();
    for at in 3..=letters.len() - 3 {
        let score = score(&letters, at);
        if score > 0 {
            cuts.push((score, at));
        }
    }
    // The best ones; of equal ones, those that leave the longest head.
    cuts.sort_by_key(|(score, at)| (-score, *at));
    let mut chosen: Vec<usize> = Vec::new();
    for (_, at) in cuts {
        if chosen.len() < CUTS_MAX {
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    for at in &chosen {
        let at = chars[*at].0;
        part(&word[..at]);
        part(&word[at..]);
    }
    // What is between two places.
    if let [first, second] = chosen[..]
        && second - first > 2
    {
        part(&word[chars[first].0..chars[second].0]);
    }
}

/// The letter without its accent; `?` for what is no Latin letter.
fn base(ch: char) -> u8 {
    match ch {
        'a'..='z' => ch as u8,
        'æ' => b'a',
        _ => fold(ch.encode_utf8(&mut [0; 4])).bytes().next().unwrap_or(b'?'),
    }
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

/// How likely a word is made of two at this place; 0 if it is not.
fn score(letters: &[u8], at: usize) -> i32 {
    let (left, right) = letters.split_at(at);
    if !is_left(left) || !is_right(right) {
        return 0;
    }
    let coda = left.iter().rev().take_while(|letter| !is_vowel(**letter)).count();
    let onset = right.iter().take_while(|letter| !is_vowel(**letter)).count();
    let cluster = &letters[at - coda..at + onset];
    let linked = LINKED.iter().any(|link| left.ends_with(link.as_bytes()));
    match (coda, onset) {
        _ if linked => 6,
        (0, 0) => 0,
        // A vowel ends the first part: Hunde|leine, Auto|bahn.
        (0, _) if is_onset(cluster) => i32::from(right.len() >= 4 && left.len() >= 4 && has_two_vowels(left)),
        // A linking s, or the first letter of the second part: arbets|plats, Kunst|stoff. Both are taken.
        (2.., 1..) if left.ends_with(b"s") && is_tight(&letters[at - 1..at + onset]) => 4,
        // A linking s before a vowel: Urlaubs|antrag.
        (2.., 0) if left.ends_with(b"s") && right.len() >= 5 && has_two_vowels(right) => 4,
        // The second begins with one: Haus|ordnung.
        (_, 0) => 2 * i32::from(FIRST.iter().any(|first| right.starts_with(first.as_bytes()))),
        // A doubled letter is rarely one of each: Müll|abfuhr.
        (_, _) if left.last() == right.first() => 1,
        // Consonants that begin no syllable together.
        (_, _) if !is_tight(&letters[at - 1..at + onset]) => {
            // Miet|vertrag rather than Mietver|trag.
            let prefixed = ["ver", "ent", "zer"].iter().any(|prefix| left.ends_with(prefix.as_bytes()));
            3 + i32::from(cluster.len() > 2) - 2 * i32::from(prefixed)
                + i32::from(matches!(left, [.., b'e', b'n' | b'r']) || left.ends_with(b"s"))
        }
        // It may be either: Haus|tür, but Kon|trolle.
        (1, _) if cluster.len() == 2 => i32::from(left.len() >= 4 && left.ends_with(b"s")),
        (_, _) => i32::from(cluster.len() > 2),
    }
}

/// What links a first part that ends in one of the common endings of nouns.
const LINKED: [&str; 12] =
    ["ungs", "heits", "keits", "ions", "taets", "tats", "schafts", "lings", "tums", "ings", "hets", "ningar"];

/// With what second parts begin that begin with a vowel.
const FIRST: [&str; 34] = [
    "abf", "abg", "abl", "abr", "abs", "abt", "abz", "adr", "akt", "alarm", "alt", "amt", "anb", "anf",
    "ang", "anl", "anm", "anr", "ans", "ant", "anw", "anz", "arb", "art", "arzt", "auf", "aus", "auto",
    "eing", "einr", "ord", "unf", "unt", "uhr",
];

/// Whether a word can end like this: it has a vowel, is no prefix, and leaves no half of a doubled letter behind.
fn is_left(left: &[u8]) -> bool {
    const PREFIXES: [&str; 40] = [
        "ab", "an", "auf", "aus", "bei", "dar", "durch", "ein", "ent", "fort", "her", "hin", "los", "miss",
        "mit", "nach", "uber", "unter", "ver", "vor", "weg", "wieder", "zer", "zuruck", "zusammen", "ueber",
        "emp", "vorbe", "unver", "unge", "ont", "aan", "uit", "toe", "und", "for", "till", "sam", "med",
        "unbe",
    ];
    let last = left.iter().rev().take_while(|letter| !is_vowel(**letter)).count();
    left.iter().any(|letter| is_vowel(*letter))
        && last <= 4
        && !PREFIXES.iter().any(|prefix| left == prefix.as_bytes())
        // ver|s-tehen, ge|g-angen
        && !["ver", "zer", "ent", "emp", "ont", "be", "ge"].iter().any(|prefix| {
            left.strip_prefix(prefix.as_bytes()).is_some_and(|rest| matches!(rest, [] | [_]))
        })
        && !matches!(left, [.., b'c' | b'q' | b'j'])
}

/// Whether a word can be like this: it begins as a syllable does, has a vowel, and is more than an ending.
fn is_right(right: &[u8]) -> bool {
    const ENDINGS: [&str; 44] = [
        "ung", "heit", "keit", "igkeit", "schaft", "lich", "isch", "bar", "sam", "los", "haft", "chen",
        "lein", "nis", "ling", "tum", "tion", "sion", "ieren", "iert", "iger", "ig", "end", "ander", "heid",
        "lijk", "baar", "loos", "ing", "ning", "else", "het", "lig", "isk", "ande", "ende", "sel", "ter",
        "ger", "ler", "ner", "ker", "ste", "tig",
    ];
    let onset = right.iter().take_while(|letter| !is_vowel(**letter)).count();
    let Some((_, rest)) = right.split_at_checked(onset) else { return false };
    // A syllable with a weak vowel is an ending: -gen, -ter, -sten.
    let is_weak = matches!(
        rest,
        [b'e']
            | [b'e', b'n' | b'r' | b's' | b'm' | b'l' | b't']
            | [b'e', b'r' | b'l', b'n' | b's']
            | [b'e', b'n', b'd' | b's', ..]
            | [b'e', b'r', b'e', ..]
            | [b'e', b'n', b'e', ..]
            | [b'e', b't', b'e' | b's']
            | [b'e', b's', b't', ..]
            | [b'i', b'g']
            | [b'i', b'g', b'e', ..]
            | [b'i', b's', b'c', b'h', ..]
            | [b'u', b'n', b'g', ..]
            | [b'i', b'n', b'g', ..]
            | [b'i', b'e', b'r', b't' | b'e' | b'u', ..]
            | [b'i', b'o', b'n', ..]
    );
    let is_ending = ENDINGS.iter().any(|ending| {
        right
            .strip_prefix(ending.as_bytes())
            .is_some_and(|rest| rest.len() <= 2 || rest == b"lich" || rest.starts_with(b"keit"))
    });
    !rest.is_empty() && is_onset(&right[..onset]) && !is_weak && !is_ending && (right.len() > 3 || onset == 1)
}

/// Consonants that a word can begin with.
fn is_onset(letters: &[u8]) -> bool {
    // Of Nordic words.
    const NORDIC: [&str; 10] = ["bj", "fj", "hj", "kj", "kv", "sj", "sv", "tj", "tv", "gj"];
    is_tight(letters) || NORDIC.iter().any(|pair| pair.as_bytes() == letters)
}

/// Consonants that are hardly ever apart.
fn is_tight(letters: &[u8]) -> bool {
    const PAIRS: [&str; 37] = [
        "bl", "br", "ch", "cl", "cr", "dr", "dw", "fl", "fr", "gl", "gn", "gr", "kl", "kn", "kr", "kw", "pf",
        "ph", "pl", "pr", "ps", "qu", "sc", "sk", "sl", "sm", "sn", "sp", "st", "sw", "th", "tr", "tw", "vl",
        "vr", "wr", "zw",
    ];
    const MORE: [&str; 21] = [
        "sch", "schl", "schm", "schn", "schr", "schw", "spr", "spl", "str", "pfl", "pfr", "chr", "thr",
        "phr", "skr", "stj", "skj", "spj", "skv", "scr", "phl",
    ];
    match letters {
        [] => true,
        [one] => !matches!(one, b'x' | b'c'),
        [_, _] => PAIRS.iter().any(|pair| pair.as_bytes() == letters),
        _ => MORE.iter().any(|more| more.as_bytes() == letters),
    }
}

fn has_two_vowels(letters: &[u8]) -> bool {
    letters.iter().filter(|letter| is_vowel(**letter)).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(word: &str) -> Vec<&str> {
        let mut parts = Vec::new();
        for_each_part(word, &mut |part| parts.push(part));
        parts
    }

    #[test]
    fn compounds_have_their_parts() {
        for (word, part) in [
            ("haustür", "tür"),
            ("mietvertrag", "vertrag"),
            ("kündigungsfrist", "frist"),
            ("kündigungsfrist", "kündigungs"),
            ("waschmaschine", "maschine"),
            ("hausordnung", "ordnung"),
            ("fahrradkeller", "keller"),
            ("müllabfuhr", "abfuhr"),
            ("zahnarztpraxis", "praxis"),
            ("straßenbahn", "bahn"),
            ("arbeidsovereenkomst", "overeenkomst"),
            ("parkeerplaats", "plaats"),
            ("arbetsplats", "plats"),
            ("bostadsrätt", "rätt"),
            ("sommerhus", "hus"),
        ] {
            let word = word.replace('ß', "ss");
            assert!(parts(&word).contains(&part), "{word}: {:?}", parts(&word));
        }
    }

    #[test]
    fn other_words_stay_whole() {
        for word in ["rechnungen", "verstehen", "freiheiten", "kommen", "gegangen", "müssen", "möglich"] {
            assert_eq!(parts(word), [""; 0], "{word}");
        }
    }
}
