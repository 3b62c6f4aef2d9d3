//! One list of two: vectors and words, each scaled to what it found.
//!
//! Each list's best counts 1 and its last 0; the sum is weighted. Weights are measured, not guessed: adding ranks
//! (reciprocal rank fusion) lets a weak list drag a strong one down.

use std::collections::BTreeMap;

/// Rows of each list that count.
pub const DEPTH: usize = 100;

/// The share of vectors for an embedder. The built-in one is small, and words carry more beside it.
#[must_use]
pub fn share_of_vectors(embedder: &str, builtin: &str) -> f64 {
    if embedder == builtin { 0.3 } else { 0.5 }
}

/// Scaled scores of a list, best first.
fn scaled<K: Copy>(list: &[(K, f64)]) -> Vec<(K, f64)> {
    let list = &list[..list.len().min(DEPTH)];
    let (Some((_, best)), Some((_, last))) = (list.first(), list.last()) else { return Vec::new() };
    // The last of a short list is a find like the others.
    let floor = if list.len() < DEPTH { last.min(0.0) } else { *last };
    let width = best - floor;
    let scale = |score: f64| if width > 0.0 { (score - floor) / width } else { 1.0 };
    list.iter().map(|(key, score)| (*key, scale(*score))).collect()
}

/// The rows of both lists with their fused scores from 0 to 1, best first; equal ones in the order of `K`.
///
/// Both lists come best first. `share` is that of the first list, 0 to 1.
#[must_use]
pub fn fuse<K: Ord + Copy>(vectors: &[(K, f64)], words: &[(K, f64)], share: f64) -> Vec<(K, f64)> {
    let mut fused: BTreeMap<K, f64> = BTreeMap::new();
    for (list, share) in [(vectors, share), (words, 1.0 - share)] {
        for (key, score) in scaled(list) {
            *fused.entry(key).or_insert(0.0) += share * score;
        }
    }
    let mut fused: Vec<(K, f64)> = fused.into_iter().collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_find_comes_first() {
        let vectors = [(1, 0.9), (2, 0.8), (3, 0.1)];
        let words = [(2, 12.0), (4, 11.0)];
        let fused = fuse(&vectors, &words, 0.5);
        assert_eq!(fused.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [2, 1, 4, 3]);
        assert!(fused[0].1 <= 1.0);
    }

    #[test]
    fn one_list_alone_keeps_its_order() {
        let list = [(5, 3.0), (1, 2.0), (9, 1.0)];
        let keys = |fused: Vec<(i32, f64)>| fused.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(fuse(&list, &[], 0.3)), [5, 1, 9]);
        assert_eq!(keys(fuse(&[], &list, 0.3)), [5, 1, 9]);
        assert!(fuse::<u8>(&[], &[], 0.5).is_empty());
    }

    #[test]
    fn equal_scores_go_by_their_keys() {
        assert_eq!(fuse(&[(7, 1.0), (3, 1.0)], &[], 1.0), [(3, 1.0), (7, 1.0)]);
    }
}
