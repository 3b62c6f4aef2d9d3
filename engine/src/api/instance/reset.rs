//! Taking all documents out of all workspaces, because another embedder takes over.

use super::super::Call;
use super::super::error::ApiError;
use crate::retrieve::{IndexHead, index_ranges};
use crate::store::{Transaction, key};

/// The indexes of all workspaces.
pub struct Indexes(Vec<(u64, IndexHead)>);

/// The indexes, none of which may change before the commit: who embeds a document meanwhile moves one.
pub async fn indexes(tx: &mut Transaction) -> Result<Indexes, ApiError> {
    let heads = tx.scan::<IndexHead>(key::index_heads()).await?;
    let of = |(key, head)| key::trailing_id(&key).map(|workspace| (workspace, head));
    Ok(Indexes(heads.into_iter().filter_map(of).collect()))
}

impl Indexes {
    /// Whether there is no vector at all.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Vectors over all workspaces.
    pub fn rows(&self) -> u64 {
        self.0.iter().map(|(_, head)| head.rows).sum()
    }

    /// Removes vectors and places of documents. The documents stay.
    pub fn remove(&self, tx: &mut Transaction) {
        for prefix in ["wsdoc/", "wsdoc.path/", "wsdoc.in/", "wsdoc.pin/", "index/", "index.log/"] {
            tx.delete_range(key::range(prefix));
        }
        // Segments that are being written belong to nothing yet, and stay with whoever writes them.
        for (workspace, _) in &self.0 {
            for (range, _) in index_ranges(*workspace) {
                tx.delete_range(range);
            }
        }
    }

    /// Forgets what is in memory, once the commit took effect.
    pub fn forget(&self, call: &Call) {
        self.0.iter().for_each(|(workspace, _)| call.engine.indexes().forget(*workspace));
    }
}
