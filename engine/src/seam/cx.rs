//! The inside of a run: what engine code awaits.

use super::mailbox::Mailbox;
use super::{
    Actor, Breathe, Effect, EffectId, Head, HostError, HostErrorKind, HttpHead, Origin, Output, Reply,
    Request, Slices, UnixMs,
};
use bytes::Bytes;
use rand_chacha::rand_core::RngCore;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use uuid::Uuid;

/// A run's handle to its host. Clones share the run.
#[derive(Clone)]
pub struct Cx {
    mailbox: Mailbox,
    utc_offset_minutes: i32,
    peer: Option<Arc<str>>,
    actor: Actor,
}

impl Cx {
    pub(super) fn new(mailbox: Mailbox, origin: &Origin) -> Cx {
        let peer = origin.peer.as_deref().map(Arc::from);
        Cx { mailbox, utc_offset_minutes: origin.utc_offset_minutes, peer, actor: Actor::default() }
    }

    /// The same run, on behalf of `actor`.
    pub fn on_behalf_of(&self, actor: Actor) -> Cx {
        Cx { actor, ..self.clone() }
    }

    /// On whose behalf the run goes on.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Where the request came from, see [`Origin::peer`].
    pub fn peer(&self) -> Option<&str> {
        self.peer.as_deref()
    }

    /// Asks the host for an effect. It is issued when first polled; dropping it cancels it.
    pub fn call<R: Request>(&self, request: R) -> Call<R> {
        Call { mailbox: self.mailbox.clone(), request: Some(request.into()), id: None, reply: PhantomData }
    }

    /// Asks for an effect whose reply comes in pieces. It is issued at once; dropping it cancels it.
    pub fn stream<R: Request>(&self, request: R) -> Chunks<R> {
        let id = self.mailbox.lock().issue(request.into());
        Chunks { mailbox: self.mailbox.clone(), id, reply: PhantomData }
    }

    /// Lets others run. Long CPU work awaits this between steps.
    pub async fn breathe(&self) {
        // A host that fails to breathe has only been impolite: the work goes on.
        let _ = self.call(Breathe).await;
    }

    /// An account of long work, which breathes whenever a slice of it is done.
    pub fn slices(&self) -> Slices {
        Slices::new(self)
    }

    /// The time, as of the last input.
    pub fn now(&self) -> UnixMs {
        self.mailbox.lock().now
    }

    /// Local time's offset from UTC.
    pub fn utc_offset_minutes(&self) -> i32 {
        self.utc_offset_minutes
    }

    /// Waits.
    pub fn sleep(&self, ms: u64) -> impl Future<Output = ()> + Send + use<> {
        let at = self.now().plus(ms);
        Timer { mailbox: self.mailbox.clone(), at, key: None }
    }

    /// `future`, unless `ms` pass before it is ready; it is dropped then.
    pub async fn timeout<F: Future>(&self, ms: u64, future: F) -> Result<F::Output, Elapsed> {
        use futures_util::future::{Either, select};
        match select(pin!(future), pin!(self.sleep(ms))).await {
            Either::Left((value, _)) => Ok(value),
            Either::Right(((), _)) => Err(Elapsed),
        }
    }

    /// Whether the client has gone.
    pub fn is_disconnected(&self) -> bool {
        self.mailbox.lock().disconnected
    }

    /// Ready once the client has gone.
    pub fn disconnected(&self) -> impl Future<Output = ()> + Send + use<> {
        Disconnected { mailbox: self.mailbox.clone() }
    }

    /// `future`, unless the client goes before it is ready; it is dropped then, which cancels its effects.
    pub async fn while_connected<F: Future>(&self, future: F) -> Option<F::Output> {
        use futures_util::future::{Either, select};
        match select(pin!(future), pin!(self.disconnected())).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(((), _)) => None,
        }
    }

    /// A random (version 4) id.
    pub fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.random(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Fills `bytes` from the run's seed.
    pub fn random(&self, bytes: &mut [u8]) {
        self.mailbox.lock().rng.fill_bytes(bytes);
    }

    /// Sends status and headers. Only the first call counts.
    pub fn head(&self, head: Head) {
        let mut state = self.mailbox.lock();
        if !state.head_sent {
            state.head_sent = true;
            state.outbox.push_back(Output::Head(head));
        }
    }

    /// Whether [`Cx::head`] was called.
    pub fn head_sent(&self) -> bool {
        self.mailbox.lock().head_sent
    }

    /// Sends a piece of the body; empty pieces are dropped.
    pub fn body(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.mailbox.lock().outbox.push_back(Output::Body(bytes));
        }
    }
}

