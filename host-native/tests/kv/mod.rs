//! What every store must do, whatever host it is on: call [`conforms`] with something that executes a
//! [`KvOp`] on an empty store, and [`behaves_like_a_map`] with random operations.

use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, Key, KeyRange, KvOp, KvReply, Write};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub fn key(text: &str) -> Key {
    Key::new(text)
}

pub fn blob(bytes: &[u8]) -> Blob {
    Blob(Bytes::copy_from_slice(bytes))
}

pub fn put(at: &str, bytes: &[u8]) -> Write {
    Write::Put(key(at), Bytes::copy_from_slice(bytes))
}

pub fn range(start: &str, end: &str) -> KeyRange {
    KeyRange { start: key(start), end: key(end) }
}

pub fn get(keys: &[&str]) -> KvOp {
    KvOp::Get { keys: keys.iter().map(|text| key(text)).collect() }
}

pub fn commit(expect: &[(&str, Option<&[u8]>)], writes: Vec<Write>) -> KvOp {
    let expect = expect.iter().map(|(at, value)| (key(at), value.map(blob))).collect();
    KvOp::Commit { expect, writes }
}

pub fn scan(start: &str, end: &str, limit: u32) -> KvOp {
    KvOp::Scan { range: range(start, end), reverse: false, limit, keys_only: false }
}

fn entries(pairs: &[(&str, &[u8])]) -> KvReply {
    KvReply::Entries(pairs.iter().map(|(at, value)| (key(at), blob(value))).collect())
}

/// Walks through the contract of [`KvOp`]; `execute` must start out empty.
pub async fn conforms<F, Fut>(execute: F)
where
    F: Fn(KvOp) -> Fut,
    Fut: Future<Output = Result<KvReply, HostError>>,
{
    let run = async |op: KvOp| execute(op).await.expect("the store works");

    // Absent keys; order and repeats of the request are kept.
    assert_eq!(run(get(&["a", "b"])).await, KvReply::Values(vec![None, None]));
    let writes =
        vec![put("a", b"1"), put("b", &[0, 255, 254]), put("c/1", b""), put("c/2", "é\0x".as_bytes())];
    assert_eq!(run(commit(&[("a", None)], writes)).await, KvReply::Committed);
    assert_eq!(
        run(get(&["b", "a", "x", "a", "c/1", "c/2"])).await,
        KvReply::Values(vec![
            Some(blob(&[0, 255, 254])),
            Some(blob(b"1")),
            None,
            Some(blob(b"1")),
            Some(blob(b"")),
            Some(blob("é\0x".as_bytes())),
        ])
    );

    // A commit happens whole or not at all.
    for expect in
        [[("a", None)], [("a", Some(&b"2"[..]))], [("x", Some(&b""[..]))], [("b", Some(&[0, 255][..]))]]
    {
        let write = vec![put("never", b"!"), Write::Delete(key("a"))];
        assert_eq!(run(commit(&expect, write)).await, KvReply::Conflict, "{expect:?}");
    }
    assert_eq!(run(get(&["never", "a"])).await, KvReply::Values(vec![None, Some(blob(b"1"))]));
    let expect = [("a", Some(&b"1"[..])), ("b", Some(&[0, 255, 254][..])), ("c/1", Some(b"")), ("x", None)];
    assert_eq!(run(commit(&expect, vec![put("a", b"2")])).await, KvReply::Committed);
    assert_eq!(run(get(&["a"])).await, KvReply::Values(vec![Some(blob(b"2"))]));

    // Writes of one commit happen in order.
    let writes = vec![
        put("o", b"1"),
        Write::Delete(key("o")),
        put("o", b"2"),
        put("p", b"1"),
        Write::Delete(key("p")),
    ];
    run(commit(&[], writes)).await;
    assert_eq!(run(get(&["o", "p"])).await, KvReply::Values(vec![Some(blob(b"2")), None]));
    let writes = vec![
        put("d/1", b""),
        Write::DeleteRange(range("d/", "d0")),
        put("d/2", b""),
        Write::Delete(key("o")),
    ];
    run(commit(&[], writes)).await;

    // Ranges hold their start and not their end; limits cut from the side that was asked for.
    assert_eq!(run(scan("b", "c/2", 9)).await, entries(&[("b", &[0, 255, 254]), ("c/1", b"")]));
    assert_eq!(run(scan("a", "z", 2)).await, entries(&[("a", b"2"), ("b", &[0, 255, 254])]));
    assert_eq!(run(scan("d", "a", 9)).await, entries(&[]));
    assert_eq!(run(scan("a", "z", 0)).await, entries(&[]));
    let back = KvOp::Scan { range: range("a", "d"), reverse: true, limit: 2, keys_only: true };
    assert_eq!(run(back).await, entries(&[("c/2", b""), ("c/1", b"")]));

    // Order is that of bytes, not of a language.
    run(commit(&[], ["e/Z", "e/a", "e/~", "e/_", "e/0"].map(|at| put(at, b"")).into())).await;
    let KvReply::Entries(found) = run(scan("e/", "e0", 9)).await else {
        panic!("a scan answers with entries")
    };
    assert_eq!(
        found.iter().map(|(at, _)| at.as_str()).collect::<Vec<_>>(),
        ["e/0", "e/Z", "e/_", "e/a", "e/~"]
    );

    // Sequences start at 0, take several at once, and are ordinary keys.
    let next = |count| KvOp::Next { key: key("seq"), count };
    assert_eq!(run(next(1)).await, KvReply::Next(1));
    assert_eq!(run(next(5)).await, KvReply::Next(6));
    assert_eq!(run(next(0)).await, KvReply::Next(6));
    assert_eq!(run(get(&["seq"])).await, KvReply::Values(vec![Some(blob(b"6"))]));
    let word = run(commit(&[], vec![put("word", b"six")])).await;
    assert_eq!(word, KvReply::Committed);
    assert!(execute(KvOp::Next { key: key("word"), count: 1 }).await.is_err());
    assert_eq!(run(get(&["word"])).await, KvReply::Values(vec![Some(blob(b"six"))]));
}

