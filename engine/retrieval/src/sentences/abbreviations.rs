//! Words with a full stop that ends no sentence.

/// Abbreviations of several languages in lower case, without their last full stop, sorted. Those of single letters
/// (`z.B.`, `e.g.`, `т.е.`) are known by their form.
const ABBREVIATIONS: &[&str] = &[
    "abb",
    "abs",
    "adm",
    "al",
    "anm",
    "approx",
    "apt",
    "art",
    "aufl",
    "av",
    "avda",
    "ave",
    "bd",
    "bijv",
    "blz",
    "bros",
    "bzgl",
    "bzw",
    "ca",
    "cap",
    "capt",
    "cf",
    "ch",
    "chap",
    "cia",
    "co",
    "col",
    "corp",
    "dept",
    "dhr",
    "dir",
    "doc",
    "dott",
    "dr",
    "dra",
    "ed",
    "eds",
    "eg",
    "entspr",
    "env",
    "eq",
    "eqs",
    "esp",
    "etw",
    "evtl",
    "fam",
    "fig",
    "figs",
    "fr",
    "frl",
    "geb",
    "gem",
    "gen",
    "ggf",
    "gov",
    "hon",
    "hr",
    "hrn",
    "hrsg",
    "ie",
    "inc",
    "ing",
    "inkl",
    "insb",
    "jg",
    "kap",
    "kl",
    "lt",
    "ltd",
    "max",
    "mevr",
    "min",
    "mind",
    "mio",
    "mme",
    "mr",
    "mrd",
    "mrs",
    "ms",
    "mt",
    "mwst",
    "nos",
    "no",
    "np",
    "nr",
    "núm",
    "op",
    "ord",
    "p",
    "pag",
    "para",
    "pos",
    "pp",
    "prof",
    "pág",
    "págs",
    "ref",
    "refs",
    "resp",
    "rev",
    "sec",
    "sect",
    "sen",
    "sgt",
    "sig",
    "sog",
    "sok",
    "sr",
    "sra",
    "srta",
    "st",
    "str",
    "tab",
    "tel",
    "tzn",
    "tzv",
    "ud",
    "uds",
    "ul",
    "vgl",
    "viz",
    "vol",
    "vols",
    "vs",
    "zit",
    "zzgl",
    "élect",
    "éd",
    "г",
    "гл",
    "др",
    "им",
    "млн",
    "млрд",
    "обл",
    "пер",
    "проф",
    "просп",
    "рис",
    "руб",
    "см",
    "ст",
    "стр",
    "табл",
    "тел",
    "тыс",
    "ул",
];

/// Abbreviations that are words too: they go on in front of a number alone.
const ONLY_BEFORE_NUMBERS: &[&str] = &[
    "abs", "art", "col", "ed", "fig", "gem", "gen", "max", "min", "mind", "no", "nos", "op", "pos", "sec",
    "st", "str", "tab", "tel",
];

/// What stands in front of an ordinal number with a full stop (`am 3. Oktober`).
const BEFORE_ORDINALS: &[&str] = &[
    "ab", "am", "bis", "d", "das", "dem", "den", "der", "des", "die", "dne", "dnia", "im", "jede", "jeden",
    "jeder", "jedes", "seit", "vom", "zum", "zur",
];

/// How the names of months begin, where dates are written with a full stop behind the day.
const MONTHS: &[&str] = &[
    "ağu", "apr", "aug", "dec", "dez", "dub", "ekim", "eyl", "feb", "haz", "jan", "jul", "jun", "jän", "kas",
    "květ", "led", "lip", "list", "maj", "mai", "mar", "may", "mär", "nis", "nov", "oca", "oct", "okt",
    "paź", "pros", "sep", "sie", "srp", "sty", "szep", "tem", "wrz", "zář", "šub", "şub",
];

/// Words that begin a sentence even behind what looks like an abbreviation.
const STARTERS: &[&str] = &[
    "a", "an", "das", "der", "die", "el", "er", "es", "he", "ich", "if", "il", "in", "it", "la", "le", "les",
    "los", "no", "on", "she", "sie", "that", "the", "there", "these", "they", "this", "we", "when", "wir",
    "you",
];

/// Whether the sentence goes on behind `word`, which a full stop ends, with `next` behind it. `before` is the word in
/// front of it. All without white space; `next` is as it stands.
pub(super) fn goes_on(before: &str, word: &str, next: &str) -> bool {
    let begins = STARTERS.contains(&next.to_lowercase().as_str())
        && next.chars().next().is_some_and(char::is_uppercase);
    let digit = next.chars().next().is_some_and(char::is_numeric);
    if is_number(word) {
        return is_ordinal(before, word, next);
    }
    let word = word.to_lowercase();
    if is_letters(&word) {
        return !begins && !matches!(word.as_str(), "a.m" | "p.m") || digit && word.chars().count() == 1;
    }
    match ABBREVIATIONS.contains(&word.as_str())
        || word.contains('.') && ABBREVIATIONS.contains(&word.replace('.', "").as_str())
    {
        true if digit => true,
        true => !begins && !ONLY_BEFORE_NUMBERS.contains(&word.as_str()),
        false => false,
    }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.chars().all(char::is_numeric)
}

/// A day of a month, or a number of an order, in languages that write it with a full stop.
fn is_ordinal(before: &str, word: &str, next: &str) -> bool {
    if word.chars().count() > 2 {
        return false;
    }
    let (before, next) = (before.to_lowercase(), next.to_lowercase());
    BEFORE_ORDINALS.contains(&before.as_str()) || MONTHS.iter().any(|month| next.starts_with(month))
}

/// An initial, or letters with full stops between them: `J`, `z.B`, `т.е`.
fn is_letters(word: &str) -> bool {
    let mut parts = word.split('.').peekable();
    parts.peek().is_some()
        && parts.all(|part| {
            let mut letters = part.chars();
            letters.next().is_some_and(|c| c.is_lowercase() || c.is_uppercase()) && letters.next().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on() {
        for (before, word, next) in [
            ("", "Dr", "Hale"),
            ("", "z.B", "Fische"),
            ("", "J", "Smith"),
            ("", "Nr", "5"),
            ("", "art", "12"),
            ("am", "3", "Oktober"),
            ("Den", "14", "marts"),
            ("", "3", "Ekim"),
            ("в", "г", "Москва"),
        ] {
            assert!(goes_on(before, word, next), "{word}. {next}");
        }
    }

    #[test]
    fn what_ends() {
        for (before, word, next) in [
            ("is", "no", "They"),
            ("in", "1764", "The"),
            ("to", "12", "Members"),
            ("vitamin", "C", "The"),
            ("5", "p.m", "Boats"),
            ("the", "river", "Otters"),
        ] {
            assert!(!goes_on(before, word, next), "{word}. {next}");
        }
    }
}
