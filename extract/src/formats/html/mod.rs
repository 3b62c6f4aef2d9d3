//! Web pages: their main content as Markdown.

mod attributes;
mod clean;
mod flat;
mod page;
mod shape;
mod tree;
mod unescape;

use super::budget::Budget;
use super::encoding;
use crate::{Document, ExtractError, Extracted, Format, Source};
use page::{Metadata, Page};

/// How far into a page its `<meta charset>` may stand (HTML standard, 13.2.3.2).
const CHARSET_WITHIN_BYTES: usize = 1024;

/// Reads a page without its tags, scripts and navigation. Tables, lists, code, headings and links survive as
/// Markdown. Unlike AnythingLLM, which keeps the tags of uploaded pages (reference §15.19).
pub(crate) fn extract(source: &Source<'_>, budget: &mut Budget) -> Result<Extracted, ExtractError> {
    let html = encoding::decode(source.bytes, declared_charset(source).as_deref());
    Ok(Extracted { documents: vec![document(&html, budget)], skipped: Vec::new() })
}

fn document(html: &str, budget: &Budget) -> Document {
    let (metadata, text) = match Page::parse(html, budget.limits()) {
        Some(page) => (page.metadata(), page.into_markdown()),
        None => (Metadata::default(), flat::strip_tags(html)),
    };
    Document {
        title: metadata.title,
        author: metadata.author,
        description: metadata.description,
        text,
        pages: Vec::new(),
        format: Format::Html,
        markdown: true,
        part: None,
    }
}

/// What the transfer or the page itself says about its encoding. The transfer wins (HTML standard, 13.2.3.2).
fn declared_charset(source: &Source<'_>) -> Option<String> {
    if let Some(charset) = source.mime.and_then(encoding::charset) {
        return Some(charset.into());
    }
    let head = &source.bytes[..source.bytes.len().min(CHARSET_WITHIN_BYTES)];
    let head: String = head.iter().map(|byte| byte.to_ascii_lowercase() as char).collect();
    head.split("<meta").skip(1).find_map(|meta| {
        let tag = meta.split('>').next()?;
        let value = tag.split_once("charset")?.1.trim_start().strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']);
        let label: String =
            value.chars().take_while(|c| !matches!(c, '"' | '\'' | ';' | '/' | ' ')).collect();
        Some(label)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::formats::testing::*;

    #[test]
    fn a_page_is_read_without_its_tags() {
        let document = one("page.html", include_bytes!("../../../testdata/page.html"));
        assert_eq!(document.text, "# Valley\n\nThe mill stands near the **river**.");
        assert_eq!(document.title.as_deref(), Some("Valley page"));
        assert!(document.markdown);
    }

    #[test]
    fn bottomless_pages_give_their_words() {
        let html = "<div><span class='a>b'>".repeat(100_000) + "deep &amp; <b>down</b><script>no</script>";
        assert_eq!(one("a.html", html.as_bytes()).text, "deep & down");
    }

    #[test]
    fn trees_that_tags_do_not_show_are_not_built() {
        let formatted = |count: usize| (0..count).map(|n| format!("<font a={n}>")).collect::<String>();
        let cases = [
            ("end tags of nothing", "<div></q>".repeat(1000) + "deep"),
            ("tables in tables", "<table><tr><td></q></q>x".repeat(1000) + "deep"),
            ("end tags in a style sheet", "<div><style></div></style>".repeat(1000) + "deep"),
            ("end tags in a comment", "<div><!-- </div> -->".repeat(1000) + "deep"),
            ("end tags in a text field", "<div><textarea></div></textarea>".repeat(1000) + "deep"),
            ("formatting without end", formatted(1000) + "deep"),
            ("formatting opened again", format!("<p>{}{}deep", formatted(200), "<p>x".repeat(20_000))),
        ];
        for (what, html) in cases {
            let text = one("a.html", html.as_bytes()).text;
            assert!(text.ends_with("deep"), "{what}");
            assert!(tree::parse(&html, &Limits::default()).is_none(), "{what}");
        }
    }

    #[test]
    fn the_charset_is_found_where_it_is_declared() {
        let cases = [
            (None, "<meta charset=\"koi8-r\">", Some("koi8-r")),
            (None, "<META http-equiv=x content='text/html; charset=Shift_JIS'>", Some("shift_jis")),
            (Some("text/html; charset=big5"), "<meta charset=utf-8>", Some("big5")),
            (None, "<meta name=charset-of-x>", None),
        ];
        for (mime, html, charset) in cases {
            let source = Source { name: "a.html", mime, bytes: html.as_bytes() };
            assert_eq!(declared_charset(&source).as_deref(), charset, "{html}");
        }
        let page = b"<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>";
        assert_eq!(one("a.html", page).text, "Привет");
    }
}
