//! The marks by which sentences are told apart, in the scripts of the world.

/// Words that end with a full stop and seldom end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "abb", "abs", "adm", "al", "approx", "apt", "art", "av", "ave", "bd", "bl", "bros", "bzw", "ca", "cap",
    "capt", "cf", "ch", "chap", "cit", "col", "dept", "dr", "dra", "ed", "eds", "eq", "eqs", "esp", "est",
    "etc", "evtl", "exc", "ext", "fig", "figs", "ff", "gen", "ggf", "gov", "hon", "hr", "ibid", "inkl", "jr",
    "lt", "max", "mme", "min", "mr", "mrs", "ms", "mt", "nos", "nr", "núm", "op", "para", "pg", "pp", "prof",
    "pt", "pág", "ref", "refs", "resp", "rev", "sec", "sect", "sen", "sgt", "sig", "sog", "sr", "sra", "st",
    "str", "tab", "tel", "ul", "usw", "vgl", "viz", "vol", "vols", "vs", "zzgl", "др", "им", "обл", "рис",
    "руб", "см", "стр", "табл", "тел", "ул",
];

/// Whether the full stop at the end of `text` belongs to its last word: an abbreviation, an initial, a part of `e.g.`,
/// or a short number, as of a list item or a day.
pub fn is_abbreviation(text: &str) -> bool {
    let body = text.strip_suffix('.').unwrap_or(text);
    // No abbreviation is longer.
    let tail = &body[body.ceil_char_boundary(body.len().saturating_sub(24))..];
    let word =
        tail.rsplit(|ch: char| ch.is_whitespace() || matches!(ch, '(' | '[' | '"' | '“' | '\'' | '/' | '-'));
    let word = word.into_iter().next().unwrap_or_default();
    let last = word.rsplit('.').next().unwrap_or_default();
    let mut chars = last.chars();
    match (chars.next(), chars.next()) {
        (None, _) => false,
        // An initial, but not one ideograph or syllable.
        (Some(only), None) => only.is_ascii_digit() || only.is_uppercase() || only.is_lowercase(),
        (Some(a), Some(b)) if chars.next().is_none() && a.is_ascii_digit() && b.is_ascii_digit() => true,
        _ => ABBREVIATIONS.contains(&last.to_lowercase().as_str()),
    }
}

/// Marks that end a sentence wherever they stand.
pub fn full_stop_of_another_script(ch: char) -> bool {
    matches!(
        ch,
        '。' | '！' | '？' | '｡' | '．' | '‼' | '⁇' | '⁈' | '⁉' // East Asia
        | '।' | '॥' // India
        | '؟' | '۔' | '؞' // Arabic, Urdu
        | '։' | '׃' // Armenian, Hebrew
        | '።' | '፧' | '፨' // Ethiopia
        | '။' | '។' | '៕' | '๚' | '๛' | '།' | '༎' // Burmese, Khmer, Thai, Tibetan
    )
}

/// Quotes and brackets that may stand between a full stop and the end of its sentence.
pub fn closes(ch: char) -> bool {
    matches!(
        ch,
        '"' | '\''
            | ')'
            | ']'
            | '}'
            | '*'
            | '_'
            | '”'
            | '’'
            | '»'
            | '›'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '〉'
            | '｣'
            | '〕'
    )
}

/// Marks inside a sentence behind which it may be cut.
pub fn clause_mark(ch: char) -> bool {
    matches!(ch, ',' | ';' | ':' | '，' | '；' | '：' | '、' | '､' | '،' | '؛' | '၊' | '፣' | '—' | '–')
}

/// Letters of scripts that end phrases with a space and have no full stop in use.
pub fn phrase_script(ch: char) -> bool {
    matches!(ch, '\u{E00}'..='\u{E7F}' | '\u{E80}'..='\u{EFF}' | '\u{1780}'..='\u{17FF}')
}

/// Whether a line is an item of a list, a row of a table, a heading or a quote.
pub fn starts_item(line: &str) -> bool {
    let mut chars = line.chars();
    match chars.next() {
        Some('|' | '#' | '>' | '•' | '◦' | '▪' | '‣' | '·' | '・' | '※' | '■' | '●' | '○') => {
            true
        }
        Some('-' | '*' | '+' | '–' | '—') => chars.next() == Some(' '),
        Some(first) if first.is_ascii_digit() => {
            let rest = line.trim_start_matches(|ch: char| ch.is_ascii_digit() || ch == '.');
            line.len() - rest.len() <= 8
                && (rest.starts_with([')', '、', '．']) || line[..line.len() - rest.len()].ends_with('.'))
        }
        Some('(') => {
            let inner = line.chars().skip(1).take_while(|ch| ch.is_alphanumeric()).count();
            (1..=4).contains(&inner) && line.chars().nth(inner + 1) == Some(')')
        }
        _ => false,
    }
}

/// Columns that a character takes: two for East Asian ones.
pub fn width(ch: char) -> usize {
    match ch {
        '\u{1100}'..='\u{11FF}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{20000}'..='\u{3FFFF}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_stop_may_belong_to_its_word() {
        for text in ["Dr.", "see e.g.", "(cf.", "J. R.", "3.", "am 14.", "т.д. и см.", "Smith et al."] {
            assert!(is_abbreviation(text), "{text}");
        }
        for text in ["the end.", "in 2019.", "x().", "北.", "wal."] {
            assert!(!is_abbreviation(text), "{text}");
        }
    }

    #[test]
    fn items_are_known_by_their_first_sign() {
        for line in ["- a", "* a", "1. a", "2.3. a", "12) a", "(b) a", "• a", "| a |", "# a"] {
            assert!(starts_item(line), "{line}");
        }
        for line in ["-1 degree", "1.5 litres", "2019 was", "(see below)", "a) b", ""] {
            assert!(!starts_item(line), "{line}");
        }
    }
}
