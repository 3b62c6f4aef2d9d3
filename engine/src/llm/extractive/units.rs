//! What can be quoted: sentences, items, rows and code, each with its place.

use super::Passage;
use super::html::{self, Plain};
use super::inline;
use super::terms::terms;
use crate::seam::{Slices, Work};
use crate::sentences::{Block, Kind, blocks, is_row_separator, of_block, without_quote_marks};
use std::ops::Range;

/// Something that can be quoted by itself.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Which passage.
    pub passage: usize,
    /// Which block of all passages; units of one block are neighbours.
    pub block: usize,
    pub kind: Kind,
    /// As a reader sees it, without marks.
    pub text: String,
    /// Where it stands: bytes of the passage's text.
    pub span: Range<usize>,
    /// It begins with "It", "This", "However"…: it speaks of what stands before.
    pub points_back: bool,
    /// Terms of the title right above it, and of the sentence it points back to.
    pub heading: Vec<String>,
    /// Terms of the titles above that one, and of the document's.
    pub outer: Vec<String>,
    pub terms: Vec<String>,
    /// The first words are missing: the chunk began inside this sentence.
    pub cut_before: bool,
    /// The last words are missing.
    pub cut_after: bool,
    /// Code or items right below a sentence that ends with a colon: they are quoted with it.
    pub below: Vec<Below>,
}

/// What is quoted below a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Below {
    /// As Markdown.
    pub text: String,
    /// Where it stands: bytes of the passage's text.
    pub span: Range<usize>,
}

/// Most lines of code, and most items, that are quoted below a sentence.
const BELOW_LINES_MAX: usize = 12;
const BELOW_ITEMS_MAX: usize = 6;

/// Bytes of a passage that are read at once. Whole documents are longer, and reading looks back and forth.
const PART_BYTES: usize = 16 << 10;
/// How often each word of a part is looked at, about.
const READINGS: usize = 5;
/// Words of a document's title that count.
const TITLE_TERMS_MAX: usize = 64;

/// Everything that can be quoted, in reading order.
pub(super) async fn units(slices: &mut Slices, passages: &[Passage<'_>]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut first_block = 0;
    for (passage, Passage { title, text }) in passages.iter().enumerate() {
        let first = units.len();
        let mut title = terms(&name_of(title));
        title.truncate(TITLE_TERMS_MAX);
        let (mut at, body) = body(text);
        for part in parts(body) {
            let plain = html::to_markdown(part);
            let read = read(&plain, at);
            add(&mut units, passage, first_block, &title, &read);
            first_block += read.len();
            at += part.len();
            slices.spend(Work::Words(READINGS * part.len())).await;
        }
        mark_cuts(&mut units[first..], text);
    }
    units.retain(|unit| !unit.terms.is_empty());
    units
}

/// What stands behind the header that chunks carry for the model (reference §7.2), and where that begins.
pub(crate) fn body(text: &str) -> (usize, &str) {
    const OPEN: &str = "<document_metadata>";
    const CLOSE: &str = "</document_metadata>";
    /// A word that some embedders want may stand in front of the header.
    const BEFORE_BYTES_MAX: usize = 64;
    let Some(open) = text.find(OPEN).filter(|open| *open <= BEFORE_BYTES_MAX) else { return (0, text) };
    let start = match text[open..].find(CLOSE) {
        Some(close) => open + close + CLOSE.len(),
        // A header that was cut ends at the first empty line.
        None => text[open..].find("\n\n").map_or(text.len(), |end| open + end),
    };
    (start, &text[start..])
}

/// A block as a reader sees it.
struct Said {
    kind: Kind,
    /// The titles above it, outermost first.
    headings: Vec<String>,
    /// Its sentences, and where they stand in the passage.
    pieces: Vec<(String, Range<usize>)>,
}

/// Bytes of a title that are kept with each block below it.
const TITLE_BYTES_MAX: usize = 500;

/// The blocks of a part of a passage that begins at the byte `at`.
fn read(plain: &Plain, at: usize) -> Vec<Said> {
    let text = plain.text.as_str();
    let mut headings: Vec<(u8, String)> = Vec::new();
    let mut read = Vec::new();
    for block in blocks(text) {
        if let Kind::Title(level) = block.kind {
            let mut title = said(text, &block.span);
            title.truncate(title.floor_char_boundary(TITLE_BYTES_MAX));
            headings.retain(|(above, _)| *above < level);
            if !title.is_empty() {
                headings.push((level, title));
            }
        }
        let place = |span: &Range<usize>| {
            let origin = plain.origin(span);
            at + origin.start..at + origin.end
        };
        let pieces = match block.kind {
            Kind::Title(_) => Vec::new(),
            Kind::Row => vec![(row(text, &block), place(&block.span))],
            Kind::Code => vec![(text[block.span.clone()].to_owned(), place(&block.span))],
            Kind::Prose | Kind::Item => {
                of_block(text, &block).into_iter().map(|span| (said(text, &span), place(&span))).collect()
            }
        };
        let pieces = pieces.into_iter().filter(|(text, _)| !text.trim().is_empty()).collect();
        let headings = headings.iter().map(|(_, title)| title.clone()).collect();
        read.push(Said { kind: block.kind, headings, pieces });
    }
    read
}

/// A sentence without marks; lines that were broken for width are joined.
fn said(text: &str, span: &Range<usize>) -> String {
    inline::clean(&inline::join(text.get(span.clone()).unwrap_or_default().lines().map(without_quote_marks)))
}

/// What stands between the cells of a row when it is quoted.
const CELL: &str = " · ";

/// A row of a table, its cells with the names of their columns; or a line like `Phone: 123`.
fn row(text: &str, block: &Block) -> String {
    let line = &text[block.span.clone()];
    if !line.contains('|') || is_row_separator(line) {
        return inline::clean(line);
    }
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| inline::clean(cell.trim())).collect()
    };
    let names = block.header.as_ref().map(|header| cells(&text[header.clone()])).unwrap_or_default();
    let named = |(i, cell): (usize, String)| match names.get(i) {
        // The first column names the thing itself.
        Some(name) if i > 0 && !name.is_empty() => format!("{name}: {cell}"),
        _ => cell,
    };
    let named: Vec<String> =
        cells(line).into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(named).collect();
    named.join(CELL)
}

