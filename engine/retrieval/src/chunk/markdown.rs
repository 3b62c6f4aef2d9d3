//! The splitter that goes by the structure of Markdown.
//!
//! A heading begins a new chunk, and every chunk knows the headings it stands under. Inside a section whole
//! blocks are put together while they fit. A block that is too long is taken apart where its structure allows:
//! a list between items, a quote between paragraphs, a table between rows. Only what has no finer structure (a
//! paragraph, a row, code) goes to the recursive splitter, and only there chunks overlap.
//!
//! Blocks are found in windows, so that memory stays small and a caller can pause between them. A window ends
//! before its last block, which may go on behind it.

use std::collections::VecDeque;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::blocks::{Block, Heading, blocks};
use super::recursive::{RecursiveSplitter, trimmed};
use crate::words::utf16_len;

/// A chunk as a byte range of the text, and the headings it stands under, outermost first.
pub type Section = (Range<usize>, Vec<String>);

/// Cuts a Markdown text into chunks, in order. Time is linear in the text.
#[derive(Clone, Debug)]
pub struct MarkdownSplitter<'t> {
    text: &'t str,
    /// Longest chunk, in UTF-16 code units.
    size: usize,
    /// Longest repeated end of a chunk where a block is cut, in UTF-16 code units.
    overlap: usize,
    /// Start of the text that is not in `units` yet.
    position: usize,
    /// Text in which blocks are found at a time, if none is longer.
    window_bytes: usize,
    /// What chunks are put together from. Units follow each other without gaps.
    units: VecDeque<Unit>,
    /// The headings in force.
    headings: Vec<Heading>,
    open: Option<Open>,
    /// A unit that is too long, being cut; with its headings.
    long: Option<(RecursiveSplitter<'t>, Vec<String>)>,
}

/// A stretch of text that is kept together if it fits a chunk.
#[derive(Clone, Debug)]
struct Unit {
    range: Range<usize>,
    heading: Option<Heading>,
}

/// The chunk that is being put together.
#[derive(Clone, Debug)]
struct Open {
    range: Range<usize>,
    /// Length in UTF-16 code units, with white space at the ends.
    units: usize,
    headings: Vec<String>,
    /// Whether it holds headings only, which belong to what follows.
    bare: bool,
}

impl<'t> MarkdownSplitter<'t> {
    /// Splits `text` into chunks of at most `size` UTF-16 code units. Where a single block has to be cut,
    /// at most `overlap` of them are repeated.
    ///
    /// An overlap that is not below the size is taken as one below it, and a size of 0 as 1: check with
    /// [`ChunkOptions::check`](super::ChunkOptions::check) first.
    pub fn new(text: &'t str, size: usize, overlap: usize) -> Self {
        let size = size.max(1);
        let mut splitter = MarkdownSplitter {
            text,
            size,
            overlap: overlap.min(size - 1),
            position: 0,
            window_bytes: WINDOW_BYTES,
            units: VecDeque::new(),
            headings: Vec::new(),
            open: None,
            long: None,
        };
        // Without this, the closing line would make the last key a heading.
        if let Some(end) = front_matter(text) {
            splitter.units.push_back(Unit { range: 0..end, heading: None });
            splitter.position = end;
        }
        splitter
    }

    /// Whether all chunks have been given.
    pub fn is_done(&self) -> bool {
        self.position == self.text.len()
            && self.units.is_empty()
            && self.open.is_none()
            && self.long.is_none()
    }

    /// The next chunk, or `None` if there is none left or `budget` is used up. The bytes that were looked at
    /// are taken off the budget; [`Self::is_done`] tells which it was.
    pub fn next_within(&mut self, budget: &mut usize) -> Option<Section> {
        loop {
            if let Some((splitter, headings)) = &mut self.long {
                if let Some(span) = splitter.next_within(budget) {
                    return Some((span, headings.clone()));
                }
                if !splitter.is_done() {
                    return None;
                }
                self.long = None;
            }
            if *budget == 0 {
                return None;
            }
            if let Some(unit) = self.units.pop_front() {
                let chunk = self.add(unit);
                if chunk.is_some() {
                    return chunk;
                }
            } else if self.position < self.text.len() {
                self.read_window(budget);
            } else {
                return self.close();
            }
        }
    }

