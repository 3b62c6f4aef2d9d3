//! Records are damaged one by one: nothing is ever served changed, and a repair makes all well again.

use super::Finding;
use crate::seam::Key;
use crate::testing::{Replied, TestHost};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A host with a record of every kind that is easily made.
fn scene() -> TestHost {
    let mut host = TestHost::new(&[]);
    host.workspace("Docs");
    host.workspace("Empty");
    for (title, pinned) in [("otter", true), ("beaver", false), ("whale", false)] {
        let path = host.raw_text(title, &format!("The {title} swims in the river at night. ").repeat(40));
        host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
        if pinned {
            let pin = json!({ "docPath": path, "pinStatus": true });
            host.call("POST", "/v1/workspace/docs/update-pin", &pin).ok();
        }
    }
    host.upload("/v1/document/upload", "loose.txt", b"In no workspace.", &[]).ok();
    host.call("POST", "/v1/workspace/docs/thread/new", &json!({ "slug": "night" })).ok();
    for (path, body) in [
        ("/v1/workspace/docs/chat", json!({ "message": "otter", "mode": "query" })),
        ("/v1/workspace/docs/chat", json!({ "message": "whale", "mode": "query", "sessionId": "s" })),
        ("/v1/workspace/docs/thread/night/chat", json!({ "message": "beaver", "mode": "query" })),
    ] {
        host.call("POST", path, &body).ok();
    }
    let embed = json!({ "workspace_slug": "docs", "chat_mode": "query" });
    host.call("POST", "/v1/embed/new", &embed).ok();
    host.call("POST", "/v1/admin/invite/new", &json!({}));
    host.call("POST", "/system/generate-api-key", &json!({ "name": "reader" }));
    host.maintain(true).ok();
    host
}

/// What callers read, each with what it is.
fn answers(host: &mut TestHost) -> Vec<(String, Replied)> {
    let mut asked: Vec<(&str, String, Value)> = vec![
        ("GET", "/v1/documents".into(), Value::Null),
        ("GET", "/v1/workspaces".into(), Value::Null),
        ("GET", "/v1/workspace/docs".into(), Value::Null),
        ("GET", "/v1/workspace/docs/chats".into(), Value::Null),
        ("GET", "/v1/workspace/docs/chats?apiSessionId=s".into(), Value::Null),
        ("GET", "/v1/workspace/docs/thread/night/chats".into(), Value::Null),
        ("GET", "/v1/embed".into(), Value::Null),
    ];
    for mode in ["vector", "lexical", "hybrid"] {
        let body = json!({ "query": "beaver at night", "topN": 5, "searchMode": mode });
        asked.push(("POST", "/v1/workspace/docs/vector-search".into(), body));
    }
    for path in names(host) {
        asked.push(("GET", format!("/v1/document/{path}/text"), Value::Null));
    }
    let answer = |(method, path, body): (&str, String, Value)| {
        let replied = host.call(method, &path, &body);
        (format!("{method} {path} {body}"), replied)
    };
    asked.into_iter().map(answer).collect()
}

/// Names of documents, by their keys.
fn names(host: &TestHost) -> Vec<String> {
    let name = |key: String| key.rsplit('/').next().map(str::to_owned);
    host.keys("doc/").into_iter().filter_map(name).collect()
}

/// The record with a byte in its middle changed.
fn damage(host: &mut TestHost, key: &Key) {
    let mut bytes = host.store[key].to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x11;
    host.store.insert(key.clone(), bytes.into());
}

/// Numbers of sequences have no sum; that a repair raises them is tested below.
fn records(host: &TestHost) -> Vec<Key> {
    host.store.keys().filter(|key| !key.as_str().starts_with("seq/")).cloned().collect()
}

#[test]
fn whichever_record_is_damaged_nothing_is_served_changed() {
    let ready = scene();
    let mut host = scene();
    let expected = answers(&mut host);
    for key in records(&ready) {
        // Caches are cold: what is in memory was read before the damage.
        host.engine = host.engine.cold();
        host.store = ready.store.clone();
        host.damaged.clear();
        damage(&mut host, &key);
        let found = answers(&mut host);
        for ((what, expected), (_, found)) in expected.iter().zip(&found) {
            let told = found.status >= 500 && String::from_utf8_lossy(&found.body).contains(key.as_str());
            assert!(
                told || (found.status, &found.body) == (expected.status, &expected.body),
                "{key} damaged, {what}: {} {}",
                found.status,
                String::from_utf8_lossy(&found.body)
            );
        }
        if found.iter().any(|(_, found)| found.status >= 500) {
            let upload = host.upload("/v1/document/upload", "new.txt", b"A new one.", &[]);
            // 500 names the record, if it is one that an upload reads.
            assert!(upload.status == 503 || upload.status == 500, "{key}: {upload:?}");
            assert_eq!(names(&host).len(), names(&ready).len());
        }
    }
}

