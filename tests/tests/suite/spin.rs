//! Does the component keep its word where edges are hard: failing stores, full disks, instances that run out of memory
//! or time?
//!
//! And does it answer as the native server does, to the last digit?

use haversack_engine::seam::ApiRequest;
use haversack_tests::golden::hosts::compare_hosts;
use haversack_tests::golden::scope::Scope;
use haversack_tests::golden::{self, transcript};
use haversack_tests::requests::{get, json, upload};
use haversack_tests::target::{Answer, NativeTarget, SpinTarget, Target};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const UPLOAD: &str = "/v1/document/upload";

fn spin(options: &[(&str, &str)]) -> SpinTarget {
    SpinTarget::with(&BTreeMap::new(), options)
}

fn workspace(server: &mut SpinTarget) {
    assert_eq!(server.call(json("POST", "/v1/workspace/new", &json!({"name": "W"}))).status, 200);
}

/// A document with a word of its own.
fn document(n: usize) -> ApiRequest {
    let text = format!("Otter number {n} swims. ").repeat(60);
    upload(UPLOAD, &format!("d{n}.txt"), text.as_bytes(), &[("addToWorkspaces", "w")])
}

/// Makes `count` statements of the store fail, after `after` that go well.
fn fail(server: &mut SpinTarget, after: usize, count: usize, message: &str) {
    let message = message.replace(' ', "+");
    let mut request = get("");
    request.path = "/.spin-host/faults".to_owned();
    request.query = format!("{after},{count},{message}");
    assert_eq!(server.call(request).status, 200);
}

fn figure(server: &mut SpinTarget, name: &str) -> u64 {
    let mut request = get("");
    request.path = "/.spin-host/figures".to_owned();
    server.call(request).json()[name].as_u64().unwrap()
}

/// The paths of all documents, and of those in the workspace.
fn listed(server: &mut SpinTarget) -> (Vec<String>, Vec<String>) {
    let strings = |values: Vec<&Value>| values.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    let all = server.call(get("/v1/documents"));
    assert_eq!(all.status, 200, "{:?}", all.body);
    let all = all.json();
    let mut paths = Vec::new();
    for folder in all["localFiles"]["items"].as_array().unwrap() {
        for item in folder["items"].as_array().unwrap() {
            paths.push(format!("{}/{}", folder["name"].as_str().unwrap(), item["name"].as_str().unwrap()));
        }
    }
    let placed = server.call(get("/v1/workspace/w")).json();
    let placed = placed["workspace"][0]["documents"].as_array().cloned().unwrap_or_default();
    paths.sort();
    let mut placed: Vec<String> = strings(placed.iter().map(|one| &one["docpath"]).collect());
    placed.sort();
    (paths, placed)
}