    /// Adds a unit to the open chunk, and gives the chunk that it ends.
    fn add(&mut self, unit: Unit) -> Option<Section> {
        let Unit { range, heading } = unit;
        let is_heading = heading.is_some();
        let mut chunk = None;
        if let Some(heading) = heading {
            if self.open.as_ref().is_some_and(|open| !open.bare) {
                chunk = self.close();
            }
            self.headings.retain(|outer| outer.level < heading.level);
            self.headings.push(heading);
        }
        let ink = trimmed(self.text, range.clone()).unwrap_or(range.start..range.start);
        if utf16_len(&self.text[ink.clone()]) > self.size {
            return chunk.or(self.cut(ink));
        }
        if let Some(open) = &mut self.open {
            if open.units + utf16_len(&self.text[range.start..ink.end]) <= self.size {
                open.units += utf16_len(&self.text[range.clone()]);
                open.range.end = range.end;
                open.bare &= is_heading;
                if is_heading {
                    open.headings = titles(&self.headings);
                }
                return chunk;
            }
            chunk = self.close();
        }
        let units = utf16_len(&self.text[range.clone()]);
        self.open = Some(Open { range, units, headings: titles(&self.headings), bare: is_heading });
        chunk
    }

    /// Goes on inside `range`, which is too long for a chunk, and gives the chunk before it. Headings alone
    /// are no chunk yet: they go with what follows.
    fn cut(&mut self, range: Range<usize>) -> Option<Section> {
        let bare = self.open.take_if(|open| open.bare && open.units <= self.size);
        let mut splitter = RecursiveSplitter::new(self.text, range, self.size, self.overlap);
        if let Some(open) = bare {
            splitter = splitter.starting_at(open.range.start);
        }
        self.long = Some((splitter, titles(&self.headings)));
        self.close()
    }

    /// Ends the open chunk, and gives it unless it is blank.
    fn close(&mut self) -> Option<Section> {
        let open = self.open.take()?;
        Some((trimmed(self.text, open.range)?, open.headings))
    }

    /// Finds the units of the next window.
    fn read_window(&mut self, budget: &mut usize) {
        let mut len = self.window_bytes;
        loop {
            let end = self.window_end(len);
            let mut found = blocks(&self.text[self.position..end], self.position);
            *budget = budget.saturating_sub(end - self.position);
            let mut next = end;
            if end < self.text.len() {
                let last = found.iter().rposition(|block| block.depth == 0).unwrap_or(0);
                let cut = found.get(last).map_or(0, |block| line_start(self.text, block.start));
                if last > 0 && cut > self.position {
                    next = cut;
                    found.truncate(last);
                } else if len < WINDOW_BYTES_MAX {
                    len *= 4;
                    continue;
                }
            }
            // Definitions before the first block are in none, least of all in a heading.
            let first =
                found.first().map_or(next, |block| line_start(self.text, block.start)).max(self.position);
            if first > self.position {
                self.units.push_back(Unit { range: self.position..first, heading: None });
            }
            if first < next {
                self.divide(&found, first..next);
            }
            self.position = next;
            return;
        }
    }

    /// The end of the last line in a window of about `len` bytes; or else of the last word, or of the last
    /// grapheme cluster but one, because the last may go on.
    fn window_end(&self, len: usize) -> usize {
        let end = self.text.floor_char_boundary(self.position.saturating_add(len));
        if end == self.text.len() {
            return end;
        }
        let window = &self.text[self.position..end];
        let line_end = memchr::memrchr(b'\n', window.as_bytes()).map(|newline| newline + 1);
        let len = line_end
            .or_else(|| memchr::memrchr(b' ', window.as_bytes()).filter(|&space| space > 0))
            .or_else(|| window.grapheme_indices(true).next_back().map(|(start, _)| start))
            .filter(|&len| len > 0);
        len.map_or(end, |len| self.position + len)
    }

