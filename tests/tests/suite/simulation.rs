//! Does anything acknowledged get lost, whatever fails?

use haversack_tests::requests::{get, json};
use haversack_tests::sim::exhaustive::{Blow, LARGE_SCENARIOS, SCENARIOS, Scenario, exhaust};
use haversack_tests::sim::faults::{Plan, Profile};
use haversack_tests::sim::{Ending, SimHost, workload};
use haversack_tests::target::{engine, prepare};
use serde_json::json;
use std::collections::BTreeMap;

/// How many; the command `simulate` runs more.
const SEEDS: u64 = 1_000;
const CALLS: u64 = 30;

fn run(seed: u64) -> workload::Report {
    // In every other pair a workspace of a few chunks is a large one.
    let exact = ("HAVERSACK_EXACT_CHUNKS".to_owned(), if seed % 4 < 2 { "3" } else { "10000" }.to_owned());
    workload::run(workload::program(BTreeMap::from([exact])), seed, CALLS)
        .unwrap_or_else(|failure| panic!("{failure}"))
}

/// The seeds are shared out among as many tests as run at once on a small machine.
fn share(of: u64) {
    let reports: Vec<_> = (0..SEEDS).filter(|seed| seed % 2 == of).map(run).collect();
    let sum = |of: fn(&workload::Report) -> u64| reports.iter().map(of).sum::<u64>();
    // Without these a simulation that does nothing would pass.
    assert!(sum(|r| r.good) > sum(|r| r.calls) / 3, "hardly any call got through");
    assert!(sum(|r| r.facts) > SEEDS, "hardly anything was checked");
    let sessions = sum(|r| r.sessions);
    assert!(sessions > SEEDS / 40, "hardly anybody signed in: {sessions} times");
    // One crash belongs to every reckoning.
    assert!(sum(|r| r.crashes) > reports.len() as u64 * 5 / 4, "hardly any crash");
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

fn exhaust_all(scenarios: &[Scenario]) {
    let program = engine(&BTreeMap::new());
    for scenario in scenarios {
        for blow in [Blow::Once, Blow::Persistent, Blow::Crash] {
            let effects = exhaust(&program, scenario, blow).unwrap_or_else(|what| panic!("{what}"));
            assert!(effects >= 3, "{} has only {effects} effects", scenario.name);
        }
    }
}

#[test]
fn no_effect_that_fails_leaves_half_of_anything() {
    exhaust_all(&SCENARIOS);
}

#[test]
fn what_is_too_large_for_one_commit_is_whole_or_absent_too() {
    exhaust_all(&LARGE_SCENARIOS);
}

#[test]
fn a_client_that_leaves_in_the_middle_keeps_what_was_said() {
    let mut host = SimHost::new(engine(&BTreeMap::new()), 5, Plan::Random(Profile::CALM));
    prepare(&mut host);
    host.call(json("POST", "/v1/workspace/new", &json!({"name": "W"})), false);
    let body = json!({"message": "[[mock:slow 500]] tell me a long story", "mode": "chat"});
    let run = host.start(json("POST", "/v1/workspace/w/stream-chat", &body), false);
    while host.received(run) < 4 {
        assert!(host.step());
    }
    host.disconnect(run);
    let outcome = host.run_to_end(run);
    assert_eq!(outcome.ending, Ending::ClientLeft);
    let history = host.call(get("/v1/workspace/w/chats"), false).answer.json();
    let said = history["history"][1]["content"].as_str().unwrap();
    let words = said.split_whitespace().count();
    assert!(said.starts_with("MOCK ") && (4..8).contains(&words), "{said:?}");
}
