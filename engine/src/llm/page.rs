//! The words of a web page: what a proxy or a wrong address answers in place of a model.

/// Characters that are shown.
const CHARS_MAX: usize = 200;
/// Elements whose content nobody reads.
const UNSEEN: [&str; 3] = ["script", "style", "svg"];

/// Whether `body` is markup rather than an answer.
pub(crate) fn is_page(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    body.trim_ascii_start().first() == Some(&b'<')
}

/// The text of a page without its tags, cut after some two hundred characters.
pub(crate) fn words(body: &[u8]) -> String {
    let page = String::from_utf8_lossy(body);
    let mut text = String::new();
    let mut rest: &str = &page;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        text.push(' ');
        let tag = &rest[open + 1..];
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        rest = &tag[end..];
        if let Some(name) = UNSEEN.iter().find(|name| begins_with(tag, name)) {
            rest = rest.find(&format!("</{name}")).map_or("", |close| &rest[close..]);
        }
    }
    text.push_str(rest);
    for (entity, character) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
    {
        text = text.replace(entity, character);
    }
    shorten(&text.split_whitespace().collect::<Vec<_>>().join(" "), CHARS_MAX)
}

/// `text` or its first `max` characters.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

fn begins_with(tag: &str, name: &str) -> bool {
    tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_what_a_reader_sees() {
        let page = "\n<!doctype html><title>502</title><style>p{color:red}</style><p>Bad&nbsp;gateway &amp; more</p>";
        assert!(is_page(page.as_bytes()));
        assert_eq!(words(page.as_bytes()), "502 Bad gateway & more");
        assert_eq!(words(b"<script>unfinished"), "");
        assert_eq!(words("é".repeat(300).as_bytes()).chars().count(), CHARS_MAX + 1);
    }

    #[test]
    fn json_and_events_are_no_pages() {
        assert!(!is_page(b"{\"a\":\"<b>\"}") && !is_page(b"data: <b>") && !is_page(b""));
    }
}
