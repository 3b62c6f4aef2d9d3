//! One way to take chunks, whatever they are cut by.

use std::ops::Range;

use haversack_extract::PageSpan;

use super::markdown::MarkdownSplitter;
use super::recursive::RecursiveSplitter;
use super::{Chunk, ChunkError, ChunkMode, ChunkOptions};

/// The chunks of a text, in order.
///
/// Take them one by one as an iterator, or in batches with [`Self::next_batch`] to let others run in between.
///
/// ```
/// use haversack_retrieval::chunk::{ChunkMode, ChunkOptions, Chunker};
///
/// let text = "Otters swim.\n\nKestrels hover.";
/// let options = ChunkOptions { size: 20, overlap: 5, mode: ChunkMode::Recursive };
/// let chunks: Vec<&str> = Chunker::new(text, options, &[])?.map(|chunk| &text[chunk.span]).collect();
/// assert_eq!(chunks, ["Otters swim.", "Kestrels hover."]);
/// # Ok::<(), haversack_retrieval::chunk::ChunkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chunker<'t> {
    splitter: Splitter<'t>,
    pages: &'t [PageSpan],
}

#[derive(Clone, Debug)]
enum Splitter<'t> {
    Recursive(RecursiveSplitter<'t>),
    Markdown(MarkdownSplitter<'t>),
}

impl<'t> Chunker<'t> {
    /// Cuts `text`. `pages` are its pages, ascending; empty if it has none.
    ///
    /// # Errors
    ///
    /// [`ChunkError::Overlap`] if the options do not pass [`ChunkOptions::check`].
    pub fn new(text: &'t str, options: ChunkOptions, pages: &'t [PageSpan]) -> Result<Self, ChunkError> {
        options.check()?;
        let ChunkOptions { size, overlap, mode } = options;
        let splitter = match mode {
            ChunkMode::Recursive => {
                Splitter::Recursive(RecursiveSplitter::new(text, 0..text.len(), size, overlap))
            }
            ChunkMode::Markdown => Splitter::Markdown(MarkdownSplitter::new(text, size, overlap)),
        };
        Ok(Chunker { splitter, pages })
    }

    /// The next chunks, `count_max` at most, after looking at no more than about a megabyte of text.
    ///
    /// A batch may be empty before the end, where the text is a desert of white space: go on until
    /// [`Self::is_done`].
    pub fn next_batch(&mut self, count_max: usize) -> Vec<Chunk> {
        let mut budget = BATCH_BYTES;
        let mut batch = Vec::new();
        while batch.len() < count_max {
            match self.next_within(&mut budget) {
                Some(chunk) => batch.push(chunk),
                None => break,
            }
        }
        batch
    }

    /// Whether all chunks have been given.
    pub fn is_done(&self) -> bool {
        match &self.splitter {
            Splitter::Recursive(splitter) => splitter.is_done(),
            Splitter::Markdown(splitter) => splitter.is_done(),
        }
    }

    fn next_within(&mut self, budget: &mut usize) -> Option<Chunk> {
        let (span, headings) = match &mut self.splitter {
            Splitter::Recursive(splitter) => (splitter.next_within(budget)?, Vec::new()),
            Splitter::Markdown(splitter) => splitter.next_within(budget)?,
        };
        Some(Chunk { page: page_at(self.pages, &span), span, headings })
    }
}

impl Iterator for Chunker<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let mut unlimited = usize::MAX;
        self.next_within(&mut unlimited)
    }
}

/// Bytes looked at in one batch: some milliseconds of work, in a browser too.
const BATCH_BYTES: usize = 1 << 20;

/// The page that holds the start of `span`, or else the first one that `span` reaches into.
fn page_at(pages: &[PageSpan], span: &Range<usize>) -> Option<u32> {
    let index = pages.partition_point(|page| page.end <= span.start);
    pages.get(index).filter(|page| page.start < span.end).map(|page| page.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::ChunkMode;

    const SMALL: ChunkOptions = ChunkOptions { size: 10, overlap: 2, mode: ChunkMode::Recursive };

    #[test]
    fn chunks_know_their_page() {
        let text = "one one one\n\ntwo two two\n\nfour";
        let page = |number, start, end| PageSpan { number, start, end };
        let pages = [page(1, 0, 11), page(2, 13, 24), page(4, 26, 30)];
        let chunks: Vec<_> =
            Chunker::new(text, SMALL, &pages).unwrap().map(|chunk| (&text[chunk.span], chunk.page)).collect();
        assert_eq!(
            chunks,
            [
                ("one one", Some(1)),
                ("one", Some(1)),
                ("two two", Some(2)),
                ("two", Some(2)),
                ("four", Some(4))
            ]
        );
    }

    #[test]
    fn text_between_pages_belongs_to_the_page_it_reaches() {
        let pages = [PageSpan { number: 1, start: 0, end: 4 }, PageSpan { number: 2, start: 8, end: 12 }];
        assert_eq!(page_at(&pages, &(3..9)), Some(1));
        assert_eq!(page_at(&pages, &(5..9)), Some(2));
        assert_eq!(page_at(&pages, &(5..7)), None);
        assert_eq!(page_at(&pages, &(12..20)), None);
        assert_eq!(page_at(&[], &(0..1)), None);
    }

    #[test]
    fn chunks_of_markdown_know_their_headings() {
        let options = ChunkOptions { mode: ChunkMode::Markdown, ..SMALL };
        let chunks: Vec<_> = Chunker::new("# A\n\none\n\n# B\n\ntwo", options, &[])
            .unwrap()
            .map(|chunk| (chunk.headings, chunk.span))
            .collect();
        assert_eq!(chunks, [(vec!["A".to_owned()], 0..8), (vec!["B".to_owned()], 10..18)]);
    }

    #[test]
    fn batches_give_the_same_chunks() {
        let text =
            format!("{}{}some words at last", "words and words ".repeat(50), " \n".repeat(BATCH_BYTES));
        let mut chunker = Chunker::new(&text, SMALL, &[]).unwrap();
        let (mut chunks, mut empty_batches) = (Vec::new(), 0);
        while !chunker.is_done() {
            let batch = chunker.next_batch(7);
            assert!(batch.len() <= 7);
            empty_batches += usize::from(batch.is_empty());
            chunks.extend(batch);
        }
        assert!(empty_batches > 0);
        assert_eq!(chunks, Chunker::new(&text, SMALL, &[]).unwrap().collect::<Vec<_>>());
    }
}
