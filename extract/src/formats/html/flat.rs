//! The words of a page whose tree would be too large.

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

fn name(tag: &str) -> &str {
    tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_stands_between_tags() {
        let html = "<!-- a > b --><p title='>'>One<b>two</b><style>p{}</style> &lt;three&amp;lt;<br";
        assert_eq!(strip_tags(html), "One two <three&lt;");
    }
}
