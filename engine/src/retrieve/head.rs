//! The head of a workspace's vector index: what makes a segment part of it.
//!
//! Segments are written first, under ids of their own, and belong to nothing. One conditional commit
//! then moves the head to its next version and logs what changed, so that readers with an older
//! version in memory fetch only what is new.

use crate::seam::KeyRange;
use crate::store::{StoreError, Transaction, key};
use serde::{Deserialize, Serialize};

/// State of a workspace's index.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexHead {
    /// Grows by one with each change; 0 is an index that never was.
    pub version: u64,
    /// Name of the embedder that made the vectors.
    pub embedder: String,
    /// Values in a vector.
    pub dim: usize,
    /// Rows over all segments.
    pub rows: u64,
    /// Words in the texts of all rows.
    #[serde(default)]
    pub words: u64,
    /// Its folds, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<Fold>,
    /// What is in no fold. `None`: an older program wrote some of it, and left no list of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loose: Option<Loose>,
    /// Segments below this number have vectors of the former built-in model, see [`super::upgrade`]. Until none is left,
    /// the index is searched by words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<u64>,
    /// Rows of folds that are gone, about.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dead: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A fold, as the head lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Its number, from the same sequence as those of segments.
    pub id: u64,
    /// Rows, those that are gone included.
    pub rows: u64,
    /// Segments.
    pub segments: u64,
}

/// How much is in no fold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loose {
    /// Segments.
    pub segments: u64,
    /// Their rows.
    pub rows: u64,
}

/// What one version changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexChange {
    /// Segments that came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<u64>,
    /// Segments that went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<u64>,
}

/// Versions that stay in the log: a reader that is further behind reads the whole index.
const LOG_LENGTH: u64 = 1000;

/// A segment that comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its number.
    pub segment: u64,
    /// Its rows.
    pub rows: u64,
    /// Words in them.
    pub words: u64,
}

/// Moves the head of `workspace` to its next version, within `tx`: one segment goes, another comes, or one of the two.
///
/// The caller has checked that `embedder` and `dim` fit the head it reads in the same transaction. Records of the segment
/// itself are the caller's.
pub async fn change_index(
    tx: &mut Transaction,
    workspace: u64,
    removed: Option<Piece>,
    added: Option<Piece>,
    embedder: &str,
    dim: usize,
) -> Result<IndexHead, StoreError> {
    let old = tx.get::<IndexHead>(key::index_head(workspace)).await?;
    let fresh = || IndexHead { loose: Some(Loose::default()), ..IndexHead::default() };
    let mut head = old.unwrap_or_else(fresh);
    let mut change = IndexChange::default();
    if let Some(piece) = removed {
        change.removed.push(piece.segment);
        head.rows = head.rows.saturating_sub(piece.rows);
        head.words = head.words.saturating_sub(piece.words);
        leave(tx, workspace, &mut head, piece).await?;
    }
    if let Some(piece) = added {
        change.added.push(piece.segment);
        head.rows = head.rows.saturating_add(piece.rows);
        head.words = head.words.saturating_add(piece.words);
        tx.put(key::loose(workspace, piece.segment), &piece.rows)?;
        if let Some(loose) = &mut head.loose {
            loose.segments += 1;
            loose.rows = loose.rows.saturating_add(piece.rows);
        }
    }
    if head.rows == 0 {
        // Another embedder may follow. Nothing of a fold may stay.
        forget_folds(tx, workspace);
        (head.folds, head.loose, head.dead) = (Vec::new(), Some(Loose::default()), 0);
    }
    (head.embedder, head.dim) = (embedder.to_owned(), dim);
    put_head(tx, workspace, &mut head, &change)?;
    Ok(head)
}

/// A segment leaves what is loose, or is marked in its fold.
async fn leave(
    tx: &mut Transaction,
    workspace: u64,
    head: &mut IndexHead,
    piece: Piece,
) -> Result<(), StoreError> {
    let place = key::loose(workspace, piece.segment);
    if tx.get_raw(place.clone()).await?.is_some() {
        tx.delete(place);
        if let Some(loose) = &mut head.loose {
            loose.segments = loose.segments.saturating_sub(1);
            loose.rows = loose.rows.saturating_sub(piece.rows);
        }
    } else if !head.folds.is_empty() {
        tx.put(key::dead(workspace, piece.segment), &piece.rows)?;
        head.dead = head.dead.saturating_add(piece.rows);
    }
    Ok(())
}

/// Removes all folds of a workspace, within `tx`.
pub fn forget_folds(tx: &mut Transaction, workspace: u64) {
    for range in fold_ranges(workspace) {
        tx.delete_range(range);
    }
}

/// Everything that folding keeps beside the segments.
pub fn fold_ranges(workspace: u64) -> [KeyRange; 6] {
    [
        key::folds(workspace),
        key::folds_terms(workspace),
        key::folds_vectors(workspace),
        key::folds_codes(workspace),
        key::all_loose(workspace),
        key::all_dead(workspace),
    ]
}

/// Puts the head as its next version into `tx`, and what that changed.
pub fn put_head(
    tx: &mut Transaction,
    workspace: u64,
    head: &mut IndexHead,
    change: &IndexChange,
) -> Result<(), StoreError> {
    head.version += 1;
    tx.put(key::index_head(workspace), head)?;
    tx.put(key::index_log(workspace, head.version), change)?;
    if let Some(old) = head.version.checked_sub(LOG_LENGTH) {
        tx.delete(key::index_log(workspace, old));
    }
    Ok(())
}
