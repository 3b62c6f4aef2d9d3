//! The splitter that cuts between sentences.
//!
//! Paragraphs are put together while they fit. One that is longer than a chunk stands alone and is cut between sentences,
//! into parts of about the same length: a short rest would be found for its few words. A sentence is cut only where it
//! is longer than a chunk. What is repeated at the start of the next part are whole sentences, too.

use super::atoms::{self, Atom, Level};
use super::recursive::trimmed;
use crate::words::{js_trim_end, utf16_len};
use std::collections::VecDeque;
use std::ops::Range;

/// Cuts a stretch of text into chunks, as byte ranges of the text, in order.
///
/// Time is linear in the text, and memory that of the sentences of some chunks.
#[derive(Clone, Debug)]
pub struct SentenceSplitter<'t> {
    text: &'t str,
    position: usize,
    end: usize,
    size: usize,
    overlap: usize,
    /// Sentences of the paragraph at hand that are not in a chunk yet.
    paragraph: VecDeque<Atom>,
    /// Their length, with white space.
    paragraph_units: usize,
    /// Whether all of it was read.
    whole: bool,
    /// The length at which parts of the paragraph are about as long as each other, while it is being cut.
    part: Option<usize>,
    /// The sentences of the chunk that is being put together.
    open: VecDeque<Atom>,
    /// Their length, with white space.
    units: usize,
    /// How many of the first are repeated: a chunk needs others.
    repeated: usize,
    /// The first sentence is a heading that ends here: what follows stays with it, even if it has to be cut.
    heading_end: Option<usize>,
}

/// Chunks of a paragraph that are read before it is cut. The parts of a longer one are not of the same length.
const READ_AHEAD: usize = 8;

impl<'t> SentenceSplitter<'t> {
    /// Splits `text[range]` into chunks of at most `size` UTF-16 code units, of which at most `overlap` are repeated
    /// from the chunk before.
    ///
    /// `range` must lie on character boundaries. An overlap that is not below the size is taken as one below it, and a
    /// size of 0 as 1: check with [`ChunkOptions::check`](super::ChunkOptions::check) first.
    pub fn new(text: &'t str, range: Range<usize>, size: usize, overlap: usize) -> Self {
        let size = size.max(1);
        SentenceSplitter {
            text,
            position: range.start,
            end: range.end.min(text.len()),
            size,
            overlap: overlap.min(size - 1),
            paragraph: VecDeque::new(),
            paragraph_units: 0,
            whole: false,
            part: None,
            open: VecDeque::new(),
            units: 0,
            repeated: 0,
            heading_end: None,
        }
    }

    /// Lets the first chunk begin at `start`, before the range, if it has room for that and some text. For a heading that
    /// belongs to what follows.
    ///
    /// Call it before the first chunk is taken. `text[start..range.start]` must fit a chunk.
    pub(super) fn starting_at(mut self, start: usize) -> Self {
        let heading = self.text.get(start..self.position).unwrap_or_default();
        let (units, ink) = (utf16_len(heading), utf16_len(js_trim_end(heading)));
        self.open.push_back(Atom { start, end: self.position, units, ink, level: Level::Line });
        self.units = units;
        self.heading_end = Some(self.position);
        self
    }

    /// Whether all chunks have been given.
    pub fn is_done(&self) -> bool {
        self.position >= self.end && self.paragraph.is_empty() && self.open.len() <= self.repeated
    }

    /// The next chunk, or `None` if there is none left or `budget` is used up. The bytes that were looked at are taken
    /// off the budget; [`Self::is_done`] tells which it was.
    pub fn next_within(&mut self, budget: &mut usize) -> Option<Range<usize>> {
        while !self.is_done() {
            let read_on = !self.whole && self.paragraph_units <= self.size.saturating_mul(READ_AHEAD);
            let chunk = if read_on && self.position < self.end {
                if *budget == 0 {
                    return None;
                }
                self.read(budget);
                None
            } else if self.paragraph.is_empty() {
                // The rest of one that was cut stands alone, too.
                let was_cut = self.part.take().is_some();
                self.whole = false;
                if was_cut || self.position >= self.end { self.close() } else { None }
            } else if let Some(part) = self.part {
                self.cut(part)
            } else {
                self.begin()
            };
            if chunk.is_some() {
                return chunk;
            }
        }
        None
    }

