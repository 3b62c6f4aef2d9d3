//! Whether folds are what the head and the documents say.

use super::join;
use super::view::views;
use crate::api::ApiError;
use crate::lexical::folded;
use crate::model::Placement;
use crate::retrieve::{IndexHead, Loose};
use crate::seam::{Cx, Key, Work};
use crate::store::{self, key};
use std::collections::{BTreeMap, BTreeSet};

/// Whether every segment of a workspace is in one fold or listed as loose, as its head says; every record of the folds is
/// there and can be read; and there is nothing besides.
pub async fn is_sound(cx: &Cx, workspace: u64, head: &IndexHead) -> Result<bool, ApiError> {
    let Some(views) = views(cx, workspace, head, &[], &[]).await? else { return Ok(false) };
    let places = store::all::<Placement>(cx, key::placements(workspace)).await?;
    let mut left: BTreeMap<u64, u64> = BTreeMap::new();
    left.extend(places.iter().map(|(_, place)| (place.segment, place.chunks)));
    let loose = store::all::<u64>(cx, key::all_loose(workspace)).await?;
    let dead = store::all::<u64>(cx, key::all_dead(workspace)).await?;
    let mut dead: BTreeSet<u64> = dead.iter().filter_map(|(at, _)| key::trailing_id(at)).collect();
    let mut sum = Loose::default();
    for (at, rows) in &loose {
        let segment = key::trailing_id(at).unwrap_or(0);
        if left.remove(&segment) != Some(*rows) {
            return Ok(false);
        }
        sum = Loose { segments: sum.segments + 1, rows: sum.rows + rows };
    }
    if head.loose.is_some_and(|loose| loose != sum) {
        return Ok(false);
    }
    let mut folds: BTreeSet<Key> = BTreeSet::new();
    for view in &views {
        for segment in view.map.segments() {
            let is_dead = dead.remove(&segment.segment);
            let known = left.remove(&segment.segment);
            if known.is_some() == is_dead || known.is_some_and(|rows| rows != u64::from(segment.rows)) {
                return Ok(false);
            }
        }
        folds.insert(key::fold(workspace, view.id));
        let packs = view.map.packs().len() as u64;
        for range in [key::all_fold_vectors(workspace, view.id), key::all_fold_codes(workspace, view.id)] {
            if store::scan_keys(cx, range).await?.len() as u64 != packs {
                return Ok(false);
            }
        }
        if !has_terms(cx, workspace, view.id, view.map.level, view.map.rows()).await? {
            return Ok(false);
        }
    }
    // Marks of segments that are in no fold are harmless where not everything is listed yet.
    let is_listed = head.loose.is_some();
    if is_listed && (!left.is_empty() || !dead.is_empty()) {
        return Ok(false);
    }
    let staged = store::scan_keys(cx, key::stagings()).await?;
    let staged: BTreeSet<u64> = staged.iter().filter_map(key::trailing_id).collect();
    let found = store::scan_keys(cx, key::folds(workspace)).await?;
    let stray =
        |key: &Key| !folds.contains(key) && !key::trailing_id(key).is_some_and(|fold| staged.contains(&fold));
    Ok(!found.iter().any(stray))
}

/// Whether all buckets of a fold are there and can be read.
async fn has_terms(cx: &Cx, workspace: u64, fold: u64, level: u8, rows: u32) -> Result<bool, ApiError> {
    let mut slices = cx.slices();
    for bucket in 0..1u32 << level {
        let key = key::fold_terms(workspace, fold, bucket, 0);
        let Some(first) = store::get_bytes(cx, vec![key]).await?.pop().flatten() else { return Ok(false) };
        let Some(bytes) = join(cx, workspace, fold, bucket, first).await? else { return Ok(false) };
        slices.spend(Work::Json(bytes.len())).await;
        let Ok(lists) = folded::read(&bytes, |_| true) else { return Ok(false) };
        for (term, list) in lists {
            let mut count = 0;
            let fits = list
                .blocks()
                .iter()
                .all(|block| block.rows.end <= rows && list.postings(block, |_| count += 1).is_ok());
            if !fits || count != list.rows() || folded::bucket_at(term, level) != bucket {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
