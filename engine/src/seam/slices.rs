//! Long work in slices: how a run lets others go on in the middle of it.
//!
//! A run that computes holds the thread it is on. Each piece of work whose size a caller decides is accounted for
//! with [`Slices::spend`], which awaits [`Effect::Breathe`](super::Effect::Breathe) once a slice is used up. The
//! account counts bytes and rows, not time, so that a transcript of the run replays on any host.

use super::{Breathe, Cx};

/// Work in one slice, in nanoseconds as a native host needs them on one core: 4 ms. A browser tab or an edge host
/// may be ten times slower, and still draws or answers in between.
const SLICE: u64 = 4_000_000;

/// A piece of work, by what it is done on. What it costs was measured natively, and rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Bytes of text counted or encoded in tokens.
    Tokens(usize),
    /// Bytes of text embedded by the built-in model.
    Embed(usize),
    /// Bytes of text cut into chunks or words.
    Words(usize),
    /// Bytes of JSON read or written.
    Json(usize),
    /// Bytes copied, compared or hashed.
    Bytes(usize),
    /// Vectors compared with another.
    Rows(usize),
    /// Small records sorted or put together.
    Records(usize),
}

impl Work {
    fn nanoseconds(self) -> u64 {
        let (count, each) = match self {
            Work::Tokens(bytes) => (bytes, 60),
            Work::Embed(bytes) => (bytes, 20),
            Work::Words(bytes) => (bytes, 20),
            Work::Json(bytes) => (bytes, 8),
            Work::Bytes(bytes) => (bytes, 2),
            Work::Rows(rows) => (rows, 60),
            Work::Records(records) => (records, 200),
        };
        (count as u64).saturating_mul(each)
    }
}

/// The account of one run's work since it last breathed.
#[derive(Clone)]
pub struct Slices {
    cx: Cx,
    spent: u64,
}

impl Slices {
    /// A new slice.
    pub(super) fn new(cx: &Cx) -> Slices {
        Slices { cx: cx.clone(), spent: 0 }
    }

    /// Work was done: lets others run if the slice is used up. Call it between two pieces, each much smaller than
    /// a slice.
    pub async fn spend(&mut self, work: Work) {
        self.spent = self.spent.saturating_add(work.nanoseconds());
        if self.spent >= SLICE {
            self.spent = 0;
            // A host that fails to breathe has only been impolite: the work goes on.
            let _ = self.cx.call(Breathe).await;
        }
    }

    /// The run.
    pub fn cx(&self) -> &Cx {
        &self.cx
    }
}
