//! What can be quoted: sentences, items, rows and code, each with its place.

use super::Passage;
use super::blocks::{Block, Kind, blocks};
use super::sentences::sentences;
use super::terms::terms;
use crate::seam::{Slices, Work};

/// Something that can be quoted by itself.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Which passage.
    pub passage: usize,
    /// Which block of all passages; units of one block are neighbours.
    pub block: usize,
    pub kind: Kind,
    pub text: String,
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
    pub below: Vec<String>,
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
        for part in parts(text) {
            let blocks = blocks(part);
            add(&mut units, passage, first_block, &title, &blocks);
            first_block += blocks.len();
            slices.spend(Work::Words(READINGS * part.len())).await;
        }
        mark_cuts(&mut units[first..], text);
    }
    units.retain(|unit| !unit.terms.is_empty());
    units
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
fn add(units: &mut Vec<Unit>, passage: usize, first_block: usize, title: &[String], blocks: &[Block]) {
    for (at, block) in blocks.iter().enumerate() {
        let (heading, outer) = match block.headings.split_last() {
            Some((inner, outer)) => (terms(inner), outer.iter().flat_map(|title| terms(title)).collect()),
            None => (Vec::new(), Vec::new()),
        };
        let outer: Vec<String> = [outer, title.to_vec()].concat();
        let mut before: Vec<String> = Vec::new();
        for text in pieces(block) {
            let points_back = points_back(text);
            let mut heading = heading.clone();
            if points_back {
                heading.append(&mut before);
            }
            before = terms(text);
            let below = if text.ends_with(':') { below(&blocks[at + 1..]) } else { Vec::new() };
            units.push(Unit {
                passage,
                block: first_block + at,
                kind: block.kind,
                terms: before.clone(),
                points_back,
                heading,
                outer: outer.clone(),
                text: text.to_owned(),
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

fn pieces(block: &Block) -> Vec<&str> {
    match block.kind {
        Kind::Prose | Kind::Item => sentences(&block.text),
        Kind::Row | Kind::Code => vec![&block.text],
        Kind::Title => vec![],
    }
}

/// What follows a sentence that ends with a colon, ready to be quoted.
fn below(blocks: &[Block]) -> Vec<String> {
    match blocks.first() {
        Some(block) if block.kind == Kind::Code && block.text.lines().count() <= BELOW_LINES_MAX => {
            vec![fenced(&block.text)]
        }
        Some(block) if block.kind == Kind::Item => {
            let items = blocks.iter().take_while(|block| block.kind == Kind::Item).take(BELOW_ITEMS_MAX);
            let mut lines: Vec<String> = items.map(|item| listed(&item.text)).collect();
            if lines.last().is_some_and(|last| last.ends_with(':')) {
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
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && item[digits..].starts_with(". ") { item.to_owned() } else { format!("- {item}") }
}

/// Chunks are cut without regard for sentences: the first may lack its beginning, the last its end.
fn mark_cuts(units: &mut [Unit], text: &str) {
    let is_chunk = text.contains("</document_metadata>");
    if let Some(first) = units.first_mut() {
        first.cut_before = first.kind == Kind::Prose && first.text.starts_with(|c: char| c.is_lowercase());
    }
    if let Some(last) = units.last_mut() {
        let ended = ['.', '?', '!', ':', '"', '”', ')', '。', '！', '？', '…', '`'];
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
        assert_eq!(units[0].below, ["```\nls\n```"]);
        let pick = units.iter().find(|unit| unit.text == "Then pick:").unwrap();
        assert_eq!(pick.below, ["- fish", "- frogs"]);
        let units = of("To set it up:\n\n1. Sign in.\n2. Run:\n\n```\nls\n```");
        assert_eq!(units[0].below, ["1. Sign in.", "2. Run:", "```\nls\n```"]);
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
        assert_eq!(of(&text).len(), 1300);
        assert_eq!(parts(&"x".repeat(2 * PART_BYTES)).count(), 2);
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
