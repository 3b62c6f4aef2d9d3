//! The words of a workspace: where they are stored, and search for them.

use super::fold::View;
use super::index::{Loaded, part_name, part_rows, rows_in_part};
use super::{IndexHead, fold};
use crate::api::ApiError;
use crate::lexical::bm25::Corpus;
use crate::lexical::folded::{self, List};
use crate::lexical::postings::{self, LEVELS, Posting};
use crate::lexical::question::Wanted;
use crate::lexical::rank::{Ranking, Top, Word};
use crate::lexical::terms::Term;
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key, KeyRange, Slices, Work};
use crate::store::{self, key};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// A row: the part of a segment it is in (see [`part_name`]), and its number there.
pub type Place = (u64, u32);

/// Entries read at once.
const PAGE: u32 = 1000;

/// Every key that the terms of a segment may have: as they are written now, and as they were before there were folds.
pub fn keys(workspace: u64, segment: u64, rows: u64, dim: usize) -> Vec<Key> {
    let mut keys = Vec::new();
    for part in 0..rows.div_ceil(part_rows(dim) as u64) {
        let rows = rows_in_part(rows, dim, part);
        let (now, before) = (postings::level(rows), postings::level_before_folds(rows));
        for level in std::iter::once(now).chain((before != now).then_some(before)) {
            keys.extend((0..1u8 << level).map(|bucket| key::terms(workspace, level, bucket, segment, part)));
        }
    }
    keys
}

/// Every key that the terms of so many parts may have, whatever their size.
pub fn all_keys(workspace: u64, segment: u64, parts: u64) -> Vec<Key> {
    let at = |part, level| {
        (0..1u8 << level).map(move |bucket| key::terms(workspace, level, bucket, segment, part))
    };
    (0..parts).flat_map(|part| LEVELS.into_iter().flat_map(move |level| at(part, level))).collect()
}

/// What a search for words brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// Rows with their BM25 scores, best first; equal ones in the order they were added.
    pub rows: Vec<(Place, f64)>,
    /// What each word of the question counts as evidence, found or not: more for rare ones.
    pub weights: Vec<f64>,
}

/// The rows that match the words best, with their BM25 scores, best first; equal ones in the order they were added. `None`
/// if the folds of the index are not what they were when it was loaded: then it is to be loaded again.
///
/// Reads the buckets of these words and nothing else, and of those only what is not at hand.
pub async fn search(
    cx: &Cx,
    workspace: u64,
    loaded: &Loaded,
    wanted: &[Wanted],
    most: usize,
) -> Result<Option<Words>, ApiError> {
    let mut slices = cx.slices();
    let terms: BTreeSet<Term> = wanted.iter().flat_map(|word| word.alternatives.iter().copied()).collect();
    let searching = Searching { cx, workspace, loaded, terms: &terms };
    let rest = searching.rest(&mut slices).await?;
    // Read after what is in no fold: what became part of one meanwhile would be missed.
    let Some(buckets) = searching.buckets(&mut slices).await? else { return Ok(None) };
    let mut lists: Vec<BTreeMap<Term, List<'_>>> = Vec::new();
    for (view, buckets) in loaded.folds.iter().zip(&buckets) {
        let mut found = BTreeMap::new();
        for (bucket, bytes) in buckets {
            match folded::read(bytes, |term| terms.contains(&term)) {
                Ok(lists) => found.extend(lists),
                Err(why) => return Err(searching.damaged(view.id, *bucket, why).await),
            }
            slices.spend(Work::Bytes(bytes.len() / 4)).await;
        }
        lists.push(found);
    }
    let mut counts: BTreeMap<Term, u64> = BTreeMap::new();
    for term in &terms {
        let mut rows = rest.get(term).map_or(0, |rows| rows.len() as u64);
        for (view, lists) in loaded.folds.iter().zip(&lists) {
            if let Some(list) = lists.get(term) {
                rows += u64::from(list.rows()).saturating_sub(gone(view, list, &mut slices).await);
            }
        }
        counts.insert(*term, rows);
    }
    let corpus = Corpus { rows: loaded.head.rows, words: loaded.head.words };
    let weighed = weighed(wanted, &counts, corpus);
    let words: Vec<(&Wanted, f64)> =
        weighed.iter().filter(|(_, rows, _)| *rows > 0).map(|(word, _, weight)| (*word, *weight)).collect();
    let mut top = Top::new(most);
    for (place, score) in scored(&words, &rest, corpus) {
        top.push(place, score);
    }
    slices.spend(Work::Records(rest.values().map(Vec::len).sum())).await;
    for (view, lists) in loaded.folds.iter().zip(&lists) {
        let in_fold = words.iter().map(|(word, weight)| {
            Word::new(*weight, word.alternatives.iter().filter_map(|term| lists.get(term).cloned()).collect())
        });
        let mut ranking = Ranking::new(in_fold.collect(), corpus, view.map.rows());
        let place = |row: u32| if view.gone.has(row) { None } else { view.map.place(row) };
        loop {
            match ranking.step(place, &mut top) {
                Ok(Some(postings)) => slices.spend(Work::Rows(8 + postings / 4)).await,
                Ok(None) => break,
                Err(why) => return Err(searching.damaged(view.id, 0, why).await),
            }
        }
    }
    let weights = weighed.iter().map(|(word, rows, weight)| word.evidence(*weight, *rows)).collect();
    Ok(Some(Words { rows: top.into_sorted(), weights }))
}

