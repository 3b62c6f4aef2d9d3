//! Does a recorded run replay, bit for bit?

use haversack_engine::seam::transcript::{Transcript, replay};
use haversack_engine::{Engine, Settings};
use haversack_tests::requests::{get, json, upload};
use haversack_tests::sim::faults::{Plan, Profile};
use haversack_tests::sim::{MOCK_URL, SimHost, asset_bytes};
use haversack_tests::target::{engine, prepare, settings};
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn recorded_runs_replay_on_a_cold_engine() {
    let vars = settings(MOCK_URL, &BTreeMap::new());
    let cold = Engine::new(Settings::from_vars(&vars).0);
    let mut replayed = 0;
    for (seed, profile) in (1..).zip(Profile::ALL.iter().cycle().take(20)) {
        for transcript in record(seed, *profile) {
            let text = transcript.to_jsonl().unwrap();
            let read = Transcript::from_jsonl(&text).unwrap();
            let run = cold.cold().start(read.header.request.clone(), read.header.origin.clone());
            let outcome = replay(run, &read, &|asset| asset_bytes(asset).ok());
            let path = &read.header.request.path;
            outcome.unwrap_or_else(|divergence| panic!("seed {seed}, {path}: {divergence}"));
            replayed += 1;
        }
    }
    assert!(replayed >= 100, "only {replayed} runs were replayed");
}

fn record(seed: u64, profile: Profile) -> Vec<Transcript> {
    let mut host = SimHost::new(engine(&BTreeMap::new()), seed, Plan::Random(Profile::CALM));
    prepare(&mut host);
    host.call(json("POST", "/v1/workspace/new", &json!({"name": "W"})), false);
    host.record();
    host.set_plan(Plan::Random(profile));
    let calls = [
        upload("/v1/document/upload", "fox.txt", b"A fox crosses the bridge.", &[("addToWorkspaces", "w")]),
        json("POST", "/v1/workspace/w/chat", &json!({"message": "Who crosses the bridge?", "mode": "chat"})),
        json("POST", "/v1/workspace/w/stream-chat", &json!({"message": "Who crosses?", "mode": "query"})),
        json("POST", "/v1/workspace/w/vector-search", &json!({"query": "fox", "scoreThreshold": 0})),
        get("/v1/workspace/w/chats"),
        get("/v1/documents"),
    ];
    for call in calls {
        host.start(call, false);
    }
    while host.step() {}
    host.take_transcripts()
}
