//! What is embedded of a chunk: the document's title, the headings above the chunk, and its text.
//!
//! Dates, ids, addresses and Markdown's marks are left out: they say nothing about what a text means, and an embedder that
//! adds up words cannot ignore them.

use super::Chunk;

/// Endings of file names that are no part of a title.
const ENDINGS: [&str; 19] = [
    "adoc", "csv", "doc", "docx", "epub", "htm", "html", "json", "log", "md", "mdx", "odt", "org", "pdf",
    "pptx", "rst", "tsv", "txt", "xlsx",
];

/// Longest title that is embedded, in characters.
const TITLE_CHARS_MAX: usize = 200;

/// Whether a document of this title is a table in lines.
#[must_use]
pub fn is_delimited(title: &str) -> bool {
    title
        .rsplit_once('.')
        .is_some_and(|(_, end)| end.eq_ignore_ascii_case("csv") || end.eq_ignore_ascii_case("tsv"))
}

/// The words of a document's title with a line end, or nothing if it has none: without the ending of a file name, without
/// numbers, dates and ids. Empty for an address.
#[must_use]
pub fn title_line(title: &str) -> String {
    let name = match title.rsplit_once('.') {
        Some((name, end)) if ENDINGS.iter().any(|known| end.eq_ignore_ascii_case(known)) => name,
        _ => title,
    };
    let is_id = name.len() >= 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if title.contains("://") || is_id {
        return String::new();
    }
    let words = name.split(|ch: char| ch.is_whitespace() || matches!(ch, '_' | '-' | '.' | '/' | '\\'));
    let mut line = words.filter(|word| is_word(word)).collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(TITLE_CHARS_MAX) {
        line.truncate(end);
    }
    if !line.is_empty() {
        line.push('\n');
    }
    line
}

/// Whether a part of a title is more than a number or an id.
fn is_word(part: &str) -> bool {
    let digits = part.chars().filter(|ch| ch.is_numeric()).count();
    let letters = part.chars().filter(|ch| ch.is_alphabetic()).count();
    letters > 0 && (digits == 0 || digits + letters < 8 || letters > 2 * digits)
}

/// The headings above a chunk that are not in its text, then its text, without marks and addresses.
#[must_use]
pub fn embedded(chunk: &Chunk, text: &str) -> String {
    let shown = chunk.shown(text);
    let mut out = String::with_capacity(shown.len() + 64);
    let own = text.get(chunk.span.clone()).unwrap_or_default();
    for heading in chunk.headings.iter().filter(|heading| !has_heading(own, heading)) {
        out.extend([heading.as_str(), "\n"]);
    }
    let headings = out.len();
    plain(&shown, &mut out);
    if out.get(headings..).is_none_or(|rest| rest.trim().is_empty()) {
        // Nothing but marks: better those than nothing.
        out.push_str(&shown);
    }
    out
}

/// Whether a chunk begins with this heading, perhaps behind others.
fn has_heading(own: &str, heading: &str) -> bool {
    let top = own.lines().filter(|line| !line.trim().is_empty()).take(8);
    top.map(|line| line.trim_matches(|ch: char| ch == '#' || ch == ' ')).any(|line| line == heading)
}

/// Adds `text` without addresses, the targets of links, and the marks of headings, emphasis, code and tables.
fn plain(text: &str, out: &mut String) {
    let mut rest = text;
    let mut line_start = true;
    while let Some(ch) = rest.chars().next() {
        let len = ch.len_utf8();
        let skipped = match ch {
            'h' | 'H' | 'w' | 'W' => address_len(rest, out.chars().next_back()),
            // Behind the text of a link, its target.
            ']' => target_len(rest),
            '#' if line_start => rest.len() - rest.trim_start_matches('#').trim_start_matches(' ').len(),
            '*' | '`' | '|' => len,
            '[' => link_len(rest),
            '-' | '=' | '_'
                if rest.starts_with("---") || rest.starts_with("===") || rest.starts_with("___") =>
            {
                rest.len() - rest.trim_start_matches(ch).len()
            }
            _ => 0,
        };
        if skipped == 0 {
            out.push(ch);
            line_start = ch == '\n';
            rest = &rest[len..];
        } else {
            // What stood on both sides stays apart.
            if ch == '|' && out.ends_with(|last: char| !last.is_whitespace()) {
                out.push(' ');
            }
            rest = &rest[skipped..];
        }
    }
}

