//! How much of the text that answers a question is in the passages that were found.

use std::collections::BTreeMap;
use std::ops::Range;

/// A stretch of a document, in code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The document.
    pub document: String,
    /// Half-open.
    pub range: Range<usize>,
}

/// Shares of code points, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlap {
    /// Of the answering spans, how much is in the passages.
    pub recall: f64,
    /// Of the passages, how much is in answering spans. Text that two passages share counts in both.
    pub precision: f64,
    /// What both have in common, over what either has.
    pub iou: f64,
}

/// Compares passages with the spans that answer.
#[must_use]
pub fn overlap(passages: &[Stretch], spans: &[Stretch]) -> Overlap {
    let (found, wanted) = (merged(passages), merged(spans));
    let common: usize = wanted
        .iter()
        .map(|(document, ranges)| shared(ranges, found.get(document).map_or(&[], Vec::as_slice)))
        .sum();
    let length =
        |all: &BTreeMap<&str, Vec<Range<usize>>>| all.values().flatten().map(Range::len).sum::<usize>();
    let read: usize = passages.iter().map(|passage| passage.range.len()).sum();
    let share = |whole: usize| if whole > 0 { common as f64 / whole as f64 } else { 0.0 };
    Overlap {
        recall: share(length(&wanted)),
        precision: share(read),
        iou: share(length(&wanted) + read - common),
    }
}

/// Ranges by document, in order, without overlaps.
fn merged(stretches: &[Stretch]) -> BTreeMap<&str, Vec<Range<usize>>> {
    let mut by_document: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
    for stretch in stretches {
        by_document.entry(&stretch.document).or_default().push(stretch.range.clone());
    }
    for ranges in by_document.values_mut() {
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut merged: Vec<Range<usize>> = Vec::new();
        for range in ranges.drain(..) {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        *ranges = merged;
    }
    by_document
}

/// Code points that are in both lists.
fn shared(a: &[Range<usize>], b: &[Range<usize>]) -> usize {
    let pairs = a.iter().flat_map(|one| b.iter().map(move |other| (one, other)));
    pairs.map(|(one, other)| one.end.min(other.end).saturating_sub(one.start.max(other.start))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(document: &str, range: Range<usize>) -> Stretch {
        Stretch { document: document.to_owned(), range }
    }

    #[test]
    fn shares_are_of_code_points() {
        let spans = [at("a", 10..20), at("a", 15..30)];
        let found = overlap(&[at("a", 0..20), at("b", 0..20)], &spans);
        assert_eq!(found, Overlap { recall: 0.5, precision: 0.25, iou: 10.0 / 50.0 });
    }

    #[test]
    fn what_passages_repeat_is_found_once_and_read_twice() {
        let found = overlap(&[at("a", 0..10), at("a", 5..15)], &[at("a", 5..10)]);
        assert_eq!((found.recall, found.precision), (1.0, 0.25));
        assert_eq!(overlap(&[], &[at("a", 0..1)]), Overlap::default());
    }
}
