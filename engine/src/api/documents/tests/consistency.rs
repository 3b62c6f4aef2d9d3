//! What must be true of a store whenever no run is under way.

use crate::model::{ChunkRecord, Document, Placement};
use crate::retrieve::IndexHead;
use crate::seam::Key;
use crate::store::key;
use crate::testing::TestHost;
use crate::vector::code::Codes;
use crate::vector::segment::SegmentVectors;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

fn records<T: DeserializeOwned>(host: &TestHost, prefix: &str) -> Vec<T> {
    let range = key::range(prefix);
    host.plain()
        .range(range.start..range.end)
        .map(|(_, value)| serde_json::from_slice(value).unwrap())
        .collect()
}

/// Panics if anything in the store is half there: every document has its text and is found by id; every
/// placement has its document's keys, its chunks and its vectors; nothing lies around that nothing owns.
#[track_caller]
pub fn check(host: &TestHost) {
    let plain = host.plain();
    let mut expected: BTreeSet<Key> = BTreeSet::new();
    for document in records::<Document>(host, "doc/") {
        assert!(host.store.contains_key(&key::folder(&document.folder)), "{} has no folder", document.path());
        expected.insert(key::document(&document.folder, &document.name));
        expected.insert(key::document_id(&document.id));
        expected.extend((0..document.text_parts).map(|part| key::document_text(&document.id, part)));
        if let Some(sha256) = &document.sha256 {
            expected.insert(key::document_hash(&document.folder, sha256, &document.id));
        }
        let pages = key::document_pages(&document.id);
        expected.extend(host.store.contains_key(&pages).then_some(pages));
        let place = host.value(key::document_id(&document.id).as_str());
        assert_eq!((&place["folder"], &place["name"]), (&document.folder.into(), &document.name.into()));
    }
    let placements = records::<Placement>(host, "wsdoc/");
    for placement in &placements {
        let (workspace, id, segment) = (placement.workspace, placement.id, placement.segment);
        let Document { folder, name, .. } = &placement.document;
        assert!(host.store.contains_key(&key::document(folder, name)), "{folder}/{name} is placed but gone");
        expected.insert(key::placement(workspace, id));
        expected.insert(key::placement_path(workspace, folder, name, id));
        expected.insert(key::placement_in(folder, name, workspace, id));
        expected.extend(placement.pinned.then(|| key::placement_pin(workspace, id)));
        expected.extend((0..placement.chunks).map(|n| key::row(workspace, segment, n)));
        expected.extend((0..placement.chunks).map(|n| key::chunk(workspace, segment, n)));
        for chunk in records::<ChunkRecord>(host, &format!("chunk/{workspace:012}/{segment:012}/")) {
            assert_eq!(chunk.placement, id);
        }
        let range = key::segment_vectors(workspace, segment);
        let parts = plain.range(range.start..range.end);
        let mut rows = 0;
        for (place, bytes) in parts {
            expected.insert(place.clone());
            rows += SegmentVectors::decode(segment, bytes).unwrap().len() as u64;
        }
        assert_eq!(rows, placement.chunks);
        let range = key::segment_codes(workspace, segment);
        let parts = plain.range(range.start..range.end);
        let mut rows = 0;
        for (place, bytes) in parts {
            expected.insert(place.clone());
            rows += Codes::decode(bytes).unwrap().len() as u64;
        }
        assert_eq!(rows, placement.chunks);
    }
    let owned: BTreeSet<(u64, u64)> = placements.iter().map(|p| (p.workspace, p.segment)).collect();
    for place in host.keys("term/") {
        let numbers: Vec<u64> = place.split('/').skip(1).map(|part| part.parse().unwrap()).collect();
        assert!(owned.contains(&(numbers[0], numbers[3])), "{place} belongs to nothing");
    }
    for (place, value) in plain.range(key::index_heads().start..key::index_heads().end) {
        let head: IndexHead = serde_json::from_slice(value).unwrap();
        let workspace = key::trailing_id(place).unwrap();
        let of_workspace = placements.iter().filter(|placement| placement.workspace == workspace);
        assert_eq!(head.rows, of_workspace.map(|placement| placement.chunks).sum::<u64>());
    }
    for prefix in [
        "doc/",
        "doc.id/",
        "doc.text/",
        "doc.pages/",
        "doc.hash/",
        "wsdoc/",
        "wsdoc.path/",
        "wsdoc.in/",
        "wsdoc.pin/",
        "vec/",
        "code/",
        "row/",
        "chunk/",
        "staging/",
    ] {
        let range = key::range(prefix);
        let found: BTreeSet<Key> =
            host.store.range(range.start.clone()..range.end.clone()).map(|(key, _)| key.clone()).collect();
        let expected: BTreeSet<Key> = expected.range(range.start..range.end).cloned().collect();
        assert_eq!(found, expected);
    }
}
