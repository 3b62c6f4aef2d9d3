//! The recursive splitter: text cut at blank lines, else at lines, else at spaces, else inside words.
//!
//! Its chunks are those of the reference (§7.1), with one exception: a word that has to be cut is cut between
//! grapheme clusters, never inside a surrogate pair.
//!
//! Nothing is copied. What the reference builds by joining pieces is always a slice of the text, because
//! pieces keep their separator and are only dropped at the front and added at the back; a chunk is that slice
//! without white space at its ends. So two cursors over the same pieces are enough, one where pieces are added
//! and one where they are dropped, and memory does not grow with the text.

use std::ops::Range;

use super::pieces::{Piece, Pieces};
use crate::words::{is_js_space, utf16_len};

/// Cuts a stretch of text into chunks, as byte ranges of the text, in order.
///
/// Time is linear in the text and no memory is used beyond this value, whatever the text holds.
#[derive(Clone, Debug)]
pub struct RecursiveSplitter<'t> {
    text: &'t str,
    /// Longest chunk, in UTF-16 code units.
    size: usize,
    /// Longest repeated end of a chunk at the start of the next, in UTF-16 code units.
    overlap: usize,
    /// Pieces still to be added: of the whole, of a long piece inside it, and so on. At most one for each kind
    /// of separator.
    open: Vec<Pieces<'t>>,
    window: Window<'t>,
    /// A piece that is a chunk of its own and waits until the chunk before it has been taken.
    single: Option<Range<usize>>,
}

impl<'t> RecursiveSplitter<'t> {
    /// Splits `text[range]` into chunks of at most `size` UTF-16 code units, of which at most `overlap` are
    /// repeated from the chunk before.
    ///
    /// `range` must lie on character boundaries. An overlap that is not below the size is taken as one below
    /// it, and a size of 0 as 1: check with [`ChunkOptions::check`](super::ChunkOptions::check) first.
    pub fn new(text: &'t str, range: Range<usize>, size: usize, overlap: usize) -> Self {
        let size = size.max(1);
        let pieces = Pieces::of(text, range.start, range.end, size);
        RecursiveSplitter {
            text,
            size,
            overlap: overlap.min(size - 1),
            open: vec![pieces],
            window: Window {
                text,
                before: None,
                first: pieces,
                start: 0,
                units: 0,
                ink_end: 0,
                ink_start: 0,
            },
            single: None,
        }
    }

    /// Lets the first chunk begin at `start`, before the range, if it has room for that and a first piece.
    /// Otherwise what lies between is a chunk of its own. For a heading that belongs to what follows.
    ///
    /// Call it before the first chunk is taken. `text[start..range.start]` must fit a chunk.
    pub(super) fn starting_at(mut self, start: usize) -> Self {
        let end = self.window.first.position();
        let piece = Piece { start, end, units: utf16_len(&self.text[start..end]) };
        self.window.start = start;
        self.window.push(piece);
        self.window.before = Some(piece);
        self
    }

    /// Whether all chunks have been given.
    pub fn is_done(&self) -> bool {
        self.open.is_empty() && self.single.is_none()
    }

    /// The next chunk, or `None` if there is none left or `budget` is used up. The bytes that were looked at
    /// are taken off the budget; [`Self::is_done`] tells which it was.
    ///
    /// For callers that must let others run: a hundred megabytes of white space hold no chunk at all.
    pub fn next_within(&mut self, budget: &mut usize) -> Option<Range<usize>> {
        if self.single.is_some() {
            return self.single.take();
        }
        while *budget > 0 {
            let pieces = self.open.last_mut()?;
            let chunk = match pieces.next() {
                None => {
                    self.open.pop();
                    self.window.flush()
                }
                Some(piece) => {
                    *budget = budget.saturating_sub(piece.end - piece.start);
                    if piece.units < self.size { self.add(piece) } else { self.descend(piece) }
                }
            };
            if chunk.is_some() {
                return chunk;
            }
        }
        None
    }

