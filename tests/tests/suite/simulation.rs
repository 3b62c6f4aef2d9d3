//! Does anything acknowledged get lost, whatever fails?

use haversack_tests::sim::exhaustive::{Blow, SCENARIOS, exhaust};
use haversack_tests::sim::workload;
use haversack_tests::target::engine;
use std::collections::BTreeMap;

/// How many; the command `simulate` runs more.
const SEEDS: u64 = 1_000;
const CALLS: u64 = 30;

fn run(seed: u64) -> workload::Report {
    workload::run(engine(&BTreeMap::new()), seed, CALLS).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The seeds are shared out among as many tests as run at once on a small machine.
fn share(of: u64) {
    let reports: Vec<_> = (0..SEEDS).filter(|seed| seed % 2 == of).map(run).collect();
    let sum = |of: fn(&workload::Report) -> u64| reports.iter().map(of).sum::<u64>();
    // Without these a simulation that does nothing would pass.
    assert!(sum(|r| r.good) > sum(|r| r.calls) / 3, "hardly any call got through");
    assert!(sum(|r| r.facts) > SEEDS, "hardly anything was checked");
    assert!(sum(|r| r.crashes) > SEEDS, "hardly any crash");
}

#[test]
fn even_seeds_lose_nothing() {
    share(0);
}

#[test]
fn odd_seeds_lose_nothing() {
    share(1);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in (0..SEEDS).step_by(37) {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(0).digest, run(1).digest);
}

#[test]
fn no_effect_that_fails_leaves_half_of_anything() {
    let program = engine(&BTreeMap::new());
    for scenario in &SCENARIOS {
        for blow in [Blow::Once, Blow::Persistent, Blow::Crash] {
            let effects = exhaust(&program, scenario, blow).unwrap_or_else(|what| panic!("{what}"));
            assert!(effects >= 3, "{} has only {effects} effects", scenario.name);
        }
    }
}
