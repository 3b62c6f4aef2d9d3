//! Where the blocks of a Markdown text lie.

use pulldown_cmark::{BrokenLink, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::words::utf16_prefix;

/// A block, or a container of blocks such as a list, an item, a quote or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Byte offset where it begins; behind its line's indentation and the marks of its containers.
    pub start: usize,
    /// Number of containers around it.
    pub depth: usize,
    /// Set for a heading that is in no container.
    pub heading: Option<Heading>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// 1 to 6, outermost first.
    pub level: u8,
    /// Its text without marks, at most [`TITLE_UNITS_MAX`] long.
    pub title: String,
}

/// Longest title that is kept, in UTF-16 code units: it is repeated with every chunk below it.
const TITLE_UNITS_MAX: usize = 200;

/// Containers below this depth are taken as one block, whatever they hold.
const DEPTH_MAX: usize = 8;

/// The blocks of `text` in order, a container before its content. Offsets count from `base`.
pub(super) fn blocks(text: &str, base: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut depth = 0;
    let mut title = None;
    // `[1.2]` in a title is read as a link, because its definition may stand anywhere in the document.
    let defined = |_: BrokenLink| Some((CowStr::Borrowed(""), CowStr::Borrowed("")));
    let parser = Parser::new_with_broken_link_callback(text, Options::ENABLE_TABLES, Some(defined));
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(tag) if is_block(tag.to_end()) => {
                let heading = heading(&tag).filter(|_| depth == 0);
                title = heading.is_some().then_some(blocks.len());
                push(&mut blocks, Block { start: base + range.start, depth, heading });
                depth += 1;
            }
            Event::End(tag) if is_block(tag) => {
                depth -= 1;
                title = None;
            }
            Event::Rule => push(&mut blocks, Block { start: base + range.start, depth, heading: None }),
            Event::Text(text) | Event::Code(text) => write_title(&mut blocks, title, &text),
            Event::SoftBreak | Event::HardBreak => write_title(&mut blocks, title, " "),
            _ => {}
        }
    }
    blocks
}

fn push(blocks: &mut Vec<Block>, block: Block) {
    if block.depth <= DEPTH_MAX {
        blocks.push(block);
    }
}

fn heading(tag: &Tag) -> Option<Heading> {
    let Tag::Heading { level, .. } = tag else { return None };
    let level = match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    };
    Some(Heading { level, title: String::new() })
}

/// Adds to the title of the heading at index `at`.
fn write_title(blocks: &mut [Block], at: Option<usize>, text: &str) {
    if let Some(heading) = at.and_then(|at| blocks.get_mut(at)?.heading.as_mut()) {
        heading.title.push_str(text);
        heading.title.truncate(utf16_prefix(&heading.title, TITLE_UNITS_MAX).len());
    }
}

fn is_block(tag: TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::BlockQuote(_)
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::List(_)
            | TagEnd::Item
            | TagEnd::Table
            | TagEnd::TableHead
            | TagEnd::TableRow
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of depth and start of text, for each block.
    fn check(text: &str, expected: &[(usize, &str)]) {
        let blocks = blocks(&format!("\n{text}"), 100);
        let starts: Vec<_> = blocks
            .iter()
            .map(|block| (block.depth, text[block.start - 101..].lines().next().unwrap_or_default()))
            .collect();
        assert_eq!(starts, expected);
    }

    #[test]
    fn blocks_are_found_with_their_depth() {
        check(
            "# Guide\ntext\n\n```sh\nrun\n\nit\n```\n***\n<p>\n</p>\n",
            &[(0, "# Guide"), (0, "text"), (0, "```sh"), (0, "***"), (0, "<p>")],
        );
        check("- a\n- b\n\n  c\n", &[(0, "- a"), (1, "- a"), (2, "a"), (1, "- b"), (2, "b"), (2, "c")]);
        check("| a |\n|---|\n| b |\n", &[(0, "| a |"), (1, "| a |"), (1, "| b |")]);
        check("> a\n>\n> b\n", &[(0, "> a"), (1, "a"), (1, "b")]);
    }

    #[test]
    fn headings_know_level_and_title() {
        let blocks =
            blocks("Über\nuns\n===\n\n### The `run` *command* [here](x) since [1.2]\n\n> # quoted\n", 0);
        let headings: Vec<_> = blocks
            .iter()
            .filter_map(|block| block.heading.as_ref())
            .map(|h| (h.level, h.title.as_str()))
            .collect();
        assert_eq!(headings, [(1, "Über uns"), (3, "The run command here since 1.2")]);
    }

    #[test]
    fn long_titles_are_cut() {
        let blocks = blocks(&format!("# {}", "🚀".repeat(1000)), 0);
        assert_eq!(blocks[0].heading.as_ref().unwrap().title, "🚀".repeat(100));
    }

    #[test]
    fn deep_nesting_stops_counting() {
        let deepest = blocks(&format!("{}x", "> ".repeat(1000)), 0).iter().map(|block| block.depth).max();
        assert_eq!(deepest, Some(DEPTH_MAX));
    }
}
