//! A fold on its way into the store.

use crate::retrieve::staging::{self, COMMIT_BYTES, Staged, Stager};
use crate::seam::{Cx, Write};
use crate::store::{StoreError, Transaction};

/// Collects writes. What is more than one commit should hold is staged.
pub struct Sink {
    cx: Cx,
    workspace: u64,
    fold: u64,
    pending: Vec<Write>,
    bytes: usize,
    stager: Option<Stager>,
}

impl Sink {
    /// Of a fold that is to have this number.
    pub fn new(cx: &Cx, workspace: u64, fold: u64) -> Sink {
        Sink { cx: cx.clone(), workspace, fold, pending: Vec::new(), bytes: 0, stager: None }
    }

    /// Takes a write.
    pub async fn put(&mut self, write: Write) -> Result<(), StoreError> {
        self.bytes += staging::size(&write);
        self.pending.push(write);
        if self.bytes <= COMMIT_BYTES {
            return Ok(());
        }
        if self.stager.is_none() {
            let of = Staged::Fold { workspace: self.workspace };
            self.stager = Some(Stager::begin(&self.cx, self.fold, of).await?);
        }
        let Some(stager) = &mut self.stager else { return Ok(()) };
        self.bytes = 0;
        for piece in staging::pieces(std::mem::take(&mut self.pending)) {
            stager.write(piece).await?;
        }
        Ok(())
    }

    /// Puts what is pending into `tx`, which makes what is staged real.
    pub async fn write_into(&self, tx: &mut Transaction) -> Result<(), StoreError> {
        if let Some(stager) = &self.stager {
            stager.seal(tx).await?;
        }
        for write in &self.pending {
            if let Write::Put(key, value) = write {
                tx.put_raw(key.clone(), value.clone());
            }
        }
        Ok(())
    }

    /// Removes what was staged.
    pub async fn discard(self) {
        if let Some(stager) = self.stager {
            stager.discard().await;
        }
    }
}
