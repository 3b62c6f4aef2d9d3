//! What one extraction has used up so far.

use crate::{ExtractError, Limit, Limits};

/// Below this size nobody asks for the ratio: small office parts are mostly repetition.
const RATIO_FROM_BYTES: u64 = 1024 * 1024;
/// Part of `max_expanded_bytes` that one kind of data may take in memory at a time.
const HELD_PART: u64 = 4;
/// Bytes that are read in the time of one operation.
const BYTES_PER_OPERATION: u64 = 16;

/// Counts against [`Limits`] on behalf of one file.
pub(crate) struct Budget<'a> {
    name: &'a str,
    limits: &'a Limits,
    expanded_bytes: u64,
    operations: u64,
    text_bytes: u64,
}

impl<'a> Budget<'a> {
    pub fn new(name: &'a str, limits: &'a Limits) -> Self {
        Self { name, limits, expanded_bytes: 0, operations: 0, text_bytes: 0 }
    }

    pub fn name(&self) -> &'a str {
        self.name
    }

    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// How many more bytes compressed parts may expand to.
    pub fn expandable_bytes(&self) -> u64 {
        self.limits.max_expanded_bytes.saturating_sub(self.expanded_bytes)
    }

    /// How many bytes one kind of expanded data may take in memory at a time.
    pub fn held_bytes(&self) -> u64 {
        self.limits.max_expanded_bytes / HELD_PART
    }

    /// How many bytes a part of `compressed` bytes may expand to.
    pub fn expandable_bytes_of(&self, compressed: u64) -> u64 {
        self.expandable_bytes().min(self.ratio_bytes(compressed))
    }

    /// Takes note of a part that was expanded, or says which limit that broke.
    pub fn expand(&mut self, compressed: u64, expanded: u64) -> Result<(), Limit> {
        if expanded > self.ratio_bytes(compressed) {
            return Err(Limit::MaxRatio);
        }
        self.spend(expanded)
    }

    /// Takes note of expanded bytes whatever they came from.
    pub fn spend(&mut self, expanded: u64) -> Result<(), Limit> {
        self.expanded_bytes = self.expanded_bytes.saturating_add(expanded);
        if self.expanded_bytes > self.limits.max_expanded_bytes {
            return Err(Limit::MaxExpandedBytes);
        }
        Ok(())
    }

    /// Takes note of work that is about to be done.
    pub fn work(&mut self, operations: u64) -> Result<(), Limit> {
        self.operations = self.operations.saturating_add(operations);
        if self.operations > self.limits.max_operations {
            return Err(Limit::MaxOperations);
        }
        Ok(())
    }

    /// Takes note of bytes that have to be read once more.
    pub fn read(&mut self, bytes: usize) -> Result<(), Limit> {
        self.work(1 + bytes as u64 / BYTES_PER_OPERATION)
    }

    /// Takes note of text before it is written.
    pub fn write(&mut self, bytes: usize) -> Result<(), Limit> {
        self.text_bytes = self.text_bytes.saturating_add(bytes as u64);
        if self.text_bytes > self.limits.max_text_bytes {
            return Err(Limit::MaxTextBytes);
        }
        Ok(())
    }

    /// The error for a limit that the whole file fails on.
    pub fn breach(&self, limit: Limit) -> ExtractError {
        ExtractError::Limit { name: self.name.into(), limit, allowed: self.limits.value(limit) }
    }

    /// The error for a file that does not follow its format.
    pub fn broken(&self, reason: impl Into<String>) -> ExtractError {
        ExtractError::Broken { name: self.name.into(), reason: reason.into() }
    }

    fn ratio_bytes(&self, compressed: u64) -> u64 {
        compressed.saturating_mul(self.limits.max_ratio).max(RATIO_FROM_BYTES)
    }
}
