//! HTML inside text: tags become line breaks or nothing, headings and lists become Markdown.
//!
//! Uploads of web pages keep their tags (reference §6.7), and Markdown may hold any.

/// `text` without its tags; code between backticks stays as it is.
pub(super) fn to_markdown(text: &str) -> String {
    if !text.contains('<') && !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    let mut hidden: Option<&'static str> = None;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            out.push_str(line);
        } else {
            tags(line, &mut out, &mut hidden);
        }
    }
    out
}

/// Copies `line` without its tags. `hidden` names an element whose content is not for readers, over
/// several lines.
fn tags(line: &str, out: &mut String, hidden: &mut Option<&'static str>) {
    let mut rest = line;
    let mut in_code = false;
    while let Some(at) = rest.find(['<', '&', '`']) {
        let (before, from) = rest.split_at(at);
        if hidden.is_none() {
            out.push_str(before);
        }
        let step = match from.as_bytes()[0] {
            b'`' => {
                in_code = !in_code;
                None
            }
            b'&' if !in_code => entity(from),
            b'<' if !in_code => tag(from, hidden),
            _ => None,
        };
        let (len, text) = step.unwrap_or((1, &from[..1]));
        if hidden.is_none() {
            out.push_str(text);
        }
        rest = &from[len..];
    }
    if hidden.is_none() {
        out.push_str(rest);
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
        assert_eq!(to_markdown(html), text);
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
            prop_assert_eq!(to_markdown(&text), text);
        }

        #[test]
        fn any_text_is_taken(text in "(<|>|/|p|script|&|amp;|`|```|\n|é|!--|-->| ){0,30}") {
            to_markdown(&text);
        }
    }
}
