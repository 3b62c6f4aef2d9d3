//! What a single line is, by how it looks.

use super::terms::is_stop_word;

/// The level and words of a Markdown title.
pub(super) fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then_some((level, title.trim()))
}

/// A line that only separates.
pub(super) fn is_rule(line: &str) -> bool {
    line.len() >= 3 && ["-", "=", "*", "_", "- ", "* "].iter().any(|mark| line.replace(mark, "").is_empty())
}

/// A row of a table.
pub(super) fn is_row(line: &str) -> bool {
    line.len() > 1 && (line.starts_with('|') || line.matches(" | ").count() >= 2)
}

/// The text of a list item; numbers stay.
pub(super) fn item(line: &str) -> Option<String> {
    for mark in ["- ", "* ", "+ ", "• ", "● ", "▪ ", "– ", "◦ ", "‣ "] {
        if let Some(text) = line.strip_prefix(mark) {
            let text = text.trim_start();
            let text =
                ["[ ] ", "[x] ", "[X] "].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text);
            return Some(text.to_owned());
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    let text = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    // "1764. The bridge" is no list.
    (1..=3).contains(&digits).then(|| format!("{}. {}", &line[..digits], text.trim_start()))
}

/// `[name]: address`
pub(super) fn is_link_definition(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

/// `Phone: 123`
pub(super) fn is_field(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, value)| {
        let words = name.split_whitespace().count();
        (1..=4).contains(&words)
            && name.len() <= 40
            && !name.contains(['.', ',', '('])
            && !value.trim().is_empty()
    })
}

/// Whether `line` is a title that a PDF glued to its neighbours: short beside them, unfinished, with a
/// beginning below, and nothing above that it could go on from.
pub(super) fn is_title(line: &str, above: Option<&String>, below: &str, longest: usize) -> bool {
    let chars = line.chars().count();
    let begins = below.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit());
    let ended = above.is_none_or(|above| above.ends_with(['.', '?', '!', ':', ')', '”', '"']));
    let few_words = line.split_whitespace().count() <= 4;
    begins && (ended || few_words) && chars * 10 < longest * 6 && longest >= 40 && is_alone_a_title(line)
}

/// Whether a line by itself reads like a title: a few words, a beginning, no end.
pub(super) fn is_alone_a_title(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let last = line.split_whitespace().next_back().unwrap_or_default();
    words <= 10
        && line.chars().count() <= 80
        && !line.ends_with(['.', '?', '!', ':', ';', ',', '-', ')', '"', '”', '`'])
        && !is_stop_word(&last.to_lowercase())
        && line.chars().next().is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
}

/// Joins lines that were broken for width; a word cut by a hyphen becomes whole.
pub(super) fn join(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        let line = line.trim();
        let cut = text.ends_with('-')
            && text.chars().rev().nth(1).is_some_and(char::is_alphabetic)
            && line.chars().next().is_some_and(char::is_lowercase);
        if cut {
            text.pop();
        } else if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line.trim_end_matches('\\'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_numbers() {
        assert_eq!(item("- [x] fish").as_deref(), Some("fish"));
        assert_eq!(item("2) frogs").as_deref(), Some("2. frogs"));
        assert_eq!(item("1764. The bridge"), None);
    }

    #[test]
    fn fields_are_short_names_with_values() {
        assert!(is_field("Phone: 123") && is_field("Opening hours: 9 to 5"));
        assert!(!is_field("He said, and meant it: no") && !is_field("Phone: "));
    }

    #[test]
    fn titles_are_unfinished() {
        assert!(is_alone_a_title("River otters"));
        assert!(!is_alone_a_title("Otters swim.") && !is_alone_a_title("The river of"));
    }

    #[test]
    fn words_cut_by_a_line_become_whole() {
        let join = |a: &str, b: &str| join(&[a.to_owned(), b.to_owned()]);
        assert_eq!(join("the val-", "ley"), "the valley");
        assert_eq!(join("from 1957-", "1978 on"), "from 1957- 1978 on");
    }
}
