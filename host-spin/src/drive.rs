//! Drives one run: its effects out, their reports in, its answer to the client.

use crate::clock::RunClock;
use crate::effects::{Effects, Report, Reporting, Rest};
use crate::outlet::Outlet;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable, Either, select};
use futures_util::stream::FuturesUnordered;
use haversack_engine::seam::{Effect, EffectId, Input, Output, Run};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

/// Drives `run` to its end, also when the client has gone: what was said until then is saved.
pub async fn drive(mut run: Run, effects: Effects, clock: RunClock, mut outlet: Outlet) {
    let mut inflight = Inflight { effects, running: FuturesUnordered::new(), aborts: BTreeMap::new() };
    let mut told_to_leave = false;
    loop {
        let until = loop {
            match run.poll() {
                Output::Effect { id, effect } => inflight.start(id, effect),
                Output::Cancel { id } => inflight.cancel(id),
                Output::Head(head) => outlet.head(head),
                Output::Body(bytes) => outlet.body(bytes).await,
                Output::Wait { until } => break until,
                Output::Done => return outlet.finish(),
                Output::Stalled => return outlet.fail("The engine waits for something that cannot come."),
            }
        };
        let input = if outlet.is_gone() && !told_to_leave {
            told_to_leave = true;
            Input::Disconnected
        } else {
            let sleep = async {
                match until {
                    Some(at) => spin_sdk::time::sleep(Duration::from_millis(clock.until(at))).await,
                    None => std::future::pending().await,
                }
            };
            let told = told_to_leave;
            let leaves = async {
                match told {
                    true => std::future::pending().await,
                    false => outlet.gone().await,
                }
            };
            match select(pin!(inflight.next()), select(pin!(sleep), pin!(leaves))).await {
                Either::Left((input, _)) => input,
                Either::Right((Either::Left(_), _)) => Input::Tick,
                Either::Right((Either::Right(_), _)) => {
                    told_to_leave = true;
                    Input::Disconnected
                }
            }
        };
        if run.handle(clock.now(), input).is_err() {
            return outlet.fail("The host reported what the run cannot place.");
        }
    }
}

/// The effects of one run that are under way.
struct Inflight {
    effects: Effects,
    running: FuturesUnordered<Abortable<Reporting>>,
    aborts: BTreeMap<EffectId, AbortHandle>,
}

impl Inflight {
    fn start(&mut self, id: EffectId, effect: Effect) {
        let reporting = self.effects.start(id, effect);
        self.run(id, reporting);
    }

    fn run(&mut self, id: EffectId, reporting: Reporting) {
        let (abort, registration) = AbortHandle::new_pair();
        self.aborts.insert(id, abort);
        self.running.push(Abortable::new(reporting, registration));
    }

    fn cancel(&mut self, id: EffectId) {
        if let Some(abort) = self.aborts.remove(&id) {
            abort.abort();
        }
    }

    /// The next report; never ready while nothing is under way.
    async fn next(&mut self) -> Input {
        loop {
            match self.running.next().await {
                Some(Ok(Report { id, input, rest })) => {
                    self.aborts.remove(&id);
                    if let Some(Rest(body)) = rest {
                        let more = Effects::more(id, body);
                        self.run(id, more);
                    }
                    return input;
                }
                // Cancelled: nobody wants to hear of it.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}