/// What a search finds must be there, and what is in the workspace must be found.
fn check_search(server: &mut SpinTarget) {
    let (_, placed) = listed(server);
    let body = json!({"query": "Otter number swims", "topN": 1000, "scoreThreshold": 0});
    let answer = server.call(json("POST", "/v1/workspace/w/vector-search", &body));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let mut found: Vec<String> = answer.json()["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| hit["metadata"]["docpath"].as_str().unwrap().to_owned())
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(found, placed);
}

/// An error in the API's shape, that a person can do something with.
fn assert_clear(answer: &Answer) {
    assert!(answer.status >= 400, "{answer:?}");
    let said = answer.json();
    assert!(said["error"].as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn it_answers_every_recorded_request_as_the_native_server_does() {
    let folder = golden::folder();
    let goldens = transcript::read_all(&folder.join("anythingllm-v1")).unwrap();
    let mut scope = Scope::read(&folder.join("scope.toml")).unwrap();
    let fixtures = folder.join("anythingllm-v1/fixtures");
    let (count, unlike) = compare_hosts(&goldens, &fixtures, &mut scope, NativeTarget::new, SpinTarget::new);
    println!("{count} answers compared");
    assert!(count > 300, "only {count} answers");
    assert!(unlike.is_empty(), "{} differ: {unlike:#?}", unlike.len());
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn whichever_statement_fails_an_upload_is_whole_or_not_there() {
    let mut server = spin(&[]);
    workspace(&mut server);
    let mut went_well = 0;
    for after in 0..200 {
        let before = listed(&mut server);
        fail(&mut server, after, 1, "disk I/O error");
        let answer = server.call(document(after));
        // Nothing is left to fail: all of an upload's statements have had their turn.
        fail(&mut server, 0, 0, "");
        let documents = answer.json()["documents"].as_array().map_or(0, Vec::len);
        let confirmed = answer.status == 200 && documents == 1;
        let now = listed(&mut server);
        if confirmed {
            assert_eq!(now.0.len(), before.0.len() + 1, "confirmed, but not there");
            let results = &answer.json()["results"];
            let embedded = results.as_array().is_none_or(|all| all.iter().all(|one| one["error"].is_null()));
            went_well += usize::from(embedded && now.1.len() == before.1.len() + 1);
        } else {
            assert_clear(&answer);
        }
        check_search(&mut server);
        if went_well >= 3 {
            println!("{after} statements failed in turn");
            return;
        }
    }
    panic!("an upload takes more than 200 statements");
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn a_full_disk_is_said_and_leaves_nothing_behind() {
    // Pages of 4 KiB.
    let mut server = spin(&[("SPIN_HOST_SQLITE_PAGES", "400")]);
    workspace(&mut server);
    let mut confirmed = 0;
    let refused = (0..400).map(|n| server.call(document(n))).find(|answer| {
        confirmed += usize::from(answer.status == 200);
        answer.status != 200
    });
    let refused = refused.expect("the disk never fills");
    assert_clear(&refused);
    assert!(refused.json()["error"].as_str().unwrap().contains("full"), "{refused:?}");
    assert!(confirmed > 2);
    assert!(listed(&mut server).0.len() >= confirmed);
    check_search(&mut server);
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn an_instance_out_of_memory_ends_alone() {
    let mut server = spin(&[("SPIN_HOST_MEMORY_BYTES", "50331648")]);
    workspace(&mut server);
    assert_eq!(server.call(document(1)).status, 200);
    let large = "Otters. ".repeat(5 << 20);
    let answer = server.call(upload(UPLOAD, "large.txt", large.as_bytes(), &[("addToWorkspaces", "w")]));
    assert!(answer.status == 500 || answer.status == 0, "{}", answer.status);
    assert_eq!(figure(&mut server, "traps"), 1);
    assert_eq!(listed(&mut server).0.len(), 1);
    check_search(&mut server);
    assert_eq!(server.call(document(2)).status, 200);
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn an_instance_out_of_fuel_ends_alone() {
    // Enough for anything small; each request has an instance of its own.
    let mut server = spin(&[("SPIN_HOST_FUEL", "400000000"), ("SPIN_HOST_FRESH", "1")]);
    workspace(&mut server);
    assert_eq!(server.call(document(1)).status, 200);
    let large = "Otters swim in rivers, mostly. ".repeat(200_000);
    let answer = server.call(upload(UPLOAD, "large.txt", large.as_bytes(), &[("addToWorkspaces", "w")]));
    assert!(answer.status == 500 || answer.status == 0, "{}", answer.status);
    assert_eq!(figure(&mut server, "traps"), 1);
    check_search(&mut server);
    assert_eq!(server.call(document(2)).status, 200);
}

#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn models_of_spin_itself_answer_and_embed() {
    let env = [
        ("LLM_PROVIDER", "host"),
        ("HAVERSACK_HOST_MODEL_PREF", "llama2-chat"),
        ("EMBEDDING_ENGINE", "host"),
        ("EMBEDDING_MODEL_PREF", "all-minilm-l6-v2"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut server = SpinTarget::with(&env, &[("SPIN_HOST_LLM", "1")]);
    workspace(&mut server);
    assert_eq!(server.call(document(7)).status, 200);
    check_search(&mut server);
    let body = json!({"message": "Who swims?", "mode": "chat"});
    let answer = server.call(json("POST", "/v1/workspace/w/chat", &body)).json();
    assert!(answer["textResponse"].as_str().unwrap().starts_with("llama2-chat was asked"), "{answer}");
    assert_eq!(answer["sources"].as_array().unwrap().len(), 2);
}
