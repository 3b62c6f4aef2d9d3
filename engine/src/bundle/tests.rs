//! What is written comes back, from any range, and nothing else does.

use super::*;
use crate::seam::{HostError, HostErrorKind, Key, KeyRange, KvOp, KvReply};
use crate::store::key;
use bytes::Bytes;
use futures_util::FutureExt;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

/// A file in memory that notes what is read of it.
struct Memory {
    bytes: Bytes,
    read: Mutex<Vec<Range<u64>>>,
}

impl Memory {
    fn new(bytes: Bytes) -> Memory {
        Memory { bytes, read: Mutex::default() }
    }
}

impl Source for &Memory {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, HostError> {
        self.read.lock().unwrap().push(range.clone());
        Ok(self.bytes.slice(range.start as usize..range.end as usize))
    }
}

fn open(memory: &Memory) -> Result<Snapshot<&Memory>, HostError> {
    Snapshot::open(memory, memory.bytes.len() as u64, 1 << 20).now_or_never().unwrap()
}

type Entries = BTreeMap<Key, Vec<u8>>;

#[test]
fn a_file_unpacked_is_a_store_whose_numbers_go_on() {
    let manifest = Manifest {
        layout: 1,
        program: String::new(),
        workspace: 7,
        name: "W".into(),
        slug: "w".into(),
        documents: 1,
        chunks: 1,
        embedder: "e".into(),
        dim: 2,
    };
    let mut entries = Entries::from([
        (Key::new(MANIFEST), serde_json::to_vec(&manifest).unwrap()),
        (key::workspace(7), b"{}".to_vec()),
        (key::placement(7, 31), b"{}".to_vec()),
        (key::chunk(7, 12, 0), b"text".to_vec()),
    ]);
    let records: BTreeMap<Key, Bytes> = unpack(&file(&entries)).unwrap().into_iter().collect();
    for (sequence, last) in [("ws", "7"), ("placement", "31"), ("segment", "12")] {
        assert_eq!(records[&key::sequence(sequence)], last);
    }
    assert_eq!(
        (&records[&key::chunk(7, 12, 0)][..], &records[&key::format()][..]),
        (&b"text"[..], &b"1"[..])
    );
    assert!(!records.contains_key(&Key::new(MANIFEST)));
    entries.remove(&Key::new(MANIFEST));
    assert!(matches!(unpack(&file(&entries)), Err(BundleError::Damaged(_))));
}

fn file(entries: &Entries) -> Bytes {
    let mut writer = Writer::new();
    let mut bytes = Vec::new();
    for (key, value) in entries {
        writer.push(key, value).unwrap();
        bytes.extend_from_slice(&writer.take());
    }
    bytes.extend_from_slice(&writer.finish());
    bytes.into()
}

fn small() -> Entries {
    [("a/1", "one"), ("a/2", ""), ("b", "two")].map(|(key, v)| (Key::new(key), v.into())).into()
}

/// Everything a file holds, or what is wrong with it.
fn all(bytes: &[u8]) -> Result<Vec<(Key, Bytes)>, String> {
    let memory = Memory::new(Bytes::copy_from_slice(bytes));
    let range = KeyRange { start: Key::new("!"), end: Key::new("~~") };
    let snapshot = open(&memory).map_err(|error| error.message)?;
    snapshot.scan(&range, false, usize::MAX).now_or_never().unwrap().map_err(|error| error.message)
}

#[test]
fn the_bytes_are_as_documented() {
    let bytes = file(&[(Key::new("k"), b"v".to_vec())].into());
    assert_eq!(bytes[..12], *b"\x89HVS\r\n\x1a\n\x01\0\0\0");
    let entry = b"\x01\0\x01\0\0\0kv";
    assert_eq!(bytes[12..17], *b"B\x08\0\0\0");
    assert_eq!(bytes[17..21], crate::checksum::crc32(entry).to_le_bytes());
    assert_eq!(bytes[21..29], *entry);
    assert_eq!(bytes[29..34], *b"I\x13\0\0\0");
    assert_eq!(bytes[38..40], *b"\x01\0");
    assert_eq!(bytes[40..48], 21u64.to_le_bytes());
    assert_eq!(bytes[56], b'k');
    assert_eq!(bytes[57..65], 38u64.to_le_bytes());
    assert_eq!(bytes[81..], *b"HVS end\n");
}

#[test]
fn keys_have_an_order_and_values_a_limit() {
    let mut writer = Writer::new();
    writer.push(&Key::new("b"), b"").unwrap();
    for key in ["b", "a", ""] {
        assert!(matches!(writer.push(&Key::new(key), b""), Err(BundleError::Entry(_))), "{key}");
    }
    assert!(writer.push(&Key::new("c".repeat(KEY_BYTES_MAX + 1)), b"").is_err());
    assert!(writer.push(&Key::new("c"), &vec![0; VALUE_BYTES_MAX + 1]).is_err());
    assert_eq!(all(&writer.finish()).unwrap(), [(Key::new("b"), Bytes::new())]);
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    let bytes = file(&small());
    assert_eq!(all(&bytes).unwrap().len(), 3);
    for length in 0..bytes.len() {
        assert!(all(&bytes[..length]).is_err(), "cut to {length}");
        assert!(Catalog::of_file(&bytes[..length]).is_err(), "cut to {length}");
    }
    // What is reserved, and the head of a frame, is not looked at when a file is read in place.
    let head = 10..21;
    let index = bytes.len() - TRAILER_BYTES - (18 + 3) - FRAME_BYTES;
    for at in (0..bytes.len()).filter(|at| !head.contains(at) && !(index..index + 9).contains(at)) {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 1 << (at % 8);
        assert!(all(&damaged).is_err(), "byte {at}");
    }
}

