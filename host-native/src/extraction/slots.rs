//! Who is read when: places for files, shared out fairly among callers.

use crate::caller::Caller;
use crate::held::Held;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Slots for files that are read at the same time.
///
/// One caller holds at most half of them, so that a file of another is read although the first one sent many that take
/// their full time. Within that bound the longest waiting file of the caller with the fewest files under way is next.
pub struct Slots {
    total: u64,
    share: u64,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    running: Held,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    caller: Caller,
    turn: oneshot::Sender<Slot>,
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSlot;

/// The right to read one file, until it is dropped.
pub struct Slot {
    slots: Arc<Slots>,
    caller: Caller,
    /// Whether `slots` knows of it no more.
    released: bool,
}

/// Files that may wait at the same time; each holds its bytes in memory.
const WAITING_MAX: usize = 1024;

impl Slots {
    /// `total` slots, at least two.
    pub fn new(total: usize) -> Slots {
        let total = total.max(2) as u64;
        Slots { total, share: total / 2, queue: Mutex::default() }
    }

    /// Waits for a slot, at most for `patience`.
    pub async fn acquire(self: &Arc<Self>, caller: Caller, patience: Duration) -> Result<Slot, NoSlot> {
        let turn = {
            let mut queue = self.lock();
            if queue.waiting.len() >= WAITING_MAX {
                return Err(NoSlot);
            }
            let (turn, mine) = oneshot::channel();
            queue.waiting.push_back(Waiting { caller, turn });
            self.hand_out(&mut queue);
            mine
        };
        // A slot that arrives after that is given back as the channel is dropped.
        tokio::time::timeout(patience, turn).await.map_err(|_| NoSlot)?.map_err(|_| NoSlot)
    }

    /// Gives free slots to those whose turn it is.
    fn hand_out(self: &Arc<Self>, queue: &mut Queue) {
        while queue.running.all() < self.total {
            queue.waiting.retain(|waiting| !waiting.turn.is_closed());
            let next = (queue.waiting.iter().enumerate())
                .map(|(place, waiting)| (queue.running.of(waiting.caller), place))
                .filter(|(count, _)| *count < self.share)
                .min();
            let Some(Waiting { caller, turn }) = next.and_then(|(_, place)| queue.waiting.remove(place))
            else {
                return;
            };
            queue.running.take(caller, 1);
            let slot = Slot { slots: self.clone(), caller, released: false };
            if let Err(mut slot) = turn.send(slot) {
                // The caller left in between. The queue is locked here, and `drop` would lock it again.
                slot.released = true;
                queue.running.give_back(caller, 1);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if self.released {
            return;
        }
        let mut queue = self.slots.lock();
        queue.running.give_back(self.caller, 1);
        self.slots.hand_out(&mut queue);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const MINUTE: Duration = Duration::from_secs(60);
    const GREEDY: Caller = Caller::Credential(1);
    const OTHER: Caller = Caller::Credential(2);

    #[tokio::test]
    async fn a_caller_with_many_files_leaves_room_for_others() {
        let slots = Arc::new(Slots::new(4));
        let _first = slots.acquire(GREEDY, SOON).await.ok().unwrap();
        let second = slots.acquire(GREEDY, SOON).await.ok().unwrap();
        assert_eq!(slots.acquire(GREEDY, SOON).await.err(), Some(NoSlot), "half of the slots is its share");
        assert!(slots.acquire(OTHER, SOON).await.is_ok());
        drop(second);
        assert!(slots.acquire(GREEDY, SOON).await.is_ok(), "a slot that was given back is there again");
    }

    #[tokio::test]
    async fn the_caller_with_the_fewest_files_is_next() {
        let slots = Arc::new(Slots::new(2));
        let held = slots.acquire(GREEDY, SOON).await.ok().unwrap();
        let other = slots.acquire(OTHER, SOON).await.ok().unwrap();
        let third = Caller::Operator;
        let wait = |caller| {
            let slots = slots.clone();
            async move { (caller, slots.acquire(caller, MINUTE).await.ok().unwrap()) }
        };
        let mut waiting = tokio::task::JoinSet::new();
        waiting.spawn(wait(GREEDY));
        tokio::task::yield_now().await;
        waiting.spawn(wait(third));
        tokio::task::yield_now().await;
        drop(other);
        let (caller, _slot) = waiting.join_next().await.unwrap().unwrap();
        assert_eq!(caller, third, "although the other one waited longer");
        drop(held);
        assert_eq!(waiting.join_next().await.unwrap().unwrap().0, GREEDY);
    }

    #[tokio::test]
    async fn a_slot_that_nobody_waits_for_any_more_goes_to_the_next() {
        let slots = Arc::new(Slots::new(2));
        let held = slots.acquire(GREEDY, SOON).await.ok().unwrap();
        assert!(slots.acquire(GREEDY, SOON).await.is_err());
        let next = tokio::spawn({
            let slots = slots.clone();
            async move { slots.acquire(GREEDY, MINUTE).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert!(next.await.unwrap());
        let queue = slots.lock();
        assert!(queue.running.is_empty() && queue.waiting.is_empty());
    }
}