/// The length of the address at the start of `rest`, which is behind `before`.
fn address_len(rest: &str, before: Option<char>) -> usize {
    if before.is_some_and(char::is_alphanumeric) {
        return 0;
    }
    let is_address = ["http://", "https://", "www."]
        .iter()
        .any(|start| rest.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)));
    if !is_address {
        return 0;
    }
    let end =
        rest.find(|ch: char| ch.is_whitespace() || matches!(ch, '"' | '<' | '>' | ')' | ']' | '|' | '`'));
    let address = &rest[..end.unwrap_or(rest.len())];
    // Marks at its end belong to the sentence.
    address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']).len()
}

/// Longest target of a link that is looked for.
const TARGET_BYTES_MAX: usize = 2048;

/// The length of `](target)` at the start of `rest`, or of `]` alone if it closes the text of a link by reference.
fn target_len(rest: &str) -> usize {
    let Some(inner) = rest.strip_prefix("](") else { return 0 };
    let inner = &inner[..inner.floor_char_boundary(TARGET_BYTES_MAX)];
    let end = inner.find([')', '\n']).filter(|end| inner[*end..].starts_with(')'));
    end.map_or(0, |end| end + 3)
}

/// 1 for the bracket that opens the text of a link with a target, else 0.
fn link_len(rest: &str) -> usize {
    let near = &rest[..rest.floor_char_boundary(TARGET_BYTES_MAX / 4)];
    let close = near[1..].find([']', '\n']).map(|at| at + 1);
    close.filter(|at| near[*at..].starts_with("](")).map_or(0, |_| 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_has_no_ending_no_numbers_and_no_ids() {
        for (title, expected) in [
            ("guide.md", "guide\n"),
            ("Annual_report-2024-03-05.pdf", "Annual report\n"),
            ("otters", "otters\n"),
            ("471", ""),
            ("9f0c2b7e-11aa-4c3d-8e55-001122334455.txt", ""),
            ("https://example.org/page", ""),
            ("B12 vitamin.docx", "B12 vitamin\n"),
            ("会议记录.txt", "会议记录\n"),
        ] {
            assert_eq!(title_line(title), expected, "{title}");
        }
    }

    fn of(text: &str, headings: &[&str]) -> String {
        let headings = headings.iter().map(|heading| (*heading).to_owned()).collect();
        embedded(&Chunk { span: 0..text.len(), headings, ..Chunk::default() }, text)
    }

    #[test]
    fn headings_are_said_once() {
        assert_eq!(of("They swim.", &["River", "Otters"]), "River\nOtters\nThey swim.");
        assert_eq!(of("## Otters\n\nThey swim.", &["River", "Otters"]), "River\nOtters\n\nThey swim.");
    }

    #[test]
    fn marks_and_addresses_are_left_out() {
        assert_eq!(of("See **the** [rules](https://a.b/c) at https://x.y/z?q=1.", &[]), "See the rules at .");
        assert_eq!(
            of("| a | b |\n|---|---|\n| 1 | 2 |", &[]).split_whitespace().collect::<Vec<_>>(),
            ["a", "b", "1", "2"]
        );
        assert_eq!(of("a[0] = b_c - d; # e", &[]), "a[0] = b_c - d; # e");
        assert_eq!(of("https://a.b/c", &[]), "https://a.b/c");
    }

    #[test]
    fn a_table_is_embedded_with_its_header() {
        let text = "name,age\nAnn,4\nBob,5";
        let chunk = Chunk { span: 15..20, lead: Some(0..8), ..Chunk::default() };
        assert_eq!(embedded(&chunk, text), "name,age\nBob,5");
    }
}
