//! The engine together with what it needs from this machine: what the server and the command line share.

use crate::answer::{Answer, Outlet};
use crate::caller::Caller;
use crate::clock::{self, RunClock};
use crate::drive::{Drive, drive};
use crate::effects::Effects;
use crate::load::Load;
use crate::places::Place;
use crate::work::WorkPool;
use haversack_engine::seam::{ApiRequest, Origin, Run, front};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Starts a run for a request.
pub type Start = Arc<dyn Fn(ApiRequest, Origin) -> Run + Send + Sync>;

/// Answers requests. Clones share everything.
#[derive(Clone)]
pub struct Host {
    start: Start,
    authorise: Start,
    effects: Effects,
    work: WorkPool,
    runs: TaskTracker,
    stop: CancellationToken,
}

impl Host {
    /// A host whose runs come from `start`; those of `authorise` say whether a request would be let in.
    pub fn new(start: Start, authorise: Start, effects: Effects) -> Host {
        Host {
            start,
            authorise,
            effects,
            work: WorkPool::default(),
            runs: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Answers `request`. Dropping the future, or the answer's pieces, tells the run that its client left;
    /// it ends by itself then.
    pub async fn call(&self, request: ApiRequest) -> Answer {
        self.call_from(None, None, request).await
    }

    /// Answers `request`, which came from this address and holds this place until the run is over.
    pub async fn call_from(&self, peer: Option<IpAddr>, place: Option<Place>, request: ApiRequest) -> Answer {
        self.ask(&self.start, peer, place, request).await
    }

    /// Whether a request with this head would be let in: 204, or the refusal. Its body is not looked at.
    pub async fn authorise(&self, peer: Option<IpAddr>, request: ApiRequest) -> Answer {
        self.ask(&self.authorise, peer, None, request).await
    }

    async fn ask(
        &self,
        start: &Start,
        peer: Option<IpAddr>,
        place: Option<Place>,
        request: ApiRequest,
    ) -> Answer {
        let caller = Caller::new(request.header("authorization"), peer);
        let effects = Effects { caller, place: place.map(Arc::new), ..self.effects.clone() };
        let peer = peer.map(|address| address.to_canonical().to_string());
        let load = Load::of_request(request.body.len());
        self.answer_with(effects, load, false, |origin| start(request, Origin { peer, ..origin })).await
    }

    /// Answers a request of the person at the machine, who needs no key.
    pub async fn call_as_operator(&self, request: ApiRequest) -> Answer {
        let load = Load::of_request(request.body.len());
        self.answer_with(self.effects.clone(), load, true, |origin| (self.start)(request, origin)).await
    }

    /// Answers with any run, on behalf of the operator.
    pub async fn answer(&self, operator: bool, start: impl FnOnce(Origin) -> Run) -> Answer {
        self.answer_with(self.effects.clone(), Load::of_request(0), operator, start).await
    }

    async fn answer_with(
        &self,
        effects: Effects,
        load: Load,
        operator: bool,
        start: impl FnOnce(Origin) -> Run,
    ) -> Answer {
        match clock::origin(operator) {
            Ok(origin) => {
                let clock = RunClock::starting_at(origin.now);
                let failed = self.spawn(start(origin), clock, effects, load).await;
                failed.unwrap_or_else(|_| failure("The server failed while answering; its log says why."))
            }
            Err(error) => {
                tracing::error!(%error, "cannot start a run");
                failure(&error.message)
            }
        }
    }

    fn spawn(&self, run: Run, clock: RunClock, effects: Effects, load: Load) -> oneshot::Receiver<Answer> {
        let (outlet, answer) = Outlet::new();
        let (stop, work) = (self.stop.clone(), self.work.clone());
        let work = drive(run, Drive { effects, clock, outlet, stop, work, load });
        // A panic ends this task only: the outlet is dropped, which the other end sees.
        self.runs.spawn(work.in_current_span());
        answer
    }

    /// Lets the runs finish: for `grace` as they are, then as if their clients had left. Then closes the
    /// store. Returns whether all of them ended.
    pub async fn shutdown(&self, grace: Duration) -> bool {
        self.runs.close();
        let mut ended = tokio::time::timeout(grace, self.runs.wait()).await.is_ok();
        if !ended {
            self.stop.cancel();
            ended = tokio::time::timeout(grace, self.runs.wait()).await.is_ok();
        }
        let store = self.effects.store.clone();
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
        ended
    }

    /// The store, for what is not the engine's business (checks, the command line's own notes).
    pub fn effects(&self) -> &Effects {
        &self.effects
    }
}

/// An answer of the host's own making, in the shape of the engine's errors.
pub fn refusal(status: u16, error: &str) -> Answer {
    let (head, body) = front::refusal(status, error);
    Answer { head, body: crate::answer::AnswerBody::Whole(body) }
}

fn failure(error: &str) -> Answer {
    refusal(500, error)
}