/// The time of [`Cx::timeout`] passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

/// An effect with one reply.
pub struct Call<R> {
    mailbox: Mailbox,
    request: Option<Effect>,
    id: Option<EffectId>,
    reply: PhantomData<fn() -> R>,
}

impl<R: Request> Future for Call<R> {
    type Output = Result<R::Reply, HostError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let mut state = this.mailbox.lock();
        if let Some(effect) = this.request.take() {
            this.id = Some(state.issue(effect));
        }
        let Some(id) = this.id else { return Poll::Pending };
        let Some(slot) = state.slots.get_mut(&id) else { return Poll::Pending };
        match slot.result.take() {
            None => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Some(result) => {
                state.slots.remove(&id);
                this.id = None;
                Poll::Ready(settle::<R>(result))
            }
        }
    }
}

impl<R> Drop for Call<R> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.mailbox.lock().abandon(id);
        }
    }
}

/// An effect whose reply comes in pieces.
pub struct Chunks<R> {
    mailbox: Mailbox,
    id: EffectId,
    reply: PhantomData<fn() -> R>,
}

impl<R: Request> Chunks<R> {
    /// Status and headers of an HTTP reply, or why there are none.
    pub fn head(&mut self) -> impl Future<Output = Result<HttpHead, HostError>> + Send + use<R> {
        let (mailbox, id) = (self.mailbox.clone(), self.id);
        std::future::poll_fn(move |cx| {
            let mut state = mailbox.lock();
            let Some(slot) = state.slots.get_mut(&id) else { return Poll::Ready(Err(gone())) };
            match (slot.head.take(), &slot.result) {
                (Some(head), _) => Poll::Ready(Ok(head)),
                (None, Some(Err(error))) => Poll::Ready(Err(error.clone())),
                (None, Some(Ok(_))) => Poll::Ready(Err(gone())),
                (None, None) => {
                    slot.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
    }

    /// The next piece; `Ok(Err(reply))` once it is complete. What was received before a failure
    /// comes out first.
    #[expect(clippy::should_implement_trait, reason = "it gives a future, and streams call it so")]
    pub fn next(
        &mut self,
    ) -> impl Future<Output = Result<Result<Bytes, R::Reply>, HostError>> + Send + use<R> {
        let (mailbox, id) = (self.mailbox.clone(), self.id);
        std::future::poll_fn(move |cx| {
            let mut state = mailbox.lock();
            let Some(slot) = state.slots.get_mut(&id) else { return Poll::Ready(Err(gone())) };
            if let Some(bytes) = slot.chunks.pop_front() {
                return Poll::Ready(Ok(Ok(bytes)));
            }
            match slot.result.take() {
                None => {
                    slot.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
                Some(result) => {
                    state.slots.remove(&id);
                    Poll::Ready(settle::<R>(result).map(Err))
                }
            }
        })
    }
}

impl<R> Drop for Chunks<R> {
    fn drop(&mut self) {
        self.mailbox.lock().abandon(self.id);
    }
}

fn settle<R: Request>(result: Result<Reply, HostError>) -> Result<R::Reply, HostError> {
    R::reply(result?)
        .ok_or_else(|| HostError::new(HostErrorKind::Failed, "the host answered with another kind"))
}

fn gone() -> HostError {
    HostError::new(HostErrorKind::Failed, "the reply was read to its end before")
}

struct Timer {
    mailbox: Mailbox,
    at: UnixMs,
    key: Option<u64>,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let mut state = this.mailbox.lock();
        if state.now >= this.at {
            return Poll::Ready(());
        }
        let key = match this.key {
            Some(key) => key,
            None => {
                let key = state.timers.keys().map(|(_, key)| key + 1).max().unwrap_or(0);
                this.key = Some(key);
                key
            }
        };
        state.timers.insert((this.at, key), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.mailbox.lock().timers.remove(&(self.at, key));
        }
    }
}

struct Disconnected {
    mailbox: Mailbox,
}

impl Future for Disconnected {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.mailbox.lock();
        if state.disconnected {
            return Poll::Ready(());
        }
        if !state.disconnect_wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.disconnect_wakers.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
