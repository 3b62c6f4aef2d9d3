//! A host in memory that counts what is read: for figures that do not depend on a disk.

use crate::sim::Store;
use bytes::Bytes;
use haversack_engine::Engine;
use haversack_engine::seam::{
    ApiRequest, Effect, HostError, HostErrorKind, Input, KvOp, KvReply, Origin, Output, Reply, UnixMs,
};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The store, and nothing else: embedding is the engine's own.
#[derive(Default)]
pub struct MemoryHost {
    store: Store,
    runs: u64,
}

/// What a call took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// On the processor, the store in memory included.
    pub time: Duration,
    /// Gets and scans.
    pub reads: u64,
    /// Keys and values that they brought.
    pub bytes: u64,
}

impl MemoryHost {
    /// Calls the API as the operator; status, body and what it took.
    pub fn call(&mut self, engine: &Engine, method: &str, path: &str, body: &Value) -> (u16, Value, Taken) {
        let request = ApiRequest {
            method: method.to_owned(),
            path: format!("/api{path}"),
            query: String::new(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: if body.is_null() { Bytes::new() } else { body.to_string().into() },
        };
        self.runs += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.runs.to_le_bytes());
        let now = UnixMs(1_795_248_000_000);
        let origin = Origin { seed, now, utc_offset_minutes: 0, operator: true, peer: None };
        let started = Instant::now();
        let mut run = engine.start(request, origin);
        let (mut status, mut answer, mut taken) = (0, Vec::new(), Taken::default());
        let mut effects = VecDeque::new();
        loop {
            match run.poll() {
                Output::Effect { id, effect } => effects.push_back((id, effect)),
                Output::Head(head) => status = head.status,
                Output::Body(bytes) => answer.extend_from_slice(&bytes),
                Output::Cancel { .. } => {}
                Output::Done | Output::Stalled => break,
                Output::Wait { .. } => {
                    let input = match effects.pop_front() {
                        Some((id, effect)) => {
                            Input::Settled { id, result: self.perform(&effect, &mut taken) }
                        }
                        None => Input::Tick,
                    };
                    if run.handle(now, input).is_err() {
                        break;
                    }
                }
            }
        }
        taken.time = started.elapsed();
        (status, serde_json::from_slice(&answer).unwrap_or_default(), taken)
    }

    fn perform(&mut self, effect: &Effect, taken: &mut Taken) -> Result<Reply, HostError> {
        match effect {
            Effect::Kv(op) => {
                let reply = self.store.perform(op);
                if matches!(op, KvOp::Get { .. } | KvOp::Scan { .. }) {
                    taken.reads += 1;
                    taken.bytes += size(&reply);
                }
                Ok(Reply::Kv(reply))
            }
            Effect::Breathe => Ok(Reply::Breathe),
            _ => Err(HostError::new(HostErrorKind::Unsupported, "this host has a store and nothing else")),
        }
    }
}

fn size(reply: &KvReply) -> u64 {
    match reply {
        KvReply::Values(values) => values.iter().flatten().map(|blob| blob.0.len() as u64).sum(),
        KvReply::Entries(entries) => {
            entries.iter().map(|(key, blob)| (key.as_str().len() + blob.0.len()) as u64).sum()
        }
        _ => 0,
    }
}
