//! The arithmetic of retrieval without an engine around it: texts are cut, embedded and searched in memory.

use crate::span::Stretch;
use haversack_retrieval::chunk::{ChunkOptions, Chunker};
use haversack_retrieval::lexical::bm25::Corpus;
use haversack_retrieval::lexical::postings::{Posting, length_code};
use haversack_retrieval::lexical::terms::{Term, terms};
use haversack_retrieval::minilm::embedded;
use haversack_retrieval::vector::kernel::dot_f32;
use std::collections::{BTreeMap, BTreeSet};

/// A passage that can be found.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Its place in its document.
    pub stretch: Stretch,
    /// Its text.
    pub text: String,
    vector: Vec<f32>,
}

/// Passages and their words.
#[derive(Clone, Debug, Default)]
pub struct Local {
    /// All passages, in the order they were added.
    pub passages: Vec<Passage>,
    postings: BTreeMap<Term, Vec<Posting>>,
    words: u64,
}

/// Scores by passage, best first.
pub type Ranking = Vec<(u32, f64)>;

impl Local {
    /// Cuts and adds a text. `before` is embedded with each passage; `title` counts as said in it.
    pub fn add(&mut self, id: &str, title: &str, text: &str, before: &str, options: ChunkOptions) {
        let Ok(chunker) = Chunker::new(text, options, &[]) else { return };
        let (mut points, mut at) = (0, 0);
        for chunk in chunker {
            let (span, passage) = (chunk.span.clone(), text.get(chunk.span.clone()).unwrap_or_default());
            // Chunks may begin before the last one's start only by their overlap.
            let back = if span.start >= at { 0 } else { text[span.start..at].chars().count() };
            points = points - back + if span.start >= at { text[at..span.start].chars().count() } else { 0 };
            at = span.start;
            let range = points..points + passage.chars().count();
            let path = chunk.headings.join(" ");
            let head = [before, &path, if path.is_empty() { "" } else { "\n" }].concat();
            let vector = embedded().embed(&[&head, passage].concat());
            self.push(Stretch { document: id.to_owned(), range }, passage, &[title, &path], vector);
        }
    }

    fn push(&mut self, stretch: Stretch, text: &str, said: &[&str], vector: Vec<f32>) {
        let row = self.passages.len() as u32;
        let all: Vec<Term> = std::iter::once(text).chain(said.iter().copied()).flat_map(terms).collect();
        let length = length_code(all.len() as u32);
        let mut counts: BTreeMap<Term, u8> = BTreeMap::new();
        for term in &all {
            let count = counts.entry(*term).or_default();
            *count = count.saturating_add(1);
        }
        for (term, count) in counts {
            self.postings.entry(term).or_default().push(Posting { row, count, length });
        }
        self.words += all.len() as u64;
        self.passages.push(Passage { stretch, text: text.to_owned(), vector });
    }

    /// Cosines with the question, best first.
    #[must_use]
    pub fn by_vector(&self, question: &str) -> Ranking {
        let vector = embedded().embed(question);
        ranked(
            self.passages
                .iter()
                .zip(0..)
                .map(|(passage, n)| (n, f64::from(dot_f32(&vector, &passage.vector)))),
        )
    }

    /// BM25 scores of the passages that hold a word of the question, best first.
    #[must_use]
    pub fn by_words(&self, question: &str) -> Ranking {
        let corpus = self.corpus();
        let mut wanted: BTreeSet<Term> = terms(question).into_iter().collect();
        let common = |term: &Term| self.rows_with(*term) > self.passages.len() as u64 / 2;
        if wanted.iter().any(|term| self.rows_with(*term) > 0 && !common(term)) {
            wanted.retain(|term| !common(term));
        }
        let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
        for term in wanted {
            let weight = corpus.weight(self.rows_with(term));
            for posting in self.postings.get(&term).into_iter().flatten() {
                *scores.entry(posting.row).or_default() += corpus.score(weight, *posting);
            }
        }
        ranked(scores.into_iter())
    }

    /// What is known of all passages.
    #[must_use]
    pub fn corpus(&self) -> Corpus {
        Corpus { rows: self.passages.len() as u64, words: self.words }
    }

    /// Passages that hold a term.
    #[must_use]
    pub fn rows_with(&self, term: Term) -> u64 {
        self.postings.get(&term).map_or(0, |rows| rows.len() as u64)
    }

    /// Whether a passage holds a term.
    #[must_use]
    pub fn holds(&self, row: u32, term: Term) -> bool {
        self.postings
            .get(&term)
            .is_some_and(|rows| rows.binary_search_by_key(&row, |posting| posting.row).is_ok())
    }
}

fn ranked(scores: impl Iterator<Item = (u32, f64)>) -> Ranking {
    let mut scores: Ranking = scores.collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores
}
