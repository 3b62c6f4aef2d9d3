//! One list of two: vectors and words, each scaled to the best that it found.
//!
//! The best of each list counts 1, and the sum is weighted. Adding ranks instead (reciprocal rank fusion) lets a weak
//! list drag a strong one down; so does stretching a list from its best to its last, where all of it is alike: a list of
//! vectors without a clear winner then decides by differences that mean nothing. `docs/quality.md` says how weights and
//! scales were chosen.

use std::collections::BTreeMap;

/// Rows of each list that count.
pub const DEPTH: usize = 100;

/// How two lists become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blend {
    /// The share of vectors, 0 to 1; words have the rest.
    pub vectors: f64,
    /// What counts 0 in a list.
    pub floor: Floor,
}

/// What counts 0 in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// A score of 0: for scores that are about 0 where nothing is found.
    Zero,
    /// The last of the list: for embedders that find everything rather alike.
    Last,
}

impl Blend {
    /// That of an embedder. The built-in one has cosines of about 0 for texts that have nothing in common.
    #[must_use]
    pub fn of(embedder: &str, builtin: &str) -> Blend {
        match embedder == builtin {
            true => Blend { vectors: 0.3, floor: Floor::Zero },
            false => Blend { vectors: 0.5, floor: Floor::Last },
        }
    }
}

/// Scaled scores of a list, best first.
fn scaled<K: Copy>(list: &[(K, f64)], floor: Floor) -> Vec<(K, f64)> {
    let list = &list[..list.len().min(DEPTH)];
    let (Some((_, best)), Some((_, last))) = (list.first(), list.last()) else { return Vec::new() };
    let floor = match floor {
        // The last of a short list is a find like the others.
        Floor::Last if list.len() == DEPTH => *last,
        _ => 0.0,
    };
    let width = best - floor;
    let scale = |score: f64| match width {
        width if width > 0.0 => ((score - floor) / width).max(0.0),
        // All alike, and found.
        _ if *best > 0.0 => 1.0,
        _ => 0.0,
    };
    list.iter().map(|(key, score)| (*key, scale(*score))).collect()
}

/// The rows of both lists with their fused scores from 0 to 1, best first; equal ones in the order of `K`.
///
/// Both lists come best first. One that is empty, as that of vectors for a question which could not be embedded, takes
/// no part.
#[must_use]
pub fn fuse<K: Ord + Copy>(vectors: &[(K, f64)], words: &[(K, f64)], blend: Blend) -> Vec<(K, f64)> {
    let mut fused: BTreeMap<K, f64> = BTreeMap::new();
    for (list, share) in [(vectors, blend.vectors), (words, 1.0 - blend.vectors)] {
        for (key, score) in scaled(list, blend.floor) {
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

    const ZERO: Blend = Blend { vectors: 0.5, floor: Floor::Zero };
    const LAST: Blend = Blend { vectors: 0.5, floor: Floor::Last };

    fn keys<K: Copy>(fused: &[(K, f64)]) -> Vec<K> {
        fused.iter().map(|(key, _)| *key).collect()
    }

    #[test]
    fn what_both_find_comes_first() {
        let vectors = [(1, 0.9), (2, 0.8), (3, 0.1)];
        let words = [(2, 12.0), (4, 11.0)];
        for blend in [ZERO, LAST] {
            let fused = fuse(&vectors, &words, blend);
            assert_eq!(keys(&fused), [2, 1, 4, 3]);
            assert!(fused[0].1 <= 1.0);
        }
    }

    #[test]
    fn one_list_alone_keeps_its_order() {
        let list = [(5, 3.0), (1, 2.0), (9, 1.0)];
        for blend in [ZERO, LAST] {
            assert_eq!(keys(&fuse(&list, &[], blend)), [5, 1, 9]);
            assert_eq!(keys(&fuse(&[], &list, blend)), [5, 1, 9]);
            assert!(fuse::<u8>(&[], &[], blend).is_empty());
        }
    }

    #[test]
    fn vectors_that_are_all_alike_leave_it_to_the_words() {
        // A code that no embedder knows: the row that has it is not the one that happens to be nearest.
        let vectors: Vec<(u32, f64)> = (0..200).map(|n| (n, 0.3 - f64::from(n) * 1e-4)).collect();
        let words = [(90, 9.0), (0, 5.0)];
        assert_eq!(fuse(&vectors, &words, ZERO)[0].0, 90);
    }

    #[test]
    fn an_embedder_with_high_cosines_is_scaled_by_its_list() {
        let vectors: Vec<(u32, f64)> = (0..200).map(|n| (n, 0.9 - f64::from(n) * 1e-3)).collect();
        let words = [(150, 9.0), (151, 8.5)];
        let fused = fuse(&vectors, &words, LAST);
        assert!(fused.iter().any(|(key, score)| *key == 99 && *score == 0.0));
        assert_eq!(keys(&fused)[..2], [0, 150]);
    }

    #[test]
    fn scores_below_zero_take_nothing_away() {
        assert_eq!(fuse(&[(1, 0.5), (2, -0.5)], &[(2, 1.0)], ZERO), [(1, 0.5), (2, 0.5)]);
        assert!(fuse(&[(1, -0.1), (2, -0.5)], &[], ZERO).iter().all(|(_, score)| *score == 0.0));
    }

    #[test]
    fn equal_scores_go_by_their_keys() {
        assert_eq!(keys(&fuse(&[(7, 1.0), (3, 1.0)], &[], ZERO)), [3, 7]);
    }
}
