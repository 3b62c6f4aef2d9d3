//! Taking away what nobody reads (reference §6.4 lists it for linked pages).

use dom_query::Document;

/// Link and image targets from this length on are data, not addresses.
const LONG_URL_CHARS: usize = 200;

/// Removes what is never shown.
pub(crate) fn remove_unread(document: &Document) {
    const NEVER: &str = "script, style, noscript, template, iframe, object, svg, canvas, [hidden], \
        [aria-hidden=true], [style*='display:none'], [style*='display: none']";
    document.select(NEVER).remove();
}

/// Removes what surrounds content: navigation, banners, side notes. Headers and footers of the content itself
/// stay, as titles stand there.
pub(crate) fn remove_around_content(document: &Document) {
    const AROUND: &str = "nav, [role=navigation], [role=banner], [role=contentinfo], [role=search], button, \
        body > aside, body > div > aside";
    document.select(AROUND).remove();
    for node in
        document.select("body > header, body > div > header, body > footer, body > div > footer").nodes()
    {
        if node.find(&["h1"]).is_empty() {
            node.remove_from_parent();
        }
    }
    document.select("sup.reference, .mw-editsection, a.headerlink, a.anchor").remove();
}

/// Brings the rest into the elements that Markdown has.
pub(crate) fn simplify(document: &Document) {
    document.select("[title]").remove_attr("title");
    for link in document.select("a[href]").nodes() {
        let href = link.attr_or("href", "");
        if href.starts_with('#') || href.starts_with("javascript:") || href.len() >= LONG_URL_CHARS {
            link.remove_attr("href");
            if matches!(link.text().trim(), "¶" | "#" | "§" | "🔗") {
                link.remove_from_parent();
            }
        }
    }
    for image in document.select("img").nodes() {
        let source = image.attr_or("src", "");
        let is_picture = !image.attr_or("alt", "").trim().is_empty();
        if !is_picture || source.starts_with("data:") || source.len() >= LONG_URL_CHARS {
            image.remove_from_parent();
        }
    }
    document.select("dt, dd, address, figcaption, summary, caption, legend").rename("p");
    document.select("main, header, footer, aside, figure, details, form, fieldset, center").rename("div");
}
