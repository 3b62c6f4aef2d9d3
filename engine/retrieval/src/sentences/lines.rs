//! What a single line is, by how it looks.

use std::ops::Range;

/// The level and the words of a Markdown title, as a range of the line.
pub(super) fn heading(line: &str) -> Option<(u8, Range<usize>)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?.strip_prefix([' ', '\t'])?;
    let title = title.trim_end().trim_end_matches('#').trim();
    let start = subrange_start(line, title);
    (1..=6).contains(&level).then_some((level as u8, start..start + title.len()))
}

/// Where `part`, a part of `line`, begins in it.
pub(super) fn subrange_start(line: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize).min(line.len())
}

/// A line that only separates.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 3
        && ["-", "=", "*", "_", "- ", "* "].iter().any(|mark| line.replace(mark, "").trim().is_empty())
}

/// A row of a table.
pub(super) fn is_row(line: &str) -> bool {
    line.len() > 1 && (line.starts_with('|') || line.matches(" | ").count() >= 2)
}

/// The row of a table that separates the names of the columns from the rest.
#[must_use]
pub fn is_row_separator(line: &str) -> bool {
    let line = line.trim();
    line.contains('|')
        && line.contains('-')
        && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

/// Where the text of a list item begins in a line: behind a bullet, at a number.
pub(super) fn item(line: &str) -> Option<usize> {
    for mark in ["- ", "* ", "+ ", "• ", "● ", "▪ ", "– ", "◦ ", "‣ ", "・", "·\u{20}"] {
        if let Some(text) = line.strip_prefix(mark) {
            let text = text.trim_start();
            let text =
                ["[ ] ", "[x] ", "[X] "].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text);
            return (!text.is_empty()).then(|| subrange_start(line, text));
        }
    }
    // "1764. The bridge" is no list.
    let digits = line.chars().take_while(|c| c.is_numeric()).count();
    let rest = line.trim_start_matches(char::is_numeric);
    let is_item = (1..=3).contains(&digits)
        && ([". ", ") ", "、", "．", "）"].iter().any(|mark| rest.starts_with(mark)));
    is_item.then_some(0)
}

/// `[name]: address`
pub(super) fn is_link_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

/// `Phone: 123`
pub(super) fn is_field(line: &str) -> bool {
    let split = line.split_once(": ").or_else(|| line.split_once('：'));
    split.is_some_and(|(name, value)| {
        let words = name.split_whitespace().count();
        (1..=4).contains(&words)
            && name.chars().count() <= 40
            && !name.contains(['.', ',', '(', '。', '，'])
            && !value.trim().is_empty()
            && !value.trim_end().ends_with(['.', '。', '।'])
    })
}

/// Whether `line` is a title that a PDF put right above its text: short beside the longest line, unfinished, with a
/// beginning below, and nothing above that it could go on from.
pub(super) fn is_title(line: &str, above: Option<&str>, below: &str, longest: usize) -> bool {
    let chars = line.chars().count();
    let begins = below.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit());
    let ended = above.is_none_or(|above| above.ends_with(['.', '?', '!', ':', ')', '”', '"']));
    let few_words = line.split_whitespace().count() <= 4;
    begins && (ended || few_words) && chars * 10 < longest * 6 && longest >= 40 && is_alone_a_title(line)
}

/// Words in front of which no title ends.
const OPEN_ENDS: &[&str] = &[
    "a", "an", "and", "at", "auf", "by", "das", "de", "der", "des", "die", "du", "et", "for", "from", "für",
    "in", "is", "la", "le", "les", "mit", "of", "on", "or", "that", "the", "to", "und", "von", "was", "with",
    "y",
];

/// Whether a line ends with a word that needs another.
pub(super) fn is_open(line: &str) -> bool {
    let last = line.split_whitespace().next_back().unwrap_or_default();
    OPEN_ENDS.contains(&last.to_lowercase().as_str())
}

/// Whether a line by itself reads like a title: a few words, a beginning, no end.
pub(super) fn is_alone_a_title(line: &str) -> bool {
    let words = line.split_whitespace().count();
    words <= 10
        && line.chars().count() <= 80
        && !line.ends_with(['.', '?', '!', ':', ';', ',', '-', ')', '"', '”', '`', '。', '！', '？', '…'])
        && !is_open(line)
        && line.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
}

/// The text of a line that Markdown quotes: without `>` in front of it.
#[must_use]
pub fn without_quote_marks(line: &str) -> &str {
    let mut line = line.trim();
    while let Some(quoted) = line.strip_prefix('>') {
        line = quoted.trim_start();
    }
    line
}

/// How wide a line is drawn, about: signs of East Asia count twice, marks upon letters not at all.
pub(super) fn width(line: &str) -> usize {
    line.chars()
        .map(|c| match c {
            '\u{0300}'..='\u{036f}' | '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{20000}'..='\u{3ffff}' => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_numbers() {
        let text = |line: &'static str| item(line).map(|at| &line[at..]);
        assert_eq!(text("- [x] rope"), Some("rope"));
        assert_eq!(text("2) oars"), Some("2) oars"));
        assert_eq!(text("1764. The bridge"), None);
        assert_eq!(text("-5 degrees"), None);
    }

    #[test]
    fn fields_are_short_names_with_values() {
        assert!(is_field("Phone: 123") && is_field("Opening hours: 9 to 5") && is_field("电话：123"));
        assert!(!is_field("He said, and meant it: no") && !is_field("Phone: "));
    }

    #[test]
    fn titles_are_unfinished() {
        assert!(is_alone_a_title("River otters"));
        assert!(!is_alone_a_title("Otters swim.") && !is_alone_a_title("The river of"));
        assert_eq!(heading("## Water and wood ##"), Some((2, 3..17)));
        assert_eq!(heading("#hash"), None);
    }
}
