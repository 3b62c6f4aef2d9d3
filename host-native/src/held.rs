//! How much of something each caller holds, and all of them together: the one count behind every share.

use crate::caller::Caller;
use std::collections::BTreeMap;

/// What is held, by caller. A caller that holds nothing takes no room here.
#[derive(Debug, Default)]
pub struct Held {
    all: u64,
    of: BTreeMap<Caller, u64>,
}

impl Held {
    /// What all callers hold together.
    pub fn all(&self) -> u64 {
        self.all
    }

    /// What one caller holds.
    pub fn of(&self, caller: Caller) -> u64 {
        self.of.get(&caller).copied().unwrap_or(0)
    }

    /// Nobody holds anything, and nobody is remembered.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.all == 0 && self.of.is_empty()
    }

    /// A caller takes `more`.
    pub fn take(&mut self, caller: Caller, more: u64) {
        if more > 0 {
            self.all += more;
            *self.of.entry(caller).or_default() += more;
        }
    }

    /// A caller gives back what it took before.
    pub fn give_back(&mut self, caller: Caller, less: u64) {
        if let Some(held) = self.of.get_mut(&caller) {
            *held -= less;
            self.all -= less;
            if *held == 0 {
                self.of.remove(&caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let (a, b) = (Caller::Credential(1), Caller::Unknown);
        let mut held = Held::default();
        held.take(a, 2);
        held.take(a, 1);
        held.take(b, 0);
        assert_eq!((held.all(), held.of(a), held.of(b)), (3, 3, 0));
        held.give_back(a, 3);
        held.give_back(b, 0);
        assert!(held.is_empty());
    }
}
