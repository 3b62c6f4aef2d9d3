//! What may go wrong, and when.

use super::Random;
use haversack_engine::seam::{Effect, HostErrorKind, KvOp};

/// How one effect goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails with this kind; nothing happened.
    Error(HostErrorKind),
    /// A commit is done, but its acknowledgement is lost.
    AckLost(HostErrorKind),
    /// A commit meets a conflict nobody can explain (another host wrote and took it back).
    Conflict,
    /// The other side answers with this HTTP status and a page of HTML.
    Status(u16),
    /// The other side answers 200 with something that is no answer.
    Garbage,
    /// The reply breaks off after this part of it, in per mille.
    Cut(u64),
    /// The reply ends early after this part of it, in per mille, as if it were complete.
    Short(u64),
}

/// Decides what happens to each effect.
#[derive(Clone, Debug)]
pub enum Plan {
    /// By chance.
    Random(Profile),
    /// The `n`th effect (from 1) goes wrong, and with `persistent` every one after it.
    Nth {
        /// Which.
        n: u64,
        /// All that follow too.
        persistent: bool,
    },
}

/// Chances, in per mille, and delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Name, for reports.
    pub name: &'static str,
    /// A store operation fails.
    pub store: u64,
    /// A commit meets a conflict without a cause.
    pub conflict: u64,
    /// An outbound request goes wrong.
    pub http: u64,
    /// An extraction fails.
    pub extract: u64,
    /// The client leaves, per effect.
    pub disconnect: u64,
    /// The host dies, per effect.
    pub crash: u64,
    /// An effect takes up to so many milliseconds.
    pub delay_ms_max: u64,
    /// A cancelled effect is performed and reported all the same.
    pub late: u64,
}

impl Profile {
    /// Nothing goes wrong and everything is quick.
    pub const CALM: Profile = Profile {
        name: "calm",
        store: 0,
        conflict: 0,
        http: 0,
        extract: 0,
        disconnect: 0,
        crash: 0,
        delay_ms_max: 3,
        late: 0,
    };

    /// Order and delay only.
    pub const SHUFFLED: Profile = Profile { name: "shuffled", delay_ms_max: 400, late: 500, ..Profile::CALM };

    /// Everything fails now and then.
    pub const ROUGH: Profile = Profile {
        name: "rough",
        store: 12,
        conflict: 25,
        http: 120,
        extract: 100,
        disconnect: 6,
        crash: 3,
        delay_ms_max: 2_000,
        late: 500,
    };

    /// The store is healthy, all else is not.
    pub const BAD_NETWORK: Profile =
        Profile { name: "bad network", http: 400, disconnect: 20, delay_ms_max: 40_000, ..Profile::CALM };

    /// The host dies often.
    pub const CRASHING: Profile = Profile { name: "crashing", crash: 25, delay_ms_max: 50, ..Profile::CALM };

    /// Nothing fails: whatever goes wrong is the engine's doing.
    pub fn is_fine(&self) -> bool {
        (self.store, self.http, self.extract) == (0, 0, 0)
    }

    /// Every profile.
    pub const ALL: [Profile; 5] =
        [Profile::CALM, Profile::SHUFFLED, Profile::ROUGH, Profile::BAD_NETWORK, Profile::CRASHING];
}

impl Plan {
    /// What happens to the effect, the `n`th since the plan was made (from 1).
    pub fn decide(&self, n: u64, effect: &Effect, random: &mut Random) -> Option<Fault> {
        match self {
            Plan::Random(profile) => profile.decide(effect, random),
            Plan::Nth { n: wanted, persistent } => {
                let hit = n == *wanted || (*persistent && n > *wanted);
                hit.then(|| Fault::Error(plain_kind(effect)))
            }
        }
    }
}

/// The failure a host reports when it knows nothing better.
fn plain_kind(effect: &Effect) -> HostErrorKind {
    match effect {
        Effect::Http(_) | Effect::Complete(_) | Effect::Embed(_) => HostErrorKind::Unavailable,
        Effect::Extract(_) => HostErrorKind::Rejected,
        Effect::Kv(_) | Effect::Asset(_) | Effect::Breathe => HostErrorKind::Failed,
    }
}

impl Profile {
    fn decide(&self, effect: &Effect, random: &mut Random) -> Option<Fault> {
        use HostErrorKind::{Failed, Full, Refused, Rejected, Timeout, TooLarge, Unavailable};
        let error =
            |kinds: &[HostErrorKind], random: &mut Random| random.pick(kinds).map(|k| Fault::Error(*k));
        match effect {
            Effect::Kv(KvOp::Commit { .. }) => {
                if random.chance(self.conflict) {
                    return Some(Fault::Conflict);
                }
                if !random.chance(self.store) {
                    return None;
                }
                match random.below(3) {
                    0 => random.pick(&[Unavailable, Timeout]).map(|kind| Fault::AckLost(*kind)),
                    1 => Some(Fault::Error(Full)),
                    _ => error(&[Unavailable, Timeout, Failed], random),
                }
            }
            Effect::Kv(_) => {
                random.chance(self.store).then(|| error(&[Unavailable, Timeout, Failed], random))?
            }
            Effect::Http(_) | Effect::Complete(_) | Effect::Embed(_) => {
                if !random.chance(self.http) {
                    return None;
                }
                match random.below(6) {
                    0 => {
                        random.pick(&[400, 401, 404, 408, 429, 500, 503]).map(|status| Fault::Status(*status))
                    }
                    1 => Some(Fault::Garbage),
                    2 => Some(Fault::Cut(random.below(1000))),
                    3 => Some(Fault::Short(random.below(1000))),
                    _ => error(&[Unavailable, Timeout, Refused, TooLarge, Failed], random),
                }
            }
            Effect::Extract(_) => {
                random.chance(self.extract).then(|| error(&[Rejected, Timeout, Failed, TooLarge], random))?
            }
            // What ships with the build is there, and breathing cannot go wrong in a way that matters.
            Effect::Asset(_) | Effect::Breathe => None,
        }
    }
}
