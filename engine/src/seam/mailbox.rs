//! What a run's inside and outside share. Locked for moments, never across an await.

use super::{Effect, EffectId, HostError, HttpHead, Output, Reply, UnixMs};
use bytes::Bytes;
use rand_chacha::ChaCha12Rng;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// State of one effect that was issued and is still wanted.
#[derive(Default)]
pub(super) struct Slot {
    pub head: Option<HttpHead>,
    pub chunks: VecDeque<Bytes>,
    pub result: Option<Result<Reply, HostError>>,
    pub waker: Option<Waker>,
}

pub(super) struct State {
    pub now: UnixMs,
    pub rng: ChaCha12Rng,
    pub next_id: u64,
    pub outbox: VecDeque<Output>,
    /// Boxed: a node of the map has room for eleven of them, and most runs have one at a time.
    pub slots: BTreeMap<EffectId, Box<Slot>>,
    pub timers: BTreeMap<(UnixMs, u64), Waker>,
    pub disconnected: bool,
    pub disconnect_wakers: Vec<Waker>,
    pub head_sent: bool,
}

impl State {
    pub fn issue(&mut self, effect: Effect) -> EffectId {
        let id = EffectId(self.next_id);
        self.next_id += 1;
        self.slots.insert(id, Box::default());
        self.outbox.push_back(Output::Effect { id, effect });
        id
    }

    /// Forgets an effect; tells the host if it may still be at it.
    pub fn abandon(&mut self, id: EffectId) {
        if let Some(slot) = self.slots.remove(&id)
            && slot.result.is_none()
        {
            self.outbox.push_back(Output::Cancel { id });
        }
    }

    /// Wakes what has waited for a time that is past.
    pub fn fire_timers(&mut self) {
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            entry.remove().wake();
        }
    }
}

#[derive(Clone)]
pub(super) struct Mailbox(Arc<Mutex<State>>);

impl Mailbox {
    pub fn new(state: State) -> Mailbox {
        Mailbox(Arc::new(Mutex::new(state)))
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock; if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