    /// Reads a sentence of the paragraph at hand.
    fn read(&mut self, budget: &mut usize) {
        let atom = atoms::next(self.text, self.position, self.end, self.room());
        *budget = budget.saturating_sub(atom.end - atom.start);
        self.position = atom.end;
        if atom.ink == 0 && self.paragraph.is_empty() && self.open.is_empty() {
            // White space belongs to nothing.
            return;
        }
        self.whole = atom.level >= Level::Line || self.position >= self.end;
        self.paragraph_units += atom.units;
        self.paragraph.push_back(atom);
    }

    /// The longest sentence that is taken as it is.
    fn room(&self) -> usize {
        let left = self.size.saturating_sub(self.units);
        if self.heading_end == Some(self.position) && left >= self.size / 2 { left } else { self.size }
    }

    /// Takes the paragraph at hand into the open chunk, or closes that and gives it.
    fn begin(&mut self) -> Option<Range<usize>> {
        let ink = self.paragraph_units - self.paragraph.back().map_or(0, |last| last.units - last.ink);
        if self.whole && self.units + ink <= self.size {
            self.open.append(&mut self.paragraph);
            self.units += std::mem::take(&mut self.paragraph_units);
            self.whole = false;
            return None;
        }
        let is_heading = self.open.len() == 1 && self.open.front().map(|first| first.end) == self.heading_end;
        if !self.open.is_empty() && !is_heading {
            return self.close();
        }
        let all = self.units + ink;
        self.part = Some(if self.whole { all.div_ceil(all.div_ceil(self.size)) } else { self.size });
        None
    }

    /// Moves a sentence of a long paragraph into the open chunk, and gives the chunk that it pushes out.
    fn cut(&mut self, part: usize) -> Option<Range<usize>> {
        let atom = self.paragraph.pop_front()?;
        self.paragraph_units -= atom.units;
        if atom.ink == 0 {
            // White space is no reason for another chunk.
            if self.open.len() > self.repeated {
                self.units += atom.units;
                self.open.push_back(atom);
            }
            return None;
        }
        let (before, behind) = (self.units, self.units + atom.ink);
        let is_better_before = behind > part && behind - part > part.saturating_sub(before);
        let mut chunk = None;
        if self.open.len() > self.repeated
            && self.heading_end != Some(atom.start)
            && (behind > self.size || is_better_before)
        {
            chunk = self.span();
            self.repeat_end();
        }
        // What is repeated leaves no room.
        while self.units + atom.ink > self.size
            && let Some(first) = self.open.pop_front()
        {
            if self.repeated == 0 && chunk.is_none() {
                // A heading.
                self.open.push_front(first);
                chunk = self.close();
                break;
            }
            self.units -= first.units;
            self.repeated = self.repeated.saturating_sub(1);
        }
        self.units += atom.units;
        self.open.push_back(atom);
        chunk
    }

    /// Leaves of the open chunk what the next one repeats.
    fn repeat_end(&mut self) {
        let (mut kept, mut count) = (0, 0);
        // Not all of them: the next chunk would begin with the same.
        for atom in self.open.iter().skip(1).rev() {
            if kept + atom.units > self.overlap {
                break;
            }
            (kept, count) = (kept + atom.units, count + 1);
        }
        self.open.drain(..self.open.len() - count);
        (self.units, self.repeated) = (kept, count);
    }

    /// Ends the open chunk and gives it.
    fn close(&mut self) -> Option<Range<usize>> {
        let chunk = if self.open.len() > self.repeated { self.span() } else { None };
        self.open.clear();
        (self.units, self.repeated) = (0, 0);
        chunk
    }

    /// The open sentences without white space at their ends, unless nothing is left.
    fn span(&self) -> Option<Range<usize>> {
        let (first, last) = (self.open.front()?, self.open.back()?);
        trimmed(self.text, first.start..last.end)
    }
}

