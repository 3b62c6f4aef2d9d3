//! The words of a workspace: where they are stored, and search for them.

use super::IndexHead;
use super::index::{part_name, part_rows, rows_in_part};
use crate::api::ApiError;
use crate::lexical::bm25::Corpus;
use crate::lexical::postings::{self, LEVELS, Posting, bucket_at};
use crate::lexical::terms::{Term, terms};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key, KeyRange, Slices, Work};
use crate::store::{self, key};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A row: the part of a segment it is in (see [`part_name`]), and its number there.
pub type Place = (u64, u32);

/// Different terms of a question that are looked for.
const TERMS_MAX: usize = 64;

/// Bytes of a question whose terms are worked out at once.
const TEXT_STEP: usize = 16 << 10;

/// Entries read at once.
const PAGE: u32 = 1000;

/// Every key that the terms of a segment may have.
pub fn keys(workspace: u64, segment: u64, rows: u64, dim: usize) -> Vec<Key> {
    let parts = 0..rows.div_ceil(part_rows(dim) as u64);
    let of = |part| {
        let level = postings::level(rows_in_part(rows, dim, part));
        (0..1u8 << level).map(move |bucket| key::terms(workspace, level, bucket, segment, part))
    };
    parts.flat_map(of).collect()
}

/// Every key that the terms of so many parts may have, whatever their size.
pub fn all_keys(workspace: u64, segment: u64, parts: u64) -> Vec<Key> {
    let at = |part, level| {
        (0..1u8 << level).map(move |bucket| key::terms(workspace, level, bucket, segment, part))
    };
    (0..parts).flat_map(|part| LEVELS.flat_map(move |level| at(part, level))).collect()
}

/// The rows whose words match `text` best, with their BM25 scores, best first; equal ones in the order they were added.
///
/// Reads the buckets of the text's terms and nothing else.
pub async fn search(
    cx: &Cx,
    workspace: u64,
    head: &IndexHead,
    text: &str,
    most: usize,
) -> Result<Vec<(Place, f64)>, ApiError> {
    let mut slices = cx.slices();
    let wanted = wanted(&mut slices, text).await;
    let buckets: BTreeSet<(u8, u8)> =
        LEVELS.flat_map(|level| wanted.iter().map(move |term| (level, bucket_at(*term, level)))).collect();
    let mut found: BTreeMap<Term, Vec<(Place, Posting)>> = BTreeMap::new();
    for (level, bucket) in buckets {
        read(&mut slices, key::terms_at(workspace, level, bucket), &wanted, &mut found).await?;
    }
    let corpus = Corpus { rows: head.rows, words: head.words };
    let is_common = |rows: usize| rows as u64 > head.rows / 2;
    if found.values().any(|rows| !is_common(rows.len())) {
        // What is in most texts tells nothing beside what is not.
        found.retain(|_, rows| !is_common(rows.len()));
    }
    // The scores of a row are added in the order of the terms.
    let mut scores: Vec<(Place, f64)> = Vec::new();
    for mut rows in found.into_values() {
        let weight = corpus.weight(rows.len() as u64);
        // Those of a level are in order already.
        rows.sort_by_key(|(place, _)| *place);
        let more = rows.iter().map(|(place, posting)| (*place, corpus.score(weight, *posting)));
        scores = merged(scores, more);
        slices.spend(Work::Records(rows.len() + scores.len() / 8)).await;
    }
    let best = |a: &(Place, f64), b: &(Place, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if scores.len() > most && most > 0 {
        scores.select_nth_unstable_by(most - 1, best);
        slices.spend(Work::Records(scores.len() / 4)).await;
    }
    scores.truncate(most);
    scores.sort_by(best);
    Ok(scores)
}

/// The first terms of `text`, in their own order, that are looked for.
async fn wanted(slices: &mut Slices, text: &str) -> BTreeSet<Term> {
    let mut wanted = BTreeSet::new();
    let mut rest = text;
    while !rest.is_empty() {
        // White space ends a word.
        let from = rest.floor_char_boundary(TEXT_STEP);
        let at = rest[from..].find(char::is_whitespace).map_or(rest.len(), |at| from + at);
        let (step, after) = rest.split_at(at);
        rest = after;
        wanted.extend(terms(step));
        while wanted.len() > TERMS_MAX {
            wanted.pop_last();
        }
        slices.spend(Work::Words(step.len())).await;
    }
    wanted
}

/// Two lists in the order of their places as one; a place that is in both has the sum of its scores.
fn merged(scores: Vec<(Place, f64)>, more: impl ExactSizeIterator<Item = (Place, f64)>) -> Vec<(Place, f64)> {
    let mut sum = Vec::with_capacity(scores.len() + more.len());
    let (mut scores, mut more) = (scores.into_iter().peekable(), more.peekable());
    loop {
        let order = match (scores.peek(), more.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return sum,
        };
        match order {
            Ordering::Less => sum.extend(scores.next()),
            Ordering::Greater => sum.extend(more.next()),
            Ordering::Equal => {
                let both = scores.next().zip(more.next());
                sum.extend(both.map(|((place, a), (_, b))| (place, a + b)));
            }
        }
    }
}

async fn read(
    slices: &mut Slices,
    range: KeyRange,
    wanted: &BTreeSet<Term>,
    found: &mut BTreeMap<Term, Vec<(Place, Posting)>>,
) -> Result<(), ApiError> {
    let mut rest = range;
    loop {
        let entries = store::scan(slices.cx(), rest.clone(), false, PAGE, false).await?;
        let full = entries.len() >= PAGE as usize;
        for (key, Blob(bytes)) in &entries {
            let mut numbers = key.as_str().rsplit('/').map(str::parse::<u64>);
            let (Some(Ok(part)), Some(Ok(segment))) = (numbers.next(), numbers.next()) else {
                return Err(store::damaged(slices.cx(), key, "its key names no segment").await.into());
            };
            let name = part_name(segment, part);
            let keep =
                |term, posting: Posting| found.entry(term).or_default().push(((name, posting.row), posting));
            if let Err(why) = postings::read(bytes, |term| wanted.contains(&term), keep) {
                return Err(store::damaged(slices.cx(), key, format!("its bytes {}", why.0)).await.into());
            }
            slices.spend(Work::Bytes(bytes.len())).await;
        }
        match entries.last() {
            Some((last, _)) if full => rest.start = key::after(last),
            _ => return Ok(()),
        }
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
        assert_eq!(keys(1, 2, 2049, 256).len(), 64 + 8);
    }
}
