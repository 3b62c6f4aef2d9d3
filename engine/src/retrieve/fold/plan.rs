//! What is folded when.

use super::merge::{Input, merge};
use super::view::views;
use super::{Folding, View};
use crate::Engine;
use crate::api::ApiError;
use crate::model::Placement;
use crate::retrieve::head::put_head;
use crate::retrieve::{IndexChange, IndexHead, Loose, upgrade};
use crate::seam::Cx;
use crate::store::{self, key, retry};
use std::collections::BTreeSet;

/// Folds of a size that are merged.
pub const FAN_IN: usize = 8;

/// A fold of so many rows is merged no further: what one more merge would save a search is less than it costs.
const ROWS_MAX: u64 = 1 << 18;

/// Loose rows that become a fold, however few segments they are: some eight documents of two megabytes.
const LOOSE_ROWS: u64 = 1 << 14;

/// Rows, and segments, that go into one fold where more are waiting.
const BATCH_ROWS: u64 = 1 << 15;
const BATCH_SEGMENTS: usize = 1 << 12;

/// Rows that a run folds while its client waits, where the host does the rest by itself: some ten milliseconds.
const CHEAP_ROWS: u64 = 1 << 11;

/// Folds of which one row in so many is gone are written again.
const DEAD_SHARE: u64 = 8;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Segments that an older program wrote are to be found.
    Unlisted,
    /// Loose segments become a fold.
    Loose,
    /// Folds of this size are merged.
    Size(u32),
    /// Rows that are gone are left out.
    Dead,
}

/// The size of a fold, as the number of merges that make one so large.
fn size(rows: u64, least: u64) -> u32 {
    (rows / least.max(1)).checked_ilog(FAN_IN as u64).unwrap_or(0)
}

/// What is to be done next for an index with this head, if anything.
pub fn due(head: &IndexHead, least: u64) -> Option<Due> {
    if head.rows == 0 {
        return None;
    }
    let Some(loose) = head.loose else { return Some(Due::Unlisted) };
    if loose.segments >= least || loose.rows >= LOOSE_ROWS {
        return Some(Due::Loose);
    }
    let sizes: Vec<u32> =
        head.folds.iter().filter(|fold| fold.rows < ROWS_MAX).map(|fold| size(fold.rows, least)).collect();
    let crowded = |wanted: &u32| sizes.iter().filter(|size| *size == wanted).count() >= FAN_IN;
    if let Some(size) = sizes.iter().copied().filter(crowded).min() {
        return Some(Due::Size(size));
    }
    let folded: u64 = head.folds.iter().map(|fold| fold.rows).sum();
    (folded > 0 && head.dead > least && head.dead > folded / DEAD_SHARE).then_some(Due::Dead)
}

/// About how many rows would be written.
fn rows_of(due: Due, head: &IndexHead, least: u64) -> u64 {
    match due {
        Due::Loose => head.loose.map_or(0, |loose| loose.rows),
        Due::Size(wanted) => {
            let of_size = head.folds.iter().filter(|fold| size(fold.rows, least) == wanted);
            of_size.take(FAN_IN).map(|fold| fold.rows).sum()
        }
        Due::Unlisted | Due::Dead => head.rows,
    }
}

/// After a change left this head: does what is due at once if that is cheap, or if this host does it at no other time.
/// The change stands whatever becomes of it.
pub async fn after_change(cx: &Cx, folding: &Folding, workspace: u64, head: &IndexHead) {
    folding.note(workspace, head);
    let mut head = Some(head.clone());
    while let Some(now) = head.take()
        && let Some(due) = due(&now, folding.least)
    {
        let waits = folding.is_tended() && rows_of(due, &now, folding.least) > CHEAP_ROWS;
        if waits || !matches!(step(cx, folding, workspace).await, Ok(true)) {
            return;
        }
        head = store::get(cx, key::index_head(workspace)).await.ok().flatten();
    }
}

/// Does all that is known to be due. Says how many folds that made.
pub async fn tend(cx: &Cx, engine: &Engine) -> Result<u64, ApiError> {
    let (mut folds, folding) = (0, engine.folding());
    while let Some(workspace) = folding.next() {
        upgrade::all(cx, engine, workspace).await?;
        while step(cx, folding, workspace).await? {
            folds += 1;
            cx.breathe().await;
        }
    }
    Ok(folds)
}