impl Iterator for SentenceSplitter<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let mut unlimited = usize::MAX;
        self.next_within(&mut unlimited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::is_js_space;
    use proptest::prelude::*;

    fn split(text: &str, size: usize, overlap: usize) -> Vec<Range<usize>> {
        SentenceSplitter::new(text, 0..text.len(), size, overlap).collect()
    }

    #[track_caller]
    fn check(text: &str, size: usize, overlap: usize, expected: &[&str]) {
        let chunks: Vec<_> = split(text, size, overlap).into_iter().map(|span| &text[span]).collect();
        assert_eq!(chunks, expected, "{text:?} in {size} with {overlap}");
    }

    #[test]
    fn chunks_end_with_a_sentence() {
        let text = "Otters swim in the river. Kestrels hover. Voles dig, and moles dig deeper.";
        check(
            text,
            45,
            0,
            &["Otters swim in the river. Kestrels hover.", "Voles dig, and moles dig deeper."],
        );
        check(
            text,
            50,
            20,
            &[
                "Otters swim in the river. Kestrels hover.",
                "Kestrels hover. Voles dig, and moles dig deeper.",
            ],
        );
        check(
            "水獭在河里游泳。红隼在空中盘旋。田鼠在地下挖洞。",
            18,
            0,
            &["水獭在河里游泳。红隼在空中盘旋。", "田鼠在地下挖洞。"],
        );
    }

    #[test]
    fn a_paragraph_near_the_end_is_a_better_place() {
        let text = "One is here. Two is here.\n\nThree. Four goes on and on.";
        check(text, 34, 0, &["One is here. Two is here.", "Three. Four goes on and on."]);
    }

    #[test]
    fn a_sentence_longer_than_a_chunk_is_cut_inside() {
        check("all of these words and no full stop", 16, 0, &["all of these", "words and no", "full stop"]);
        check("abcdefghij", 4, 0, &["abcd", "efgh", "ij"]);
        check("", 10, 2, &[]);
        check(" \n\n \t\n", 10, 2, &[]);
    }

    /// Hostile text must not cost more than its length: at a megabyte, anything quadratic would not come back.
    #[test]
    fn monotonous_text_is_split_in_linear_time() {
        for pattern in [
            "x", " ", "\n", "日", "🇩🇪", "\n\nx", " x", "\r\n", "e\u{301}", ".", "a. ", "。", "1. ", "((",
            "ก ",
        ] {
            for overlap in [0, 20, 999] {
                let text = pattern.repeat(1_000_000 / pattern.len());
                let chunks = split(&text, 1000, overlap).len();
                assert_eq!(chunks == 0, pattern.trim().is_empty(), "{pattern:?}");
            }
        }
        assert!(split(&format!("a{}", "\u{301}".repeat(500_000)), 1000, 0).len() > 400);
    }

    const HARD: &str =
        "([a-c]{1,9}| {1,3}|\n{1,3}|\r\n|\t|\\. |[!。、é日🚀]|e\u{301}{1,3}|🇩|👨|\u{200D}|\u{FEFF}){0,60}";

    fn sizes() -> impl Strategy<Value = (usize, usize)> {
        (1usize..40).prop_flat_map(|size| (Just(size), 0..size))
    }

    proptest! {
        #[test]
        fn chunks_cover_everything_but_white_space(text in HARD, (size, overlap) in sizes()) {
            let (mut covered, mut last_start) = (0, 0);
            for span in split(&text, size, overlap) {
                prop_assert!(last_start <= span.start && covered < span.end, "in order");
                if span.start > covered {
                    prop_assert!(text[covered..span.start].chars().all(is_js_space));
                }
                (last_start, covered) = (span.start, span.end);
            }
            prop_assert!(text[covered..].chars().all(is_js_space));
        }

        #[test]
        fn chunks_fit_and_repeat_no_more_than_asked(text in HARD, (size, overlap) in sizes()) {
            let spans = split(&text, size, overlap);
            for span in &spans {
                let chunk = &text[span.clone()];
                prop_assert!(utf16_len(chunk) <= size || chunk.chars().count() == 1, "{:?}", chunk);
                prop_assert_eq!(chunk, crate::words::js_trim(chunk));
            }
            for pair in spans.windows(2) {
                if pair[1].start < pair[0].end {
                    prop_assert!(utf16_len(&text[pair[1].start..pair[0].end]) <= overlap);
                }
            }
        }

        #[test]
        fn pauses_change_nothing(text in HARD, (size, overlap) in sizes(), step in 1usize..9) {
            let mut splitter = SentenceSplitter::new(&text, 0..text.len(), size, overlap);
            let mut chunks = Vec::new();
            while !splitter.is_done() {
                let mut budget = step;
                chunks.extend(splitter.next_within(&mut budget));
            }
            prop_assert_eq!(chunks, split(&text, size, overlap));
        }
    }
}