    /// Adds a piece to the window, and gives the chunk that it pushes out.
    fn add(&mut self, piece: Piece) -> Option<Range<usize>> {
        let mut chunk = None;
        if self.window.units + piece.units > self.size {
            chunk = self.window.chunk();
            while self.window.units > self.overlap || self.window.units + piece.units > self.size {
                self.window.drop_first();
            }
        }
        if self.window.units == 0 {
            let pieces = self.open.last()?;
            self.window.first = pieces.back_to(piece.start);
            self.window.start = piece.start;
        }
        self.window.push(piece);
        chunk
    }

    /// Ends the window, gives its chunk, and goes on inside a piece that is too long for any window.
    fn descend(&mut self, piece: Piece) -> Option<Range<usize>> {
        let chunk = self.window.flush();
        if let Some(finer) = self.open.last()?.inside(piece) {
            self.open.push(finer);
            return chunk;
        }
        // A cluster as long as a chunk, or a character longer than one.
        let single = trimmed(self.text, piece.start..piece.end);
        if chunk.is_none() {
            return single;
        }
        self.single = single;
        chunk
    }
}

impl Iterator for RecursiveSplitter<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let mut unlimited = usize::MAX;
        self.next_within(&mut unlimited)
    }
}

/// The pieces that the next chunk is made of.
#[derive(Clone, Debug)]
struct Window<'t> {
    text: &'t str,
    /// A piece that is not one of the others, at the front.
    before: Option<Piece>,
    /// The same pieces again, from the window's first on: what is dropped is read a second time, so that
    /// nothing needs to be remembered of it.
    first: Pieces<'t>,
    start: usize,
    /// Length in UTF-16 code units; the window is empty if it is 0.
    units: usize,
    /// End of the last character that is not white space in any window so far.
    ink_end: usize,
    /// Start of the first such character at or behind an earlier window's start. Windows only move forward,
    /// so white space is not looked at twice.
    ink_start: usize,
}

impl Window<'_> {
    fn push(&mut self, piece: Piece) {
        self.units += piece.units;
        let ink = self.text[piece.start..piece.end].trim_end_matches(is_js_space);
        if !ink.is_empty() {
            self.ink_end = piece.start + ink.len();
        }
    }

    fn drop_first(&mut self) {
        match self.before.take().or_else(|| self.first.next()) {
            Some(piece) => {
                self.start = piece.end;
                self.units -= piece.units;
            }
            None => self.units = 0,
        }
    }

    /// The window without white space at its ends, unless nothing is left.
    fn chunk(&mut self) -> Option<Range<usize>> {
        if self.units == 0 || self.ink_end <= self.start {
            return None;
        }
        if self.ink_start <= self.start {
            let window = &self.text[self.start..self.ink_end];
            self.ink_start = self.ink_end - window.trim_start_matches(is_js_space).len();
        }
        Some(self.ink_start..self.ink_end)
    }

    fn flush(&mut self) -> Option<Range<usize>> {
        let chunk = self.chunk();
        self.units = 0;
        self.before = None;
        chunk
    }
}

