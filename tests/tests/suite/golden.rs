//! Does every host answer as AnythingLLM did?

use haversack_tests::golden::differences::Differences;
use haversack_tests::golden::replay::replay_all;
use haversack_tests::golden::scope::Scope;
use haversack_tests::golden::{self, transcript};
use haversack_tests::target::{
    ChromiumTarget, NativeTarget, NodeTarget, SimTarget, SpinFreshTarget, SpinTarget, Target,
};
use std::collections::BTreeMap;

/// Replays every recording and fails with a list of what differs without a reason, and of reasons
/// that no longer excuse anything.
fn replay_on<T: Target>(fresh: impl FnMut(&BTreeMap<String, String>) -> T) {
    let folder = golden::folder();
    let goldens = transcript::read_all(&folder.join("anythingllm-v1")).unwrap();
    let mut scope = Scope::read(&folder.join("scope.toml")).unwrap();
    let mut differences = Differences::read(&folder.join("differences.toml")).unwrap();
    let fixtures = folder.join("anythingllm-v1/fixtures");
    let report = replay_all(&goldens, &fixtures, &mut scope, &mut differences, fresh);
    let text = report.to_text();
    // For whoever wants to look at the differences with other tools.
    if let Ok(folder) = std::env::var("GOLDEN_REPORT") {
        std::fs::write(format!("{folder}/golden-{}.jsonl", T::NAME), report.to_jsonl()).unwrap();
    }
    println!("{}: {text}", T::NAME);
    assert!(report.failures.is_empty(), "{}: {text}", T::NAME);
    assert!(scope.stale().is_empty(), "these leave nothing out any more: {:#?}", scope.stale());
    let stale = differences.stale(T::NAME);
    assert!(stale.is_empty(), "these excuse nothing any more: {stale:#?}");
}

#[test]
fn the_simulated_host_answers_as_recorded() {
    replay_on(SimTarget::new);
}

#[test]
fn the_native_server_answers_as_recorded() {
    replay_on(NativeTarget::new);
}

/// Run by `cargo xtask test browser`, which builds what it needs.
#[test]
#[ignore = "needs `cargo xtask build browser`"]
fn the_browser_host_answers_as_recorded_in_node() {
    replay_on(NodeTarget::new);
}

/// Run by `cargo xtask test browser`, which builds what it needs.
#[test]
#[ignore = "needs `cargo xtask build browser` and Chromium"]
fn the_browser_host_answers_as_recorded_in_chromium() {
    replay_on(ChromiumTarget::new);
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn the_spin_component_answers_as_recorded() {
    replay_on(SpinTarget::new);
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn a_fresh_spin_instance_for_each_request_answers_as_recorded() {
    replay_on(SpinFreshTarget::new);
}
