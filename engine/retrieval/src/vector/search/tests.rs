//! Both phases against comparing every float row.

use super::*;
use crate::vector::kernel::scalar;
use crate::vector::segment::SegmentVectors;
use crate::vector::unit::unit;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The float rows of each segment.
type Rows = BTreeMap<u64, Vec<Vec<f32>>>;

fn index(rows: &Rows, dim: usize) -> VectorIndex {
    let mut index = VectorIndex::new(dim).unwrap();
    for (&id, rows) in rows {
        let segment = SegmentVectors::quantize(id, dim, rows.iter().map(Vec::as_slice)).unwrap();
        index.insert(segment).unwrap();
    }
    index
}

fn all_rows(rows: &Rows) -> impl Iterator<Item = (u64, u32, &[f32])> {
    rows.iter().flat_map(|(&id, rows)| (0..).zip(rows).map(move |(n, row)| (id, n, row.as_slice())))
}

/// Sorts every row by its float cosine.
fn brute_force(rows: &Rows, query: &[f32], k: usize, allow: impl Fn(u64) -> bool) -> Vec<Hit> {
    let query = unit(query).unwrap();
    let mut hits: Vec<Hit> = all_rows(rows)
        .filter(|&(segment, _, _)| allow(segment))
        .map(|(segment, n, row)| Hit { segment, n, cosine: scalar::dot_f32(&query, row) })
        .collect();
    // A stable sort of ascending rows leaves ties in that order.
    hits.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    hits.truncate(k);
    hits
}

fn load<'a>(rows: &'a Rows, candidates: &[Candidate]) -> Vec<(u64, u32, &'a [f32])> {
    candidates.iter().map(|c| (c.segment, c.n, rows[&c.segment][c.n as usize].as_slice())).collect()
}

fn two_phases(rows: &Rows, query: &[f32], k: usize, candidates: &[Candidate]) -> Vec<Hit> {
    rescore(query, load(rows, candidates), k).unwrap()
}

fn axis(dim: usize, at: usize) -> Vec<f32> {
    let mut row = vec![0.0; dim];
    row[at] = 1.0;
    row
}

#[test]
fn the_nearest_rows_come_first() {
    let rows =
        Rows::from([(3, vec![axis(4, 0), axis(4, 1)]), (9, vec![unit(&[1.0, 1.0, 0.0, 0.0]).unwrap()])]);
    let found = candidates(&index(&rows, 4), &[2.0, 0.5, 0.0, 0.0], 2, None).unwrap();
    let hits = two_phases(&rows, &[2.0, 0.5, 0.0, 0.0], 2, &found);
    assert_eq!(hits.iter().map(|hit| (hit.segment, hit.n)).collect::<Vec<_>>(), [(3, 0), (9, 0)]);
    assert!((hits[0].score() - 2.0 / 4.25f64.sqrt()).abs() < 1e-6);
}

#[test]
fn a_clear_winner_is_the_only_candidate() {
    let rows = Rows::from([(0, (0..100).map(|n| axis(100, n)).collect())]);
    let found = candidates(&index(&rows, 100), &axis(100, 42), 1, None).unwrap();
    assert_eq!(found.iter().map(|c| c.n).collect::<Vec<_>>(), [42]);
    assert!((found[0].approx - 1.0).abs() < 1e-3 && found[0].upper >= 1.0);
}