    /// Divides `range` between `blocks`, which are siblings and what is in them. Each gets the text from its
    /// line on to the next one's, so that nothing is lost in between; the first gets what is before it, too.
    fn divide(&mut self, blocks: &[Block], range: Range<usize>) {
        let mut start = range.start;
        let mut first = 0;
        let depth = blocks.first().map_or(0, |block| block.depth);
        for (index, block) in blocks.iter().enumerate().skip(1) {
            if block.depth != depth {
                continue;
            }
            // A sibling on the same line stays with the one before.
            let cut = line_start(self.text, block.start);
            if cut > start {
                self.push_unit(&blocks[first..index], start..cut);
                (start, first) = (cut, index);
            }
        }
        self.push_unit(&blocks[first..], start..range.end);
    }

    /// Takes `range` as a unit, or takes it apart if it is too long. `blocks` is the block that fills it,
    /// followed by what is in it.
    fn push_unit(&mut self, blocks: &[Block], range: Range<usize>) {
        if let [block, inner @ ..] = blocks {
            let is_container = !inner.is_empty() && inner.iter().all(|other| other.depth > block.depth);
            let ink = trimmed(self.text, range.clone()).unwrap_or_default();
            if is_container && utf16_len(&self.text[ink]) > self.size {
                return self.divide(inner, range);
            }
        }
        let heading = blocks.first().and_then(|block| block.heading.clone());
        self.units.push_back(Unit { range, heading });
    }
}

impl Iterator for MarkdownSplitter<'_> {
    type Item = Section;

    fn next(&mut self) -> Option<Section> {
        let mut unlimited = usize::MAX;
        self.next_within(&mut unlimited)
    }
}

const WINDOW_BYTES: usize = 1 << 16;

/// A block longer than this is read as several.
const WINDOW_BYTES_MAX: usize = 1 << 20;

fn titles(headings: &[Heading]) -> Vec<String> {
    headings.iter().map(|heading| heading.title.clone()).collect()
}

/// A lone CR ends a line too, as it does in Markdown.
fn line_start(text: &str, offset: usize) -> usize {
    memchr::memrchr2(b'\n', b'\r', &text.as_bytes()[..offset]).map_or(0, |newline| newline + 1)
}

