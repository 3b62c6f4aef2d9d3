//! Drives one run: its effects out, their reports in, its answer to the client.

use crate::answer::{Outlet, Waiting};
use crate::effects::{Effects, Report, Reporting, Rest};
use crate::memory;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::FuturesUnordered;
use gloo_timers::future::TimeoutFuture;
use haversack_engine::seam::{Effect, EffectId, HostError, Input, Output, Reply, Run, UnixMs};
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Longest wait of a timer here; `setTimeout` ends at once beyond 2³¹ ms.
const WAIT_MS_MAX: i64 = 1 << 30;

/// Drives `run` to its end. It goes on when the client leaves, which is an input like any other, so that
/// what was answered until then can be saved.
pub async fn drive(mut run: Run, call: u32, effects: Effects, outlet: Outlet) {
    let platform = effects.platform.clone();
    let mut inflight = Inflight::new(call, effects);
    let mut told_to_leave = false;
    loop {
        let until = loop {
            memory::ahead();
            match run.poll() {
                Output::Effect { id, effect } => inflight.start(id, effect),
                Output::Cancel { id } => inflight.cancel(id),
                Output::Head(head) => outlet.head(head),
                Output::Body(bytes) => outlet.body(bytes),
                Output::Wait { until } => break until,
                Output::Done => return outlet.finish(),
                Output::Stalled => {
                    platform
                        .log("error", "the run waits for something that cannot come: a bug in the engine");
                    return;
                }
            }
        };
        if !outlet.is_behind() {
            inflight.resume();
        }
        let mut timer = until.map(|at| timer(at, now(&inflight.effects)));
        let event = poll_fn(|cx| {
            if let Poll::Ready(input) = inflight.poll_next(cx) {
                return Poll::Ready(Some(input));
            }
            let waiting = if inflight.paused.is_empty() { Waiting::ToLeave } else { Waiting::ToCatchUp };
            if !told_to_leave && outlet.poll_turn(waiting, cx).is_ready() {
                return Poll::Ready(None);
            }
            match timer.as_mut().map(|timer| Pin::new(timer).poll(cx)) {
                Some(Poll::Ready(())) => Poll::Ready(Some(Input::Tick)),
                _ => Poll::Pending,
            }
        })
        .await;
        let input = match event {
            None if outlet.is_gone() => {
                told_to_leave = true;
                Some(Input::Disconnected)
            }
            other => other,
        };
        if let Some(input) = input
            && let Err(misuse) = run.handle(now(&inflight.effects), input)
        {
            platform.log("error", &format!("{misuse}: a bug in the host"));
        }
    }
}

/// The time by the platform's clock.
pub fn now(effects: &Effects) -> UnixMs {
    // As integers go far enough, and a clock that gives NaN gives 1970.
    UnixMs(effects.platform.now() as i64)
}

/// A millisecond late rather than early: a run that is woken early only goes back to waiting.
fn timer(at: UnixMs, now: UnixMs) -> TimeoutFuture {
    let ms = at.0.saturating_sub(now.0).saturating_add(1).clamp(0, WAIT_MS_MAX);
    TimeoutFuture::new(u32::try_from(ms).unwrap_or(0))
}

/// The effects of one run that are under way.
struct Inflight {
    call: u32,
    effects: Effects,
    running: FuturesUnordered<Abortable<Reporting>>,
    aborts: BTreeMap<EffectId, AbortHandle>,
    /// Streams whose next piece waits until the client took the last one.
    paused: BTreeMap<EffectId, Rest>,
    /// Outcomes that needed no waiting.
    ready: VecDeque<(EffectId, Result<Reply, HostError>)>,
}

impl Inflight {
    fn new(call: u32, effects: Effects) -> Inflight {
        Inflight {
            call,
            effects,
            running: FuturesUnordered::new(),
            aborts: BTreeMap::new(),
            paused: BTreeMap::new(),
            ready: VecDeque::new(),
        }
    }

    fn start(&mut self, id: EffectId, effect: Effect) {
        self.effects.platform.began(self.call, crate::effects::name(&effect));
        match self.effects.at_once(&effect) {
            Some(result) => self.ready.push_back((id, result)),
            None => self.run(id, self.effects.start(id, effect)),
        }
    }

    fn run(&mut self, id: EffectId, reporting: Reporting) {
        let (abort, registration) = AbortHandle::new_pair();
        self.aborts.insert(id, abort);
        self.running.push(Abortable::new(reporting, registration));
    }

    fn cancel(&mut self, id: EffectId) {
        self.paused.remove(&id);
        if let Some(abort) = self.aborts.remove(&id) {
            abort.abort();
        }
    }

    /// Lets streams go on.
    fn resume(&mut self) {
        while let Some((id, rest)) = self.paused.pop_first() {
            self.run(id, Effects::more(id, rest));
        }
    }

    /// The next report; never ready while nothing is under way.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        if let Some((id, result)) = self.ready.pop_front() {
            return Poll::Ready(Input::Settled { id, result });
        }
        loop {
            match self.running.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(Report { id, input, rest }))) => {
                    self.aborts.remove(&id);
                    if let Some(rest) = rest {
                        self.paused.insert(id, rest);
                    }
                    return Poll::Ready(input);
                }
                // Cancelled: nobody wants to hear of it.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}
