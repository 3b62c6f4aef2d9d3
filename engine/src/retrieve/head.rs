//! The head of a workspace's vector index: what makes a segment part of it.
//!
//! Segments are written first, under ids of their own, and belong to nothing. One conditional commit
//! then moves the head to its next version and logs what changed, so that readers with an older
//! version in memory fetch only what is new.

use crate::store::{StoreError, Transaction, key};
use serde::{Deserialize, Serialize};

/// State of a workspace's index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// By how much an index grows or shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Rows.
    pub rows: i64,
    /// Words.
    pub words: i64,
}

impl Growth {
    /// By so much.
    pub fn by(rows: u64, words: u64) -> Growth {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Growth { rows: number(rows), words: number(words) }
    }
}

impl std::ops::Add for Growth {
    type Output = Growth;

    fn add(self, other: Growth) -> Growth {
        Growth { rows: self.rows + other.rows, words: self.words + other.words }
    }
}

impl std::ops::Neg for Growth {
    type Output = Growth;

    fn neg(self) -> Growth {
        Growth { rows: -self.rows, words: -self.words }
    }
}

/// Moves the head of `workspace` by `change`, within `tx`.
///
/// The caller has checked that `embedder` and `dim` fit the head it reads in the same transaction.
pub async fn change_index(
    tx: &mut Transaction,
    workspace: u64,
    change: &IndexChange,
    growth: Growth,
    embedder: &str,
    dim: usize,
) -> Result<IndexHead, StoreError> {
    let old = tx.get::<IndexHead>(key::index_head(workspace)).await?;
    let (version, rows, words) = old.as_ref().map_or((0, 0, 0), |head| (head.version, head.rows, head.words));
    let head = IndexHead {
        version: version + 1,
        rows: rows.saturating_add_signed(growth.rows),
        words: words.saturating_add_signed(growth.words),
        embedder: embedder.to_owned(),
        dim,
    };
    tx.put(key::index_head(workspace), &head)?;
    tx.put(key::index_log(workspace, head.version), change)?;
    if let Some(old) = head.version.checked_sub(LOG_LENGTH) {
        tx.delete(key::index_log(workspace, old));
    }
    Ok(head)
}