/// The words in their order, in how many rows each is, and what it counts.
fn weighed<'w>(
    wanted: &'w [Wanted],
    counts: &BTreeMap<Term, u64>,
    corpus: Corpus,
) -> Vec<(&'w Wanted, u64, f64)> {
    let weighed = wanted.iter().map(|word| {
        let rows = word.alternatives.iter().filter_map(|term| counts.get(term)).copied().max().unwrap_or(0);
        (word, rows, corpus.weight(rows) * word.weight)
    });
    weighed.collect()
}

/// The scores of rows that are in no fold.
fn scored(
    words: &[(&Wanted, f64)],
    rest: &BTreeMap<Term, Vec<(Place, Posting)>>,
    corpus: Corpus,
) -> BTreeMap<Place, f64> {
    let mut scores = BTreeMap::new();
    for (word, weight) in words {
        let mut rows: BTreeMap<Place, Posting> = BTreeMap::new();
        for (place, posting) in word.alternatives.iter().filter_map(|term| rest.get(term)).flatten() {
            let known = rows.entry(*place).or_insert(*posting);
            known.count = known.count.max(posting.count);
        }
        for (place, posting) in rows {
            *scores.entry(place).or_insert(0.0) += corpus.score(*weight, posting);
        }
    }
    scores
}

/// Rows of a list that are gone.
async fn gone(view: &View, list: &List<'_>, slices: &mut Slices) -> u64 {
    let mut rows = 0;
    if view.gone.is_empty() {
        return rows;
    }
    for block in list.blocks().iter().filter(|block| view.gone.touches(&block.rows)) {
        // Bytes that are no postings are noticed where rows are scored.
        let _ = list.postings(block, |posting| rows += u64::from(view.gone.has(posting.row)));
        slices.spend(Work::Rows(folded::BLOCK_ROWS / 8)).await;
    }
    rows
}

struct Searching<'a> {
    cx: &'a Cx,
    workspace: u64,
    loaded: &'a Loaded,
    terms: &'a BTreeSet<Term>,
}