/// The end of a block of metadata at the start of a text, between two lines of three hyphens.
fn front_matter(text: &str) -> Option<usize> {
    let mut lines = text.split_inclusive('\n');
    if lines.next()?.trim_end() != "---" {
        return None;
    }
    let mut end = text.find('\n')? + 1;
    for line in lines {
        end += line.len();
        if line.trim_end() == "---" {
            return Some(end);
        }
        if end > WINDOW_BYTES {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::is_js_space;
    use proptest::prelude::*;

    fn check(text: &str, size: usize, expected: &[(&str, &str)]) {
        let chunks: Vec<_> = MarkdownSplitter::new(text, size, 0)
            .map(|(span, headings)| (headings.join(" > "), &text[span]))
            .collect();
        let chunks: Vec<_> = chunks.iter().map(|(headings, chunk)| (headings.as_str(), *chunk)).collect();
        assert_eq!(chunks, expected);
    }

    #[test]
    fn a_heading_begins_a_chunk_and_stays_with_it() {
        check(
            "intro\n\n# Guide\n\n## Install\n\nGet it.\n\n## Use\nRun it.\n\n# More\n",
            100,
            &[
                ("", "intro"),
                ("Guide > Install", "# Guide\n\n## Install\n\nGet it."),
                ("Guide > Use", "## Use\nRun it."),
                ("More", "# More"),
            ],
        );
    }

    #[test]
    fn blocks_of_a_section_share_a_chunk_while_they_fit() {
        check(
            "# A\n\none\n\ntwo\n\nthree\n\nfour\n",
            13,
            &[("A", "# A\n\none\n\ntwo"), ("A", "three\n\nfour")],
        );
    }

    #[test]
    fn code_that_fits_is_not_cut() {
        check(
            "Words before it.\n\n```\na\n\n# b\n\nc\n```\n\nafter",
            20,
            &[("", "Words before it."), ("", "```\na\n\n# b\n\nc\n```"), ("", "after")],
        );
    }

    #[test]
    fn a_table_is_cut_between_rows_and_a_list_between_items() {
        check(
            "| a | b |\n|---|---|\n| one 1 | two 2 |\n| three 3 | four 4 |\n",
            38,
            &[("", "| a | b |\n|---|---|\n| one 1 | two 2 |"), ("", "| three 3 | four 4 |")],
        );
        check(
            "- one one\n- two\n  - two and a half\n- three\n",
            26,
            &[("", "- one one"), ("", "- two\n  - two and a half"), ("", "- three")],
        );
        check("> one\n>\n> two\n> 2\n", 13, &[("", "> one\n>"), ("", "> two\n> 2")]);
    }

    #[test]
    fn a_long_paragraph_is_cut_at_spaces_together_with_its_heading() {
        check(
            "# A\n\nsome words here\n\nnext\n",
            12,
            &[("A", "# A\n\nsome"), ("A", "words here"), ("A", "next")],
        );
    }

    #[test]
    fn a_heading_without_room_for_a_word_stands_alone() {
        check(
            "# Long title\n\nincomprehensibilities\n",
            14,
            &[("Long title", "# Long title"), ("Long title", "incomprehensib"), ("Long title", "ilities")],
        );
    }

    #[test]
    fn front_matter_is_no_heading() {
        check("---\ntitle: x\n---\n# A\n\ntext\n", 100, &[("", "---\ntitle: x\n---"), ("A", "# A\n\ntext")]);
    }

    #[test]
    fn link_definitions_are_not_lost() {
        check("one [a]\n\n[a]: /x\n", 100, &[("", "one [a]\n\n[a]: /x")]);
        check("[a]: /x\n# A\n", 100, &[("", "[a]: /x"), ("A", "# A")]);
    }

    #[test]
    fn windows_do_not_show() {
        let section = |number| format!("# Heading {number}\n\n{}\n\n", "A sentence of it. ".repeat(20));
        let text: String = (0..1000).map(section).collect();
        assert!(text.len() > 5 * WINDOW_BYTES);
        for (number, (span, headings)) in MarkdownSplitter::new(&text, 1000, 20).enumerate() {
            assert_eq!(headings, [format!("Heading {number}")]);
            assert_eq!(&text[span], section(number).trim());
        }
    }

    #[test]
    fn a_line_longer_than_a_window_is_cut_between_clusters() {
        let flag = "🇩🇪";
        let text = format!("x{}", flag.repeat(2 * WINDOW_BYTES_MAX / flag.len()));
        for (span, _) in MarkdownSplitter::new(&text, 1000, 20).skip(1) {
            assert_eq!((span.start % flag.len(), span.end % flag.len()), (1, 1));
        }
    }

    /// Hostile text must not cost more than its length: anything quadratic would not come back.
    #[test]
    fn monotonous_text_is_split_in_linear_time() {
        for pattern in [
            "x", " ", "\n", "- ", "> ", "- a\n", "# a\n", "```\n", "|a|\n", "[", "*", "`", "<", "[a]: b\n",
            "\\", "a\r", "a\r\r", "_a ", "![](", "&",
        ] {
            let text = pattern.repeat(1_000_000 / pattern.len());
            let ink: usize = MarkdownSplitter::new(&text, 1000, 0).map(|(span, _)| span.len()).sum();
            assert!(ink <= text.len());
        }
    }

    /// Lines that begin or end blocks, in any order.
    const HARD: &str = "((#{1,3} [a-c]{0,4}|[-*>] ?[a-c]{0,4}|1\\. a|```|\\||\\|a\\|b\\||---|\\|-\\|-\\||<p>|\\[a\\]: b| {1,5}a|[a-c ]{1,20}|é🚀|e\u{301}|\t|\u{FEFF})?(\n|\r\n|\n\n|\r)){0,30}";

    proptest! {
        #[test]
        fn chunks_cover_everything_but_white_space(text in HARD, size in 1usize..40) {
            let mut covered = 0;
            for (span, _) in MarkdownSplitter::new(&text, size, size / 3) {
                prop_assert!(covered <= span.end, "in order");
                if span.start > covered {
                    prop_assert!(text[covered..span.start].chars().all(is_js_space));
                }
                covered = span.end;
            }
            prop_assert!(text[covered..].chars().all(is_js_space));
        }

        #[test]
        fn chunks_are_no_longer_than_asked(text in HARD, size in 1usize..40) {
            for (span, _) in MarkdownSplitter::new(&text, size, size / 3) {
                let chunk = &text[span];
                prop_assert!(utf16_len(chunk) <= size || chunk.chars().count() == 1, "{:?}", chunk);
                prop_assert_eq!(chunk, crate::words::js_trim(chunk));
            }
        }

        #[test]
        fn windows_change_nothing(text in HARD, size in 1usize..40, window_bytes in 1usize..20) {
            // Definitions of links are in no block, and go with the one before if that is in their window.
            let text = text.replace("]:", "]");
            let whole = MarkdownSplitter::new(&text, size, 0);
            let windowed = MarkdownSplitter { window_bytes, ..whole.clone() };
            prop_assert_eq!(windowed.collect::<Vec<_>>(), whole.collect::<Vec<_>>());
        }

        #[test]
        fn code_rows_and_items_that_fit_are_never_cut(
            blocks in prop::collection::vec("```\n([ab #]{0,9}\n){0,4}```\n|(\\| [ab ]{1,9}\n){2}|(- [ab]{1,9}\n){1,4}|#{1,3} [ab]{1,9}\n|([ab]{1,9} ){1,9}\n", 0..12),
            size in 12usize..60,
        ) {
            let text = blocks.join("\n");
            let chunks: Vec<_> = MarkdownSplitter::new(&text, size, size / 4).map(|(span, _)| span).collect();
            let mut start = 0;
            for block in &blocks {
                let parts: Vec<_> =
                    if block.starts_with("```") { vec![block.as_str()] } else { block.split_inclusive('\n').collect() };
                for part in parts.iter().filter(|part| !part.trim().is_empty()) {
                    let ink = trimmed(&text, start..start + part.len()).unwrap_or_default();
                    start += part.len();
                    if utf16_len(part) <= size {
                        let whole = chunks.iter().any(|chunk| chunk.start <= ink.start && ink.end <= chunk.end);
                        prop_assert!(whole, "{:?} in {:?}", part, text);
                    }
                }
                start += 1;
            }
        }

        #[test]
        fn pauses_change_nothing(text in HARD, size in 1usize..40, step in 1usize..9) {
            let mut splitter = MarkdownSplitter::new(&text, size, size / 3);
            let mut chunks = Vec::new();
            while !splitter.is_done() {
                let mut budget = step;
                chunks.extend(splitter.next_within(&mut budget));
            }
            prop_assert_eq!(chunks, MarkdownSplitter::new(&text, size, size / 3).collect::<Vec<_>>());
        }

        #[test]
        fn any_text_can_be_split(text: String, size in 1usize..40) {
            MarkdownSplitter::new(&text, size, 0).for_each(drop);
        }
    }
}
