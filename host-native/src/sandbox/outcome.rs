//! Why an instance was ended before it had an outcome.

use super::memory::Refused;
use std::fmt;
use wasmtime::Trap;

/// Why reading a file was ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Its time was over.
    Late,
    /// Nobody waits for it any more.
    Cancelled,
    /// It wanted more bytes of memory than a file may have.
    Memory(usize),
    /// It wanted memory that other files have at the moment.
    MemoryInUse,
    /// Its parts nest too deeply.
    Depth,
    /// A defect of ours, with what is known about it.
    Broke(String),
}

impl Stopped {
    /// From the error that kept an instance from starting: it got no memory, from us or from the system.
    pub(super) fn from_start(error: &wasmtime::Error, refused: Option<Refused>) -> Stopped {
        match refused {
            Some(Refused::File(bytes)) => Stopped::Memory(bytes),
            Some(Refused::Others) => Stopped::MemoryInUse,
            None => {
                tracing::warn!(error = format!("{error:#}"), "no memory for reading a file");
                Stopped::MemoryInUse
            }
        }
    }

    /// From the error of a call into the module, and what the host noted meanwhile.
    pub(super) fn from_trap(
        error: &wasmtime::Error,
        refused: Option<Refused>,
        panic: Option<String>,
    ) -> Stopped {
        match (error.downcast_ref::<Interruption>(), refused, error.downcast_ref::<Trap>()) {
            (Some(Interruption::Late), ..) => Stopped::Late,
            (Some(Interruption::Cancelled), ..) => Stopped::Cancelled,
            (_, Some(Refused::File(bytes)), _) => Stopped::Memory(bytes),
            (_, Some(Refused::Others), _) => Stopped::MemoryInUse,
            (.., Some(Trap::StackOverflow)) => Stopped::Depth,
            _ => Stopped::Broke(panic.unwrap_or_else(|| format!("{error:#}"))),
        }
    }
}

/// Why the host ended a call at the clock's tick.
#[derive(Debug)]
pub(super) enum Interruption {
    Late,
    Cancelled,
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interruption::Late => "the time is over",
            Interruption::Cancelled => "nobody waits for it any more",
        })
    }
}

impl std::error::Error for Interruption {}
