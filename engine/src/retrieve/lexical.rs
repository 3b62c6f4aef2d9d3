//! The words of a workspace: where they are stored, and search for them.

use super::IndexHead;
use super::index::{part_name, part_rows, rows_in_part};
use crate::api::{ApiError, Code};
use crate::lexical::bm25::Corpus;
use crate::lexical::postings::{self, LEVELS, Posting, bucket_at};
use crate::lexical::terms::{Term, terms};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key};
use crate::store::{self, key};
use std::collections::{BTreeMap, BTreeSet};

/// A row: the part of a segment it is in (see [`part_name`]), and its number there.
pub type Place = (u64, u32);

/// Different terms of a question that are looked for.
const TERMS_MAX: usize = 64;

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
    let wanted: BTreeSet<Term> =
        terms(text).into_iter().collect::<BTreeSet<_>>().into_iter().take(TERMS_MAX).collect();
    let buckets: BTreeSet<(u8, u8)> =
        LEVELS.flat_map(|level| wanted.iter().map(move |term| (level, bucket_at(*term, level)))).collect();
    let mut found: BTreeMap<Term, Vec<(Place, Posting)>> = BTreeMap::new();
    for (level, bucket) in buckets {
        read(cx, workspace, level, bucket, &wanted, &mut found).await?;
    }
    let corpus = Corpus { rows: head.rows, words: head.words };
    let is_common = |rows: usize| rows as u64 > head.rows / 2;
    if found.values().any(|rows| !is_common(rows.len())) {
        // What is in most texts tells nothing beside what is not.
        found.retain(|_, rows| !is_common(rows.len()));
    }
    let mut scores: Vec<(Place, f64)> = Vec::new();
    for rows in found.values() {
        let weight = corpus.weight(rows.len() as u64);
        scores.extend(rows.iter().map(|(place, posting)| (*place, corpus.score(weight, *posting))));
        cx.breathe().await;
    }
    // Stable, so that the scores of a row are added in the order of the terms.
    scores.sort_by_key(|(place, _)| *place);
    scores.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores.truncate(most);
    Ok(scores)
}

async fn read(
    cx: &Cx,
    workspace: u64,
    level: u8,
    bucket: u8,
    wanted: &BTreeSet<Term>,
    found: &mut BTreeMap<Term, Vec<(Place, Posting)>>,
) -> Result<(), ApiError> {
    let mut rest = key::terms_at(workspace, level, bucket);
    loop {
        let entries = store::scan(cx, rest.clone(), false, PAGE, false).await?;
        let full = entries.len() >= PAGE as usize;
        for (key, Blob(bytes)) in &entries {
            let damaged = |why: &str| {
                ApiError::new(Code::StoreFailed, format!("record {key} cannot be read: its bytes {why}"))
            };
            let mut numbers = key.as_str().rsplit('/').map(str::parse::<u64>);
            let (Some(Ok(part)), Some(Ok(segment))) = (numbers.next(), numbers.next()) else {
                return Err(damaged("belong to no segment"));
            };
            let name = part_name(segment, part);
            let keep =
                |term, posting: Posting| found.entry(term).or_default().push(((name, posting.row), posting));
            postings::read(bytes, |term| wanted.contains(&term), keep).map_err(|why| damaged(why.0))?;
        }
        match entries.last() {
            Some((last, _)) if full => rest.start = key::after(last),
            _ => return Ok(()),
        }
        cx.breathe().await;
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
