//! The agenda: runs, their effects in flight, the clock, crashes.

use super::effects::{MOCK_URL, World};
use super::faults::{Fault, Plan, Profile};
use super::{Program, Random, Store};
use crate::mock::{Asked, Mock};
use crate::target::Answer;
use bytes::Bytes;
use haversack_engine::seam::transcript::{Recorder, Transcript};
use haversack_engine::seam::{
    ApiRequest, Effect, EffectId, Head, HostErrorKind, Input, Misuse, Origin, Output, Run, UnixMs,
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Runs may not take more simulated time than this: a loop would never end otherwise.
const RUN_MS_MAX: i64 = 24 * 3600 * 1000;

/// Names a run of one simulation.
pub type RunId = u64;

/// What became of a run, as its client saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What arrived. The status is 0 if nothing did.
    pub answer: Answer,
    /// How it ended.
    pub ending: Ending,
    /// When, by the simulated clock.
    pub at: UnixMs,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The answer is complete.
    Done,
    /// The client left before.
    ClientLeft,
    /// The host died before.
    Crashed,
    /// It waited for nothing, or broke the seam's rules, or never ended: a defect.
    Defect(Defect),
}

/// What a run did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// [`Output::Stalled`].
    Stalled,
    /// It refused a report that was in order.
    Misuse(Misuse),
    /// A second head, or a body before the head.
    HeadTwiceOrLate,
    /// It took more simulated time than any call may.
    Endless,
}

enum Driver {
    Plain(Box<Run>),
    Recorded(Box<Recorder>),
}

impl Driver {
    fn handle(&mut self, now: UnixMs, input: Input) -> Result<(), Misuse> {
        match self {
            Driver::Plain(run) => run.handle(now, input),
            Driver::Recorded(recorder) => recorder.handle(now, input),
        }
    }

    fn poll(&mut self) -> Output {
        match self {
            Driver::Plain(run) => run.poll(),
            Driver::Recorded(recorder) => recorder.poll(),
        }
    }
}

struct Live {
    driver: Driver,
    head: Option<Head>,
    body: Vec<Bytes>,
    client_left: bool,
    cancelled: BTreeSet<EffectId>,
    started: UnixMs,
    tick: Option<UnixMs>,
}

enum Event {
    Perform { run: RunId, id: EffectId, effect: Box<Effect>, fault: Option<Fault>, issued: UnixMs },
    Report { run: RunId, input: Input },
    Tick { run: RunId, at: UnixMs },
    Disconnect { run: RunId },
}

/// The host.
pub struct SimHost {
    /// Each with caches of its own, as on several machines with one store.
    programs: Vec<Arc<dyn Program>>,
    /// Committed state.
    pub store: Store,
    /// The model and the embedder.
    pub mock: Mock,
    random: Random,
    plan: Plan,
    now: UnixMs,
    effects: u64,
    crash_at_effect: Option<u64>,
    crashes: u64,
    agenda: BTreeMap<(UnixMs, u64, u64), Event>,
    serial: u64,
    next_run: RunId,
    live: BTreeMap<RunId, Live>,
    finished: BTreeMap<RunId, Outcome>,
    transcripts: Option<Vec<Transcript>>,
    digest: Sha256,
    trace: Vec<String>,
}

impl SimHost {
    /// A host with an empty store. `seed` decides everything that `plan` leaves to chance.
    pub fn new(program: Arc<dyn Program>, seed: u64, plan: Plan) -> SimHost {
        SimHost {
            programs: vec![program],
            store: Store::default(),
            mock: Mock::default(),
            random: Random::new(seed),
            plan,
            // 2026-11-21T08:00:00Z, about when the recordings were made.
            now: UnixMs(1_795_248_000_000),
            effects: 0,
            crash_at_effect: None,
            crashes: 0,
            agenda: BTreeMap::new(),
            serial: 0,
            next_run: 1,
            live: BTreeMap::new(),
            finished: BTreeMap::new(),
            transcripts: None,
            digest: Sha256::new(),
            trace: Vec::new(),
        }
    }

    /// From now on calls are spread over so many programs that know each other through the store only.
    pub fn spread_over(&mut self, programs: usize) {
        while let (true, Some(first)) = (self.programs.len() < programs, self.programs.first()) {
            self.programs.push(first.cold());
        }
    }