impl Searching<'_> {
    /// What is in no fold.
    async fn rest(&self, slices: &mut Slices) -> Result<BTreeMap<Term, Vec<(Place, Posting)>>, ApiError> {
        let mut found = BTreeMap::new();
        match self.loaded.head.loose {
            Some(loose) if loose.segments == 0 => {}
            Some(_) => self.loose(slices, &mut found).await?,
            None => {
                // An older program left no list of it: everything is looked through, until it is folded.
                for level in LEVELS {
                    let buckets: BTreeSet<u8> =
                        self.terms.iter().map(|term| postings::bucket_at(*term, level)).collect();
                    for bucket in buckets {
                        let range = key::terms_at(self.workspace, level, bucket);
                        self.scan(slices, range, &mut found).await?;
                    }
                }
            }
        }
        Ok(found)
    }

    async fn loose(
        &self,
        slices: &mut Slices,
        found: &mut BTreeMap<Term, Vec<(Place, Posting)>>,
    ) -> Result<(), ApiError> {
        let loose = store::all::<u64>(self.cx, key::all_loose(self.workspace)).await?;
        let dim = self.loaded.head.dim;
        let mut keys = Vec::new();
        for (at, rows) in loose {
            let Some(segment) = key::trailing_id(&at) else { continue };
            for part in 0..rows.div_ceil(part_rows(dim) as u64) {
                let level = postings::level(rows_in_part(rows, dim, part));
                let buckets: BTreeSet<u8> =
                    self.terms.iter().map(|term| postings::bucket_at(*term, level)).collect();
                let key = |bucket| key::terms(self.workspace, level, bucket, segment, part);
                keys.extend(buckets.into_iter().map(key));
            }
        }
        for some in keys.chunks(PAGE as usize) {
            let values = store::get_bytes(self.cx, some.to_vec()).await?;
            for (key, bytes) in some.iter().zip(values) {
                let Some(bytes) = bytes else { continue };
                self.take(slices, key, &bytes, found).await?;
            }
        }
        Ok(())
    }

    async fn scan(
        &self,
        slices: &mut Slices,
        range: KeyRange,
        found: &mut BTreeMap<Term, Vec<(Place, Posting)>>,
    ) -> Result<(), ApiError> {
        let mut rest = range;
        loop {
            let entries = store::scan(self.cx, rest.clone(), false, PAGE, false).await?;
            let full = entries.len() >= PAGE as usize;
            for (key, Blob(bytes)) in &entries {
                self.take(slices, key, bytes, found).await?;
            }
            match entries.last() {
                Some((last, _)) if full => rest.start = key::after(last),
                _ => return Ok(()),
            }
        }
    }

    /// Adds the postings of a part's bucket, unless the part is in a fold.
    async fn take(
        &self,
        slices: &mut Slices,
        key: &Key,
        bytes: &[u8],
        found: &mut BTreeMap<Term, Vec<(Place, Posting)>>,
    ) -> Result<(), ApiError> {
        let mut numbers = key.as_str().rsplit('/').map(str::parse::<u64>);
        let (Some(Ok(part)), Some(Ok(segment))) = (numbers.next(), numbers.next()) else {
            return Err(store::damaged(self.cx, key, "its key names no segment").await.into());
        };
        if self.loaded.folds.iter().any(|view| view.find(segment).is_some()) {
            return Ok(());
        }
        let name = part_name(segment, part);
        let keep =
            |term, posting: Posting| found.entry(term).or_default().push(((name, posting.row), posting));
        if let Err(why) = postings::read(bytes, |term| self.terms.contains(&term), keep) {
            return Err(store::damaged(self.cx, key, format!("its bytes {}", why.0)).await.into());
        }
        slices.spend(Work::Bytes(bytes.len())).await;
        Ok(())
    }

    /// The buckets of the words in each fold; `None` if the folds have changed.
    async fn buckets(&self, slices: &mut Slices) -> Result<Option<Vec<Vec<(u32, Bytes)>>>, ApiError> {
        let (workspace, kept) = (self.workspace, &self.loaded.postings);
        let mut buckets: Vec<Vec<(u32, Bytes)>> = Vec::new();
        let mut missing = Vec::new();
        for (at, view) in self.loaded.folds.iter().enumerate() {
            let wanted: BTreeSet<u32> =
                self.terms.iter().map(|term| folded::bucket_at(*term, view.map.level)).collect();
            let names: Vec<_> =
                wanted.iter().map(|bucket| (workspace, view.id, u64::from(*bucket))).collect();
            let mut here = Vec::with_capacity(names.len());
            for (bucket, bytes) in wanted.into_iter().zip(kept.get(&names)) {
                match bytes {
                    Some(bytes) => here.push((bucket, bytes)),
                    None => missing.push((at, view.id, bucket)),
                }
            }
            buckets.push(here);
        }
        // The head is read last, or at the same moment.
        let mut keys: Vec<Key> =
            missing.iter().map(|(_, fold, bucket)| key::fold_terms(workspace, *fold, *bucket, 0)).collect();
        if keys.is_empty() && self.loaded.head.loose.is_some_and(|loose| loose.segments == 0) {
            return Ok(Some(buckets));
        }
        keys.push(key::index_head(workspace));
        let mut values = Vec::with_capacity(keys.len());
        for some in keys.chunks(PAGE as usize) {
            values.extend(store::get_bytes(self.cx, some.to_vec()).await?);
        }
        let head = values.pop().flatten().and_then(|head| serde_json::from_slice::<IndexHead>(&head).ok());
        let is_same = |head: IndexHead| {
            head.folds == self.loaded.head.folds && head.loose.is_some() == self.loaded.head.loose.is_some()
        };
        if !head.is_some_and(is_same) {
            return Ok(None);
        }
        for ((at, fold, bucket), value) in missing.into_iter().zip(values) {
            let Some(first) = value else { return Ok(None) };
            slices.spend(Work::Bytes(first.len())).await;
            let Some(bytes) = fold::join(self.cx, workspace, fold, bucket, first).await? else {
                return Ok(None);
            };
            kept.put((workspace, fold, u64::from(bucket)), bytes.clone());
            if let Some(here) = buckets.get_mut(at) {
                here.push((bucket, bytes));
            }
        }
        Ok(Some(buckets))
    }

    async fn damaged(&self, fold: u64, bucket: u32, why: postings::NotABucket) -> ApiError {
        let key = key::fold_terms(self.workspace, fold, bucket, 0);
        store::damaged(self.cx, &key, format!("its bytes {}", why.0)).await.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_those_of_any_size() {
        let all: BTreeSet<Key> = all_keys(1, 2, 2).into_iter().collect();
        for rows in [1, 5, 20, 2048, 2049, 4096] {
            assert!(keys(1, 2, rows, 256).iter().all(|key| all.contains(key)), "{rows} rows");
        }
        assert_eq!(keys(1, 2, 2049, 256).len(), 64 + 1 + 8);
    }
}
