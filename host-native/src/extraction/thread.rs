//! Threads that read files.

use crate::work::lower_priority;
use std::io;

/// The sandbox takes a megabyte of it for the module's calls; the rest is for the host's own.
const STACK_BYTES: usize = 3 << 20;

/// Runs `work` on a thread of its own, behind those that answer requests where the system can do that.
pub fn start(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("extract".into()).stack_size(STACK_BYTES);
    thread.spawn(move || {
        lower_priority();
        work();
    })?;
    Ok(())
}