    /// How many programs there are.
    pub fn programs(&self) -> usize {
        self.programs.len()
    }

    /// Changes what may go wrong from now on. Effects are counted anew.
    pub fn set_plan(&mut self, plan: Plan) {
        self.plan = plan;
        self.effects = 0;
    }

    /// Effects issued since the plan was set.
    pub fn effects(&self) -> u64 {
        self.effects
    }

    /// The host dies when this effect (counted from the last [`SimHost::set_plan`], from 1) is issued.
    pub fn crash_at_effect(&mut self, n: Option<u64>) {
        self.crash_at_effect = n;
    }

    /// How often the host died.
    pub fn crashes(&self) -> u64 {
        self.crashes
    }

    /// Records every run from now on, each on an engine with cold caches.
    pub fn record(&mut self) {
        self.transcripts = Some(Vec::new());
    }

    /// The records of runs that ended.
    pub fn take_transcripts(&mut self) -> Vec<Transcript> {
        self.transcripts.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The clock.
    pub fn now(&self) -> UnixMs {
        self.now
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
    }

    /// Where the mock is.
    pub fn mock_url(&self) -> &'static str {
        MOCK_URL
    }

    /// What the mock was asked since the last call.
    pub fn take_mock_log(&mut self) -> Vec<Asked> {
        self.mock.take_log()
    }

    /// Chance, for whoever drives the host.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Adds a line to the trace that is shown when something fails.
    pub fn note(&mut self, line: impl Into<String>) {
        self.trace.push(format!("{:>10} {}", self.now.0 - 1_795_248_000_000, line.into()));
    }

    /// What happened so far, a line each.
    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    /// A fingerprint of every output so far and of the store.
    pub fn digest(&self) -> String {
        let mut hash = self.digest.clone();
        hash.update(self.store.digest());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Starts a call on one of the programs.
    pub fn start(&mut self, request: ApiRequest, operator: bool) -> RunId {
        let program = match self.programs.len() {
            1 => 0,
            several => usize::try_from(self.random.below(several as u64)).unwrap_or(0),
        };
        self.start_on(program, request, operator)
    }

    /// Starts a call on the given program, counted from 0.
    pub fn start_on(&mut self, program: usize, request: ApiRequest, operator: bool) -> RunId {
        let origin = self.origin(operator);
        let program = &self.programs[program];
        let program = if self.transcripts.is_some() { program.cold() } else { program.clone() };
        let run = program.start(request.clone(), origin.clone());
        let driver = match self.transcripts {
            None => Driver::Plain(Box::new(run)),
            Some(_) => Driver::Recorded(Box::new(Recorder::new(run, request, origin))),
        };
        self.begin(driver)
    }

    /// Starts the engine's upkeep.
    pub fn start_maintenance(&mut self) -> RunId {
        let origin = self.origin(true);
        let run = self.programs[0].maintain(origin);
        self.begin(Driver::Plain(Box::new(run)))
    }

    /// Starts a call and lets everything run until it has ended.
    pub fn call(&mut self, request: ApiRequest, operator: bool) -> Outcome {
        let id = self.start(request, operator);
        self.run_to_end(id)
    }

    /// As [`SimHost::call`], on the given program.
    pub fn call_on(&mut self, program: usize, request: ApiRequest) -> Outcome {
        let id = self.start_on(program, request, false);
        self.run_to_end(id)
    }

    /// Lets everything run until `id` has ended.
    pub fn run_to_end(&mut self, id: RunId) -> Outcome {
        loop {
            if let Some(outcome) = self.finished.remove(&id) {
                return outcome;
            }
            if !self.step() {
                self.end(id, Ending::Defect(Defect::Stalled));
            }
        }
    }

    /// Pieces of the body that the client of `run` has received so far.
    pub fn received(&self, run: RunId) -> usize {
        self.live.get(&run).map_or(0, |live| live.body.len())
    }

    /// Runs that are under way.
    pub fn live(&self) -> usize {
        self.live.len()
    }

    /// Takes the runs that have ended since the last call.
    pub fn take_finished(&mut self) -> BTreeMap<RunId, Outcome> {
        std::mem::take(&mut self.finished)
    }

    /// Lets the next thing happen; `false` if nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some(((at, ..), event)) = self.agenda.pop_first() else { return false };
        self.now = self.now.max(at);
        match event {
            Event::Perform { run, id, effect, fault, issued } => {
                let fault = if self.too_late(&effect, issued) {
                    Some(Fault::Error(HostErrorKind::Timeout))
                } else {
                    fault
                };
                self.perform(run, id, &effect, fault);
            }
            Event::Report { run, input } => self.report(run, input),
            Event::Tick { run, at } => {
                if self.live.get(&run).is_some_and(|live| live.tick == Some(at)) {
                    self.report(run, Input::Tick);
                }
            }
            Event::Disconnect { run } => self.disconnect(run),
        }
        true
    }

