//! The seam between the engine and its hosts.
//!
//! One API call is one [`Run`]. Inside it is an `async fn`; outside it is a state machine that never
//! blocks, never sleeps and never looks at a clock. **The one contract**: after every
//! [`Run::handle`], call [`Run::poll`] until it says [`Output::Wait`] or [`Output::Done`], and do what
//! the other outputs ask for. A host that polls once per input loses effects and hangs.
//!
//! ```text
//! 1. run = engine.start(request, origin)
//! 2. loop { match run.poll() {
//! 3.   Effect { id, effect } => start it; report with Input::Settled (streams: Head, Chunk…, Settled)
//! 4.   Cancel { id }         => stop it; a late report is ignored
//! 5.   Head / Body           => send to the client
//! 6.   Wait { until }        => sleep until something settles, the client leaves, or `until` passes (Tick)
//!      Done                  => the answer is complete
//! } }
//! ```
//!
//! Time, order, randomness and failure all belong to the host, so a seeded simulator can own them and
//! a [`transcript`] of one run replays bit for bit on any host.

mod address;
mod cx;
mod effect;
pub mod front;
pub mod hop;
mod mailbox;
mod run;
mod slices;
#[cfg(test)]
mod tests;
pub mod text_or_base64;
pub mod transcript;

pub use address::{is_public, is_public_host};
pub use cx::{Call, Chunks, Cx, Elapsed};
pub use effect::*;
pub use run::{Misuse, Run};
pub use slices::{Slices, Work};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, as the host's clock has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// This instant plus `ms` milliseconds, saturating.
    pub fn plus(self, ms: u64) -> UnixMs {
        UnixMs(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }
}

/// Names one effect of one run. Ids only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Hash)]
#[serde(transparent)]
pub struct EffectId(pub u64);

/// One API call as the host received it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiRequest {
    /// Upper case, e.g. `POST`.
    pub method: String,
    /// The path as sent, percent-encoding kept, without the query.
    pub path: String,
    /// The query without its `?`; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// Header names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// The whole body; the host has bounded it already.
    #[serde(default, with = "text_or_base64", skip_serializing_if = "Bytes::is_empty")]
    pub body: Bytes,
}

impl ApiRequest {
    /// The first header of this name (`name` in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What a run may know of the world it was started in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Seeds every id and token of the run: it must come from a secure source on a real host.
    pub seed: [u8; 32],
    /// The host's clock at the start.
    pub now: UnixMs,
    /// The local time zone's offset from UTC, for dates in prompts and listings.
    #[serde(default)]
    pub utc_offset_minutes: i32,
    /// The call comes from the operator at the machine itself (a command line), and needs no key.
    #[serde(default)]
    pub operator: bool,
    /// The address the request came from, as the host knows it (no port); `None` where there is none.
    /// It tells clients apart where they are counted, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
}

/// On whose behalf a run goes on, for the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// A user's id.
    pub user: Option<u64>,
    /// An API key's id.
    pub key: Option<u64>,
}

/// What a host reports to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The reply to [`Effect::Http`] began: status and headers, before any chunk.
    Head {
        /// Which effect.
        id: EffectId,
        /// Status, headers and final address.
        head: HttpHead,
    },
    /// A piece of a streaming effect's reply. The stream ends with `Settled`.
    Chunk {
        /// Which effect.
        id: EffectId,
        /// Bytes of the body, or UTF-8 of the tokens of [`Effect::Complete`].
        #[serde(with = "text_or_base64")]
        bytes: Bytes,
    },
    /// The effect is over, well or not.
    Settled {
        /// Which effect.
        id: EffectId,
        /// Its outcome.
        result: Result<Reply, HostError>,
    },
    /// The time of [`Output::Wait`] has come.
    Tick,
    /// The client went away. The run saves what it must and ends; further bodies go nowhere.
    Disconnected,
}

/// What a run asks of its host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Start this effect.
    Effect {
        /// Report under this id.
        id: EffectId,
        /// What to do.
        effect: Effect,
    },
    /// The reply is no longer wanted.
    Cancel {
        /// The effect to stop.
        id: EffectId,
    },
    /// Status and headers of the answer; comes once, before any body.
    Head(Head),
    /// The next piece of the answer's body.
    Body(#[serde(with = "text_or_base64")] Bytes),
    /// Nothing to do until something settles, the client leaves, or the time comes.
    Wait {
        /// When to send [`Input::Tick`], if nothing else happens before.
        until: Option<UnixMs>,
    },
    /// The run is over.
    Done,
    /// The run waits for something no host can bring: a bug in the engine. Log it and drop the run.
    Stalled,
}

/// Status line and headers of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body comes in pieces over time (server-sent events): do not buffer or compress it.
    #[serde(default)]
    pub streaming: bool,
}
