//! Time, time zone and randomness for runs.

use haversack_engine::seam::{HostError, HostErrorKind, Origin, UnixMs};
use jiff::{Timestamp, tz::TimeZone};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a run starts with: a seed from the operating system's generator, the time, and the local time
/// zone's present offset (`TZ` is honoured). `operator` says that the person at the machine itself calls,
/// who needs no key. Fails only where the system has no randomness to give.
pub fn origin(operator: bool) -> Result<Origin, HostError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|e| HostError::new(HostErrorKind::Failed, format!("no secure randomness: {e}")))?;
    Ok(Origin { seed, now: system_now(), utc_offset_minutes: utc_offset_minutes(), operator, peer: None })
}

/// A run's clock: starts at its origin and follows the machine's steady clock, so that somebody who sets
/// the time neither ends nor prolongs a wait.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    start: UnixMs,
    started: Instant,
}

impl RunClock {
    /// Starts at `start`.
    pub fn starting_at(start: UnixMs) -> RunClock {
        RunClock { start, started: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> UnixMs {
        self.start.plus(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When `at` is, on the machine's steady clock. A millisecond late rather than early: a run that is
    /// woken early only goes back to waiting.
    pub fn instant(&self, at: UnixMs) -> Instant {
        let ms = u64::try_from(at.0.saturating_sub(self.start.0)).unwrap_or(0);
        let far = self.started + std::time::Duration::from_secs(365 * 24 * 3600);
        self.started.checked_add(std::time::Duration::from_millis(ms.saturating_add(1))).unwrap_or(far)
    }
}

/// The time by the machine's clock, which may never have been set and be before 1970.
pub fn system_now() -> UnixMs {
    unix_ms(SystemTime::now())
}

fn unix_ms(time: SystemTime) -> UnixMs {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => UnixMs(ms(since)),
        Err(before) => UnixMs(ms(before.duration()).saturating_neg()),
    }
}

fn utc_offset_minutes() -> i32 {
    TimeZone::system().to_offset(Timestamp::now()).seconds() / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_differ_and_offsets_are_those_of_the_earth() {
        let (a, b) = (origin(false).unwrap(), origin(false).unwrap());
        assert_ne!(a.seed, b.seed);
        assert!((-12 * 60..=14 * 60).contains(&a.utc_offset_minutes), "{}", a.utc_offset_minutes);
    }

    #[test]
    fn times_before_1970_are_negative_and_go_on() {
        let at = |ms: u64| unix_ms(UNIX_EPOCH - Duration::from_millis(ms));
        assert_eq!((at(0), at(1), at(86_400_000)), (UnixMs(0), UnixMs(-1), UnixMs(-86_400_000)));
    }

    #[test]
    fn an_instant_is_never_before_its_time() {
        let clock = RunClock::starting_at(UnixMs(1_000));
        assert!(clock.now() >= UnixMs(1_000));
        assert!(clock.instant(UnixMs(1_500)) > clock.started + std::time::Duration::from_millis(500));
        assert!(clock.instant(UnixMs(i64::MAX)) > clock.instant(UnixMs(0)));
    }
}