    /// The client of `run` leaves.
    pub fn disconnect(&mut self, run: RunId) {
        let Some(live) = self.live.get_mut(&run) else { return };
        if !live.client_left {
            live.client_left = true;
            self.note(format!("run {run}: the client leaves"));
            self.report(run, Input::Disconnected);
        }
    }

    /// The host dies and starts again: what was not committed is gone, and so are all runs and caches.
    pub fn crash(&mut self) {
        self.note("the host dies");
        self.crashes += 1;
        self.agenda.clear();
        for run in self.live.keys().copied().collect::<Vec<_>>() {
            self.end(run, Ending::Crashed);
        }
        for program in &mut self.programs {
            *program = program.cold();
        }
    }

    fn profile(&self) -> Profile {
        match &self.plan {
            Plan::Random(profile) => *profile,
            Plan::Nth { .. } => Profile::CALM,
        }
    }

    fn origin(&mut self, operator: bool) -> Origin {
        Origin { seed: self.random.seed(), now: self.now, utc_offset_minutes: 0, operator, peer: None }
    }

    fn begin(&mut self, driver: Driver) -> RunId {
        let id = self.next_run;
        self.next_run += 1;
        let live = Live {
            driver,
            head: None,
            body: Vec::new(),
            client_left: false,
            cancelled: BTreeSet::new(),
            started: self.now,
            tick: None,
        };
        self.live.insert(id, live);
        self.drain(id);
        id
    }

    fn report(&mut self, run: RunId, input: Input) {
        let now = self.now;
        let Some(live) = self.live.get_mut(&run) else { return };
        if let Err(misuse) = live.driver.handle(now, input) {
            return self.end(run, Ending::Defect(Defect::Misuse(misuse)));
        }
        self.drain(run);
    }

    /// Polls until the run rests, as the seam's contract wants it.
    fn drain(&mut self, run: RunId) {
        loop {
            let Some(live) = self.live.get_mut(&run) else { return };
            let output = live.driver.poll();
            self.digest.update(run.to_le_bytes());
            // The mask of secrets hides nothing that chance decides.
            self.digest.update(serde_json::to_vec(&output).unwrap_or_default());
            match output {
                Output::Effect { id, effect } => {
                    if self.issue(run, id, effect) {
                        return;
                    }
                }
                Output::Cancel { id } => {
                    live.cancelled.insert(id);
                }
                Output::Head(head) => {
                    if live.head.is_some() {
                        return self.end(run, Ending::Defect(Defect::HeadTwiceOrLate));
                    }
                    live.head = Some(head);
                }
                Output::Body(bytes) => {
                    if live.head.is_none() {
                        return self.end(run, Ending::Defect(Defect::HeadTwiceOrLate));
                    }
                    if !live.client_left {
                        live.body.push(bytes);
                    }
                }
                Output::Wait { until } => return self.wait(run, until),
                Output::Done => {
                    let left = live.client_left;
                    return self.end(run, if left { Ending::ClientLeft } else { Ending::Done });
                }
                Output::Stalled => return self.end(run, Ending::Defect(Defect::Stalled)),
            }
        }
    }

    fn wait(&mut self, run: RunId, until: Option<UnixMs>) {
        let now = self.now;
        let Some(live) = self.live.get_mut(&run) else { return };
        if now.0 - live.started.0 > RUN_MS_MAX {
            return self.end(run, Ending::Defect(Defect::Endless));
        }
        live.tick = until;
        if let Some(at) = until {
            self.schedule(at, 0, Event::Tick { run, at });
        }
    }