/// `range` without white space at its ends, unless nothing is left.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let slice = text[range.clone()].trim_end_matches(is_js_space);
    let start = range.start + slice.len() - slice.trim_start_matches(is_js_space).len();
    (!slice.is_empty()).then(|| start..range.start + slice.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    fn split(text: &str, size: usize, overlap: usize) -> Vec<Range<usize>> {
        RecursiveSplitter::new(text, 0..text.len(), size, overlap).collect()
    }

    fn check(text: &str, size: usize, overlap: usize, expected: &[&str]) {
        let chunks: Vec<_> = split(text, size, overlap).into_iter().map(|span| &text[span]).collect();
        assert_eq!(chunks, expected, "{text:?} in {size} with {overlap}");
    }

    /// Reference, appendix B.
    #[test]
    fn chunks_are_those_of_the_reference() {
        check("Hello world foo bar baz qux", 10, 3, &["Hello", "world foo", "bar baz", "qux"]);
        check(
            "Para one line one.\nPara one line two.\n\nPara two is here.\n\n\nPara three.",
            30,
            5,
            &["Para one line one.", "Para one line two.", "Para two is here.", "Para three."],
        );
        check("abcdefghijklmnopqrstuvwxyz", 10, 2, &["abcdefghij", "ijklmnopqr", "qrstuvwxyz"]);
        check("a b c d e f g h i j", 5, 2, &["a b c", "c d", "d e", "e f", "f g", "g h", "h i", "i j"]);
        check(
            "word word word word word word\n\nxxxxxxxxxxxx",
            12,
            4,
            &["word word", "word word", "word word", "xxxxxxxxxxx", "xxxxx"],
        );
        check("  leading and trailing  ", 100, 20, &["leading and trailing"]);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        check("", 10, 2, &[]);
        check(" \n\n \t\u{FEFF}\n", 10, 2, &[]);
    }

    #[test]
    fn a_word_is_cut_between_clusters() {
        check("🚀🚀🚀", 3, 0, &["🚀", "🚀", "🚀"]);
        check("ae\u{301}be\u{301}c", 4, 2, &["ae\u{301}b", "be\u{301}c"]);
        check("🇩🇪🇫🇷🇮🇹", 9, 4, &["🇩🇪🇫🇷", "🇫🇷🇮🇹"]);
    }

    #[test]
    fn a_cluster_longer_than_a_chunk_is_cut_between_characters() {
        check("👨\u{200D}👩\u{200D}👧", 4, 1, &["👨\u{200D}", "\u{200D}👩\u{200D}", "\u{200D}👧"]);
        check("🚀a", 1, 0, &["🚀", "a"]);
    }

    /// Hostile text must not cost more than its length: at a megabyte, anything quadratic would not come back.
    #[test]
    fn monotonous_text_is_split_in_linear_time() {
        let long = 1_000_000;
        for pattern in ["x", " ", "\n", "日", "🇩🇪", "\n\nx", " x", "\r\n", "e\u{301}"] {
            for overlap in [0, 20, 999] {
                let text = pattern.repeat(long / pattern.len());
                let chunks = RecursiveSplitter::new(&text, 0..text.len(), 1000, overlap).count();
                assert_eq!(chunks == 0, pattern.trim().is_empty(), "{pattern:?}");
            }
        }
        // One cluster.
        let marks = format!("a{}", "\u{301}".repeat(long / 2));
        assert_eq!(split(&marks, 1000, 0).len(), 501);
    }

    #[test]
    fn a_budget_pauses_the_work() {
        let text = " ".repeat(10_000) + "end";
        let mut splitter = RecursiveSplitter::new(&text, 0..text.len(), 100, 10);
        let mut pauses = 0;
        let chunk = loop {
            let mut budget = 1000;
            match splitter.next_within(&mut budget) {
                Some(chunk) => break chunk,
                None => pauses += 1,
            }
            assert!(!splitter.is_done());
        };
        assert_eq!(&text[chunk], "end");
        assert_eq!(pauses, 10);
        assert_eq!(splitter.next(), None);
        assert!(splitter.is_done());
    }

    /// The rules of the reference, word for word, on copies: what we must equal where no cluster is cut.
    fn by_the_book(text: &str, separators: &[&str], size: usize, overlap: usize) -> Vec<String> {
        let level = separators.iter().position(|separator| text.contains(separator)).unwrap_or(0);
        let (separator, finer) = (separators[level], &separators[level + 1..]);
        let mut pieces = vec![String::new()];
        for (offset, ch) in text.char_indices() {
            if offset > 0 && text[offset..].starts_with(separator) {
                pieces.push(String::new());
            }
            pieces.last_mut().unwrap().push(ch);
        }
        let (mut chunks, mut short) = (Vec::new(), Vec::new());
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            if utf16_len(&piece) < size {
                short.push(piece);
                continue;
            }
            chunks.extend(merge(std::mem::take(&mut short), size, overlap));
            match finer {
                [] => chunks.push(piece),
                finer => chunks.extend(by_the_book(&piece, finer, size, overlap)),
            }
        }
        chunks.extend(merge(short, size, overlap));
        chunks
    }

    fn merge(pieces: Vec<String>, size: usize, overlap: usize) -> Vec<String> {
        let mut chunks = Vec::new();
        let mut window: Vec<String> = Vec::new();
        let total = |window: &[String]| window.iter().map(|piece| utf16_len(piece)).sum::<usize>();
        for piece in pieces {
            if total(&window) + utf16_len(&piece) > size {
                chunks.push(window.concat());
                while total(&window) > overlap || total(&window) + utf16_len(&piece) > size {
                    window.remove(0);
                }
            }
            window.push(piece);
        }
        chunks.push(window.concat());
        let trimmed = chunks.iter().map(|chunk| crate::words::js_trim(chunk).to_owned());
        trimmed.filter(|chunk| !chunk.is_empty()).collect()
    }

    fn sizes() -> impl Strategy<Value = (usize, usize)> {
        (1usize..24).prop_flat_map(|size| (Just(size), 0..size))
    }

    /// Text with many separators, and characters that cling to their neighbours.
    const HARD: &str =
        "([a-c]{1,9}| {1,3}|\n{1,3}|\r\n|\t|[é日🚀]|e\u{301}{1,3}|🇩|👨|\u{200D}|\u{FEFF}|\u{600}){0,60}";

    proptest! {
        #[test]
        fn plain_text_is_split_by_the_book(
            text in "([a-c]{1,30}| {1,4}|\n{1,4}|\t|\r\n|[é日]){0,60}",
            (size, overlap) in (2usize..24).prop_flat_map(|size| (Just(size), 0..size)),
        ) {
            let chunks: Vec<_> = split(&text, size, overlap).into_iter().map(|span| &text[span]).collect();
            prop_assert_eq!(chunks, by_the_book(&text, &["\n\n", "\n", " ", ""], size, overlap));
        }

        #[test]
        fn chunks_cover_everything_but_white_space(text in HARD, (size, overlap) in sizes()) {
            let mut covered = 0;
            let mut last_start = 0;
            for span in split(&text, size, overlap) {
                prop_assert!(last_start <= span.start && covered <= span.end, "in order");
                if span.start > covered {
                    prop_assert!(text[covered..span.start].chars().all(is_js_space));
                }
                (last_start, covered) = (span.start, span.end);
            }
            prop_assert!(text[covered..].chars().all(is_js_space));
        }

        #[test]
        fn chunks_are_no_longer_than_asked(text in HARD, (size, overlap) in sizes()) {
            for span in split(&text, size, overlap) {
                let chunk = &text[span];
                prop_assert!(utf16_len(chunk) <= size || chunk.chars().count() == 1, "{:?}", chunk);
                prop_assert_eq!(chunk, crate::words::js_trim(chunk));
            }
        }

        #[test]
        fn no_more_is_repeated_than_asked(text in HARD, (size, overlap) in sizes()) {
            for pair in split(&text, size, overlap).windows(2) {
                if pair[1].start < pair[0].end {
                    prop_assert!(utf16_len(&text[pair[1].start..pair[0].end]) <= overlap);
                }
            }
        }

        /// A cut with ink on both sides is inside a word, and then between clusters that fit a chunk.
        #[test]
        fn clusters_that_fit_are_never_cut(text in HARD, (size, overlap) in sizes()) {
            let ink = |ch: Option<char>| ch.is_some_and(|ch| !is_js_space(ch));
            let clusters: Vec<_> = text.grapheme_indices(true).collect();
            for cut in split(&text, size, overlap).into_iter().flat_map(|span| [span.start, span.end]) {
                if ink(text[..cut].chars().next_back()) && ink(text[cut..].chars().next()) {
                    let index = clusters.partition_point(|(start, _)| *start <= cut) - 1;
                    let (start, cluster) = clusters[index];
                    prop_assert!(start == cut || utf16_len(cluster) > size, "{:?} cut", cluster);
                }
            }
        }

        #[test]
        fn pauses_change_nothing(text in HARD, (size, overlap) in sizes(), step in 1usize..9) {
            let mut splitter = RecursiveSplitter::new(&text, 0..text.len(), size, overlap);
            let mut chunks = Vec::new();
            while !splitter.is_done() {
                let mut budget = step;
                chunks.extend(splitter.next_within(&mut budget));
            }
            prop_assert_eq!(chunks, split(&text, size, overlap));
        }

        #[test]
        fn a_stretch_is_split_as_if_it_stood_alone(text in HARD, (size, overlap) in sizes()) {
            let framed = format!("日 {text}\nx");
            let range = 4..4 + text.len();
            let inside = RecursiveSplitter::new(&framed, range, size, overlap);
            let alone = split(&text, size, overlap);
            prop_assert!(inside.map(|span| span.start - 4..span.end - 4).eq(alone));
        }
    }
}
