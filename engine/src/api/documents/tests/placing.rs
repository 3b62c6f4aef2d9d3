//! Documents in workspaces: adding, removing, pinning.

use super::consistency::check;
use super::{host, long_text, update};
use crate::retrieve::IndexHead;
use crate::seam::Effect;
use crate::store::key;
use crate::testing::{Running, TestHost, document, extracted, is_commit, json_request};
use haversack_extract::{Document, Format};
use serde_json::{Value, json};

fn head(host: &TestHost) -> Value {
    host.value(key::index_head(1).as_str())
}

fn adding(host: &mut TestHost, path: &str) -> Running {
    host.start(json_request("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })))
}

fn statuses(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_str().unwrap()).collect()
}

#[test]
fn a_small_document_is_added_in_one_commit() {
    let mut host = host();
    let path = host.raw_text("otter", "Otters swim.");
    host.commits.clear();
    let answer = update(&mut host, &[&path], &[]);
    assert_eq!(statuses(&answer), ["added"]);
    assert_eq!(answer["message"], Value::Null);
    assert_eq!(host.commits.len(), 1);
    let mut keys: Vec<&str> =
        host.commits[0].iter().map(|key| key.as_str().split('/').next().unwrap()).collect();
    // One for each bucket that a word falls into.
    keys.dedup();
    let expected = [
        "doc",
        "row",
        "chunk",
        "vec",
        "code",
        "term",
        "wsdoc",
        "wsdoc.path",
        "wsdoc.in",
        "index",
        "index.log",
        "event",
    ];
    assert_eq!(keys, expected);
    assert_eq!(head(&host)["embedder"], "mock-embed");
    check(&host);
    let embedded = "<document_metadata>\nsourceDocument: otter.txt\npublished: 11/14/2023, 10:13:20 PM\n\
                    </document_metadata>\n\nOtters swim.";
    assert_eq!(host.embedded, [embedded]);
    assert_eq!(host.value(&host.keys("chunk/")[0])["text"], "Otters swim.");
}

#[test]
fn adding_twice_changes_nothing() {
    let mut host = host();
    let path = host.raw_text("otter", "Otters swim.");
    update(&mut host, &[&path], &[]);
    let before = host.store.clone();
    assert_eq!(statuses(&update(&mut host, &[&path, &path], &[])), ["already_embedded"; 2]);
    assert_eq!(host.store, before);
}

#[test]
fn copies_are_kept_where_they_are_allowed() {
    let mut host = TestHost::new(&[("HAVERSACK_DEDUPLICATE", "false")]);
    host.workspace("Docs");
    let path = host.raw_text("otter", "Otters swim.");
    update(&mut host, &[&path, &path], &[]);
    assert_eq!(head(&host)["rows"], 2);
    update(&mut host, &[], &[&path]);
    assert_eq!(head(&host)["rows"], 1);
    check(&host);
}

#[test]
fn two_who_add_the_same_at_once_add_it_once() {
    let mut host = host();
    let path = host.raw_text("otter", "Otters swim.");
    let (mut first, mut second) = (adding(&mut host, &path), adding(&mut host, &path));
    assert!(host.run_until(&mut first, is_commit) && host.run_until(&mut second, is_commit));
    assert_eq!(statuses(&host.finish(&mut second).ok()), ["added"]);
    assert_eq!(statuses(&host.finish(&mut first).ok()), ["already_embedded"]);
    assert_eq!(head(&host)["rows"], 1);
    check(&host);
}

#[test]
fn two_who_add_to_one_workspace_at_once_repeat_the_last_commit_only() {
    let mut host = host();
    let (otter, bridge) = (host.raw_text("otter", "Otters swim."), host.raw_text("bridge", "Built in 1764."));
    let (mut first, mut second) = (adding(&mut host, &otter), adding(&mut host, &bridge));
    assert!(host.run_until(&mut first, is_commit) && host.run_until(&mut second, is_commit));
    host.finish(&mut second).ok();
    host.finish(&mut first).ok();
    assert_eq!((head(&host)["rows"].clone(), head(&host)["version"].clone()), (json!(2), json!(2)));
    assert_eq!(host.embedded.len(), 2);
    check(&host);
}

#[test]
fn what_goes_away_meanwhile_leaves_nothing() {
    for (method, path, body) in [
        ("DELETE", "/v1/workspace/docs", Value::Null),
        ("DELETE", "/v1/system/remove-documents", json!({ "names": ["PATH"] })),
    ] {
        for text in ["Otters swim.".to_owned(), long_text(1700)] {
            let mut host = host();
            let document = host.raw_text("otter", &text);
            let mut running = adding(&mut host, &document);
            assert!(host.run_until(&mut running, |effect| matches!(effect, Effect::Http(_))));
            let body = serde_json::from_str(&body.to_string().replace("PATH", &document)).unwrap();
            host.call(method, path, &body);
            let answer = host.finish(&mut running).ok();
            assert_eq!(statuses(&answer), ["failed"], "{path}");
            assert_eq!(host.keys("wsdoc"), Vec::<String>::new());
            check(&host);
        }
    }
}

#[test]
fn an_embedder_that_fails_leaves_nothing_and_uses_up_no_number() {
    let mut host = host();
    let (bad, good) = (host.raw_text("bad", "[[mock:embed-error]]"), host.raw_text("good", "Otters."));
    let before = host.store.clone();
    let answer = update(&mut host, &[&bad], &[]);
    assert_eq!(statuses(&answer), ["failed"]);
    assert!(answer["message"].as_str().unwrap().contains("mock embedding failure"));
    assert_eq!(host.store, before);
    let answer = update(&mut host, &[&bad, &good], &[]);
    assert_eq!(
        (statuses(&answer), &answer["workspace"]["documents"][0]["id"]),
        (vec!["failed", "added"], &json!(1))
    );
}

#[test]
fn markdown_is_cut_along_its_headings_if_the_operator_says_so() {
    let headings = |vars: &[(&str, &str)]| {
        let mut host = TestHost::new(vars);
        host.workspace("Docs");
        let text = "# Otters\n\nThey swim.\n\n# Bridges\n\nBuilt in 1764.\n";
        let guide = Document { markdown: true, format: Format::Markdown, ..document(text) };
        host.extracted.insert("guide.md".into(), extracted(&[guide], &[]));
        host.upload("/v1/document/upload", "guide.md", b"#", &[("addToWorkspaces", "docs")]).ok();
        check(&host);
        host.keys("chunk/").iter().map(|key| host.value(key)["headings"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(headings(&[]), [Value::Null]);
    let structured = headings(&[("HAVERSACK_CHUNK_BY_STRUCTURE", "true")]);
    assert_eq!(structured, [json!(["Otters"]), json!(["Bridges"])]);
}

#[test]
fn white_space_has_no_chunks() {
    let mut host = host();
    let path = host.raw_text("blank", " \n ");
    let answer = update(&mut host, &[&path], &[]);
    assert_eq!(answer["results"][0]["error"], "No text content found in blank.txt.");
    check(&host);
}

#[test]
fn vectors_of_two_embedders_are_never_mixed() {
    let mut host = host();
    let (otter, bridge) = (host.raw_text("otter", "Otters swim."), host.raw_text("bridge", "Built in 1764."));
    update(&mut host, &[&otter], &[]);
    let place = key::index_head(1);
    let mut head: IndexHead = serde_json::from_slice(&host.plain()[&place]).unwrap();
    head.embedder = "another".to_owned();
    host.record(place, &head);
    let before = host.store.clone();
    let answer = update(&mut host, &[&bridge], &[]);
    assert!(
        answer["results"][0]["error"].as_str().unwrap().contains("Remove its documents and add them again")
    );
    assert_eq!(host.store, before);
    assert_eq!(statuses(&update(&mut host, &[&bridge], &[&otter])), ["removed", "added"]);
    check(&host);
}

#[test]
fn a_large_document_is_staged_in_commits_of_bounded_size() {
    let mut host = host();
    let path = host.raw_text("long", &long_text(3000));
    host.commits.clear();
    assert_eq!(statuses(&update(&mut host, &[&path], &[])), ["added"]);
    assert!(host.commits.len() > 3, "{} commits", host.commits.len());
    assert!(host.keys("vec/").len() > 1);
    check(&host);
    assert_eq!(statuses(&update(&mut host, &[], &[&path])), ["removed"]);
    assert_eq!(head(&host)["rows"], 0);
    check(&host);
}

#[test]
fn lists_are_checked_and_unknown_paths_told() {
    let mut host = host();
    let answer = update(&mut host, &["custom-documents/none.json", "../x.db", ".."], &["nope.json"]);
    assert_eq!(statuses(&answer), ["unknown"; 4]);
    assert_eq!(answer["message"], Value::Null);
    let many: Vec<String> = (0..10_001).map(|n| n.to_string()).collect();
    for wrong in
        [json!({ "adds": "x" }), json!({ "adds": null }), json!({ "adds": [7] }), json!({ "deletes": many })]
    {
        let refused = host.call("POST", "/v1/workspace/docs/update-embeddings", &wrong);
        assert_eq!(refused.status, 400);
        assert!(refused.json()["error"].as_str().unwrap().contains("must be a list"));
    }
}

#[test]
fn pins_show_in_listings_and_go() {
    let mut host = host();
    let path = host.raw_text("otter", "Otters swim.");
    update(&mut host, &[&path], &[]);
    let pin = |host: &mut TestHost, status: Value| {
        host.call("POST", "/v1/workspace/docs/update-pin", &json!({ "docPath": path, "pinStatus": status }))
    };
    let pinned_in = |host: &mut TestHost| {
        let folder = host.call("GET", "/v1/documents/folder/custom-documents", &Value::Null).ok();
        folder["documents"][0]["pinnedWorkspaces"].clone()
    };
    pin(&mut host, json!(true)).ok();
    assert_eq!(pinned_in(&mut host), json!([1]));
    check(&host);
    pin(&mut host, json!(false)).ok();
    assert_eq!(pinned_in(&mut host), json!([]));
    assert_eq!(pin(&mut host, json!("yes")).status, 400);
    update(&mut host, &[], &[&path]);
    assert_eq!(pin(&mut host, json!(true)).status, 404);
    check(&host);
}
