//! Whole exports and imports against stores in memory.

use crate::api::documents::tests::consistency::check;
use crate::bundle::{Block, Catalog, Snapshot, Source, Writer};
use crate::seam::{ApiRequest, Effect, HostError, HostErrorKind, Key, KvOp};
use crate::store::key;
use crate::testing::{TestHost, is_commit};
use bytes::Bytes;
use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::ops::Range;

/// A host with a workspace of three documents, one of them pinned, one of them long.
fn source() -> TestHost {
    let mut host = TestHost::new(&[]);
    host.workspace("Docs");
    let settings = json!({ "topN": 3, "similarityThreshold": 0, "openAiPrompt": "Be brief." });
    host.call("POST", "/v1/workspace/docs/update", &settings).ok();
    let long: String = (0..60).map(|n| format!("Paragraph {n} {}\n\n", "otters swim ".repeat(40))).collect();
    let paths = [
        host.raw_text("rivers", "Otters swim in the river."),
        host.raw_text("long", &long),
        host.raw_text("kettles", "A kettle of copper stands in the valley."),
    ];
    let body = json!({ "adds": paths });
    host.call("POST", "/v1/workspace/docs/update-embeddings", &body).ok();
    let pin = json!({ "docPath": paths[2], "pinStatus": true });
    host.call("POST", "/v1/workspace/docs/update-pin", &pin);
    check(&host);
    host
}

fn request(method: &str, path: &str, query: &str, body: Bytes) -> ApiRequest {
    let (path, query) = (format!("/api{path}"), query.to_owned());
    ApiRequest { method: method.into(), path, query, headers: Vec::new(), body }
}

fn export(host: &mut TestHost, slug: &str) -> Bytes {
    let mut running = host.start(request("GET", &format!("/v1/workspace/{slug}/export"), "", Bytes::new()));
    let reply = host.finish(&mut running);
    assert_eq!(reply.status, 200);
    reply.body.into()
}

fn import(host: &mut TestHost, file: &Bytes, query: &str) -> (u16, Value) {
    let mut running = host.start(request("POST", "/v1/workspace/import", query, file.clone()));
    let reply = host.finish(&mut running);
    (reply.status, reply.json())
}

fn search(host: &mut TestHost, slug: &str) -> Value {
    let path = format!("/v1/workspace/{slug}/vector-search");
    let queries = ["otters in the river", "copper kettle", "paragraph 17"];
    let modes = ["vector", "lexical", "hybrid"];
    let bodies = modes.iter().flat_map(|mode| {
        queries.map(|query| json!({ "query": query, "topN": 20, "searchMode": mode, "explain": true }))
    });
    bodies.map(|body| host.call("POST", &path, &body).ok()).collect()
}

/// The store without numbers that were taken.
fn kept(host: &TestHost) -> Vec<(String, Bytes)> {
    let entries = host.plain().into_iter().map(|(key, value)| (key.as_str().to_owned(), value));
    entries.filter(|(key, _)| !key.starts_with("seq/") && !key.starts_with("meta/")).collect()
}

#[test]
fn a_workspace_comes_back_as_it_was() {
    let mut here = source();
    let file = export(&mut here, "docs");
    assert_eq!(export(&mut here, "docs"), file);
    let mut there = TestHost::new(&[]);
    there.workspace("Something else");
    let (status, reply) = import(&mut there, &file, "");
    assert_eq!(status, 200, "{reply}");
    assert_eq!((&reply["documents"], &reply["message"]), (&json!(3), &Value::Null));
    assert_eq!(reply["workspace"]["slug"], "docs");
    assert_eq!(reply["workspace"]["openAiPrompt"], "Be brief.");
    check(&there);
    assert_eq!(search(&mut there, "docs"), search(&mut here, "docs"));
    // What was imported can be changed like anything else.
    let more = there.raw_text("more", "Otters sleep in the river.");
    there.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [more] })).ok();
    check(&there);
    there.call("DELETE", "/v1/workspace/docs", &Value::Null);
    check(&there);
    assert!(there.keys("row/").is_empty());
}

