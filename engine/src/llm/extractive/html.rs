//! HTML inside text: tags become line breaks or nothing, headings and lists become Markdown.
//!
//! Uploads of web pages keep their tags (reference §6.7), and Markdown may hold any.

use std::ops::Range;

/// A text without its tags, and where each of its bytes was.
pub(super) struct Plain {
    pub text: String,
    copies: Vec<Copied>,
}

/// A part of the text as it was, or what stands for a tag.
struct Copied {
    to: usize,
    from: usize,
    /// Bytes that it had; as many as it has, or those of the tag.
    len: usize,
    as_it_was: bool,
}

impl Plain {
    fn push(&mut self, from: usize, len: usize, text: &str, as_it_was: bool) {
        if !text.is_empty() {
            self.copies.push(Copied { to: self.text.len(), from, len, as_it_was });
            self.text.push_str(text);
        }
    }

    /// The place in the original text of a range of the text without tags.
    pub fn origin(&self, span: &Range<usize>) -> Range<usize> {
        let copy = |at: usize| {
            let n = self.copies.partition_point(|copy| copy.to <= at);
            n.checked_sub(1).and_then(|n| self.copies.get(n))
        };
        let start = copy(span.start).map_or(span.start, |copy| match copy.as_it_was {
            true => copy.from + (span.start - copy.to),
            false => copy.from,
        });
        let end = copy(span.end.saturating_sub(1)).map_or(span.end, |copy| match copy.as_it_was {
            true => copy.from + (span.end - copy.to),
            false => copy.from + copy.len,
        });
        start..end.max(start)
    }
}

/// `text` without its tags; code between backticks stays as it is.
pub(super) fn to_markdown(text: &str) -> Plain {
    let mut out = Plain { text: String::with_capacity(text.len()), copies: Vec::new() };
    if !text.contains('<') && !text.contains('&') {
        out.push(0, text.len(), text, true);
        return out;
    }
    let mut fenced = false;
    let mut hidden: Option<&'static str> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            out.push(at, line.len(), line, true);
        } else {
            tags(line, at, &mut out, &mut hidden);
        }
        at += line.len();
    }
    out
}

/// Copies `line`, which begins at the byte `from`, without its tags. `hidden` names an element whose content is not for
/// readers, over several lines.
fn tags(line: &str, mut from: usize, out: &mut Plain, hidden: &mut Option<&'static str>) {
    let mut rest = line;
    let mut in_code = false;
    while let Some(at) = rest.find(['<', '&', '`']) {
        let (before, mark) = rest.split_at(at);
        if hidden.is_none() {
            out.push(from, at, before, true);
        }
        from += at;
        let step = match mark.as_bytes()[0] {
            b'`' => {
                in_code = !in_code;
                None
            }
            b'&' if !in_code => entity(mark),
            b'<' if !in_code => tag(mark, hidden),
            _ => None,
        };
        let as_it_was = step.is_none();
        let (len, text) = step.unwrap_or((1, &mark[..1]));
        if hidden.is_none() {
            out.push(from, len, text, as_it_was);
        }
        from += len;
        rest = &mark[len..];
    }
    if hidden.is_none() {
        out.push(from, rest.len(), rest, true);
    }
}

/// The length of the entity `text` begins with, and what it means.
fn entity(text: &str) -> Option<(usize, &'static str)> {
    const ENTITIES: [(&str, &str); 11] = [
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&nbsp;", " "),
        ("&ndash;", "–"),
        ("&mdash;", "—"),
        ("&hellip;", "…"),
        ("&copy;", "©"),
    ];
    let (name, meaning) = ENTITIES.iter().find(|(name, _)| text.starts_with(name))?;
    Some((name.len(), meaning))
}

/// The length of the tag `text` begins with, and what stands for it. Only names of HTML count, so that
/// `Vec<T>` and `a < b` stay.
fn tag(text: &str, hidden: &mut Option<&'static str>) -> Option<(usize, &'static str)> {
    if text.starts_with("<!--") {
        return text.find("-->").map(|end| (end + 3, ""));
    }
    let end = text.find('>')? + 1;
    let inside = text[1..end - 1].trim_end();
    if inside.contains(['<', '`']) {
        return None;
    }
    let (closing, inside) = match inside.strip_prefix('/') {
        Some(inside) => (true, inside),
        None => (false, inside),
    };
    let name: String =
        inside.chars().take_while(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let after = &inside[name.len()..];
    if !(after.is_empty() || after.starts_with([' ', '/', '\t', '\n'])) {
        return None;
    }
    if let Some(element) = ["script", "style", "svg"].into_iter().find(|element| *element == name) {
        *hidden = (!closing).then_some(element);
        return Some((end, "\n"));
    }
    let text = match (name.as_str(), closing) {
        ("h1", false) => "\n\n# ",
        ("h2", false) => "\n\n## ",
        ("h3" | "h4" | "h5" | "h6", false) => "\n\n### ",
        ("li", false) => "\n- ",
        ("br" | "tr" | "dt" | "dd", _) => "\n",
        ("td" | "th", false) => " | ",
        (
            "p" | "div" | "section" | "article" | "ul" | "ol" | "table" | "blockquote" | "pre" | "h1" | "h2"
            | "h3" | "h4" | "h5" | "h6" | "hr" | "main" | "header" | "footer" | "nav" | "body" | "html"
            | "li" | "title" | "head" | "details" | "summary" | "thead" | "tbody" | "figure" | "figcaption",
            _,
        ) => "\n\n",
        (
            "a" | "b" | "i" | "u" | "em" | "strong" | "span" | "code" | "small" | "sub" | "sup" | "img"
            | "td" | "th" | "font" | "center" | "picture" | "source" | "kbd" | "var" | "mark" | "abbr"
            | "cite" | "q" | "s" | "meta" | "link" | "input" | "button" | "label" | "iframe" | "video"
            | "audio" | "dl" | "wbr" | "del" | "ins",
            _,
        ) => "",
        _ => return None,
    };
    Some((end, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(html: &str, text: &str) {
        assert_eq!(to_markdown(html).text, text);
    }

    #[test]
    fn tags_become_structure_or_nothing() {
        check(
            "<h2 id=\"a\">Fish</h2>An <b>otter</b> eats&nbsp;fish &amp; frogs.",
            "\n\n## Fish\n\nAn otter eats fish & frogs.",
        );
        check("<ul><li>one</li></ul>", "\n\n\n- one\n\n\n\n");
    }

    #[test]
    fn scripts_and_styles_are_not_read() {
        check("a<style>\np { x }\n</style>b<script>var x;</script>c", "a\nb\nc");
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        check("Vec<T> and a < b && `<div>` <3 <", "Vec<T> and a < b && `<div>` <3 <");
        check("```\n<p>\n```\n<p>x", "```\n<p>\n```\n\n\nx");
    }

    proptest! {
        #[test]
        fn text_without_markup_stays(text in "[^<&]{0,40}") {
            prop_assert_eq!(to_markdown(&text).text, text);
        }

        #[test]
        fn any_text_is_taken(text in "(<|>|/|p|script|&|amp;|`|```|\n|é|!--|-->| ){0,30}") {
            let plain = to_markdown(&text);
            for (at, _) in plain.text.char_indices() {
                let origin = plain.origin(&(at..plain.text.len()));
                prop_assert!(text.get(origin).is_some());
            }
        }
    }
}
