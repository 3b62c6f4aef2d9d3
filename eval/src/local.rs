//! The arithmetic of retrieval without an engine around it: texts are cut, embedded and searched in memory.

use crate::collection::Document;
use crate::report::{Mode, Search};
use crate::span::Stretch;
use haversack_retrieval::chunk::{ChunkMode, ChunkOptions, Chunker, passage};
use haversack_retrieval::lexical::bm25::Corpus;
use haversack_retrieval::lexical::collect::{Collected, row_terms};
use haversack_retrieval::lexical::detect::detect;
use haversack_retrieval::lexical::evidence::{Asked, MAY_ANSWER, relevance, share_of_words};
use haversack_retrieval::lexical::fusion::{Blend, DEPTH, fuse};
use haversack_retrieval::lexical::language::Language;
use haversack_retrieval::lexical::postings::{Posting, length_code};
use haversack_retrieval::lexical::question::{Wanted, question as wanted};
use haversack_retrieval::lexical::terms::Term;
use haversack_retrieval::minilm::embedded;
use haversack_retrieval::vector::kernel::dot_f32;
use std::collections::BTreeMap;

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
            let (span, own) = (chunk.span.clone(), text.get(chunk.span.clone()).unwrap_or_default());
            // Chunks may begin before the last one's start only by their overlap.
            let back = if span.start >= at { 0 } else { text[span.start..at].chars().count() };
            points = points - back + if span.start >= at { text[at..span.start].chars().count() } else { 0 };
            at = span.start;
            let range = points..points + own.chars().count();
            let path = chunk.headings.join(" ");
            let vector = embedded().embed(&[before, &passage::embedded(&chunk, text)].concat());
            self.push(
                Stretch { document: id.to_owned(), range },
                &chunk.shown(text),
                &[title, &path],
                vector,
            );
        }
    }

    fn push(&mut self, stretch: Stretch, text: &str, said: &[&str], vector: Vec<f32>) {
        let row = self.passages.len() as u32;
        let texts: Vec<&str> = std::iter::once(text).chain(said.iter().copied()).collect();
        let language = detect(text);
        let words = Collected::default().push(&texts, language);
        let length = length_code(words);
        for (term, count) in row_terms(&texts, language) {
            self.postings.entry(term).or_default().push(Posting { row, count, length });
        }
        self.words += u64::from(words);
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
    pub fn by_words(&self, text: &str) -> Ranking {
        let corpus = self.corpus();
        let mut scores: BTreeMap<u32, f64> = BTreeMap::new();
        for word in wanted(text, &Language::ALL) {
            let weight = word.weight * corpus.weight(self.rows_with(&word));
            let mut rows: BTreeMap<u32, Posting> = BTreeMap::new();
            for posting in word.alternatives.iter().filter_map(|term| self.postings.get(term)).flatten() {
                let known = rows.entry(posting.row).or_insert(*posting);
                known.count = known.count.max(posting.count);
            }
            for (row, posting) in rows {
                *scores.entry(row).or_default() += corpus.score(weight, posting);
            }
        }
        ranked(scores.into_iter())
    }

    /// What is known of all passages.
    #[must_use]
    pub fn corpus(&self) -> Corpus {
        Corpus { rows: self.passages.len() as u64, words: self.words }
    }

    /// Passages that hold a word.
    #[must_use]
    pub fn rows_with(&self, word: &Wanted) -> u64 {
        word.alternatives
            .iter()
            .filter_map(|term| self.postings.get(term))
            .map(|rows| rows.len() as u64)
            .max()
            .unwrap_or(0)
    }

    /// Whether a passage holds a word.
    #[must_use]
    pub fn holds(&self, row: u32, word: &Wanted) -> bool {
        let lists = word.alternatives.iter().filter_map(|term| self.postings.get(term));
        lists.into_iter().any(|rows| rows.binary_search_by_key(&row, |posting| posting.row).is_ok())
    }
}

/// The way of cutting that nobody has to set.
pub const AS_IT_COMES: ChunkOptions = ChunkOptions { size: 1100, overlap: 150, mode: ChunkMode::Sentences };

/// Passages that a question is refused by, if none of them may answer.
const LOOKED_AT: usize = 5;

impl Local {
    /// Both rankings as one, best first.
    #[must_use]
    pub fn by_both(&self, question: &str) -> Ranking {
        let first = |list: Ranking| list.into_iter().take(DEPTH).collect::<Vec<_>>();
        fuse(&first(self.by_vector(question)), &first(self.by_words(question)), Blend::of("", ""))
    }

    /// How likely a passage answers a question.
    #[must_use]
    pub fn relevance(&self, question: &str, row: u32) -> f64 {
        let Some(passage) = self.passages.get(row as usize) else { return 0.0 };
        let vector = embedded().embed(question);
        let is_embedded = |vector: &[f32]| vector.iter().any(|value| *value != 0.0);
        let cosine = (is_embedded(&vector) && is_embedded(&passage.vector))
            .then(|| f64::from(dot_f32(&vector, &passage.vector)));
        let corpus = self.corpus();
        let asked = |word: &Wanted| Asked {
            weight: word.evidence(word.weight * corpus.weight(self.rows_with(word)), self.rows_with(word)),
            found: self.holds(row, word),
        };
        let words = wanted(question, &Language::ALL);
        relevance(cosine, Some(share_of_words(words.iter().map(asked))), corpus.rows)
    }
}

impl Search for Local {
    fn add(&mut self, document: &Document) -> Result<(), String> {
        let Document { id, title, text } = document;
        let text = if text.starts_with(title.as_str()) || title == id {
            text.clone()
        } else {
            format!("{title}\n{text}")
        };
        Local::add(self, id, title, &text, &passage::title_line(title), AS_IT_COMES);
        Ok(())
    }

    fn find(&mut self, question: &str, mode: Mode, most: usize) -> Result<Vec<Stretch>, String> {
        let list = match mode {
            Mode::Vector => self.by_vector(question),
            Mode::Lexical => self.by_words(question),
            Mode::Hybrid => self.by_both(question),
        };
        let stretch = |(row, _): &(u32, f64)| Some(self.passages.get(*row as usize)?.stretch.clone());
        Ok(list.iter().take(most).filter_map(stretch).collect())
    }

    fn may_answer(&mut self, question: &str) -> Result<bool, String> {
        let best = self.by_both(question);
        Ok(best.iter().take(LOOKED_AT).any(|(row, _)| self.relevance(question, *row) >= MAY_ANSWER))
    }
}

fn ranked(scores: impl Iterator<Item = (u32, f64)>) -> Ranking {
    let mut scores: Ranking = scores.collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores
}
