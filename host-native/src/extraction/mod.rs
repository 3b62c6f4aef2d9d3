//! Files into text: each in the sandbox, on a thread of its own, when its turn has come.

mod slots;
mod thread;

use crate::caller::Caller;
use crate::sandbox::{Allowance, Budget, Sandbox, Stopped};
use haversack_engine::seam::{ExtractRequest, HostError, HostErrorKind};
use haversack_extract::{Extracted, Limits, OwnedSource};
use slots::{Slot, Slots};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How much reading files may use.
#[derive(Clone, Debug)]
pub struct ExtractionOptions {
    /// Bytes of memory for all files that are read at the same time. One half is shared out evenly; the other is for
    /// files that need more than their share. Default 2 GiB.
    pub memory_bytes: u64,
    /// How long one file may take. Default 60 s.
    pub time: Duration,
    /// How long a file may wait for others to be done. Default 60 s.
    pub wait: Duration,
    /// Files that are read at the same time; one caller has half of them at most. Default two for each core.
    pub slots: usize,
    /// What one file may hold.
    pub limits: Limits,
}

impl Default for ExtractionOptions {
    fn default() -> ExtractionOptions {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        ExtractionOptions {
            memory_bytes: 2 << 30,
            time: Duration::from_secs(60),
            wait: Duration::from_secs(60),
            slots: 2 * cores,
            limits: Limits::default(),
        }
    }
}

/// Reads files. Clones share the limits.
#[derive(Clone)]
pub struct Extractor {
    sandbox: Sandbox,
    options: Arc<ExtractionOptions>,
    slots: Arc<Slots>,
}

impl Extractor {
    /// Loads the sandbox.
    pub fn new(options: ExtractionOptions) -> Result<Extractor, HostError> {
        let slots = options.slots.max(2);
        let budget = Arc::new(Budget::new(options.memory_bytes, slots));
        let sandbox = Sandbox::new(budget).map_err(|why| HostError::new(HostErrorKind::Failed, why))?;
        Ok(Extractor { sandbox, options: Arc::new(options), slots: Arc::new(Slots::new(slots)) })
    }

    /// Turns one file into text. What is wrong with the file is [`HostErrorKind::Rejected`], or
    /// [`HostErrorKind::Timeout`] if it took too long, worded for the person who sent it; with [`HostErrorKind::Busy`]
    /// it was never looked at. Dropping the future ends the work.
    pub async fn extract(&self, caller: Caller, request: ExtractRequest) -> Result<Extracted, HostError> {
        let ExtractRequest { name, mime, bytes } = request;
        let file = OwnedSource { name, mime, bytes };
        let slot = self.slots.acquire(caller, self.options.wait).await.map_err(|_| self.no_slot())?;
        let (reply, outcome) = oneshot::channel();
        let cancel = CancelOnDrop(Arc::new(AtomicBool::new(false)));
        let work = Work { sandbox: self.sandbox.clone(), options: self.options.clone(), file, slot, reply };
        let cancelled = cancel.0.clone();
        thread::start(move || work.run(cancelled)).map_err(|error| {
            HostError::new(HostErrorKind::Busy, format!("no thread can be started to read the file: {error}"))
        })?;
        outcome
            .await
            .map_err(|_| HostError::new(HostErrorKind::Failed, "reading the file ended without an outcome"))?
    }

    fn no_slot(&self) -> HostError {
        let seconds = self.options.wait.as_secs_f64();
        let message = format!(
            "other files are being read, and this one waited {seconds} s for its turn (HAVERSACK_EXTRACT_WAIT_SECONDS). \
             Nothing is wrong with it: send it again in a moment."
        );
        HostError::new(HostErrorKind::Busy, message)
    }
}

/// Sets its flag when nobody waits any more.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One file on its way to a thread.
struct Work {
    sandbox: Sandbox,
    options: Arc<ExtractionOptions>,
    file: OwnedSource,
    slot: Slot,
    reply: oneshot::Sender<Result<Extracted, HostError>>,
}

impl Work {
    fn run(self, cancelled: Arc<AtomicBool>) {
        let Work { sandbox, options, file, slot, reply } = self;
        let deadline = Instant::now() + options.time;
        let allowance = Allowance { limits: &options.limits, deadline, cancelled };
        let result = match sandbox.read(&file, allowance) {
            Ok(Ok(extracted)) => Ok(extracted),
            Ok(Err(why)) => Err(HostError::new(HostErrorKind::Rejected, why)),
            Err(stopped) => Err(explain(stopped, &file.name, &options)),
        };
        // The instance is gone: others may begin before this outcome is looked at.
        drop(slot);
        let _ = reply.send(result);
    }
}

/// Why reading was ended, for the person who sent the file.
fn explain(stopped: Stopped, name: &str, options: &ExtractionOptions) -> HostError {
    let (kind, why) = match stopped {
        Stopped::Late => {
            let seconds = options.time.as_secs_f64();
            let why = format!(
                "it took longer than {seconds} s (HAVERSACK_EXTRACT_TIMEOUT_SECONDS). Split it and try again."
            );
            (HostErrorKind::Timeout, why)
        }
        Stopped::Memory(bytes) => {
            let mib = bytes >> 20;
            let why = format!(
                "it needs more than the {mib} MiB of memory that a file may have (HAVERSACK_EXTRACT_MEMORY_BYTES). Split it and try again."
            );
            (HostErrorKind::Rejected, why)
        }
        Stopped::MemoryInUse => {
            let why = "the file is large, and other large files are being read. Nothing is wrong with it: send it again in a moment.".to_owned();
            (HostErrorKind::Busy, why)
        }
        Stopped::Depth => (
            HostErrorKind::Rejected,
            "its parts are nested too deeply. Save it in another format and try again.".to_owned(),
        ),
        Stopped::Cancelled => (HostErrorKind::Unavailable, "nobody waits for it any more.".to_owned()),
        Stopped::Broke(what) => {
            tracing::error!(%what, "a file broke the parser");
            (HostErrorKind::Rejected, "it broke the parser, which is our mistake.".to_owned())
        }
    };
    match kind {
        // Nothing is wrong with the file.
        HostErrorKind::Busy => HostError::new(kind, why),
        _ => HostError::new(kind, format!("Error processing {name}: {why}")),
    }
}

#[cfg(test)]
mod tests;
