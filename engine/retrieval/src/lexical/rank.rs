//! The best rows for a few words, without looking at most of them.
//!
//! Rows are taken in windows. What no row of a window can exceed follows from the blocks of its words; a window that cannot
//! bring anything better than what is known is skipped, and in the others only rows with a word that matters are scored
//! (MaxScore over blocks). The result is that of scoring every row: scores are added word by word in the order of the
//! question, and only what is certainly below is left out.

use super::bm25::Corpus;
use super::folded::List;
use super::postings::{NotABucket, Posting};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Rows in a window.
const WINDOW: u32 = 4096;

/// Sums of bounds are rounded otherwise than scores are: by less than this part of them.
const SLACK: f64 = 1.0 + 1e-9;

/// A row that was found.
#[derive(Clone, Copy, Debug)]
struct Entry<K> {
    score: f64,
    key: K,
}

impl<K: Ord> Ord for Entry<K> {
    /// The better one is greater: of equal scores, that with the smaller key.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.key.cmp(&self.key))
    }
}

impl<K: Ord> PartialOrd for Entry<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> PartialEq for Entry<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<K: Ord> Eq for Entry<K> {}

/// The best rows so far.
#[derive(Debug)]
pub struct Top<K> {
    most: usize,
    heap: BinaryHeap<Reverse<Entry<K>>>,
}

impl<K: Ord> Top<K> {
    /// Nothing yet, and `most` rows at most.
    #[must_use]
    pub fn new(most: usize) -> Top<K> {
        Top { most, heap: BinaryHeap::new() }
    }

    /// A row.
    pub fn push(&mut self, key: K, score: f64) {
        if self.heap.len() < self.most {
            self.heap.push(Reverse(Entry { score, key }));
        } else if let Some(mut worst) = self.heap.peek_mut() {
            let entry = Entry { score, key };
            if entry > worst.0 {
                *worst = Reverse(entry);
            }
        }
    }

    /// What a row needs to be among the best; none yet if any row is.
    fn least(&self) -> Option<f64> {
        let full = self.heap.len() >= self.most;
        full.then(|| self.heap.peek().map_or(f64::INFINITY, |Reverse(worst)| worst.score))
    }

    /// The rows, best first; equal ones by their keys.
    #[must_use]
    pub fn into_sorted(self) -> Vec<(K, f64)> {
        let entries = self.heap.into_sorted_vec();
        entries.into_iter().map(|Reverse(Entry { score, key })| (key, score)).collect()
    }
}

/// A word of a question in one fold.
pub struct Word<'a> {
    weight: f64,
    lists: Vec<Cursor<'a>>,
}

impl<'a> Word<'a> {
    /// A word that any of the terms of these lists stands for. In a row with several of them, the most frequent counts: a
    /// text may be stored under more than one form of a word.
    #[must_use]
    pub fn new(weight: f64, lists: Vec<List<'a>>) -> Word<'a> {
        Word { weight, lists: lists.into_iter().map(Cursor::new).collect() }
    }
}

struct Cursor<'a> {
    list: List<'a>,
    /// The first block that has not been passed.
    block: usize,
    /// Which block the postings at hand are of.
    decoded: Option<usize>,
    postings: Vec<Posting>,
}