/// `text` in parts that end with a paragraph, or else with a line or a word.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let most = rest.floor_char_boundary(PART_BYTES);
        let end = match most < rest.len() {
            true => ["\n\n", "\n", " "].iter().find_map(|end| Some(rest[..most].rfind(end)? + end.len())),
            false => None,
        };
        let (part, after) = rest.split_at(end.unwrap_or(most));
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// Adds what can be quoted of the blocks of a passage, of which the first has this number.
fn add(units: &mut Vec<Unit>, passage: usize, first_block: usize, title: &[String], blocks: &[Said]) {
    for (at, block) in blocks.iter().enumerate() {
        let (heading, outer) = match block.headings.split_last() {
            Some((inner, outer)) => (terms(inner), outer.iter().flat_map(|title| terms(title)).collect()),
            None => (Vec::new(), Vec::new()),
        };
        let outer: Vec<String> = [outer, title.to_vec()].concat();
        let mut before: Vec<String> = Vec::new();
        for (text, span) in &block.pieces {
            let points_back = points_back(text);
            let mut heading = heading.clone();
            if points_back {
                heading.append(&mut before);
            }
            before = terms(text);
            let announces = text.ends_with([':', '：']);
            let below = if announces { below(&blocks[at + 1..]) } else { Vec::new() };
            units.push(Unit {
                passage,
                block: first_block + at,
                kind: block.kind,
                terms: before.clone(),
                points_back,
                heading,
                outer: outer.clone(),
                text: text.clone(),
                span: span.clone(),
                cut_before: false,
                cut_after: false,
                below,
            });
        }
    }
}

fn points_back(text: &str) -> bool {
    const POINTERS: [&str; 23] = [
        "it",
        "its",
        "they",
        "their",
        "this",
        "these",
        "those",
        "he",
        "she",
        "his",
        "her",
        "such",
        "however",
        "therefore",
        "thus",
        "hence",
        "but",
        "and",
        "also",
        "instead",
        "then",
        "otherwise",
        "both",
    ];
    let first = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
    POINTERS.contains(&first.as_str())
}

/// The words of a file's name.
fn name_of(title: &str) -> String {
    let stem = match title.rsplit_once('.') {
        Some((stem, extension)) if (1..=5).contains(&extension.len()) && !extension.contains(' ') => stem,
        _ => title,
    };
    stem.replace(['-', '_', '.'], " ")
}

/// What follows a sentence that ends with a colon, ready to be quoted.
fn below(blocks: &[Said]) -> Vec<Below> {
    let whole = |block: &Said| -> Option<(String, Range<usize>)> {
        let text: Vec<&str> = block.pieces.iter().map(|(text, _)| text.as_str()).collect();
        let (first, last) = (block.pieces.first()?, block.pieces.last()?);
        Some((text.join(" "), first.1.start..last.1.end))
    };
    match blocks.first() {
        Some(block) if block.kind == Kind::Code => match whole(block) {
            Some((code, span)) if code.lines().count() <= BELOW_LINES_MAX => {
                vec![Below { text: fenced(&code), span }]
            }
            _ => vec![],
        },
        Some(block) if block.kind == Kind::Item => {
            let items = blocks.iter().take_while(|block| block.kind == Kind::Item).take(BELOW_ITEMS_MAX);
            let mut lines: Vec<Below> =
                items.filter_map(whole).map(|(text, span)| Below { text: listed(&text), span }).collect();
            if lines.last().is_some_and(|last| last.text.ends_with(':')) {
                lines.extend(below(&blocks[lines.len()..]));
            }
            lines
        }
        _ => vec![],
    }
}

