//! Undoing what only a renderer needs.

/// Takes the backslashes away that Markdown writing puts before punctuation inside words: `snake\_case` is
/// not found by a search for `snake_case`. Code keeps its backslashes, table cells keep `\|`. Several empty
/// lines become one.
pub(crate) fn unescape(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut fence: Option<&str> = None;
    for line in markdown.split_inclusive('\n') {
        let start = line.trim_start();
        let ticks = &start[..start.len() - start.trim_start_matches('`').len()];
        match fence {
            Some(open) if ticks.len() >= open.len() && start.trim() == ticks => fence = None,
            None if ticks.len() >= 3 => fence = Some(ticks),
            _ => {}
        }
        if fence.is_some() || ticks.len() >= 3 {
            text.push_str(line);
        } else if start.is_empty() && text.ends_with("\n\n") {
            continue;
        } else {
            unescape_line(line, &mut text);
        }
    }
    text
}

fn unescape_line(line: &str, text: &mut String) {
    let mut in_code = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('`', _) => in_code = !in_code,
            ('\\', Some('\\' | '_' | '*' | '[' | ']' | '<' | '~')) if !in_code => {
                text.extend(chars.next());
                continue;
            }
            _ => {}
        }
        text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_they_were() {
        let cases = [
            ("a snake\\_case \\[x\\] C:\\\\dir", "a snake_case [x] C:\\dir"),
            ("\\# no heading, a \\| b", "\\# no heading, a \\| b"),
            ("`a\\_b` c\\_d", "`a\\_b` c_d"),
            ("```\na\\_b\n```\nc\\_d", "```\na\\_b\n```\nc_d"),
            ("a\n\n\n\nb\n```\n\n\n\n```", "a\n\nb\n```\n\n\n\n```"),
            ("````\n```\na\\_b\n````", "````\n```\na\\_b\n````"),
        ];
        for (markdown, text) in cases {
            assert_eq!(unescape(markdown), text);
        }
    }
}
