//! Web pages to fetch.

use super::Answer;

pub(super) fn page(name: &str) -> Answer {
    match name {
        "missing" => Answer::whole(404, "text/plain", "no such page"),
        "plain.txt" => Answer::whole(
            200,
            "text/plain",
            "Plain text page about kestrels hovering over the motorway verge.",
        ),
        _ => Answer::whole(200, "text/html; charset=utf-8", html(name)),
    }
}

fn html(name: &str) -> String {
    let head = format!(
        r#"<head><title>Page {name}</title><meta name="description" content="A fixed page for tests"></head>"#
    );
    let body = format!(
        r#"<body><nav>menu entry</nav><h1>Heading {name}</h1><p>Otters swim in the cold river near the mill.</p><script>var x = "never shown";</script></body>"#
    );
    format!("<!doctype html><html>{head}{body}</html>")
}
