//! A host that fails or dies at any moment leaves no half-written document.

use super::consistency::check;
use super::{host, long_text, update};
use crate::seam::{ApiRequest, Effect, HostError, HostErrorKind};
use crate::testing::{TestHost, is_commit, json_request, upload_request};
use serde_json::{Value, json};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// What a crash may leave behind: numbers that were taken.
fn without_numbers(host: &TestHost) -> Vec<(String, Vec<u8>)> {
    let kept = |key: &str| !key.starts_with("seq/") && !key.starts_with("meta/");
    let plain = host.plain();
    let entries = plain.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_vec()));
    entries.filter(|(key, _)| kept(key)).collect()
}

#[test]
fn whichever_effect_fails_the_store_stays_whole() {
    // The first effect tells who calls.
    for fails_at in 2.. {
        let mut host = host();
        let mut count = 0;
        host.fault = Box::new(move |effect| {
            count += 1;
            let fails = count == fails_at && !matches!(effect, Effect::Breathe);
            fails.then(|| HostError::new(HostErrorKind::Failed, "as the test wants"))
        });
        let fields = [("addToWorkspaces", "docs")];
        let reply = host.upload("/v1/document/upload", "notes.txt", b"Otters swim.", &fields);
        host.fault = Box::new(|_| None);
        check(&host);
        let documents = host.keys("doc/").len();
        match reply.status {
            200 => assert_eq!(documents, 1),
            _ => assert_eq!((documents, reply.json()["success"].clone()), (0, json!(false))),
        }
        let placed = host.keys("wsdoc/").len() == 1;
        if reply.status == 200 && reply.json()["error"].is_null() {
            assert!(placed);
            return;
        }
        assert!(!placed);
    }
}

