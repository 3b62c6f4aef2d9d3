//! Memory for bodies of requests, shared out among callers.

use crate::caller::Caller;
use crate::held::Held;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Memory that all bodies together may take.
pub struct BodyMemory {
    total: u64,
    share: u64,
    used: Mutex<Held>,
    freed: Notify,
}

/// What one body has taken; given back when it is dropped.
pub struct Reserved {
    memory: Arc<BodyMemory>,
    caller: Caller,
    bytes: u64,
}

/// There was no room for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

impl BodyMemory {
    /// `total` bytes; one caller has `share` of them at most.
    pub fn new(total: u64, share: u64) -> BodyMemory {
        BodyMemory { total, share: share.min(total), used: Mutex::default(), freed: Notify::new() }
    }

    /// Nothing yet, for a body of `caller`.
    pub fn reserve(self: &Arc<Self>, caller: Caller) -> Reserved {
        Reserved { memory: self.clone(), caller, bytes: 0 }
    }

    fn take(&self, caller: Caller, bytes: u64) -> bool {
        let mut used = self.lock();
        let fits = used.all() + bytes <= self.total && used.of(caller) + bytes <= self.share;
        if fits {
            used.take(caller, bytes);
        }
        fits
    }

    fn give_back(&self, caller: Caller, bytes: u64) {
        self.lock().give_back(caller, bytes);
        self.freed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reserved {
    /// Waits until the body may have `bytes` in all, at most for `patience`.
    ///
    /// A body takes memory as it arrives, so that one which was only announced holds none. Two that wait for each other
    /// are parted by their patience.
    pub async fn grow_to(&mut self, bytes: u64, patience: Duration) -> Result<(), NoRoom> {
        let more = bytes.saturating_sub(self.bytes);
        let deadline = Instant::now() + patience;
        loop {
            let mut freed = std::pin::pin!(self.memory.freed.notified());
            freed.as_mut().enable();
            if self.memory.take(self.caller, more) {
                self.bytes += more;
                return Ok(());
            }
            tokio::time::timeout_at(deadline, freed).await.map_err(|_| NoRoom)?;
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.memory.give_back(self.caller, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Caller = Caller::Credential(1);
    const B: Caller = Caller::Credential(2);
    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn one_caller_leaves_room_and_waiting_has_an_end() {
        let memory = Arc::new(BodyMemory::new(100, 60));
        let (mut first, mut second, mut other) = (memory.reserve(A), memory.reserve(A), memory.reserve(B));
        assert_eq!(first.grow_to(50, SOON).await, Ok(()));
        assert_eq!(first.grow_to(40, SOON).await, Ok(()), "it has that already");
        assert_eq!(second.grow_to(20, SOON).await, Err(NoRoom), "beyond the share of the caller");
        assert_eq!(other.grow_to(50, SOON).await, Ok(()));
        assert_eq!(other.grow_to(51, SOON).await, Err(NoRoom), "beyond what there is");
        let waiting =
            tokio::spawn(async move { (second.grow_to(50, Duration::from_secs(60)).await, second) });
        tokio::task::yield_now().await;
        drop(first);
        let (grown, second) = waiting.await.unwrap();
        assert_eq!(grown, Ok(()));
        drop((second, other));
        let used = memory.lock();
        assert!(used.is_empty());
    }
}
