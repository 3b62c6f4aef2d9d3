//! Float rows that searches have read lately.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A row: its workspace, its segment, its number there. A segment never changes, and its number is never given to
/// another one.
pub type Name = (u64, u64, u64);

/// Rows that were read lately, within a bound of bytes.
pub struct FloatRows {
    bytes_max: usize,
    rows: Mutex<Generations>,
}

/// Rows come into `young`. Once that is half of the bound, it becomes `old`, and what was old goes unless it was asked
/// for since.
#[derive(Default)]
struct Generations {
    young: BTreeMap<Name, Arc<[f32]>>,
    old: BTreeMap<Name, Arc<[f32]>>,
    young_bytes: usize,
}

impl FloatRows {
    /// No rows yet, and never more than about `bytes_max` bytes of them.
    pub fn new(bytes_max: usize) -> FloatRows {
        FloatRows { bytes_max, rows: Mutex::default() }
    }

    /// The rows of these names, as far as they are here.
    pub fn get(&self, names: &[Name]) -> Vec<Option<Arc<[f32]>>> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().map(|name| rows.get(*name, self.bytes_max)).collect()
    }

    /// Keeps a row.
    pub fn put(&self, name: Name, row: Arc<[f32]>) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).put(name, row, self.bytes_max);
    }
}

impl Generations {
    fn get(&mut self, name: Name, bytes_max: usize) -> Option<Arc<[f32]>> {
        if let Some(row) = self.young.get(&name) {
            return Some(Arc::clone(row));
        }
        let row = self.old.remove(&name)?;
        self.put(name, Arc::clone(&row), bytes_max);
        Some(row)
    }

    fn put(&mut self, name: Name, row: Arc<[f32]>, bytes_max: usize) {
        // Name, count and entry of the tree take some 64 bytes.
        let bytes = 64 + 4 * row.len();
        if self.young_bytes + bytes > bytes_max / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(name, row).is_none() {
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