    /// Puts an effect on the agenda; true if the host dies over it.
    fn issue(&mut self, run: RunId, id: EffectId, effect: Effect) -> bool {
        self.effects += 1;
        let profile = self.profile();
        if self.crash_at_effect == Some(self.effects) || self.random.chance(profile.crash) {
            // Half of the time what was asked for last still happens, unheard.
            if self.random.chance(500) {
                let mut world =
                    World { store: &mut self.store, mock: &mut self.mock, random: &mut self.random };
                world.perform(id, &effect, None);
            }
            self.crash();
            return true;
        }
        if self.random.chance(profile.disconnect) {
            let at = self.now.plus(self.random.below(profile.delay_ms_max + 1));
            self.schedule(at, 0, Event::Disconnect { run });
        }
        let fault = self.plan.decide(self.effects, &effect, &mut self.random);
        let issued = self.now;
        let at = issued.plus(self.random.below(profile.delay_ms_max + 1));
        let order = self.random.below(u64::MAX);
        self.schedule(at, order, Event::Perform { run, id, effect: Box::new(effect), fault, issued });
        false
    }

    /// A host gives up on a reply whose head does not come in time.
    fn too_late(&self, effect: &Effect, issued: UnixMs) -> bool {
        let waited = u64::try_from(self.now.0 - issued.0).unwrap_or(0);
        matches!(effect, Effect::Http(request) if waited > request.head_timeout_ms)
    }

    fn perform(&mut self, run: RunId, id: EffectId, effect: &Effect, fault: Option<Fault>) {
        let profile = self.profile();
        let Some(live) = self.live.get(&run) else { return };
        let cancelled = live.cancelled.contains(&id);
        if cancelled && !self.random.chance(profile.late) {
            return;
        }
        let line = format!("run {run} effect {}: {}", id.0, describe(effect));
        self.note(match fault {
            None => line,
            Some(fault) => format!("{line} => {fault:?}"),
        });
        let mut world = World { store: &mut self.store, mock: &mut self.mock, random: &mut self.random };
        let reports = world.perform(id, effect, fault);
        // One order for all pieces of a reply: the serial number keeps them in theirs.
        let order = self.random.below(u64::MAX);
        let mut at = self.now;
        for (after, input) in reports {
            at = at.plus(after + self.random.below(profile.delay_ms_max / 4 + 1));
            self.schedule(at, order, Event::Report { run, input });
        }
    }

    fn schedule(&mut self, at: UnixMs, order: u64, event: Event) {
        self.serial += 1;
        self.agenda.insert((at, order, self.serial), event);
    }

    fn end(&mut self, run: RunId, ending: Ending) {
        let Some(live) = self.live.remove(&run) else { return };
        let (status, headers) = live.head.map_or((0, Vec::new()), |head| (head.status, head.headers));
        let answer = Answer { status, headers, body: live.body.concat().into() };
        self.note(format!("run {run}: {ending:?} {status}"));
        if let (Driver::Recorded(recorder), Some(transcripts)) = (live.driver, &mut self.transcripts) {
            transcripts.push(recorder.finish());
        }
        self.finished.insert(run, Outcome { answer, ending, at: self.now });
    }
}

/// An effect in a line of the trace.
fn describe(effect: &Effect) -> String {
    use haversack_engine::seam::{KvOp, Write};
    match effect {
        Effect::Kv(KvOp::Get { keys }) => {
            format!("get {}", keys.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(" "))
        }
        Effect::Kv(KvOp::Scan { range, .. }) => format!("scan {}", range.start),
        Effect::Kv(KvOp::Next { key, count }) => format!("next {key} +{count}"),
        Effect::Kv(KvOp::Commit { expect, writes }) => {
            let writes = writes.iter().map(|write| match write {
                Write::Put(key, value) => format!("{key}={}B", value.len()),
                Write::Delete(key) => format!("-{key}"),
                Write::DeleteRange(range) => format!("-{}*", range.start),
            });
            format!("commit if {} unchanged: {}", expect.len(), writes.collect::<Vec<_>>().join(" "))
        }
        Effect::Kv(KvOp::Damaged { key, why }) => format!("damaged {key}: {why}"),
        Effect::Http(request) => format!("{} {}", request.method, request.url),
        Effect::Extract(request) => format!("extract {:?} ({} bytes)", request.name, request.bytes.len()),
        Effect::Complete(_) => "complete".into(),
        Effect::Embed(_) => "embed".into(),
        Effect::Asset(asset) => format!("asset {asset:?}"),
        Effect::Breathe => "breathe".into(),
    }
}