impl<'a> Cursor<'a> {
    fn new(list: List<'a>) -> Cursor<'a> {
        Cursor { list, block: 0, decoded: None, postings: Vec::new() }
    }

    fn pass(&mut self, row: u32) {
        let blocks = self.list.blocks();
        while blocks.get(self.block).is_some_and(|block| block.rows.end <= row) {
            self.block += 1;
        }
    }

    fn decode(&mut self, at: usize) -> Result<(), NotABucket> {
        if self.decoded != Some(at)
            && let Some(block) = self.list.blocks().get(at)
        {
            self.postings.clear();
            self.decoded = None;
            let postings = &mut self.postings;
            self.list.postings(block, |posting| postings.push(posting))?;
            self.decoded = Some(at);
        }
        Ok(())
    }

    /// What no row of the window exceeds.
    fn bound(&mut self, from: u32, to: u32, score: impl Fn(u8, u8) -> f64) -> Result<f64, NotABucket> {
        self.pass(from);
        let mut bound = 0.0f64;
        let mut at = self.block;
        while let Some(block) = self.list.blocks().get(at).filter(|block| block.rows.start < to) {
            let (reaches, most) = (block.rows.end > to, score(block.count, block.length));
            let across = reaches || block.rows.start < from;
            if across && most > bound {
                // It may have no row in here: rare words have blocks longer than many windows.
                self.decode(at)?;
                let here = self.postings.partition_point(|p| p.row < from)
                    ..self.postings.partition_point(|p| p.row < to);
                let here = self.postings.get(here).unwrap_or_default();
                bound = here.iter().map(|p| score(p.count, p.length)).fold(bound, f64::max);
            } else if !across {
                bound = bound.max(most);
            }
            if reaches {
                break;
            }
            at += 1;
        }
        Ok(bound)
    }

    /// Adds the postings of the window to `found`; of blocks without a marked row, none.
    fn fill(
        &mut self,
        from: u32,
        to: u32,
        marks: Option<&Marks>,
        found: &mut Vec<Posting>,
    ) -> Result<(), NotABucket> {
        let mut at = self.block;
        while let Some(block) = self.list.blocks().get(at).filter(|block| block.rows.start < to) {
            let (start, end) = (block.rows.start.max(from), block.rows.end.min(to));
            let reaches = block.rows.end > to;
            if marks.is_none_or(|marks| marks.any(start - from, end - from)) {
                if block.rows.start >= from && !reaches {
                    self.list.postings(block, |posting| found.push(posting))?;
                } else {
                    self.decode(at)?;
                    found.extend(self.postings.iter().filter(|p| (from..to).contains(&p.row)));
                }
            }
            if reaches {
                break;
            }
            at += 1;
        }
        Ok(())
    }
}

/// Rows of a window.
struct Marks([u64; WINDOW as usize / 64]);

impl Marks {
    fn set(&mut self, row: u32) {
        if let Some(word) = self.0.get_mut(row as usize / 64) {
            *word |= 1 << (row % 64);
        }
    }