/// What a store must answer to `op` when it holds `map`; changes `map` accordingly.
pub fn model(map: &mut BTreeMap<Key, Bytes>, op: &KvOp) -> KvReply {
    match op {
        KvOp::Get { keys } => KvReply::Values(keys.iter().map(|at| map.get(at).cloned().map(Blob)).collect()),
        KvOp::Scan { range, reverse, limit, keys_only } => {
            let mut found: Vec<_> = map
                .iter()
                .filter(|(at, _)| range.start <= **at && **at < range.end)
                .map(|(at, value)| (at.clone(), Blob(if *keys_only { Bytes::new() } else { value.clone() })))
                .collect();
            if *reverse {
                found.reverse();
            }
            found.truncate(*limit as usize);
            KvReply::Entries(found)
        }
        KvOp::Next { key, count } => {
            let digits = map.get(key).map(|value| String::from_utf8_lossy(value).into_owned());
            let number = digits.map_or(0, |digits| digits.parse().unwrap()) + u64::from(*count);
            map.insert(key.clone(), number.to_string().into());
            KvReply::Next(number)
        }
        KvOp::Commit { expect, writes } => {
            if expect.iter().any(|(at, value)| map.get(at) != value.as_ref().map(|blob| &blob.0)) {
                return KvReply::Conflict;
            }
            for write in writes {
                match write {
                    Write::Put(at, value) => drop(map.insert(at.clone(), value.clone())),
                    Write::Delete(at) => drop(map.remove(at)),
                    Write::DeleteRange(range) => map.retain(|at, _| *at < range.start || *at >= range.end),
                }
            }
            KvReply::Committed
        }
        KvOp::Damaged { .. } => KvReply::Noted,
    }
}

/// Operations over few enough keys that they meet. Sequences live apart from other values.
pub fn any_op() -> impl Strategy<Value = KvOp> {
    let at = || prop::sample::select(vec!["", "a", "a/", "a/1", "a/2", "a0", "b", "Z", "~"]).prop_map(key);
    let ranges = || (at(), at()).prop_map(|(start, end)| KeyRange { start, end });
    let values = || {
        prop_oneof![
            Just(vec![]),
            Just(b"1".to_vec()),
            Just(vec![0xff]),
            prop::collection::vec(any::<u8>(), 0..40)
        ]
    };
    let write = prop_oneof![
        4 => (at(), values()).prop_map(|(at, value)| Write::Put(at, value.into())),
        1 => at().prop_map(Write::Delete),
        1 => ranges().prop_map(Write::DeleteRange),
    ];
    let expected = (at(), prop::option::of(values().prop_map(|value| Blob(value.into()))));
    prop_oneof![
        2 => prop::collection::vec(at(), 0..4).prop_map(|keys| KvOp::Get { keys }),
        2 => (ranges(), any::<bool>(), 0..6u32, any::<bool>()).prop_map(|(range, reverse, limit, keys_only)| {
            KvOp::Scan { range, reverse, limit, keys_only }
        }),
        1 => (0..3u32).prop_map(|count| KvOp::Next { key: key("n"), count }),
        4 => (prop::collection::vec(expected, 0..2), prop::collection::vec(write, 0..4))
            .prop_map(|(expect, writes)| KvOp::Commit { expect, writes }),
    ]
}
