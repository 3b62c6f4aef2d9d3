//! `.env` files, read as Node's `dotenv` reads them: AnythingLLM's users have such files, with values that
//! stricter readers refuse (unquoted spaces) or change (`$` in a password is not a reference).

use std::collections::BTreeMap;

/// The variables of a file. Lines that are not assignments are skipped; a later assignment wins.
///
/// `KEY=value`, `export KEY=value` and `KEY: value`; values bare (trimmed, up to ` #` or the end of the
/// line) or in `'…'`, `"…"` or `` `…` ``, which may span lines; `\n` and `\r` are line ends inside `"…"`.
pub fn parse(text: &str) -> BTreeMap<String, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut variables = BTreeMap::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let Some((key, after)) = name(&rest[..line_end]) else {
            rest = &rest[line_end..];
            continue;
        };
        let from = line_end - after.len();
        let (value, used) = value(&rest[from..]);
        variables.insert(key.to_owned(), value);
        rest = &rest[from + used..];
        // Whatever else stands on the line is a comment.
        rest = &rest[rest.find('\n').map_or(rest.len(), |at| at + 1)..];
    }
    variables
}

/// The name that a line assigns to, and what follows the sign.
fn name(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let line =
        line.strip_prefix("export").filter(|l| l.starts_with([' ', '\t'])).map_or(line, str::trim_start);
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c)))?;
    let (key, rest) = line.split_at(end);
    let rest = rest.trim_start_matches([' ', '\t']);
    let after = rest.strip_prefix('=').or_else(|| rest.strip_prefix(": "))?;
    (!key.is_empty()).then_some((key, after))
}

/// The value at the start of `text`, and how many bytes of it were used.
fn value(text: &str) -> (String, usize) {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let body = &text[start..];
    if let Some(quote) = body.chars().next().filter(|c| "'\"`".contains(*c))
        && let Some(length) = closing(&body[1..], quote)
    {
        let inner = &body[1..1 + length];
        let value =
            if quote == '"' { inner.replace("\\n", "\n").replace("\\r", "\r") } else { inner.to_owned() };
        return (value, start + length + 2);
    }
    let line = &body[..body.find('\n').unwrap_or(body.len())];
    let bare = &line[..line.find('#').unwrap_or(line.len())];
    (bare.trim().to_owned(), start + bare.len())
}

/// Where `quote` ends; one behind a backslash does not count.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let end = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        end.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn values_come_as_node_reads_them() {
        check(
            "SERVER_PORT=3001\nJWT_SECRET='a$b c#d'\n",
            &[("SERVER_PORT", "3001"), ("JWT_SECRET", "a$b c#d")],
        );
        check("A=two words # and a remark\nB=a#b", &[("A", "two words"), ("B", "a")]);
        check("A=\"x\\ny\"\nB='x\\ny'", &[("A", "x\ny"), ("B", "x\\ny")]);
        check("A='first\nsecond'\nB=1", &[("A", "first\nsecond"), ("B", "1")]);
        check(
            "export A=1\n  B = 2 \nC: 3\nD=\nE=\"\"",
            &[("A", "1"), ("B", "2"), ("C", "3"), ("D", ""), ("E", "")],
        );
        check("# LLM_PROVIDER='x'\n\nnonsense\nA='unclosed\nB=1", &[("A", "'unclosed"), ("B", "1")]);
        check("\u{feff}A=1\r\nB='2'\r\n", &[("A", "1"), ("B", "2")]);
        check("A=1\nA=2", &[("A", "2")]);
        check("A=`it's \"both\"` # remark\nB=1", &[("A", "it's \"both\""), ("B", "1")]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[A-C=:'\"`# \\\\\n\r\té]{0,60}") {
            parse(&text);
        }

        #[test]
        fn a_quoted_value_comes_back(value in "[^'\\\\\r]{0,40}") {
            prop_assert_eq!(&parse(&format!("A='{value}' # x\nB=1"))["A"], &value);
        }
    }
}
