//! The splitter for tables in lines, as in CSV.
//!
//! A record is never cut, also where a quoted cell has line breaks, unless it alone is longer than a chunk. Every part
//! but the first knows the first record, which names the columns.

use super::markdown::{LEAD_PART, Section};
use super::recursive::trimmed;
use super::sentences::SentenceSplitter;
use crate::words::utf16_len;
use std::ops::Range;

/// Cuts a table into chunks, in order. Time is linear in the text.
#[derive(Clone, Debug)]
pub struct RecordSplitter<'t> {
    text: &'t str,
    size: usize,
    overlap: usize,
    position: usize,
    /// The first record, unless it would take too much of each chunk.
    lead: Option<Range<usize>>,
    lead_units: usize,
    /// The chunk that is being put together, and its length with that of the header before it.
    open: Option<(Range<usize>, usize)>,
    /// A record that is longer than a chunk, being cut.
    long: Option<SentenceSplitter<'t>>,
}

/// A quoted cell that is longer has lost its closing quote: the record ends with its line.
const QUOTED_BYTES_MAX: usize = 1 << 16;

impl<'t> RecordSplitter<'t> {
    /// Splits `text` into chunks of at most `size` UTF-16 code units; `overlap` is for records that have to be cut.
    pub fn new(text: &'t str, size: usize, overlap: usize) -> Self {
        let size = size.max(1);
        let first = trimmed(text, 0..record_end(text, 0));
        let lead = first.filter(|first| utf16_len(&text[first.clone()]) <= size / LEAD_PART);
        let lead_units = lead.clone().map_or(0, |lead| utf16_len(&text[lead]) + 1);
        RecordSplitter { text, size, overlap, position: 0, lead, lead_units, open: None, long: None }
    }

    /// Whether all chunks have been given.
    pub fn is_done(&self) -> bool {
        self.position >= self.text.len() && self.open.is_none() && self.long.is_none()
    }

    /// The next chunk, or `None` if there is none left or `budget` is used up. The bytes that were looked at are taken
    /// off the budget; [`Self::is_done`] tells which it was.
    pub fn next_within(&mut self, budget: &mut usize) -> Option<Section> {
        loop {
            if let Some(splitter) = &mut self.long {
                if let Some(span) = splitter.next_within(budget) {
                    return Some(self.section(span));
                }
                if !splitter.is_done() {
                    return None;
                }
                self.long = None;
            }
            if self.position >= self.text.len() {
                return self.close();
            }
            if *budget == 0 {
                return None;
            }
            let record = self.position..record_end(self.text, self.position);
            self.position = record.end;
            *budget = budget.saturating_sub(record.len());
            if let Some(chunk) = self.add(record) {
                return Some(chunk);
            }
        }
    }

    fn add(&mut self, record: Range<usize>) -> Option<Section> {
        let Some(ink) = trimmed(self.text, record.clone()) else {
            if let Some((range, so_far)) = &mut self.open {
                (range.end, *so_far) = (record.end, *so_far + utf16_len(&self.text[record]));
            }
            return None;
        };
        let (units, ink_units) = (utf16_len(&self.text[record.clone()]), utf16_len(&self.text[ink.clone()]));
        if let Some((range, so_far)) = &mut self.open
            && *so_far + utf16_len(&self.text[record.start..ink.end]) <= self.size
        {
            (range.end, *so_far) = (record.end, *so_far + units);
            return None;
        }
        let chunk = self.close();
        let before = if self.leads(record.start) { self.lead_units } else { 0 };
        if before + ink_units > self.size {
            self.long = Some(SentenceSplitter::new(self.text, ink, self.size - before, self.overlap));
        } else {
            self.open = Some((record, before + units));
        }
        chunk
    }

    fn close(&mut self) -> Option<Section> {
        let (range, _) = self.open.take()?;
        let span = trimmed(self.text, range)?;
        Some(self.section(span))
    }

    fn section(&self, span: Range<usize>) -> Section {
        let lead = self.lead.clone().filter(|_| self.leads(span.start));
        Section { span, headings: Vec::new(), lead }
    }

    /// Whether what begins here has the header before it.
    fn leads(&self, start: usize) -> bool {
        self.lead.as_ref().is_some_and(|lead| start >= lead.end)
    }
}

/// The end of the record at `start`, behind its line end.
fn record_end(text: &str, start: usize) -> usize {
    let bytes = &text.as_bytes()[start..];
    let (mut quoted, mut first_line) = (false, None);
    for at in memchr::memchr2_iter(b'"', b'\n', bytes) {
        if quoted && at > QUOTED_BYTES_MAX {
            break;
        }
        match bytes.get(at) {
            Some(b'"') => quoted = !quoted,
            _ if !quoted => return start + at + 1,
            _ => first_line = first_line.or(Some(at + 1)),
        }
    }
    start + first_line.filter(|_| quoted).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::is_js_space;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, size: usize, expected: &[(bool, &str)]) {
        let chunks: Vec<_> = RecordSplitter::new(text, size, 0).map_all();
        let chunks: Vec<_> = chunks.iter().map(|one| (one.lead.is_some(), &text[one.span.clone()])).collect();
        assert_eq!(chunks, expected);
    }

    impl RecordSplitter<'_> {
        fn map_all(mut self) -> Vec<Section> {
            let (mut all, mut unlimited) = (Vec::new(), usize::MAX);
            while !self.is_done() {
                all.extend(self.next_within(&mut unlimited));
            }
            all
        }
    }

    #[test]
    fn records_stay_whole_and_know_their_columns() {
        check("a,b\n1,2\n3,4\n5,6\n", 12, &[(false, "a,b\n1,2\n3,4"), (true, "5,6")]);
        check("a,b\n1,\"x\ny\"\n3,4\n", 13, &[(false, "a,b\n1,\"x\ny\""), (true, "3,4")]);
    }

    #[test]
    fn a_record_longer_than_a_chunk_is_cut() {
        let text = "a;b\none two three four;five six";
        check(text, 18, &[(false, "a;b"), (true, "one two three"), (true, "four;five six")]);
    }

    #[test]
    fn a_lost_quote_costs_one_line() {
        let text = format!("a,\"b\n{}", "1,2\n".repeat(50_000));
        let first = RecordSplitter::new(&text, 20, 0).map_all().swap_remove(0);
        assert_eq!(&text[first.span], "a,\"b\n1,2\n1,2\n1,2\n1,2");
    }

    proptest! {
        #[test]
        fn chunks_cover_everything_and_fit(text in "([a-c,; ]{0,9}(\"[a\n]{0,5}\")?\r?\n){0,20}\"?", size in 1usize..40) {
            let mut covered = 0;
            for Section { span, lead, .. } in RecordSplitter::new(&text, size, 0).map_all() {
                prop_assert!(covered <= span.start);
                prop_assert!(text[covered..span.start].chars().all(is_js_space));
                let before = lead.map_or(0, |lead| utf16_len(&text[lead]) + 1);
                prop_assert!(before + utf16_len(&text[span.clone()]) <= size);
                covered = span.end;
            }
            prop_assert!(text[covered..].chars().all(is_js_space));
        }
    }
}
