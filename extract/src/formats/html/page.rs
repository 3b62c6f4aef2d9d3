//! A parsed page: what it says about itself, and which part of it is the content.

use dom_query::{Document, Selection};
use dom_smoothie::Readability;

use super::shape::Shape;
use super::unescape::unescape;
use super::{clean, tree};
use crate::Limits;

/// Share of the page's words that a narrower choice must keep; otherwise the choice was probably wrong.
const MIN_KEPT_PERCENT: usize = 40;
/// Below this many characters a page has no navigation worth guessing at.
const MIN_GUESSED_CHARS: usize = 500;

/// A web page.
pub(crate) struct Page<'l> {
    readability: Readability,
    limits: &'l Limits,
}

/// What a page says about itself.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Metadata {
    pub title: Option<String>,
    pub author: Option<String>,
    pub description: Option<String>,
}

impl<'l> Page<'l> {
    /// Whatever the bytes are, they are some page. `None` if its tree would be too large.
    pub fn parse(html: &str, limits: &'l Limits) -> Option<Self> {
        Some(Self { readability: readability(tree::parse(html, limits)?), limits })
    }

    /// From JSON-LD, `<meta>` tags and the title.
    pub fn metadata(&self) -> Metadata {
        let found = self.readability.get_article_metadata(self.readability.parse_json_ld());
        let text = |value: String| {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            (!value.is_empty()).then_some(value)
        };
        Metadata {
            title: text(found.title),
            author: found.byline.and_then(text),
            description: found.excerpt.and_then(text),
        }
    }

    /// The content, which is in this order: the only `article`, `main`, what readability finds, the whole
    /// body.
    pub fn into_markdown(self) -> String {
        let document = &self.readability.doc;
        clean::remove_unread(document);
        clean::remove_around_content(document);
        let body_chars = chars(&document.select("body"));
        let is_enough = |kept: usize| kept * 100 >= body_chars * MIN_KEPT_PERCENT;
        for selector in ["article", "main", "[role=main]"] {
            let found = document.select(selector);
            if found.length() == 1 && is_enough(chars(&found)) {
                return markdown(&found, document);
            }
        }
        if body_chars >= MIN_GUESSED_CHARS
            && let Some(content) = self.guessed(is_enough)
        {
            return headed(document, markdown(&content.select("body"), &content));
        }
        markdown(&document.select("body"), document)
    }

    /// What readability finds, if that is enough. What is written down and parsed again may have another tree, so it is
    /// watched as well.
    fn guessed(&self, is_enough: impl Fn(usize) -> bool) -> Option<Document> {
        let document = &self.readability.doc;
        if !Shape::of(document).is_searchable(self.limits) || !self.readability.is_probably_readable() {
            return None;
        }
        let copy = tree::parse(&document.html(), self.limits)?;
        let article = readability(copy).parse().ok()?;
        let chars = article.text_content.chars().filter(|c| !c.is_whitespace()).count();
        is_enough(chars).then(|| tree::parse(&article.content, self.limits))?
    }
}

fn markdown(content: &Selection<'_>, document: &Document) -> String {
    clean::simplify(document);
    let parts: Vec<String> = content.nodes().iter().map(|node| node.md(None).to_string()).collect();
    unescape(parts.join("\n\n").trim())
}

/// Readability takes the heading that repeats the title away; a splitter wants it back.
fn headed(document: &Document, text: String) -> String {
    let heading =
        document.select("h1").iter().next().map(|h1| h1.text().trim().to_owned()).unwrap_or_default();
    let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    if heading.is_empty() || text.contains(&heading) { text } else { format!("# {heading}\n\n{text}") }
}

fn readability(document: Document) -> Readability {
    Readability { doc: document, doc_url: None, config: Default::default() }
}

fn chars(selection: &Selection<'_>) -> usize {
    selection.text().chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> String {
        Page::parse(html, &Limits::default()).unwrap().into_markdown()
    }

    #[test]
    fn navigation_is_left_out_and_structure_stays() {
        let html = "<body><nav>Home | About</nav><header><a href=/>Logo</a></header><main>\
            <h1>Otters</h1><p>They <em>swim</em>. See <a href='https://example.com/x'>more</a>.</p>\
            <ul><li>paws<li>tail</ul><pre><code>a_b\n  c</code></pre>\
            <table><tr><th>Name<th>Kilo<tr><td>Ann_1<td>7</table><dl><dt>Holt<dd>their den</dl></main>\
            <footer>(c) Nobody</footer><script>alert(1)</script></body>";
        assert_eq!(
            read(html),
            "# Otters\n\nThey *swim*. See [more](https://example.com/x).\n\n- paws\n- tail\n\n\
             ```\na_b\n  c\n```\n\n| Name | Kilo |\n| ---- | ---- |\n| Ann_1 | 7 |\n\nHolt\n\ntheir den"
        );
    }

    #[test]
    fn a_main_part_that_holds_too_little_is_not_believed() {
        let html =
            "<main>Short</main><div><p>All the words of this page stand outside of its main part.</div>";
        assert!(read(html).contains("All the words"));
    }

    #[test]
    fn the_content_of_a_page_without_landmarks_is_found() {
        let sentence = "The river otter, a swimmer of great skill, lives near the mill, and eats fish. ";
        let html = format!(
            "<h1>Otters</h1><div class=sidebar><a href=/1>One</a> <a href=/2>Two</a></div>\
             <div class=content><p>{0}</p><p>{0}</p><p>{0}</p></div>",
            sentence.repeat(6)
        );
        let text = read(&html);
        assert!(text.starts_with("# Otters\n\nThe river otter"), "{text}");
        assert!(!text.contains("One"), "{text}");
    }

    #[test]
    fn a_page_says_who_wrote_it() {
        let html = "<title>Otters | Valley</title><meta name=author content='Margaret Hill'>\
            <meta name=description content='About\n otters'><p>Text";
        let limits = Limits::default();
        let page = Page::parse(html, &limits).unwrap();
        let metadata = page.metadata();
        assert_eq!(metadata.author.as_deref(), Some("Margaret Hill"));
        assert_eq!(metadata.description.as_deref(), Some("About otters"));
        assert!(metadata.title.unwrap().starts_with("Otters"));
    }
}
