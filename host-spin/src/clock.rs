//! Time and randomness for runs. The standard library has neither on this target: asking it would trap.

use haversack_engine::seam::{Origin, UnixMs};
use spin_sdk::wasip3::clocks::{monotonic_clock, system_clock};
use spin_sdk::wasip3::random::random::get_random_bytes;

/// What a run starts with.
pub fn origin(operator: bool, peer: Option<String>) -> Origin {
    let mut seed = [0; 32];
    for (byte, random) in seed.iter_mut().zip(random_bytes(32)) {
        *byte = random;
    }
    Origin { seed, now: system_now(), utc_offset_minutes: 0, operator, peer }
}

/// Bytes that nobody can guess.
pub fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count);
    // A host may give fewer than asked for.
    while bytes.len() < count {
        bytes.extend(get_random_bytes((count - bytes.len()) as u64));
    }
    bytes
}

fn system_now() -> UnixMs {
    let now = system_clock::now();
    UnixMs(now.seconds.saturating_mul(1000).saturating_add(i64::from(now.nanoseconds / 1_000_000)))
}

/// A run's clock: starts at its origin and follows the steady clock.
#[derive(Clone, Copy)]
pub struct RunClock {
    start: UnixMs,
    started: u64,
}

impl RunClock {
    /// Starts at `start`.
    pub fn starting_at(start: UnixMs) -> RunClock {
        RunClock { start, started: monotonic_clock::now() }
    }

    /// The time now.
    pub fn now(&self) -> UnixMs {
        self.start.plus(monotonic_clock::now().saturating_sub(self.started) / 1_000_000)
    }

    /// Milliseconds until `at`, none if it has passed.
    pub fn until(&self, at: UnixMs) -> u64 {
        u64::try_from(at.0.saturating_sub(self.now().0)).unwrap_or(0)
    }
}