#[test]
fn the_same_documents_are_not_stored_twice() {
    let mut host = source();
    let file = export(&mut host, "docs");
    let texts = host.keys("doc.text/");
    let (status, reply) = import(&mut host, &file, "name=Copy%20of%20Docs");
    assert_eq!((status, &reply["workspace"]["slug"]), (200, &json!("copy-of-docs")));
    assert_eq!(host.keys("doc.text/"), texts);
    check(&host);
    let (status, reply) = import(&mut host, &file, "");
    assert_eq!((status, &reply["workspace"]["name"]), (200, &json!("Docs")));
    assert!(reply["workspace"]["slug"].as_str().unwrap().starts_with("docs-"));
    assert_eq!(search(&mut host, "copy-of-docs"), search(&mut host, "docs"));
    check(&host);
}

#[test]
fn vectors_of_another_embedder_are_refused_and_it_is_said_what_to_do() {
    let mut here = source();
    let file = export(&mut here, "docs");
    let mut there = TestHost::new(&[("EMBEDDING_MODEL_PREF", "another-model")]);
    let before = kept(&there);
    let (status, reply) = import(&mut there, &file, "");
    assert_eq!((status, &reply["code"]), (409, &json!("other_embedder")), "{reply}");
    let message = reply["error"].as_str().unwrap();
    for part in ["mock-embed", "another-model", "nothing was imported", "Configure mock-embed"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(kept(&there), before);
    // Without vectors there is nothing to compare.
    here.workspace("Empty");
    let empty = export(&mut here, "empty");
    assert_eq!(import(&mut there, &empty, "").0, 200);
}

#[test]
fn an_empty_workspace_can_travel() {
    let mut host = TestHost::new(&[]);
    host.workspace("Empty");
    let file = export(&mut host, "empty");
    assert_eq!(import(&mut TestHost::new(&[]), &file, "").0, 200);
}

/// A bundle as a source of ranges.
struct File(Bytes);

impl Source for File {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, HostError> {
        Ok(self.0.slice(range.start as usize..range.end as usize))
    }
}

#[test]
fn a_bundle_answers_in_place_what_the_store_answers() {
    let mut host = source();
    let file = export(&mut host, "docs");
    let snapshot = Snapshot::open(File(file.clone()), file.len() as u64, 0).now_or_never().unwrap().unwrap();
    let run = |op: &KvOp| snapshot.execute(op).now_or_never().unwrap().unwrap();
    for range in
        [key::all_rows(1), key::all_chunks(1), key::all_vectors(1), key::all_codes(1), key::placements(1)]
    {
        let plain = host.plain();
        let inside = plain.range(range.start.clone()..range.end.clone());
        let expected: Vec<_> = inside.map(|(key, value)| (key.clone(), value.clone())).collect();
        assert!(!expected.is_empty());
        let found = snapshot.scan(&range, false, usize::MAX).now_or_never().unwrap().unwrap();
        assert_eq!(found, expected);
    }
    run(&KvOp::Get { keys: vec![key::workspace_slug("docs"), key::index_head(1)] });
    let manifest = snapshot.manifest().now_or_never().unwrap().unwrap();
    assert_eq!((manifest.slug.as_str(), manifest.documents, manifest.dim), ("docs", 3, 384));
}

#[test]
fn what_cannot_be_used_is_refused_by_its_name() {
    let file = export(&mut source(), "docs");
    let mut newer = file.to_vec();
    newer[8] = 9;
    let mut flipped = file.to_vec();
    flipped[file.len() / 2] ^= 1;
    let cases: [(Bytes, &str); 5] = [
        (newer.into(), "has format 9"),
        (flipped.into(), "does not match its checksum"),
        (file.slice(..file.len() - 1), "ends too early"),
        (Bytes::from_static(b"PK\x03\x04"), "no Haversack bundle"),
        (Bytes::new(), "no Haversack bundle"),
    ];
    for (bytes, expected) in cases {
        let mut host = TestHost::new(&[]);
        let (status, reply) = import(&mut host, &bytes, "");
        assert_eq!((status, &reply["code"]), (422, &json!("unusable_bundle")));
        assert!(reply["error"].as_str().unwrap().contains(expected), "{reply}");
        assert!(kept(&host).is_empty());
    }
}

#[test]
fn a_document_that_goes_meanwhile_ends_the_file() {
    let mut host = source();
    let path = host.value(&host.keys("wsdoc/")[0])["document"]["name"].as_str().unwrap().to_owned();
    let mut running = host.start(request("GET", "/v1/workspace/docs/export", "", Bytes::new()));
    let row = |effect: &Effect| matches!(effect, Effect::Kv(KvOp::Scan { range, .. }) if range.start.as_str().starts_with("row/"));
    assert!(host.run_until(&mut running, row));
    let body = json!({ "deletes": [format!("custom-documents/{path}")] });
    host.call("POST", "/v1/workspace/docs/update-embeddings", &body).ok();
    let file = Bytes::from(host.finish(&mut running).body);
    let (status, reply) = import(&mut TestHost::new(&[]), &file, "");
    assert_eq!(status, 422);
    assert!(reply["error"].as_str().unwrap().contains("documents were added or removed"), "{reply}");
}

#[test]
fn whichever_effect_fails_nothing_is_half_imported() {
    let file = export(&mut source(), "docs");
    for fails_at in 2.. {
        let mut host = TestHost::new(&[]);
        let mut count = 0;
        host.fault = Box::new(move |effect| {
            count += usize::from(!matches!(effect, Effect::Breathe));
            let fails = count == fails_at && !matches!(effect, Effect::Breathe);
            fails.then(|| HostError::new(HostErrorKind::Failed, "as the test wants"))
        });
        let (status, _) = import(&mut host, &file, "");
        host.fault = Box::new(|_| None);
        check(&host);
        if status == 200 {
            assert!(fails_at > 8);
            return;
        }
        assert!(kept(&host).is_empty(), "{fails_at}");
    }
}

#[test]
fn a_crash_leaves_nothing_behind() {
    let file = export(&mut source(), "docs");
    for commits in 0.. {
        let mut host = TestHost::new(&[]);
        let mut running = host.start(request("POST", "/v1/workspace/import", "", file.clone()));
        for _ in 0..commits {
            if host.run_until(&mut running, is_commit) {
                host.step(&mut running);
            }
        }
        let ended = !host.run_until(&mut running, is_commit);
        drop(running);
        host.maintain(true).ok();
        check(&host);
        if ended {
            assert!(commits >= 3 && !host.keys("ws/").is_empty());
            return;
        }
        assert!(kept(&host).is_empty(), "after {commits} commits");
    }
}

/// The entries of a bundle.
fn entries(file: &Bytes) -> Vec<(Key, Bytes)> {
    let places = Catalog::of_file(file).unwrap().places().to_vec();
    let block = |range: &Range<u64>| file.slice(range.start as usize..range.end as usize);
    let blocks = places.iter().map(|place| Block::decode(&block(&place.range), place.crc).unwrap());
    blocks.flat_map(|block| block.entries().to_vec()).map(|entry| (entry.key, entry.value)).collect()
}

fn rewritten(entries: Vec<(Key, Bytes)>) -> Bytes {
    let mut writer = Writer::new();
    let mut entries = entries;
    entries.sort();
    entries.dedup_by(|a, b| a.0 == b.0);
    for (key, value) in &entries {
        writer.push(key, value).unwrap();
    }
    writer.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Behind checksums that fit, a bundle may hold anything: it is imported whole or not at all.
    #[test]
    fn a_forged_bundle_is_whole_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0u8..4, any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        static FILE: std::sync::LazyLock<Bytes> = std::sync::LazyLock::new(|| export(&mut source(), "docs"));
        let mut forged = entries(&FILE);
        for (which, how, at, byte) in changes {
            let n = which.index(forged.len());
            match how {
                0 => { forged.remove(n); }
                1 if !forged[n].1.is_empty() => {
                    let mut value = forged[n].1.to_vec();
                    let at = at.index(value.len());
                    value[at] = byte;
                    forged[n].1 = value.into();
                }
                2 => forged[n].1 = forged[at.index(forged.len())].1.clone(),
                _ => {
                    let name = forged[n].0.as_str();
                    forged[n].0 = Key::new(format!("{}{}", &name[..name.len() - 1], char::from(b'0' + byte % 10)));
                }
            }
        }
        let mut host = TestHost::new(&[]);
        let (status, reply) = import(&mut host, &rewritten(forged), "");
        check(&host);
        if status != 200 {
            prop_assert_eq!((status, &reply["code"]), (422, &json!("unusable_bundle")), "{}", reply);
            prop_assert!(kept(&host).is_empty());
        }
    }
}
