//! Folds: the search data of many segments together, so that a search reads few values however many documents there are.
//!
//! Each document has a segment of its own, which stays what its rows are known by. A *fold* covers whole segments and
//! holds their words in blocks that a search can skip ([`crate::lexical::folded`]), and the vectors of the small ones side
//! by side. A fold never changes. It can be made again from its segments at any time: what is found does not depend on
//! which segments are folded.
//!
//! - A new segment is *loose*: `fold.loose/…` lists it, and a search looks at it by itself. When there are enough, they
//!   become a fold ([`plan`]).
//! - Folds of about the same size are merged, [`plan::FAN_IN`] at a time, so that there are few of each size.
//! - A segment that goes is marked in its fold (`fold.dead/…`). A merge leaves it out; a fold with many marks is written
//!   again alone.
//! - A fold is written like a segment: under a number that belongs to nothing, made real by one commit that moves the
//!   index head and takes its inputs away ([`merge`]).
//!
//! The head lists folds. A search that finds its folds gone reads the head again.

mod check;
mod map;
mod merge;
mod plan;
mod sink;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use check::is_sound;
pub use map::FoldMap;
pub(crate) use merge::join;
pub(crate) use plan::{after_change, all, tend};
pub use view::{View, views};

use super::{IndexHead, upgrade};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which workspaces have segments to fold, as far as this host knows, and which it is at.
pub struct Folding {
    /// Segments that become a fold.
    least: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    due: BTreeSet<u64>,
    busy: BTreeSet<u64>,
    /// The host starts what is due by itself: runs leave the long work to it.
    tended: bool,
}

impl Folding {
    /// Nothing is due. `least` loose segments become a fold.
    pub fn new(least: u64) -> Folding {
        Folding { least: least.max(2), state: Mutex::default() }
    }

    /// Whether anything is due. The host asks so that it can start it.
    pub fn is_due(&self) -> bool {
        let mut state = self.lock();
        state.tended = true;
        !state.due.is_empty()
    }

    /// Notes what is due of a workspace with this head.
    pub(super) fn note(&self, workspace: u64, head: &IndexHead) {
        if plan::due(head, self.least).is_some() || upgrade::is_due(head) {
            self.lock().due.insert(workspace);
        }
    }

    pub(in crate::retrieve) fn is_tended(&self) -> bool {
        self.lock().tended
    }

    fn next(&self) -> Option<u64> {
        self.lock().due.pop_first()
    }

    /// The right to fold in a workspace, unless another run of this host has it.
    fn claim(&self, workspace: u64) -> Option<Claim<'_>> {
        // A claim gives its right back when it is dropped, so there must be none where another run has the right.
        let is_free = self.lock().busy.insert(workspace);
        is_free.then(|| Claim { folding: self, workspace })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run is folding in a workspace. Others of the same host would only do the same work.
struct Claim<'a> {
    folding: &'a Folding,
    workspace: u64,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.folding.lock().busy.remove(&self.workspace);
    }
}
