//! The outside of a run: inputs in, outputs out.

use super::cx::Cx;
use super::mailbox::{Mailbox, State};
use super::{EffectId, Input, Origin, Output, UnixMs};
use rand_chacha::{ChaCha12Rng, rand_core::SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// One API call in flight.
pub struct Run {
    /// `None` once it is over.
    future: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    mailbox: Mailbox,
    woken: Arc<Woken>,
}

/// The host broke the contract of [`Run::handle`]; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// A report about an effect that was never issued.
    NeverIssued(EffectId),
    /// A second `Settled`, or a piece after it.
    AlreadySettled(EffectId),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misuse::NeverIssued(id) => write!(f, "effect {} was never issued", id.0),
            Misuse::AlreadySettled(id) => write!(f, "effect {} has settled already", id.0),
        }
    }
}

impl std::error::Error for Misuse {}

impl Run {
    /// Starts `body` with a fresh [`Cx`]. Nothing runs before the first [`Run::poll`].
    pub fn new<F>(origin: &Origin, body: impl FnOnce(Cx) -> F) -> Run
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mailbox = Mailbox::new(State {
            now: origin.now,
            rng: ChaCha12Rng::from_seed(origin.seed),
            next_id: 1,
            outbox: VecDeque::new(),
            slots: BTreeMap::new(),
            timers: BTreeMap::new(),
            disconnected: false,
            disconnect_wakers: Vec::new(),
            head_sent: false,
        });
        let cx = Cx::new(mailbox.clone(), origin);
        Run { future: Some(Box::pin(body(cx))), mailbox, woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    /// Takes a report in. A report about a cancelled effect is ignored.
    pub fn handle(&mut self, now: UnixMs, input: Input) -> Result<(), Misuse> {
        let mut state = self.mailbox.lock();
        let id = match &input {
            Input::Head { id, .. } | Input::Chunk { id, .. } | Input::Settled { id, .. } => Some(*id),
            Input::Tick | Input::Disconnected => None,
        };
        if let Some(id) = id {
            if id.0 == 0 || id.0 >= state.next_id {
                return Err(Misuse::NeverIssued(id));
            }
            if state.slots.get(&id).is_some_and(|slot| slot.result.is_some()) {
                return Err(Misuse::AlreadySettled(id));
            }
        }
        // A host's clock may step back; a run's never does.
        state.now = state.now.max(now);
        state.fire_timers();
        match input {
            Input::Head { id, head } => {
                if let Some(slot) = state.slots.get_mut(&id) {
                    slot.head = Some(head);
                    wake(&mut slot.waker);
                }
            }
            Input::Chunk { id, bytes } => {
                if let Some(slot) = state.slots.get_mut(&id) {
                    slot.chunks.push_back(bytes);
                    wake(&mut slot.waker);
                }
            }
            Input::Settled { id, result } => {
                if let Some(slot) = state.slots.get_mut(&id) {
                    slot.result = Some(result);
                    wake(&mut slot.waker);
                }
            }
            Input::Tick => {}
            Input::Disconnected => {
                state.disconnected = true;
                for waker in std::mem::take(&mut state.disconnect_wakers) {
                    waker.wake();
                }
            }
        }
        Ok(())
    }

    /// The next thing to do. Call until it says [`Output::Wait`] or [`Output::Done`].
    pub fn poll(&mut self) -> Output {
        loop {
            if let Some(output) = self.mailbox.lock().outbox.pop_front() {
                return output;
            }
            let Some(future) = self.future.as_mut() else { return Output::Done };
            if !self.woken.0.swap(false, Ordering::AcqRel) {
                return self.wait();
            }
            let waker = Waker::from(self.woken.clone());
            if let Poll::Ready(()) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                self.future = None;
            }
        }
    }

    fn wait(&self) -> Output {
        let state = self.mailbox.lock();
        let pending = state.slots.values().any(|slot| slot.result.is_none());
        let until = state.timers.keys().next().map(|(at, _)| *at);
        if !pending && until.is_none() && state.disconnect_wakers.is_empty() {
            return Output::Stalled;
        }
        Output::Wait { until }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// Remembers that a leaf was woken. Leaves keep the waker they were polled with, so combinators with
/// wakers of their own (`FuturesUnordered`) work too.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
