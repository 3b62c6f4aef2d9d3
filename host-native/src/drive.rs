//! Drives one run: its effects out, their reports in, its answer to the client.

use crate::answer::Outlet;
use crate::clock::RunClock;
use crate::effects::{Effects, Report, Reporting};
use crate::http::Body;
use crate::load::Load;
use crate::work::WorkPool;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::FuturesUnordered;
use haversack_engine::seam::{Effect, EffectId, HostError, Input, Output, Reply, Run, UnixMs};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What a run is driven with.
pub struct Drive {
    /// Carries out its effects.
    pub effects: Effects,
    /// Tells it the time.
    pub clock: RunClock,
    /// Takes its answer.
    pub outlet: Outlet,
    /// The server shuts down.
    pub stop: CancellationToken,
    /// Threads for its long work.
    pub work: WorkPool,
    /// What is known of that work.
    pub load: Load,
}

/// Drives `run` to its end. It goes on when the client leaves, which is an input like any other, so that
/// what was answered until then can be saved; `stop` tells it the same when the server shuts down.
///
/// The run's steps are taken here, on a thread that answers others too, as long as they are short; a run that
/// has much to compute takes them on a thread of the pool. Between two steps it holds no thread in either case.
pub async fn drive(mut run: Run, with: Drive) {
    let Drive { effects, clock, mut outlet, stop, work, mut load } = with;
    let place = effects.place.clone();
    let mut inflight = Inflight::new(effects);
    let mut told_to_leave = false;
    loop {
        let step = if load.is_heavy() {
            let (effects, span) = (inflight.effects.clone(), tracing::Span::current());
            let step = work.run(move || {
                let step = span.in_scope(|| step(&mut run, &effects));
                (run, step)
            });
            // Without a result the run panicked, and is gone: nothing more can be answered.
            let Some((back, step)) = step.await else { return };
            run = back;
            step
        } else {
            step(&mut run, &inflight.effects)
        };
        load.step(step.took, &step.outputs);
        let (mut at_once, mut until) = (step.at_once.into_iter(), None);
        for output in step.outputs {
            match output {
                // What a run sends piece by piece waits for the client, so that it does not pile up here.
                Output::Effect { id, effect: Effect::Breathe } if outlet.is_behind() => {
                    at_once.next();
                    inflight.hold(id);
                }
                Output::Effect { id, effect } => inflight.start(id, effect, at_once.next().flatten()),
                Output::Cancel { id } => inflight.cancel(id),
                Output::Head(head) => {
                    // A stream mostly waits: for its source, or for its client.
                    if let Some(place) = place.as_ref().filter(|_| head.streaming) {
                        place.wait_for_others();
                    }
                    outlet.head(head);
                }
                Output::Body(bytes) => outlet.body(bytes),
                Output::Wait { until: time } => until = time,
                Output::Done => return outlet.finish().await,
                Output::Stalled => {
                    tracing::error!("the run waits for something that cannot come: a bug in the engine");
                    return;
                }
            }
        }
        if !outlet.is_behind() {
            inflight.resume();
        }
        // A run whose effects are all answered at once must still let other tasks of this thread run.
        tokio::task::coop::consume_budget().await;
        let input = if let Some((id, result)) = inflight.ready.pop_front() {
            Some(Input::Settled { id, result })
        } else {
            tokio::select! {
                biased;
                input = inflight.next() => input,
                () = outlet.turn(), if !outlet.is_gone() => None,
                () = stop.cancelled(), if !told_to_leave => {
                    told_to_leave = true;
                    Some(Input::Disconnected)
                }
                () = sleep_until(&clock, until), if until.is_some() => Some(Input::Tick),
            }
        };
        let input = if input.is_none() && outlet.is_gone() && !told_to_leave {
            told_to_leave = true;
            Some(Input::Disconnected)
        } else {
            input
        };
        let Some(input) = input else { continue };
        load.input(&input);
        if let Err(misuse) = run.handle(clock.now(), input) {
            tracing::error!(%misuse, "the host reported what the run cannot place: a bug in the host");
        }
    }
}

/// What a run came to until it had to wait.
struct Step {
    /// In its order; the last one says how it goes on.
    outputs: Vec<Output>,
    /// For each effect among them: its outcome, if that needed no waiting.
    at_once: Vec<Option<Result<Reply, HostError>>>,
    took: Duration,
}

/// Lets `run` go on until it waits or is over. Small reads of its effects are done here as well.
fn step(run: &mut Run, effects: &Effects) -> Step {
    let begun = Instant::now();
    let (mut outputs, mut at_once) = (Vec::new(), Vec::new());
    loop {
        let output = run.poll();
        if let Output::Effect { effect, .. } = &output {
            at_once.push(effects.at_once(effect));
        }
        let is_last = matches!(output, Output::Wait { .. } | Output::Done | Output::Stalled);
        outputs.push(output);
        if is_last {
            return Step { outputs, at_once, took: begun.elapsed() };
        }
    }
}

async fn sleep_until(clock: &RunClock, until: Option<UnixMs>) {
    if let Some(at) = until {
        tokio::time::sleep_until(clock.instant(at).into()).await;
    }
}

/// The effects of one run that are under way.
struct Inflight {
    effects: Effects,
    running: FuturesUnordered<Abortable<Reporting>>,
    aborts: BTreeMap<EffectId, AbortHandle>,
    /// Streams whose next piece waits until the client took the last one; one at most, as a rule.
    paused: Vec<(EffectId, Body)>,
    /// Breaths that wait for the same.
    held: Vec<EffectId>,
    /// Outcomes that needed no waiting.
    ready: VecDeque<(EffectId, Result<Reply, HostError>)>,
}

impl Inflight {
    fn new(effects: Effects) -> Inflight {
        Inflight {
            effects,
            running: FuturesUnordered::new(),
            aborts: BTreeMap::new(),
            paused: Vec::new(),
            held: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    fn start(&mut self, id: EffectId, effect: Effect, at_once: Option<Result<Reply, HostError>>) {
        match at_once {
            Some(result) => self.ready.push_back((id, result)),
            None => self.run(id, self.effects.start(id, effect)),
        }
    }

    fn hold(&mut self, id: EffectId) {
        self.held.push(id);
    }

    fn run(&mut self, id: EffectId, reporting: Reporting) {
        let (abort, registration) = AbortHandle::new_pair();
        self.aborts.insert(id, abort);
        self.running.push(Abortable::new(reporting, registration));
    }

    fn cancel(&mut self, id: EffectId) {
        self.paused.retain(|(paused, _)| *paused != id);
        self.held.retain(|held| *held != id);
        if let Some(abort) = self.aborts.remove(&id) {
            abort.abort();
        }
    }

    /// Lets streams go on.
    fn resume(&mut self) {
        for id in std::mem::take(&mut self.held) {
            self.run(id, self.effects.start(id, Effect::Breathe));
        }
        for (id, body) in std::mem::take(&mut self.paused) {
            self.run(id, Effects::more(id, body));
        }
    }

    /// The next report; never ready while nothing is under way.
    async fn next(&mut self) -> Option<Input> {
        loop {
            match self.running.next().await {
                Some(Ok(Report { id, input, rest })) => {
                    self.aborts.remove(&id);
                    if let Some(body) = rest {
                        self.paused.push((id, body));
                    }
                    return Some(input);
                }
                // Cancelled: nobody wants to hear of it.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}