#[test]
fn all_of_many_twins_are_candidates_and_the_first_win() {
    let rows: Rows = (0..3000).map(|id| (id, vec![unit(&[0.3, 0.4, 0.5]).unwrap()])).collect();
    let found = candidates(&index(&rows, 3), &[1.0, 1.0, 1.0], 4, None).unwrap();
    assert_eq!(found.len(), 3000);
    let hits = two_phases(&rows, &[1.0, 1.0, 1.0], 4, &found);
    assert_eq!(hits.iter().map(|hit| hit.segment).collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn a_query_without_signal_loads_only_what_it_returns() {
    let rows: Rows = (0..50).map(|id| (id, vec![axis(3, (id % 3) as usize)])).collect();
    let found = candidates(&index(&rows, 3), &[0.0; 3], 2, None).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(two_phases(&rows, &[0.0; 3], 2, &found), brute_force(&rows, &[0.0; 3], 2, |_| true));
}

#[test]
fn equal_rows_win_by_segment_whichever_is_scanned_first() {
    let zero = [0.0; 2];
    let mut index = VectorIndex::new(2).unwrap();
    for id in [9, 3, 5] {
        index.insert(SegmentVectors::quantize(id, 2, [&zero[..]]).unwrap()).unwrap();
    }
    let found = candidates(&index, &[1.0, 0.0], 1, None).unwrap();
    assert_eq!(found.iter().map(|c| c.segment).collect::<Vec<_>>(), [3, 5, 9]);
}

/// The second phase as a caller would do it that wants to load few rows. Also says how many it loaded.
fn load_the_best_first(rows: &Rows, query: &[f32], k: usize, mut found: Vec<Candidate>) -> (Vec<Hit>, usize) {
    found.sort_by(|a, b| b.upper.total_cmp(&a.upper));
    let mut rescore = Rescore::new(query, k).unwrap();
    let mut loaded = 0;
    for candidate in &found {
        if rescore.wants(candidate) {
            loaded += 1;
            let row = &rows[&candidate.segment][candidate.n as usize];
            rescore.push(candidate.segment, candidate.n, row).unwrap();
        }
    }
    (rescore.finish(), loaded)
}

#[test]
fn the_best_offered_first_spare_the_rest() {
    let rows = Rows::from([(0, (0..100).map(|n| unit(&[1.0, n as f32 / 100.0]).unwrap()).collect())]);
    let query = [1.0, 0.501];
    let found = candidates(&index(&rows, 2), &query, 1, None).unwrap();
    let candidates = found.len();
    let (hits, loaded) = load_the_best_first(&rows, &query, 1, found);
    assert!(loaded < candidates, "{loaded} of {candidates}");
    assert_eq!(hits, brute_force(&rows, &query, 1, |_| true));
}

#[test]
fn a_scan_reads_the_index_as_it_was() {
    let rows = Rows::from([(1, vec![axis(2, 0)]), (2, vec![axis(2, 1)])]);
    let mut index = index(&rows, 2);
    let scan = Scan::new(&index, &[1.0, 0.0], 2, None).unwrap();
    index.remove(1);
    assert_eq!(scan.finish().len(), 2);
}

#[test]
fn unusable_queries_are_refused() {
    let index = VectorIndex::new(2).unwrap();
    assert_eq!(candidates(&index, &[1.0], 1, None), Err(VectorError::Dim { expected: 2, found: 1 }));
    assert_eq!(candidates(&index, &[1.0, f32::NAN], 1, None), Err(VectorError::NotFinite));
    assert_eq!(candidates(&index, &[1.0, 0.0], 1, None), Ok(vec![]));
    let mut rescore = Rescore::new(&[1.0, 0.0], 1).unwrap();
    assert_eq!(rescore.push(0, 0, &[1.0]), Err(VectorError::Dim { expected: 2, found: 1 }));
}

#[test]
fn a_scan_can_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Scan<'static>>();
}

/// Rows that are hard to tell apart: few directions, small differences, twins and zeros.
fn row(dim: usize) -> impl Strategy<Value = Vec<f32>> {
    let wide = vec(-1.0f32..1.0, dim);
    let coarse = vec((-1i8..=1).prop_map(f32::from), dim);
    let near = vec(-1e-3f32..1e-3, dim).prop_map(|mut row| {
        row[0] += 1.0;
        row
    });
    prop_oneof![4 => wide, 2 => coarse, 3 => near, 1 => Just(vec![0.0; dim])]
        .prop_map(|row| unit(&row).unwrap())
}

fn workspace() -> impl Strategy<Value = (usize, Rows, Vec<f32>)> {
    prop_oneof![1usize..6, Just(19), Just(256)]
        .prop_flat_map(|dim| (Just(dim), btree_map(any::<u64>(), vec(row(dim), 0..12), 0..12), row(dim)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn two_phases_equal_brute_force((dim, rows, query) in workspace(), k in 0usize..20) {
        let found = candidates(&index(&rows, dim), &query, k, None).unwrap();
        prop_assert!(found.is_sorted_by_key(|c| (c.segment, c.n)));
        let expected = brute_force(&rows, &query, k, |_| true);
        prop_assert_eq!(two_phases(&rows, &query, k, &found), expected.as_slice());
        prop_assert_eq!(load_the_best_first(&rows, &query, k, found).0, expected);
    }

    #[test]
    fn so_they_do_in_steps_with_a_filter_after_removals(
        (dim, mut rows, query) in workspace(),
        k in 1usize..8,
        rows_max in 0usize..30,
        bits in any::<(u64, u64)>(),
    ) {
        let mut index = index(&rows, dim);
        let gone: Vec<u64> = rows.keys().copied().filter(|id| id & 7 == bits.0 & 7).collect();
        for id in gone {
            rows.remove(&id);
            index.remove(id);
        }
        let allow = |segment: u64| !(segment ^ bits.1).is_multiple_of(3);
        let mut scan = Scan::new(&index, &query, k, Some(&allow)).unwrap();
        while scan.step(rows_max) {}
        let found = scan.finish();
        prop_assert!(found.iter().all(|c| allow(c.segment)));
        prop_assert_eq!(two_phases(&rows, &query, k, &found), brute_force(&rows, &query, k, allow));
    }

    #[test]
    fn no_candidate_exceeds_its_upper_bound((dim, rows, query) in workspace()) {
        let found = candidates(&index(&rows, dim), &query, usize::MAX, None).unwrap();
        let hits = two_phases(&rows, &query, usize::MAX, &found);
        prop_assume!(query.iter().any(|&value| value != 0.0));
        prop_assert_eq!(hits.len(), all_rows(&rows).count());
        let uppers: BTreeMap<_, _> = found.iter().map(|c| ((c.segment, c.n), c.upper)).collect();
        prop_assert!(hits.iter().all(|hit| hit.cosine <= uppers[&(hit.segment, hit.n)]));
    }
}
