//! The clock that deadlines are looked at by.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
use wasmtime::Engine;

/// How often running instances look at their deadlines.
const TICK: Duration = Duration::from_millis(20);

/// A thread that moves the epoch of an engine forward while any file is read, and sleeps otherwise.
pub struct EpochClock {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    running: usize,
    over: bool,
}

impl EpochClock {
    /// Starts the thread. Where none can be started, deadlines are not kept, which the log says.
    pub fn start(engine: &Engine) -> EpochClock {
        let state = Arc::new(State::default());
        let (shared, engine) = (state.clone(), engine.clone());
        let thread = std::thread::Builder::new().name("extract-clock".into());
        if let Err(error) = thread.spawn(move || run(&shared, &engine)) {
            tracing::error!(%error, "no thread for the deadlines of file parsing");
        }
        EpochClock { state }
    }

    /// Keeps the clock going until the guard is dropped.
    pub fn tick(&self) -> Ticking<'_> {
        self.state.change(|counts| counts.running += 1);
        Ticking(self)
    }
}

impl Drop for EpochClock {
    fn drop(&mut self) {
        self.state.change(|counts| counts.over = true);
    }
}

/// Somebody needs the clock.
pub struct Ticking<'a>(&'a EpochClock);

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.state.change(|counts| counts.running -= 1);
    }
}

impl State {
    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }
}

fn run(state: &State, engine: &Engine) {
    let mut counts = state.counts.lock().unwrap_or_else(PoisonError::into_inner);
    while !counts.over {
        if counts.running == 0 {
            counts = state.changed.wait(counts).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        drop(counts);
        std::thread::sleep(TICK);
        engine.increment_epoch();
        counts = state.counts.lock().unwrap_or_else(PoisonError::into_inner);
    }
}