/// Code as Markdown.
pub(super) fn fenced(code: &str) -> String {
    format!("```\n{code}\n```")
}

/// An item as Markdown; a numbered one is a list already.
pub(super) fn listed(item: &str) -> String {
    let rest = item.trim_start_matches(char::is_numeric);
    let numbered =
        rest.len() < item.len() && [". ", ") ", "、", "．", "）"].iter().any(|mark| rest.starts_with(mark));
    if numbered { item.to_owned() } else { format!("- {item}") }
}

/// Chunks are cut without regard for sentences: the first may lack its beginning, the last its end.
fn mark_cuts(units: &mut [Unit], text: &str) {
    let is_chunk = text.contains("</document_metadata>");
    if let Some(first) = units.first_mut() {
        first.cut_before = first.kind == Kind::Prose && first.text.starts_with(|c: char| c.is_lowercase());
    }
    if let Some(last) = units.last_mut() {
        let ended = ['.', '?', '!', ':', '"', '”', ')', '。', '！', '？', '…', '`', '।', '؟', '۔'];
        let is_text = matches!(last.kind, Kind::Prose | Kind::Item);
        last.cut_after = is_chunk && is_text && !last.text.ends_with(ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::slices;
    use futures_util::FutureExt;

    fn of(text: &str) -> Vec<Unit> {
        units(&mut slices(), &[Passage { title: "a.md", text }]).now_or_never().expect("a short text")
    }

    #[test]
    fn what_stands_below_a_colon_goes_with_it() {
        let units = of("Run this:\n\n```sh\nls\n```\n\nThen pick:\n\n- fish\n- frogs\n");
        let below = |unit: &Unit| unit.below.iter().map(|below| below.text.clone()).collect::<Vec<String>>();
        assert_eq!(below(&units[0]), ["```\nls\n```"]);
        let pick = units.iter().find(|unit| unit.text == "Then pick:").unwrap();
        assert_eq!(below(pick), ["- fish", "- frogs"]);
        let units = of("To set it up:\n\n1. Sign in.\n2. Run:\n\n```\nls\n```");
        assert_eq!(below(&units[0]), ["1. Sign in.", "2. Run:", "```\nls\n```"]);
    }

    #[test]
    fn sentences_that_a_chunk_cut_are_known() {
        let header = "<document_metadata>\nsourceDocument: a\n</document_metadata>\n\n";
        let units = of(&format!("{header}crayfish too. Otters swim. They are the best"));
        let cuts: Vec<(bool, bool)> = units.iter().map(|unit| (unit.cut_before, unit.cut_after)).collect();
        assert_eq!(cuts, [(true, false), (false, false), (false, true)]);
    }

    #[test]
    fn a_long_text_is_read_in_parts() {
        let text = "Otters swim in the river.\n\n".repeat(1300);
        let read: Vec<&str> = parts(&text).collect();
        assert!(
            read.len() > 2 && read.iter().all(|part| part.len() <= PART_BYTES && part.ends_with(".\n\n"))
        );
        assert_eq!(read.concat(), text);
        let units = of(&text);
        assert_eq!(units.len(), 1300);
        assert!(units.iter().all(|unit| text[unit.span.clone()] == unit.text));
        assert_eq!(parts(&"x".repeat(2 * PART_BYTES)).count(), 2);
    }

    #[test]
    fn rows_name_their_columns_and_keep_their_place() {
        let text = "| Setting | Default |\n|---|---|\n| chunkSize | 1000 |\n";
        let units = of(text);
        assert_eq!((units.len(), units[0].text.as_str()), (1, "chunkSize · Default: 1000"));
        assert_eq!(&text[units[0].span.clone()], "| chunkSize | 1000 |");
    }

    #[test]
    fn a_unit_stands_where_it_was_marks_and_tags_included() {
        let header = "<document_metadata>\nsourceDocument: a\n</document_metadata>\n\n";
        let text =
            format!("{header}**Bold** words &amp; the val-\nley. See <b>the [docs](http://x)</b> first.");
        let units = of(&text);
        assert_eq!(units[0].text, "Bold words & the valley.");
        assert_eq!(&text[units[0].span.clone()], "**Bold** words &amp; the val-\nley.");
        assert_eq!(&text[units[1].span.clone()], "See <b>the [docs](http://x)</b> first.");
    }

    #[test]
    fn titles_are_not_quoted_but_count_for_what_is_below() {
        let units = of("# River otters\n\nThey eat fish.");
        assert_eq!(units.len(), 1);
        assert_eq!(units[0].heading, ["river", "otter"]);
        assert_eq!(
            super::units(&mut slices(), &[Passage { title: "my-otters.v2.txt", text: "Fish." }])
                .now_or_never()
                .unwrap()[0]
                .outer,
            ["otter", "v2"]
        );
    }
}
