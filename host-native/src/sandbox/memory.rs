//! How much memory instances may have, each and together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime::ResourceLimiter;

/// Memory for all files that are read at the same time.
///
/// One half is shared out evenly, so that a file always has its share, whatever the others do. The other half is for the
/// few that need more.
#[derive(Debug)]
pub struct Budget {
    slots: usize,
    share: usize,
    file: usize,
    common: AtomicUsize,
}

impl Budget {
    /// `total` bytes for `slots` files at once.
    pub fn new(total: u64, slots: usize) -> Budget {
        // An instance has a 32-bit address space.
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let (common, slots) = (total / 2, slots.max(1));
        let share = common / slots;
        Budget {
            slots,
            share,
            file: (share + common).min(u32::MAX as usize),
            common: AtomicUsize::new(common),
        }
    }

    /// For how many files at once.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// What one file may have at most, in bytes.
    pub fn file_bytes(&self) -> usize {
        self.file
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.common.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.common.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Functions in the module's table: some thousands, and it does not grow.
const TABLE_ELEMENTS: usize = 100_000;

/// Why memory was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A file may not have more than so many bytes.
    File(usize),
    /// Other files have it at the moment.
    Others,
}

/// Counts the memory of one instance.
pub struct Limiter {
    budget: Arc<Budget>,
    borrowed: usize,
    refused: Option<Refused>,
}

impl Limiter {
    /// For a new instance.
    pub fn new(budget: Arc<Budget>) -> Limiter {
        Limiter { budget, borrowed: 0, refused: None }
    }

    /// Why the last request for more was refused, if one was.
    pub fn refused(&self) -> Option<Refused> {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.budget.file {
            self.refused = Some(Refused::File(self.budget.file));
            return Ok(false);
        }
        let more = desired.saturating_sub(self.budget.share).saturating_sub(self.borrowed);
        if !self.budget.take(more) {
            self.refused = Some(Refused::Others);
            return Ok(false);
        }
        self.borrowed += more;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.budget.give_back(self.borrowed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_share_whatever_the_others_take() {
        let budget = Arc::new(Budget::new(8000, 4));
        assert_eq!(budget.file_bytes(), 5000);
        let mut large = Limiter::new(budget.clone());
        assert!(large.memory_growing(0, 5000, None).unwrap(), "its share of 1000 and all of the common half");
        assert!(!large.memory_growing(5000, 5001, None).unwrap());
        assert_eq!(large.refused(), Some(Refused::File(5000)));
        let mut small = Limiter::new(budget.clone());
        assert!(small.memory_growing(0, 1000, None).unwrap());
        assert!(!small.memory_growing(1000, 1001, None).unwrap());
        assert_eq!(small.refused(), Some(Refused::Others));
        drop(large);
        assert!(small.memory_growing(1000, 5000, None).unwrap(), "what was borrowed is there again");
    }
}
