//! No bytes make an extraction panic, whatever they are called.
#![cfg(feature = "formats")]

use haversack_extract::{Limits, Source, extract};
use proptest::collection::vec;
use proptest::prelude::*;

/// One file of each kind that has a parser, and a few that have none.
const NAMES: &[&str] = &[
    "a.txt", "a.md", "a.csv", "a.json", "a.html", "a.pdf", "a.docx", "a.xlsx", "a.bin", "a", ".a", "a.",
    "a/b.pdf",
];
const PDF: &[u8] = include_bytes!("../testdata/small.pdf");
const DOCX: &[u8] = include_bytes!("../testdata/small.docx");
const HTML: &[u8] = include_bytes!("../testdata/page.html");

/// Small limits keep the cases fast; the code paths are the same.
fn limits() -> Limits {
    Limits { max_expanded_bytes: 1 << 20, max_operations: 100_000, ..Limits::default() }
}

/// Reads a file and checks what every answer promises.
fn read(name: &str, bytes: &[u8]) {
    match extract(Source { name, mime: None, bytes }, &limits()) {
        Ok(extracted) => {
            assert!(!extracted.documents.is_empty());
            for document in extracted.documents {
                assert!(!document.text.trim().is_empty());
                let mut end = 0;
                for page in &document.pages {
                    assert!(page.start >= end && document.text.get(page.range()).is_some());
                    end = page.end;
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A change to a whole file: overwrite, remove or repeat a stretch.
#[derive(Clone, Debug)]
enum Change {
    Overwrite(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    CutOff(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<u16>().prop_map(usize::from);
    prop_oneof![
        (at.clone(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Change::Overwrite(at, bytes)),
        (at.clone(), 1..200_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at.clone(), 1..200_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        at.prop_map(Change::CutOff),
    ]
}

fn changed(file: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for change in changes {
        let length = bytes.len();
        let at = |at: usize| at % (length + 1);
        match change {
            Change::Overwrite(start, new) => {
                let start = at(*start);
                let end = (start + new.len()).min(length);
                bytes[start..end].copy_from_slice(&new[..end - start]);
            }
            Change::Remove(start, count) => drop(bytes.drain(at(*start)..(at(*start) + count).min(length))),
            Change::Repeat(start, count) => {
                let stretch = bytes[at(*start)..(at(*start) + count).min(length)].to_vec();
                bytes.splice(at(*start)..at(*start), stretch);
            }
            Change::CutOff(start) => bytes.truncate(at(*start)),
        }
    }
    bytes
}

/// Pieces that HTML and PDF parsers trip over more easily than over noise.
fn html() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<table>",
        "<tr>",
        "<td colspan=9999>",
        "</table>",
        "<ul><li>",
        "</ul>",
        "<pre>",
        "<code>",
        "</code>",
        "<a href=x>",
        "</a>",
        "<b>",
        "</b>",
        "<h1>",
        "</h1>",
        "<svg>",
        "<math>",
        "<template>",
        "<select>",
        "<article>",
        "</article>",
        "<script type='application/ld+json'>{\"@type\":\"Article\",",
        "</script>",
        "<meta name=author content=",
        "word ",
        "&amp;",
        "&#x110000;",
        "<img src=data:x>",
        "`",
        "\\_",
        "|",
        "\n\n\n",
        "<p>",
        "é",
        "<!--",
        "-->",
        "\"",
    ]);
    vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

fn content_stream() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "BT ",
        "ET ",
        "/F1 12 Tf ",
        "/F1 -1e30 Tf ",
        "1e300 Tc ",
        "0 Tz ",
        "(text) Tj ",
        "<feff0041> Tj ",
        "[(a) 1e9 (b)] TJ ",
        "1 0 0 1 72 700 Tm ",
        "0 0 0 0 0 0 cm ",
        "1e200 0 0 1e200 0 0 cm ",
        "q ",
        "Q ",
        "/X Do ",
        "/Span << /ActualText (z) >> BDC ",
        "EMC ",
        "T* ",
        "5 -3 Td ",
        "(x) ' ",
        "1 2 (y) \" ",
        "BI /W 1 ID x EI ",
        "[[[[ ",
        ">> ",
        "3 Tr ",
        "90 rotate ",
    ]);
    vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_under_any_name(name in prop::sample::select(NAMES), bytes in vec(any::<u8>(), 0..2000)) {
        read(name, &bytes);
    }

    #[test]
    fn mutilated_pdf(changes in vec(change(), 1..6)) {
        read("a.pdf", &changed(PDF, &changes));
    }

    #[test]
    fn mutilated_docx(changes in vec(change(), 1..6)) {
        read("a.docx", &changed(DOCX, &changes));
    }

    #[test]
    fn mutilated_html(changes in vec(change(), 1..6)) {
        read("a.html", &changed(HTML, &changes));
    }

    #[test]
    fn tangled_html(html in html()) {
        read("a.html", html.as_bytes());
    }

    #[test]
    fn tangled_page_content(content in content_stream()) {
        let old = b"(The lantern harbor opens at nine.) Tj";
        let at = PDF.windows(old.len()).position(|window| window == old).unwrap();
        let bytes = [&PDF[..at], content.as_bytes(), &PDF[at..]].concat();
        read("a.pdf", &bytes);
    }
}

#[test]
fn every_truncation_is_survived() {
    for (name, file) in [("a.pdf", PDF), ("a.docx", DOCX), ("a.html", HTML)] {
        (0..file.len()).for_each(|length| read(name, &file[..length]));
    }
}
