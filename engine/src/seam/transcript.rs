//! A record of one run, and its replay.
//!
//! A transcript is JSON lines: a header, then every input and output in order. Replaying it on any
//! host's build of the engine must give the same outputs, byte for byte. It holds the request as it
//! came, key included, so record with throw-away keys; secrets of providers are masked.

use super::{ApiRequest, Asset, Effect, EffectId, Input, Misuse, Origin, Output, Reply, Run, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The format this build writes and reads.
pub const FORMAT: u32 = 1;

/// First line of a transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`] of the build that wrote it.
    pub haversack_transcript: u32,
    /// Version of the engine that wrote it, for the reader's information.
    pub engine: String,
    /// Seed, clock and time zone of the run.
    pub origin: Origin,
    /// The call.
    pub request: ApiRequest,
}

/// Every other line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The host reported.
    In {
        /// The host's clock.
        now: UnixMs,
        /// What it reported.
        input: Input,
    },
    /// The run asked.
    Out(Output),
}

/// A whole record.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The first line.
    pub header: Header,
    /// The others.
    pub events: Vec<Event>,
}

/// Why a transcript cannot be read.
#[derive(Debug)]
pub enum TranscriptError {
    /// Not JSON lines of the expected shape; with the line number from 1.
    Malformed(usize, serde_json::Error),
    /// Written by a build with another format, which is not guessed at.
    ForeignFormat(u32),
    /// No header.
    Empty,
}

impl fmt::Display for TranscriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TranscriptError::Malformed(line, error) => write!(f, "line {line}: {error}"),
            TranscriptError::ForeignFormat(found) => {
                write!(f, "transcript format {found}; this build reads {FORMAT} only: record it anew")
            }
            TranscriptError::Empty => f.write_str("the transcript is empty"),
        }
    }
}

impl std::error::Error for TranscriptError {}

impl Transcript {
    /// As JSON lines.
    pub fn to_jsonl(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(&self.header)?;
        text.push('\n');
        for event in &self.events {
            text.push_str(&serde_json::to_string(event)?);
            text.push('\n');
        }
        Ok(text)
    }

    /// Reads JSON lines; refuses a foreign format before looking at anything else.
    pub fn from_jsonl(text: &str) -> Result<Transcript, TranscriptError> {
        #[derive(Deserialize)]
        struct Format {
            haversack_transcript: u32,
        }
        let malformed = |line: usize| move |error| TranscriptError::Malformed(line + 1, error);
        let mut lines = text.lines().enumerate();
        let (_, first) = lines.next().ok_or(TranscriptError::Empty)?;
        let format: Format = serde_json::from_str(first).map_err(malformed(0))?;
        if format.haversack_transcript != FORMAT {
            return Err(TranscriptError::ForeignFormat(format.haversack_transcript));
        }
        let header = serde_json::from_str(first).map_err(malformed(0))?;
        let events = lines
            .filter(|(_, line)| !line.is_empty())
            .map(|(n, line)| serde_json::from_str(line).map_err(malformed(n)))
            .collect::<Result<_, _>>()?;
        Ok(Transcript { header, events })
    }
}

/// A run that writes its own transcript.
pub struct Recorder {
    run: Run,
    transcript: Transcript,
    assets: BTreeMap<EffectId, Asset>,
}

impl Recorder {
    /// Wraps a run just started for `request`.
    pub fn new(run: Run, request: ApiRequest, origin: Origin) -> Recorder {
        let engine = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header { haversack_transcript: FORMAT, engine, origin, request };
        Recorder { run, transcript: Transcript { header, events: Vec::new() }, assets: BTreeMap::new() }
    }

    /// As [`Run::handle`].
    pub fn handle(&mut self, now: UnixMs, input: Input) -> Result<(), Misuse> {
        self.run.handle(now, input.clone())?;
        let asset = matches!(&input, Input::Settled { id, .. } if self.assets.contains_key(id));
        if !asset {
            self.transcript.events.push(Event::In { now, input });
        }
        Ok(())
    }

    /// As [`Run::poll`].
    pub fn poll(&mut self) -> Output {
        let output = self.run.poll();
        if let Output::Effect { id, effect: Effect::Asset(asset) } = &output {
            self.assets.insert(*id, *asset);
        } else {
            self.transcript.events.push(Event::Out(output.clone()));
        }
        output
    }

    /// The record so far.
    pub fn finish(self) -> Transcript {
        self.transcript
    }
}

/// Where a replay left the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// Index into [`Transcript::events`].
    pub at: usize,
    /// What the record holds, as JSON.
    pub recorded: String,
    /// What the run did, as JSON.
    pub replayed: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: recorded {}\n  but now {}", self.at, self.recorded, self.replayed)
    }
}

impl std::error::Error for Divergence {}

/// Feeds the recorded inputs to `run`, which must have been started from the header on an engine with
/// cold caches, and compares every output. `asset` supplies what the build ships.
pub fn replay(
    mut run: Run,
    transcript: &Transcript,
    asset: &dyn Fn(Asset) -> Option<bytes::Bytes>,
) -> Result<(), Divergence> {
    let mut now = transcript.header.origin.now;
    for (at, event) in transcript.events.iter().enumerate() {
        let diverged = |recorded: String, replayed: String| Divergence { at, recorded, replayed };
        match event {
            Event::In { now: then, input } => {
                now = *then;
                run.handle(now, input.clone()).map_err(|e| diverged(json(event), e.to_string()))?;
            }
            Event::Out(recorded) => {
                let replayed = poll_past_assets(&mut run, now, asset);
                let (recorded, replayed) = (json(recorded), json(&replayed));
                if recorded != replayed {
                    return Err(diverged(recorded, replayed));
                }
            }
        }
    }
    Ok(())
}

fn poll_past_assets(run: &mut Run, now: UnixMs, asset: &dyn Fn(Asset) -> Option<bytes::Bytes>) -> Output {
    loop {
        match run.poll() {
            Output::Effect { id, effect: Effect::Asset(wanted) } => {
                let result = asset(wanted).map(Reply::Asset).ok_or_else(|| {
                    super::HostError::new(super::HostErrorKind::Unsupported, "no such asset here")
                });
                let settled = run.handle(now, Input::Settled { id, result });
                debug_assert_eq!(settled, Ok(()), "the effect was issued a moment ago");
            }
            output => return output,
        }
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|e| e.to_string())
}