#[test]
fn the_problem_is_named() {
    let bytes = file(&small());
    let mut newer = bytes.to_vec();
    newer[8] = 2;
    assert_eq!(Catalog::of_file(&newer), Err(BundleError::TooNew { found: 2 }));
    assert_eq!(Catalog::of_file(b"PK\x03\x04 and so on"), Err(BundleError::NotABundle));
    assert_eq!(Catalog::of_file(b""), Err(BundleError::NotABundle));
    assert_eq!(Catalog::of_file(&bytes[..bytes.len() - 1]), Err(BundleError::CutShort));
    let mut writer = Writer::new();
    writer.push(&Key::new("a"), b"1").unwrap();
    let broken = writer.break_off("the workspace changed");
    assert_eq!(Catalog::of_file(&broken), Err(BundleError::BrokenOff("the workspace changed".into())));
}

#[test]
fn a_read_takes_the_blocks_it_needs_once() {
    let entries: Entries = (0..400).map(|n| (Key::new(format!("k/{n:04}")), vec![n as u8; 1000])).collect();
    let memory = Memory::new(file(&entries));
    let snapshot = open(&memory).unwrap();
    let blocks = snapshot.catalog().places().len();
    assert_eq!(blocks, 400usize.div_ceil(BLOCK_BYTES / (1000 + 6 + 6)));
    memory.read.lock().unwrap().clear();
    let keys = ["k/0000", "k/0001", "k/0399", "k/0001x", "a", "z"].map(Key::new);
    let found = snapshot.get(&keys).now_or_never().unwrap().unwrap();
    assert_eq!(
        found.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, true, true, false, false, false]
    );
    assert_eq!(memory.read.lock().unwrap().len(), 2);
    snapshot.get(&keys).now_or_never().unwrap().unwrap();
    assert_eq!(memory.read.lock().unwrap().len(), 2);
}

#[test]
fn writes_are_refused() {
    let memory = Memory::new(file(&small()));
    let commit = KvOp::Commit { expect: vec![], writes: vec![] };
    let refused = open(&memory).unwrap().execute(&commit).now_or_never().unwrap().unwrap_err();
    assert_eq!(refused.kind, HostErrorKind::Unsupported);
}

fn entries() -> impl Strategy<Value = Entries> {
    let value = prop_oneof![8 => vec(any::<u8>(), 0..50), 1 => Just(vec![7; BLOCK_BYTES - 20]), 1 => Just(vec![8; 100_000])];
    btree_map("[a-c]/[0-9]{1,3}".prop_map(Key::new), value, 0..60)
}

proptest! {
    #[test]
    fn a_snapshot_answers_as_a_map(
        entries in entries(),
        (from, to) in ("[a-d]/[0-9]{0,2}", "[a-d]/[0-9]{0,2}"),
        limit in 0u32..40,
        reverse: bool,
        keys_only: bool,
    ) {
        let memory = Memory::new(file(&entries));
        let snapshot = open(&memory).unwrap();
        let run = |op: &KvOp| snapshot.execute(op).now_or_never().unwrap().unwrap();
        let keys: Vec<Key> = entries.keys().cloned().chain([Key::new(from.clone())]).collect();
        let KvReply::Values(values) = run(&KvOp::Get { keys: keys.clone() }) else { panic!() };
        for (key, value) in keys.iter().zip(values) {
            prop_assert_eq!(value.map(|blob| blob.0.to_vec()), entries.get(key).cloned());
        }
        let range = KeyRange { start: Key::new(from.clone()), end: Key::new(to.clone()) };
        let inside = entries.iter().filter(|(key, _)| **key >= range.start && **key < range.end);
        let mut expected: Vec<_> = inside
            .map(|(key, value)| (key.clone(), if keys_only { Vec::new() } else { value.clone() }))
            .collect();
        if reverse {
            expected.reverse();
        }
        expected.truncate(limit as usize);
        let KvReply::Entries(found) = run(&KvOp::Scan { range, reverse, limit, keys_only }) else { panic!() };
        let found: Vec<_> = found.into_iter().map(|(key, blob)| (key, blob.0.to_vec())).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn pieces_cover_the_file_and_cut_no_block(entries in entries(), most in 1u64..300_000) {
        let bytes = file(&entries);
        let catalog = Catalog::of_file(&bytes).unwrap();
        let pieces = catalog.pieces(bytes.len() as u64, most);
        prop_assert_eq!(pieces.first().map(|p| p.start), Some(0));
        prop_assert_eq!(pieces.last().map(|p| p.end), Some(bytes.len() as u64));
        prop_assert!(pieces.windows(2).all(|pair| pair[0].end == pair[1].start));
        for place in catalog.places() {
            let whole = |p: &&Range<u64>| p.start <= place.range.start && place.range.end <= p.end;
            prop_assert_eq!(pieces.iter().filter(whole).count(), 1);
        }
    }

    #[test]
    fn any_bytes_are_an_answer(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(all(&bytes).is_err());
    }

    #[test]
    fn mutations_never_panic(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = file(&small()).to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = (all(&bytes), Catalog::of_file(&bytes));
    }
}
