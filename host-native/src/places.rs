//! Places: how many requests are under way, shared out so that no caller and no kind of work takes the room of others.

use crate::caller::Caller;
use crate::held::Held;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Kinds of requests. Each has places of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads (GET and HEAD).
    Read,
    /// Everything else, while this server works on it.
    Work,
    /// Requests that wait for a model or another server, and streams. They take memory, but no processor.
    Waiting,
}

const KINDS: usize = 3;

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All places of this kind are taken, so many.
    Everybody(usize),
    /// This caller has as many as one caller may have.
    Caller(usize),
}

/// All places.
pub struct Places {
    most: [usize; KINDS],
    counts: Mutex<[Held; KINDS]>,
}

/// The place of one request; given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    caller: Caller,
    kind: Mutex<Kind>,
}

impl Places {
    /// `requests` places for reads and as many for other work, `waiting` for requests that wait for others. One caller
    /// has half of each kind at most.
    pub fn new(requests: usize, waiting: usize) -> Places {
        Places { most: [requests, requests, waiting], counts: Mutex::default() }
    }

    /// Takes a place.
    pub fn enter(self: &Arc<Self>, kind: Kind, caller: Caller) -> Result<Place, Full> {
        self.take(&mut self.lock(), kind, caller)?;
        Ok(Place { places: self.clone(), caller, kind: Mutex::new(kind) })
    }

    fn take(&self, counts: &mut [Held; KINDS], kind: Kind, caller: Caller) -> Result<(), Full> {
        let (most, count) = (self.most[kind as usize], &mut counts[kind as usize]);
        let share = most.div_ceil(2);
        if count.all() >= most as u64 {
            return Err(Full::Everybody(most));
        }
        if count.of(caller) >= share as u64 {
            return Err(Full::Caller(share));
        }
        count.take(caller, 1);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, [Held; KINDS]> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The request waits for somebody else from now on: others may have the place it worked in. Where too many wait
    /// already, it keeps its place.
    pub fn wait_for_others(&self) {
        let mut kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        if *kind == Kind::Waiting {
            return;
        }
        let mut counts = self.places.lock();
        if self.places.take(&mut counts, Kind::Waiting, self.caller).is_ok() {
            counts[*kind as usize].give_back(self.caller, 1);
            *kind = Kind::Waiting;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let kind = *self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        self.places.lock()[kind as usize].give_back(self.caller, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Caller = Caller::Credential(1);
    const B: Caller = Caller::Credential(2);
    const C: Caller = Caller::Unknown;

    #[test]
    fn a_caller_has_half_of_a_kind_and_reads_have_room_of_their_own() {
        let places = Arc::new(Places::new(4, 4));
        let enter = |kind, caller| places.enter(kind, caller);
        let held = [enter(Kind::Work, A), enter(Kind::Work, A)].map(|place| place.ok().unwrap());
        assert_eq!(enter(Kind::Work, A).err(), Some(Full::Caller(2)));
        let _others = [enter(Kind::Work, B), enter(Kind::Work, B)].map(|place| place.ok().unwrap());
        assert_eq!(enter(Kind::Work, C).err(), Some(Full::Everybody(4)));
        assert!(enter(Kind::Read, A).is_ok());
        drop(held);
        assert!(enter(Kind::Work, C).is_ok());
    }

    #[test]
    fn who_waits_for_others_gives_its_place_to_others() {
        let places = Arc::new(Places::new(2, 2));
        let waiting = places.enter(Kind::Work, A).ok().unwrap();
        assert!(places.enter(Kind::Work, A).is_err());
        waiting.wait_for_others();
        waiting.wait_for_others();
        let second = places.enter(Kind::Work, A).ok().unwrap();
        second.wait_for_others();
        assert!(
            places.enter(Kind::Work, A).is_err(),
            "its half of those who wait is taken, so it kept its place"
        );
        drop(second);
        drop(waiting);
        assert!(places.lock().iter().all(Held::is_empty));
    }
}