    fn has(&self, row: u32) -> bool {
        self.0.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether any of `start..end` is marked, about: whole words are looked at.
    fn any(&self, start: u32, end: u32) -> bool {
        let words = start as usize / 64..(end as usize).div_ceil(64);
        self.0.get(words).is_some_and(|words| words.iter().any(|word| *word != 0))
    }
}

/// A search through the rows of a fold, window by window.
pub struct Ranking<'a> {
    words: Vec<Word<'a>>,
    norms: Box<[f64; 256]>,
    corpus: Corpus,
    rows: u32,
    next: u32,
    scores: Vec<f64>,
    counts: Vec<u8>,
    marks: Marks,
    buffers: Vec<Vec<Posting>>,
}

impl<'a> Ranking<'a> {
    /// Of so many rows, for words in the order of the question.
    #[must_use]
    pub fn new(words: Vec<Word<'a>>, corpus: Corpus, rows: u32) -> Ranking<'a> {
        let mut norms = Box::new([0.0; 256]);
        norms.iter_mut().zip(0u8..=255).for_each(|(norm, length)| *norm = corpus.norm(length));
        let buffers = words.iter().map(|_| Vec::new()).collect();
        Ranking {
            words,
            norms,
            corpus,
            rows,
            next: 0,
            scores: vec![0.0; WINDOW as usize],
            counts: Vec::new(),
            marks: Marks([0; WINDOW as usize / 64]),
            buffers,
        }
    }

    /// Looks at one window more. Says how many postings were scored; `None` at the end.
    ///
    /// `key` names a row; none for one that is gone.
    ///
    /// # Errors
    /// [`NotABucket`] if the lists are none.
    pub fn step<K: Ord>(
        &mut self,
        key: impl Fn(u32) -> Option<K>,
        top: &mut Top<K>,
    ) -> Result<Option<usize>, NotABucket> {
        if self.next >= self.rows || top.most == 0 {
            return Ok(None);
        }
        let (from, to) = (self.next, self.next.saturating_add(WINDOW).min(self.rows));
        self.next = to;
        let (corpus, norms) = (self.corpus, &self.norms);
        let mut bounds = Vec::with_capacity(self.words.len());
        for word in &mut self.words {
            let weight = word.weight;
            let score = |count, length| corpus.with_norm(weight, count, norms[usize::from(length)]);
            let mut bound = 0.0;
            for list in &mut word.lists {
                bound = list.bound(from, to, score)?.max(bound);
            }
            bounds.push(bound);
        }
        let least = top.least();
        let below = |sum: f64| least.is_some_and(|least| sum * SLACK < least);
        if bounds.iter().all(|bound| *bound == 0.0) || below(bounds.iter().sum()) {
            return Ok(Some(0));
        }
        // The words with the smallest bounds that cannot make a row one of the best even together.
        let mut order: Vec<usize> = (0..bounds.len()).collect();
        order.sort_by(|a, b| bounds[*a].total_cmp(&bounds[*b]).then(a.cmp(b)));
        let (mut sum, mut idle) = (0.0, vec![false; bounds.len()]);
        for at in order {
            sum += bounds[at];
            idle[at] = below(sum);
        }
        let mut work = 0;
        self.marks.0.fill(0);
        for n in (0..idle.len()).filter(|n| !idle[*n]) {
            self.fill(n, from, to, false)?;
            for posting in &self.buffers[n] {
                self.marks.set(posting.row - from);
            }
        }
        for n in (0..idle.len()).filter(|n| idle[*n]) {
            self.fill(n, from, to, true)?;
        }
        for n in 0..idle.len() {
            work += self.buffers[n].len();
            self.add(n, from);
        }
        for (at, word) in self.marks.0.iter().enumerate() {
            let mut bits = *word;
            while bits != 0 {
                let row = at * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let score = std::mem::take(&mut self.scores[row]);
                if top.least().is_none_or(|least| score >= least)
                    && let Some(key) = key(from + row as u32)
                {
                    top.push(key, score);
                }
            }
        }
        Ok(Some(work))
    }

    fn fill(&mut self, n: usize, from: u32, to: u32, marked: bool) -> Result<(), NotABucket> {
        let buffer = &mut self.buffers[n];
        buffer.clear();
        for list in &mut self.words[n].lists {
            list.fill(from, to, marked.then_some(&self.marks), buffer)?;
        }
        Ok(())
    }

    /// Adds what a word brings to the scores of marked rows.
    fn add(&mut self, n: usize, from: u32) {
        let Ranking { words, buffers, scores, counts, marks, norms, corpus, .. } = self;
        let (word, buffer) = (&words[n], &buffers[n]);
        let mut add = |row: u32, count, length: u8| {
            scores[row as usize] += corpus.with_norm(word.weight, count, norms[usize::from(length)]);
        };
        let marked = buffer.iter().map(|p| (p.row - from, p)).filter(|(row, _)| marks.has(*row));
        if word.lists.len() == 1 {
            marked.for_each(|(row, posting)| add(row, posting.count, posting.length));
            return;
        }
        counts.resize(WINDOW as usize, 0);
        for (row, posting) in marked.clone() {
            counts[row as usize] = counts[row as usize].max(posting.count);
        }
        for (row, posting) in marked {
            let count = std::mem::take(&mut counts[row as usize]);
            if count > 0 {
                add(row, count, posting.length);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::folded::{Terms, encode, read};
    use super::super::terms::Term;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Rows of a fold: how often each of some words is in a row, and how long the row is.
    fn postings(seed: u64, rows: u32, words: usize) -> Vec<Vec<Posting>> {
        let mut state = seed | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut lists = vec![Vec::new(); words];
        for row in 0..rows {
            let length = (random() % 40) as u8;
            for (n, list) in lists.iter_mut().enumerate() {
                // The first are rare, the last in every other row.
                if random().is_multiple_of(2 + (2000 >> n.min(10)) as u64) {
                    list.push(Posting { row, count: 1 + (random() % 4) as u8, length });
                }
            }
        }
        lists
    }

    fn exhaustive(
        lists: &[Vec<Posting>],
        words: &[(f64, Vec<usize>)],
        corpus: Corpus,
        most: usize,
        gone: impl Fn(u32) -> bool,
    ) -> Vec<(u32, f64)> {
        let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
        for (weight, alternatives) in words {
            let mut rows: BTreeMap<u32, (u8, u8)> = BTreeMap::new();
            for posting in alternatives.iter().flat_map(|n| &lists[*n]) {
                let found = rows.entry(posting.row).or_insert((0, posting.length));
                found.0 = found.0.max(posting.count);
            }
            for (row, (count, length)) in rows {
                let posting = Posting { row, count, length };
                *scores.entry(row).or_default() += corpus.score(*weight, posting);
            }
        }
        let mut all: Vec<(u32, f64)> = scores.into_iter().filter(|(row, _)| !gone(*row)).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        all.truncate(most);
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn skipping_finds_what_looking_at_every_row_finds(
            seed in any::<u64>(),
            rows in 1u32..14_000,
            most in 1usize..60,
            weights in prop::collection::vec(0.01f64..6.0, 1..8),
            pairs in any::<bool>(),
        ) {
            let lists = postings(seed, rows, 12);
            let words: Vec<(f64, Vec<usize>)> = weights.iter().enumerate().map(|(n, weight)| {
                let also = (pairs && n % 2 == 0).then_some(11 - n);
                (*weight, std::iter::once(n).chain(also.filter(|other| *other != n)).collect())
            }).collect();
            let corpus = Corpus { rows: u64::from(rows), words: 20 * u64::from(rows) };
            let gone = |row: u32| row % 7 == 3;
            let terms: Terms = lists.iter().enumerate()
                .map(|(n, list)| (Term { bucket: n as u8, mark: 0 }, list.clone())).collect();
            let bytes = encode(&terms);
            let found = read(&bytes, |_| true).unwrap();
            let in_fold = words.iter().map(|(weight, alternatives)| {
                Word::new(*weight, alternatives.iter().map(|n| found[*n].1.clone()).collect())
            });
            let mut ranking = Ranking::new(in_fold.collect(), corpus, rows);
            let mut top = Top::new(most);
            while ranking.step(|row| (!gone(row)).then_some(row), &mut top).unwrap().is_some() {}
            prop_assert_eq!(top.into_sorted(), exhaustive(&lists, &words, corpus, most, gone));
        }
    }

    #[test]
    fn a_search_passes_over_most_of_a_common_word() {
        let lists = postings(7, 200_000, 12);
        let terms: Terms = [
            (Term { bucket: 0, mark: 0 }, lists[0].clone()),
            (Term { bucket: 1, mark: 0 }, lists[11].clone()),
        ]
        .into();
        let bytes = encode(&terms);
        let found = read(&bytes, |_| true).unwrap();
        let corpus = Corpus { rows: 200_000, words: 4_000_000 };
        let words =
            found.iter().zip([6.0, 0.3]).map(|((_, list), weight)| Word::new(weight, vec![list.clone()]));
        let (mut ranking, mut top, mut work) =
            (Ranking::new(words.collect(), corpus, 200_000), Top::new(10), 0);
        while let Some(scored) = ranking.step(Some, &mut top).unwrap() {
            work += scored;
        }
        assert!(work * 4 < lists[11].len(), "{work} of {}", lists[11].len());
    }
}
