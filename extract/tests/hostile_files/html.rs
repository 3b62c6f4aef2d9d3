//! Web pages: trees that the tags do not show, and work that grows faster than the page.

use crate::Case;

fn html(name: impl Into<String>, page: String) -> Case {
    Case::new(name, "html", page)
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    // Each opens an element and says something that a count of tags takes for an end.
    let opened = [
        "div",
        "span",
        "q",
        "b",
        "strong",
        "a",
        "nobr",
        "font",
        "ul",
        "li",
        "dl",
        "dd",
        "table",
        "td",
        "select",
        "option",
        "svg",
        "math",
        "template",
        "form",
        "button",
        "p",
        "h1",
        "ruby",
        "rt",
        "object",
        "applet",
        "marquee",
        "pre",
        "code",
        "blockquote",
        "details",
        "article",
        "noscript",
        "frameset",
        "iframe",
        "x-own",
    ];
    let hidden_ends = [
        "</q>",
        "</strong>",
        "</nothing>",
        "</br>",
        "<!-- </div> -->",
        "<style></div></style>",
        "<script></div></script>",
        "<title></div></title>",
        "<textarea></div></textarea>",
        "<svg></svg></q>",
        "<p title='</div>'></p>",
        "<xmp></div></xmp>",
    ];
    for element in opened {
        for end in hidden_ends {
            cases.push((format!("<{element}> {end}"), format!("<{element}>{end}x").repeat(4000)));
        }
    }
    let fonts = |count: usize| (0..count).map(|n| format!("<font a={n}>")).collect::<String>();
    let long = "y".repeat(100_000);
    let attributes: String = (0..990).map(|n| format!(" a{n}=1")).collect();
    let own = [
        ("formatting opened again", format!("<p>{}{}", fonts(200), "<p>x".repeat(100_000))),
        ("formatting without end", fonts(50_000)),
        ("formatting in cells", format!("<table>{}", format!("<tr><td>{}x", fonts(50)).repeat(2000))),
        ("a long attribute opened again", format!("<p><b class={long}>{}", "<p>x".repeat(20_000))),
        ("a long address opened again", format!("<p><a href=/{long}>{}", "<p>x".repeat(20_000))),
        ("many attributes opened again", format!("<p><b{attributes}>{}", "<p>x".repeat(20_000))),
        ("ends that move what is between", format!("{}{}", "<b><p>".repeat(100), "</b>x".repeat(50_000))),
        ("links within links", "<a href=x><table><a href=y>z".repeat(10_000)),
        ("tables in cells", "<table><tr><td></q></q>x".repeat(5000)),
        ("tables in tables", "<table><table><div>x".repeat(5000)),
        ("text before tables", format!("<table>{}", "<b>x<tr>".repeat(50_000))),
        ("rows without a table", "<tr><td><select><tr>".repeat(50_000)),
        ("plain text", format!("{}<plaintext>{}", "<div>".repeat(100), "</div>".repeat(50_000))),
        ("frames", "<frameset><frame></frameset><div>".repeat(20_000)),
        ("templates", "<template><div>".repeat(50_000)),
        ("own content in drawings", "<svg><foreignObject><math><mi><div>".repeat(5000)),
        ("many tags", "<p>x".repeat(500_000)),
        ("many empty elements", "<i></i>".repeat(500_000)),
        ("many comments", "<!---->".repeat(500_000)),
        ("many line breaks", format!("<div>{}", "<br>x".repeat(400_000))),
        ("many pictures", "<img src=x alt=y>".repeat(200_000)),
        ("many attributes", format!("<p{attributes}>x").repeat(300)),
        ("attributes without end", format!("<p {}", "a ".repeat(500_000))),
        (
            "attributes behind a comment",
            format!("<!--><p{}>x", (0..50_000).map(|n| format!(" a{n}")).collect::<String>()),
        ),
        ("quotes that do not end", "<p a=\"<q b='".repeat(200_000)),
        ("deep and long", format!("{}{}", "<div>".repeat(200), "<p>some words</p>".repeat(50_000))),
        (
            "a long text at the bottom",
            format!("{}{}", "<div>".repeat(200), "words and more. ".repeat(100_000)),
        ),
        ("quotations", format!("{}{}", "<blockquote>".repeat(200), "<p>x".repeat(100_000))),
        ("quoted line ends", format!("{}<pre>{}", "<blockquote>".repeat(200), "\n".repeat(500_000))),
        ("lists in lists", format!("{}{}", "<ul><li>".repeat(100), "<li>x".repeat(100_000))),
        ("lists in quotations", "<blockquote><ol start=999999999><li>".repeat(60) + &"<li>x".repeat(100_000)),
        ("bold in italic", format!("{}{}", "<b><i>".repeat(100), "<p>x".repeat(50_000))),
        ("wide tables", format!("<table>{}", "<tr><td colspan=99999999 rowspan=99999999>x".repeat(50_000))),
        ("uneven tables", format!("<table><tr>{}{}", "<th>x".repeat(50_000), "<tr><td>y".repeat(50_000))),
        (
            "articles in articles",
            "<article>words and words. ".repeat(200) + &"<p>more words, and more. ".repeat(20_000),
        ),
        (
            "data of the page in brackets",
            format!("<script type='application/ld+json'>{}</script>x", "[{\"a\":".repeat(300_000)),
        ),
        ("one word", "w".repeat(3_000_000)),
        ("entities", "&amp;&#x41;&notanentity".repeat(200_000)),
        ("zeros", "\0".repeat(1_000_000) + "x"),
    ];
    cases.extend(own.map(|(name, page)| (name.to_owned(), page)));
    cases.into_iter().map(|(name, page)| html(name, page)).collect()
}