/// Does all that is due in a workspace, as part of something that takes long anyway. It stands whatever becomes of this.
pub async fn all(cx: &Cx, folding: &Folding, workspace: u64) {
    while matches!(step(cx, folding, workspace).await, Ok(true)) {}
}

/// Does what is due next in a workspace. False if nothing is, or another run is at it.
pub async fn step(cx: &Cx, folding: &Folding, workspace: u64) -> Result<bool, ApiError> {
    let Some(_claim) = folding.claim(workspace) else { return Ok(false) };
    let Some(head) = store::get::<IndexHead>(cx, key::index_head(workspace)).await? else { return Ok(false) };
    let Some(due) = due(&head, folding.least) else { return Ok(false) };
    let inputs = match due {
        Due::Unlisted => match unlisted(cx, workspace, &head).await? {
            Some(inputs) if inputs.is_empty() => return listed(cx, workspace).await,
            other => other,
        },
        Due::Loose => Some(loose(cx, workspace).await?),
        Due::Size(wanted) => {
            let of_size = |fold: &&_| size(rows(fold), folding.least) == wanted;
            let folds = head.folds.iter().filter(of_size).take(FAN_IN).cloned().collect();
            let some = IndexHead { folds, ..head.clone() };
            views(cx, workspace, &some, &[], &[])
                .await?
                .map(|views| views.into_iter().map(Input::Fold).collect())
        }
        Due::Dead => {
            let all = views(cx, workspace, &head, &[], &[]).await?;
            let worn = all.map(|views| views.into_iter().filter(is_worn).collect::<Vec<_>>());
            match worn {
                // Their number was an estimate.
                Some(worn) if worn.is_empty() => return listed(cx, workspace).await,
                worn => worn.map(|mut worn| {
                    worn.truncate(1);
                    worn.into_iter().map(Input::Fold).collect()
                }),
            }
        }
    };
    match inputs {
        Some(inputs) if !inputs.is_empty() => merge(cx, workspace, &head, inputs).await,
        // The index has changed meanwhile: whoever changed it comes by here too.
        _ => Ok(false),
    }
}

fn rows(fold: &crate::retrieve::Fold) -> u64 {
    fold.rows
}

fn is_worn(view: &View) -> bool {
    view.gone.rows() > u64::from(view.map.rows()) / DEAD_SHARE
}

/// The loose segments, or the first of many.
async fn loose(cx: &Cx, workspace: u64) -> Result<Vec<Input>, ApiError> {
    let found = store::first_n::<u64>(cx, key::all_loose(workspace), BATCH_SEGMENTS as u32).await?;
    let segments = found.iter().filter_map(|(key, rows)| Some((key::trailing_id(key)?, *rows)));
    Ok(batch(segments))
}

/// As many segments as go into one fold.
fn batch(segments: impl Iterator<Item = (u64, u64)>) -> Vec<Input> {
    let (mut inputs, mut sum) = (Vec::new(), 0);
    for (segment, rows) in segments.take(BATCH_SEGMENTS) {
        if sum + rows > BATCH_ROWS && !inputs.is_empty() {
            break;
        }
        sum += rows;
        inputs.push(Input::Segment { segment, rows });
    }
    inputs
}

/// Segments that an older program wrote and that are in no fold, or the first of many; `None` if the folds have changed.
async fn unlisted(cx: &Cx, workspace: u64, head: &IndexHead) -> Result<Option<Vec<Input>>, ApiError> {
    let Some(views) = views(cx, workspace, head, &[], &[]).await? else { return Ok(None) };
    let loose = store::scan_keys(cx, key::all_loose(workspace)).await?;
    let loose: BTreeSet<u64> = loose.iter().filter_map(key::trailing_id).collect();
    let places = store::all::<Placement>(cx, key::placements(workspace)).await?;
    let is_free =
        |segment: &u64| !loose.contains(segment) && views.iter().all(|v| v.find(*segment).is_none());
    let free = places.iter().map(|(_, place)| (place.segment, place.chunks)).filter(|(at, _)| is_free(at));
    let mut free: Vec<(u64, u64)> = free.collect();
    free.sort_unstable();
    Ok(Some(batch(free.into_iter())))
}

