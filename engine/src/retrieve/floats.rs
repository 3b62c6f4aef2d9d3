//! Values that searches have read lately: float rows, and buckets of words.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A row or a bucket: its workspace, its segment or fold, its number there. Neither ever changes, and the number of neither
/// is ever given to another one.
pub type Name = (u64, u64, u64);

/// What may be kept.
pub trait Kept: Clone {
    /// Its bytes of memory.
    fn bytes(&self) -> usize;
}

impl Kept for Arc<[f32]> {
    fn bytes(&self) -> usize {
        4 * self.len()
    }
}

impl Kept for Bytes {
    fn bytes(&self) -> usize {
        self.len()
    }
}

/// Float rows that were read lately.
pub type FloatRows = Lately<Arc<[f32]>>;

/// Buckets of words that were read lately.
pub type Buckets = Lately<Bytes>;

/// Values that were read lately, within a bound of bytes.
pub struct Lately<T> {
    bytes_max: usize,
    values: Mutex<Generations<T>>,
}

/// Values come into `young`. Once that is half of the bound, it becomes `old`, and what was old goes unless it was asked
/// for since.
struct Generations<T> {
    young: BTreeMap<Name, T>,
    old: BTreeMap<Name, T>,
    young_bytes: usize,
}

impl<T: Kept> Lately<T> {
    /// No values yet, and never more than about `bytes_max` bytes of them.
    pub fn new(bytes_max: usize) -> Lately<T> {
        let values = Generations { young: BTreeMap::new(), old: BTreeMap::new(), young_bytes: 0 };
        Lately { bytes_max, values: Mutex::new(values) }
    }

    /// The values of these names, as far as they are here.
    pub fn get(&self, names: &[Name]) -> Vec<Option<T>> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().map(|name| values.get(*name, self.bytes_max)).collect()
    }

    /// Keeps a value.
    pub fn put(&self, name: Name, value: T) {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).put(name, value, self.bytes_max);
    }
}

impl<T: Kept> Generations<T> {
    fn get(&mut self, name: Name, bytes_max: usize) -> Option<T> {
        if let Some(value) = self.young.get(&name) {
            return Some(value.clone());
        }
        let value = self.old.remove(&name)?;
        self.put(name, value.clone(), bytes_max);
        Some(value)
    }

    fn put(&mut self, name: Name, value: T, bytes_max: usize) {
        // Name, count and entry of the tree take some 64 bytes.
        let bytes = 64 + value.bytes();
        if bytes > bytes_max / 2 {
            return;
        }
        if self.young_bytes + bytes > bytes_max / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(name, value).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f32) -> Arc<[f32]> {
        [value; 4].into()
    }

    fn has(rows: &FloatRows, n: u64) -> bool {
        rows.get(&[(1, 1, n)])[0].is_some()
    }

    #[test]
    fn what_was_read_is_there() {
        let rows = FloatRows::new(10_000);
        rows.put((1, 2, 3), row(0.5));
        assert_eq!(rows.get(&[(1, 2, 4), (1, 2, 3)]), [None, Some(row(0.5))]);
    }

    #[test]
    fn what_nobody_asks_for_goes_first() {
        // Five rows in each generation.
        let rows = FloatRows::new(10 * 80);
        (0..5).for_each(|n| rows.put((1, 1, n), row(0.0)));
        for n in 5..100 {
            assert!(has(&rows, 0), "row 0, asked for each time, at {n}");
            rows.put((1, 1, n), row(0.0));
        }
        assert!(!has(&rows, 1) && has(&rows, 99));
        let kept = (0..100).filter(|n| has(&rows, *n)).count();
        assert!((1..=10).contains(&kept), "{kept}");
    }

    #[test]
    fn without_room_nothing_breaks() {
        let rows = FloatRows::new(0);
        (0..5).for_each(|n| rows.put((1, 1, n), row(0.0)));
        assert!(!has(&rows, 0));
    }
}