#[test]
fn a_large_document_is_added_whole_or_not_at_all() {
    let mut ready = host();
    let path = ready.raw_text("long", &long_text(1700));
    let before = without_numbers(&ready);
    let request = json_request("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] }));
    for commits in 0.. {
        let mut host = host();
        host.store = ready.store.clone();
        let mut running = host.start(request.clone());
        for _ in 0..commits {
            if host.run_until(&mut running, is_commit) {
                host.step(&mut running);
            }
        }
        if !host.run_until(&mut running, is_commit) {
            assert!(commits > 3, "it went into {commits} commits");
            break;
        }
        // The host dies here, and starts again.
        drop(running);
        let report = host.maintain(true).ok();
        assert_eq!(report["swept"], u64::from(commits > 0));
        assert_eq!(without_numbers(&host), before);
        assert_eq!(update(&mut host, &[&path], &[])["results"][0]["status"], "added");
        check(&host);
    }
}

#[test]
fn a_commit_that_fails_is_cleaned_up_at_once() {
    for fails_at in 1..5 {
        let mut host = host();
        let path = host.raw_text("long", &long_text(1700));
        let before = without_numbers(&host);
        let mut commits = 0;
        host.fault = Box::new(move |effect| {
            commits += usize::from(is_commit(effect));
            let fails = is_commit(effect) && commits == fails_at;
            fails.then(|| HostError::new(HostErrorKind::Full, "the disk is full"))
        });
        let answer = update(&mut host, &[&path], &[]);
        assert_eq!(answer["results"][0]["status"], "failed");
        assert!(answer["message"].as_str().unwrap().contains("the disk is full"));
        assert_eq!(without_numbers(&host), before);
    }
}

#[test]
fn what_another_host_may_be_writing_is_kept_for_an_hour() {
    let mut host = host();
    let path = host.raw_text("long", &long_text(1700));
    let mut running =
        host.start(json_request("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })));
    for _ in 0..2 {
        assert!(host.run_until(&mut running, is_commit));
        host.step(&mut running);
    }
    host.now.0 += HOUR_MS - 1;
    assert_eq!(
        host.maintain(false).ok(),
        json!({ "format": 2, "swept": 0, "kept": 1, "forgotten": 0, "damaged": false })
    );
    host.now.0 += 2;
    assert_eq!(
        host.maintain(false).ok(),
        json!({ "format": 2, "swept": 1, "kept": 0, "forgotten": 0, "damaged": false })
    );
    check(&host);
    // The other host was only slow: it finds its marker gone, and gives up.
    let answer = host.finish(&mut running).ok();
    assert_eq!(answer["results"][0]["status"], "failed");
    check(&host);
}

#[test]
fn a_staged_text_is_swept_with_its_marker() {
    let mut host = host();
    let before = without_numbers(&host);
    let text = long_text(5000);
    let mut running = host.start(upload_request("/v1/document/upload", "long.txt", text.as_bytes(), &[]));
    for _ in 0..2 {
        assert!(host.run_until(&mut running, is_commit));
        host.step(&mut running);
    }
    assert_ne!(host.keys("doc.text/"), Vec::<String>::new());
    drop(running);
    assert_eq!(host.maintain(true).ok()["swept"], 1);
    assert_eq!(without_numbers(&host), before);
    assert_eq!(host.call("GET", "/v1/documents", &Value::Null).ok()["documents"], json!([]));
}

/// A host with three documents in two workspaces; their paths.
fn placed() -> (TestHost, Vec<String>) {
    let mut host = host();
    host.workspace("Other");
    host.call("POST", "/v1/document/create-folder", &json!({ "name": "drawer" })).ok();
    let mut paths = Vec::new();
    for title in ["otter", "beaver", "whale"] {
        let path = host.raw_text(title, &format!("The {title} swims."));
        let to = path.replace("custom-documents", "drawer");
        let body = json!({ "files": [{ "from": path, "to": to }] });
        host.call("POST", "/v1/document/move-files", &body).ok();
        update(&mut host, &[&to], &[]);
        host.call("POST", "/v1/workspace/other/update-embeddings", &json!({ "adds": [to] })).ok();
        paths.push(to);
    }
    (host, paths)
}

/// Cuts `request` off in front of each of its commits, starts again, and compares with what a whole one leaves.
#[track_caller]
fn is_finished_after_a_crash(request: &ApiRequest) {
    let (ready, _) = placed();
    let before = without_numbers(&ready);
    let left = |host: &TestHost| {
        // The log of what was done, and of the versions of an index, is not what was asked for.
        let kept = |key: &str| !key.starts_with("event/") && !key.starts_with("index");
        without_numbers(host).into_iter().filter(|(key, _)| kept(key)).collect::<Vec<_>>()
    };
    let mut whole = placed().0;
    let mut running = whole.start(request.clone());
    whole.finish(&mut running).ok();
    for commits in 0.. {
        let mut host = placed().0;
        let mut running = host.start(request.clone());
        for _ in 0..commits {
            if host.run_until(&mut running, is_commit) {
                host.step(&mut running);
            }
        }
        if !host.run_until(&mut running, is_commit) {
            assert!(commits > 2, "it went into {commits} commits");
            break;
        }
        drop(running);
        host.maintain(true).ok();
        check(&host);
        match commits {
            0 => assert_eq!(without_numbers(&host), before),
            _ => assert_eq!(left(&host), left(&whole), "after {commits} commits"),
        }
    }
}

#[test]
fn removing_documents_is_finished_after_a_crash() {
    let (_, paths) = placed();
    let names = json!({ "names": paths[..2] });
    is_finished_after_a_crash(&json_request("DELETE", "/v1/system/remove-documents", &names));
    let name = paths[0].split_once('/').unwrap().1;
    is_finished_after_a_crash(&json_request("DELETE", &format!("/v1/document/{name}"), &Value::Null));
}

#[test]
fn removing_a_folder_is_finished_after_a_crash() {
    is_finished_after_a_crash(&json_request(
        "DELETE",
        "/v1/document/remove-folder",
        &json!({ "name": "drawer" }),
    ));
}

#[test]
fn taking_documents_out_of_a_workspace_is_finished_after_a_crash() {
    let (_, paths) = placed();
    let deletes = json!({ "deletes": paths });
    is_finished_after_a_crash(&json_request("POST", "/v1/workspace/docs/update-embeddings", &deletes));
}

#[test]
fn a_removal_that_fails_is_told_and_not_finished_later() {
    let (mut host, paths) = placed();
    let mut commits = 0;
    host.fault = Box::new(move |effect| {
        commits += usize::from(is_commit(effect));
        (is_commit(effect) && commits == 2)
            .then(|| HostError::new(HostErrorKind::Failed, "as the test wants"))
    });
    let reply = host.call("DELETE", "/v1/system/remove-documents", &json!({ "names": paths }));
    assert_eq!(reply.status, 500);
    host.fault = Box::new(|_| None);
    let before = without_numbers(&host);
    assert_eq!(host.maintain(true).ok()["swept"], 0);
    assert_eq!(without_numbers(&host), before);
    check(&host);
}