/// All segments are in folds or listed as loose: notes that, and counts what is loose and what is gone anew.
async fn listed(cx: &Cx, workspace: u64) -> Result<bool, ApiError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let Some(mut head) = tx.get::<IndexHead>(key::index_head(workspace)).await? else { return Ok(false) };
        // Whatever changes these moves the head.
        let loose = store::all::<u64>(cx, key::all_loose(workspace)).await?;
        let dead = store::all::<u64>(cx, key::all_dead(workspace)).await?;
        let Some(views) = views(cx, workspace, &head, &[], &[]).await? else { continue };
        head.dead = 0;
        for (at, rows) in dead {
            match key::trailing_id(&at).and_then(|segment| views.iter().find_map(|view| view.find(segment))) {
                Some(_) => head.dead += rows,
                None => tx.delete(at),
            }
        }
        let rows = loose.iter().map(|(_, rows)| *rows).sum();
        head.loose = Some(Loose { segments: loose.len() as u64, rows });
        put_head(&mut tx, workspace, &mut head, &IndexChange::default())?;
        if tx.commit().await? {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retrieve::Fold;

    fn head(loose: u64, folds: &[u64], dead: u64) -> IndexHead {
        let fold = |(id, rows): (u64, &u64)| Fold { id, rows: *rows, segments: 1 };
        let folds: Vec<Fold> = (1..).zip(folds).map(fold).collect();
        let rows = loose + folds.iter().map(|fold| fold.rows).sum::<u64>();
        IndexHead {
            rows,
            folds,
            dead,
            loose: Some(Loose { segments: loose, rows: loose }),
            ..IndexHead::default()
        }
    }

    #[test]
    fn enough_of_a_size_are_folded_the_smallest_first() {
        assert_eq!(due(&head(0, &[], 0), 64), None);
        assert_eq!(due(&head(63, &[64; 7], 0), 64), None);
        assert_eq!(due(&head(64, &[64; 8], 0), 64), Some(Due::Loose));
        assert_eq!(due(&head(0, &[64, 64, 100, 511, 64, 64, 64, 64], 0), 64), Some(Due::Size(0)));
        let two: Vec<u64> = [[64; 8], [600; 8]].concat();
        assert_eq!(due(&head(0, &two, 0), 64), Some(Due::Size(0)));
        assert_eq!(due(&head(0, &[600; 8], 0), 64), Some(Due::Size(1)));
        assert_eq!(due(&head(0, &[ROWS_MAX; 20], 0), 64), None);
    }

    #[test]
    fn a_few_large_documents_are_folded_too() {
        let loose = Some(Loose { segments: 1, rows: 20_000 });
        assert_eq!(due(&IndexHead { loose, ..head(20_000, &[], 0) }, 64), Some(Due::Loose));
    }

    #[test]
    fn folds_that_lost_much_are_written_again() {
        assert_eq!(due(&head(0, &[1000], 125), 64), None);
        assert_eq!(due(&head(0, &[1000], 126), 64), Some(Due::Dead));
        assert_eq!(due(&IndexHead { loose: None, ..head(5, &[1000], 0) }, 64), Some(Due::Unlisted));
    }

    #[test]
    fn an_index_of_any_size_has_few_folds() {
        let (mut folds, mut most) = (Vec::<u64>::new(), 0);
        for _ in 0..50_000 / 64 {
            folds.push(64);
            while let Some(Due::Size(wanted)) = due(&head(0, &folds, 0), 64) {
                let mut merged = 0;
                let mut left = FAN_IN;
                folds.retain(|rows| {
                    let goes = left > 0 && size(*rows, 64) == wanted;
                    (left, merged) = (left - usize::from(goes), merged + if goes { *rows } else { 0 });
                    !goes
                });
                folds.push(merged);
            }
            most = most.max(folds.len());
        }
        assert!(most <= 28, "{most}");
    }
}
