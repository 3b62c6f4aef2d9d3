//! A look at the tags without building a tree.

use crate::Limits;

/// Attributes that one tag may have. The tree builder compares each with all others.
const MAX_ATTRIBUTES: usize = 1000;

/// Spaces that Markdown indents a nested list by.
const INDENT: u64 = 4;

/// Whether a tree can be built, and written down, in reasonable time: no tag has too many attributes,
/// unclosed tags never pile up beyond `max_depth`, and the indents of nested lists stay below
/// `max_text_bytes`.
pub(crate) fn is_parsable(html: &str, limits: &Limits) -> bool {
    let mut depth: u64 = 0;
    let mut lists: u64 = 0;
    let mut indents: u64 = 0;
    for piece in Pieces(html) {
        let Piece::Tag(tag) = piece else { continue };
        if tag.split(|c: char| c.is_ascii_whitespace() || c == '/').nth(MAX_ATTRIBUTES).is_some()
            && tag.matches('=').count() + tag.split_ascii_whitespace().count() > MAX_ATTRIBUTES
        {
            return false;
        }
        let end = tag.starts_with('/');
        if ["ul", "ol", "menu", "blockquote"]
            .iter()
            .any(|list| list.eq_ignore_ascii_case(name(tag.trim_matches('/'))))
        {
            lists = if end { lists.saturating_sub(1) } else { lists + 1 };
        }
        indents += lists * INDENT;
        if indents > limits.max_text_bytes {
            return false;
        }
        if end {
            depth = depth.saturating_sub(1);
        } else if tag.starts_with(|c: char| c.is_ascii_alphabetic()) && !closes_itself(tag) {
            depth += 1;
            if depth > limits.max_depth {
                return false;
            }
        }
    }
    true
}

/// The words between the tags, in one line.
pub(crate) fn strip_tags(html: &str) -> String {
    let mut text = String::new();
    let mut skip_until: Option<&str> = None;
    for piece in Pieces(html) {
        match piece {
            Piece::Tag(tag) => match skip_until {
                Some(end) if name(tag.trim_start_matches('/')).eq_ignore_ascii_case(end) => skip_until = None,
                Some(_) => {}
                None => {
                    let name = name(tag);
                    skip_until = ["script", "style"].into_iter().find(|skip| name.eq_ignore_ascii_case(skip));
                    text.push(' ');
                }
            },
            Piece::Text(piece) if skip_until.is_none() => text.push_str(piece),
            Piece::Text(_) => {}
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " "), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
}

enum Piece<'a> {
    /// What stands between `<` and `>`.
    Tag(&'a str),
    Text(&'a str),
}

/// Splits at tags; a `>` inside quotes belongs to its tag.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let html = self.0;
        if html.is_empty() {
            return None;
        }
        let Some(tag) = html.strip_prefix('<') else {
            let (text, rest) = html.split_at(html.find('<').unwrap_or(html.len()));
            self.0 = rest;
            return Some(Piece::Text(text));
        };
        let end = if tag.starts_with("!--") {
            tag.find("-->").map(|end| end + 2)
        } else {
            let mut quote = None;
            tag.bytes().position(|byte| {
                match (quote, byte) {
                    (None, b'"' | b'\'') => quote = Some(byte),
                    (Some(open), byte) if open == byte => quote = None,
                    _ => {}
                }
                byte == b'>' && quote.is_none()
            })
        };
        let (tag, rest) = tag.split_at(end.unwrap_or(tag.len()));
        self.0 = rest.strip_prefix('>').unwrap_or(rest);
        Some(Piece::Tag(tag))
    }
}

/// Whether an element has no content, or is closed by what follows even if nobody writes its end tag.
fn closes_itself(tag: &str) -> bool {
    const NAMES: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
        "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "html", "head", "body",
        "colgroup", "param",
    ];
    let name = name(tag);
    tag.ends_with('/') || NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn name(tag: &str) -> &str {
    tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_what_stays_open() {
        let limits = Limits { max_depth: 4, max_text_bytes: 1000, ..Limits::default() };
        let is_parsable = |html: &str| is_parsable(html, &limits);
        assert!(is_parsable(&"<div><br><p>x<img src='a>b'></div>".repeat(1000)));
        assert!(!is_parsable(&"<div>".repeat(5)));
        assert!(is_parsable(&"<ul><li>x</ul>".repeat(50)));
        assert!(!is_parsable(&"<ul><ul><ul><li>x</ul></ul></ul>".repeat(50)));
        let attributes: String = (0..2000).map(|n| format!(" a{n}=1")).collect();
        assert!(!is_parsable(&format!("<p{attributes}>")));
        assert!(is_parsable(&format!("<p class=\"{}\">", "a ".repeat(300))));
    }

    #[test]
    fn words_are_what_stands_between_tags() {
        let html = "<!-- a > b --><p title='>'>One<b>two</b><style>p{}</style> &lt;three&amp;lt;<br";
        assert_eq!(strip_tags(html), "One two <three&lt;");
    }
}