/// Repairs, and checks that nothing is wrong any more, that no text changed, and that all is told that is not there.
#[track_caller]
fn is_repaired(host: &mut TestHost, before: &TestHost, what: &str, told: &str) {
    let findings = host.repair(true);
    assert!(!findings.iter().any(|f| matches!(f, Finding::Failed { .. })), "{what}: {findings:?}");
    host.damaged.clear();
    let left = host.repair(false);
    assert!(matches!(left[..], [Finding::End { wrong: 0, failed: 0, .. }]), "{what}: {left:?}");
    let report = format!("{told}{findings:?}");
    let (kept, texts): (BTreeSet<String>, _) = (names(host).into_iter().collect(), before.plain());
    for name in names(before) {
        assert!(kept.contains(&name) || report.contains(&name), "{what}: {name} went in silence");
    }
    for (key, value) in host.plain().iter().filter(|(key, _)| key.as_str().starts_with("doc.text/")) {
        assert_eq!(texts.get(key), Some(value), "{what}: {key}");
    }
    let workspaces = host.call("GET", "/v1/workspaces", &Value::Null).ok();
    assert_eq!(workspaces["workspaces"].as_array().unwrap().len(), 2, "{what}");
    let body = json!({ "query": "whale", "topN": 3 });
    host.engine = host.engine.cold();
    let search = host.call("POST", "/v1/workspace/docs/vector-search", &body);
    let slug = host.call("POST", "/v1/workspace/repaired-1/vector-search", &body);
    assert!(search.status == 200 || slug.status == 200, "{what}: {search:?}");
}

#[test]
fn whichever_record_is_damaged_a_repair_makes_it_well() {
    let ready = scene();
    for key in records(&ready) {
        let mut host = TestHost::new(&[]);
        host.store = ready.store.clone();
        damage(&mut host, &key);
        let before = host.store.clone();
        let look = host.repair(false);
        assert!(
            look.iter().any(|f| matches!(f, Finding::Wrong { text } if text.contains(key.as_str()))),
            "{key}"
        );
        assert_eq!(host.store, before, "a look changes nothing");
        is_repaired(&mut host, &ready, key.as_str(), "");
    }
}

#[test]
fn whichever_record_is_gone_a_repair_makes_it_well() {
    let ready = scene();
    for key in records(&ready) {
        let mut host = TestHost::new(&[]);
        host.store = ready.store.clone();
        host.store.remove(&key);
        is_repaired(&mut host, &ready, key.as_str(), "");
    }
}

#[test]
fn an_index_is_made_again_as_it_was() {
    let ready = scene();
    let search = |host: &mut TestHost| {
        let body = json!({ "query": "beaver at night", "topN": 5, "searchMode": "hybrid" });
        let found = host.call("POST", "/v1/workspace/docs/vector-search", &body).ok();
        let texts = found["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| (result["text"].clone(), result["score"].clone()));
        texts.collect::<Vec<_>>()
    };
    let mut host = TestHost::new(&[]);
    host.store = ready.store.clone();
    let expected = search(&mut host);
    for prefix in ["vec/", "code/", "row/", "chunk/", "term/", "index/"] {
        let mut host = TestHost::new(&[]);
        host.store = ready.store.clone();
        for key in host.keys(prefix) {
            damage(&mut host, &Key::new(key));
        }
        is_repaired(&mut host, &ready, prefix, "");
        assert_eq!(search(&mut host), expected, "{prefix}");
    }
}

#[test]
fn a_repair_that_is_cut_off_is_begun_again() {
    let ready = scene();
    let victims = ["ws/", "doc/", "wsdoc/", "vec/", "doc.text/"];
    for effects in 0.. {
        let mut host = TestHost::new(&[]);
        host.store = ready.store.clone();
        for prefix in victims {
            let key = Key::new(host.keys(prefix)[0].clone());
            damage(&mut host, &key);
        }
        let mut count = 0;
        host.fault = Box::new(move |effect| {
            count += usize::from(crate::testing::is_commit(effect));
            let dead = count > effects;
            dead.then(|| {
                crate::seam::HostError::new(crate::seam::HostErrorKind::Failed, "the machine is off")
            })
        });
        let first = host.repair(true);
        let cut = first.iter().any(|f| matches!(f, Finding::Failed { .. }));
        host.fault = Box::new(|_| None);
        is_repaired(&mut host, &ready, &format!("after {effects} commits"), &format!("{first:?}"));
        if !cut {
            assert!(effects > 5);
            return;
        }
    }
}

#[test]
fn numbers_in_use_are_not_given_again() {
    let mut host = scene();
    host.store.insert(crate::store::key::sequence("segment"), Bytes::from_static(b"1"));
    host.store.insert(crate::store::key::sequence("ws"), Bytes::from_static(b"x"));
    let findings = host.repair(true);
    assert!(findings.iter().any(|f| matches!(f, Finding::Mended { text } if text.contains("segment"))));
    host.workspace("Third");
    assert!(host.keys("ws/").last().unwrap().ends_with("1003"), "{:?}", host.keys("ws/"));
}

#[test]
fn a_sound_store_stays_as_it_is() {
    let mut host = scene();
    let before = host.store.clone();
    assert!(matches!(host.repair(true)[..], [Finding::End { wrong: 0, mended: 0, lost: 0, failed: 0, .. }]));
    assert_eq!(host.store, before);
}
