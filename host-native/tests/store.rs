//! The SQLite store keeps the contract of `KvOp`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod kv;

use haversack::store::{FILE_NAME, Store, StoreOptions};
use haversack_engine::seam::{HostErrorKind, KvOp, KvReply, Write};
use kv::{any_op, blob, commit, get, key, put, range, scan};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), StoreOptions::default()).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
}

#[tokio::test]
async fn the_contract_is_kept() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    kv::conforms(|op| store.execute(op)).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_a_sorted_map_would(ops in prop::collection::vec(any_op(), 1..40)) {
        let dir = TempDir::new().unwrap();
        let store = open(&dir);
        let mut map = BTreeMap::new();
        let runtime = runtime();
        for op in ops {
            let expected = kv::model(&mut map, &op);
            prop_assert_eq!(runtime.block_on(store.execute(op)).unwrap(), expected);
        }
        // And so it does after it was closed and opened again.
        store.close();
        let all = KvOp::Scan { range: range("", "\x7f"), reverse: false, limit: 100, keys_only: false };
        let expected = kv::model(&mut map, &all);
        prop_assert_eq!(runtime.block_on(open(&dir).execute(all)).unwrap(), expected);
    }
}

#[test]
fn of_many_commits_that_read_the_same_only_one_succeeds_and_a_retry_loses_nothing() {
    let dir = TempDir::new().unwrap();
    // Two stores are two processes as far as SQLite is concerned.
    let stores = [open(&dir), open(&dir)];
    let runtime = runtime();
    let adders: Vec<_> = (0..16)
        .map(|n| {
            let store = stores[n % 2].clone();
            runtime.spawn(async move {
                for _ in 0..10 {
                    loop {
                        let reply = store.execute(get(&["sum"])).await.unwrap();
                        let KvReply::Values(values) = reply else { panic!("{reply:?}") };
                        let old = values[0].as_ref().map(|value| value.0.to_vec());
                        let number =
                            old.as_ref().map_or(0, |v| String::from_utf8_lossy(v).parse::<u64>().unwrap());
                        let write = vec![put("sum", (number + 1).to_string().as_bytes())];
                        let op = commit(&[("sum", old.as_deref())], write);
                        if store.execute(op).await.unwrap() == KvReply::Committed {
                            break;
                        }
                    }
                }
            })
        })
        .collect();
    for adder in adders {
        runtime.block_on(adder).unwrap();
    }
    let sum = runtime.block_on(stores[0].execute(get(&["sum"]))).unwrap();
    assert_eq!(sum, KvReply::Values(vec![Some(blob(b"160"))]));
}

#[test]
fn a_number_is_given_once_even_across_processes() {
    let dir = TempDir::new().unwrap();
    let stores = [open(&dir), open(&dir)];
    let runtime = runtime();
    let takers: Vec<_> = (0..8)
        .map(|n| {
            let store = stores[n % 2].clone();
            runtime.spawn(async move {
                let mut taken = Vec::new();
                for _ in 0..25 {
                    let reply = store.execute(KvOp::Next { key: key("seq"), count: 1 }).await.unwrap();
                    let KvReply::Next(number) = reply else { panic!("{reply:?}") };
                    taken.push(number);
                }
                taken
            })
        })
        .collect();
    let mut all: Vec<_> = takers.into_iter().flat_map(|taker| runtime.block_on(taker).unwrap()).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_store_says_so_writes_nothing_and_works_on() {
    let dir = TempDir::new().unwrap();
    let store =
        Store::open(dir.path(), StoreOptions { max_bytes: Some(256 * 1024), ..StoreOptions::default() })
            .unwrap();
    store.execute(commit(&[], vec![put("kept", b"yes")])).await.unwrap();
    let large = vec![7; 512 * 1024];
    // Queued together, so that they meet in one batch.
    let (too_large, fits) = tokio::join!(
        store.execute(commit(&[], vec![put("first", b"1"), put("large", &large), put("last", b"1")])),
        store.execute(commit(&[], vec![put("fits", b"yes")])),
    );
    assert_eq!(too_large.unwrap_err().kind, HostErrorKind::Full);
    assert_eq!(fits, Ok(KvReply::Committed));
    let values = store.execute(get(&["kept", "fits", "first", "large", "last"])).await.unwrap();
    assert_eq!(values, KvReply::Values(vec![Some(blob(b"yes")), Some(blob(b"yes")), None, None, None]));
}

/// A store at its limit, and how many values of 4,000 bytes went into it.
async fn full(dir: &TempDir) -> (Store, usize) {
    let options = StoreOptions { max_bytes: Some(512 * 1024), reserve_bytes: 1 << 20 };
    let store = Store::open(dir.path(), options).unwrap();
    store.execute(KvOp::Next { key: key("seq/event"), count: 1 }).await.unwrap();
    for n in 0.. {
        let write = put(&format!("doc/{n:04}"), &[7; 4000]);
        match store.execute(commit(&[], vec![write])).await {
            Ok(reply) => assert_eq!(reply, KvReply::Committed),
            Err(error) => {
                assert_eq!(error.kind, HostErrorKind::Full);
                return (store, n);
            }
        }
    }
    unreachable!()
}

#[tokio::test]
async fn what_makes_room_is_written_to_a_full_store() {
    let dir = TempDir::new().unwrap();
    let (store, count) = full(&dir).await;
    let line = [b'x'; 500];
    for n in 0..count / 2 {
        // Each delete takes a number and writes a line of the log.
        let number = store.execute(KvOp::Next { key: key("seq/event"), count: 1 }).await.unwrap();
        assert_eq!(number, KvReply::Next(n as u64 + 2));
        let writes = vec![Write::Delete(key(&format!("doc/{n:04}"))), put(&format!("event/{n:04}"), &line)];
        assert_eq!(store.execute(commit(&[], writes)).await, Ok(KvReply::Committed), "{n} of {count}");
    }
    let all = vec![Write::DeleteRange(range("doc/", "doc0")), put("event/9999", &line)];
    assert_eq!(store.execute(commit(&[], all)).await, Ok(KvReply::Committed));
    let again = store.execute(commit(&[], vec![put("doc/new", &[7; 4000])])).await;
    assert_eq!(again, Ok(KvReply::Committed), "there is room again");
}

#[tokio::test]
async fn what_makes_no_room_is_not_written_to_a_full_store() {
    let dir = TempDir::new().unwrap();
    let (store, _) = full(&dir).await;
    for writes in [
        vec![put("doc/more", &[7; 4000])],
        vec![Write::Delete(key("doc/nothing")), put("doc/more", &[7; 4000])],
        vec![Write::Delete(key("doc/0001")), put("doc/more", &[7; 40_000])],
        vec![put("doc/0001", &[7; 40_000])],
    ] {
        let error = store.execute(commit(&[], writes)).await.unwrap_err();
        assert_eq!(error.kind, HostErrorKind::Full, "{error}");
    }
    let marked = store.execute(commit(&[], vec![put("doc/0001", &[8; 4016])])).await;
    assert_eq!(marked, Ok(KvReply::Committed), "a mark on what is there");
}

#[tokio::test]
async fn a_store_that_met_damage_refuses_writes_until_the_note_is_gone() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    store.execute(commit(&[], vec![put("a", b"1")])).await.unwrap();
    let told = KvOp::Damaged { key: key("row/1"), why: "its check sum does not match".to_owned() };
    assert_eq!(store.execute(told).await, Ok(KvReply::Noted));
    let again = open(&dir);
    for store in [&store, &again] {
        let error = store.execute(commit(&[], vec![Write::Delete(key("a"))])).await.unwrap_err();
        assert_eq!(error.kind, HostErrorKind::Damaged);
        assert!(error.message.contains("haversack doctor --repair"), "{error}");
        assert!(store.execute(KvOp::Next { key: key("seq/a"), count: 1 }).await.is_err());
        let values = store.execute(get(&["a"])).await.unwrap();
        assert_eq!(values, KvReply::Values(vec![Some(blob(b"1"))]), "reads go on");
    }
    std::fs::remove_file(dir.path().join(haversack::store::DAMAGE_FILE_NAME)).unwrap();
    let third = open(&dir);
    assert_eq!(third.execute(commit(&[], vec![put("a", b"2")])).await, Ok(KvReply::Committed));
}

#[tokio::test]
async fn a_person_can_read_text_with_sqlite() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    store
        .execute(commit(&[], vec![put("t", "{\"a\":\"é\"}".as_bytes()), put("b", &[1, 200])]))
        .await
        .unwrap();
    let connection = rusqlite::Connection::open(dir.path().join(FILE_NAME)).unwrap();
    let look = |at: &str| {
        let sql =
            "SELECT typeof(value) || ' ' || CASE typeof(value) WHEN 'text' THEN value ELSE hex(value) END
                   FROM kv WHERE key = ?1";
        connection.query_row(sql, [at], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(look("t"), "text {\"a\":\"é\"}");
    assert_eq!(look("b"), "blob 01C8");
    // What a person changes by hand is read back, whatever type it has there.
    connection.execute("UPDATE kv SET value = 42 WHERE key = 't'", []).unwrap();
    connection.execute("UPDATE kv SET value = x'6869' WHERE key = 'b'", []).unwrap();
    let values = store.execute(get(&["t", "b"])).await.unwrap();
    assert_eq!(values, KvReply::Values(vec![Some(blob(b"42")), Some(blob(b"hi"))]));
}

#[test]
fn a_foreign_or_newer_database_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(FILE_NAME);
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let error = Store::open(dir.path(), StoreOptions::default()).err().unwrap();
    assert!(error.message.contains("another program's database"), "{error}");

    let dir = TempDir::new().unwrap();
    open(&dir).close();
    let path = dir.path().join(FILE_NAME);
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let error = Store::open(dir.path(), StoreOptions::default()).err().unwrap();
    assert!(error.message.contains("newer Haversack"), "{error}");

    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join(FILE_NAME), [b'x'; 9000]).unwrap();
    let error = Store::open(dir.path(), StoreOptions::default()).err().unwrap();
    assert!(error.message.contains("damaged"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_this_user_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("deep/data");
    let store = Store::open(&dir, StoreOptions::default()).unwrap();
    runtime().block_on(store.execute(commit(&[], vec![put("a", b"1")]))).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal"), format!("{FILE_NAME}-shm")] {
        assert_eq!(mode(&dir.join(&file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn after_close_a_write_is_an_error_and_not_a_hang() {
    let dir = TempDir::new().unwrap();
    let store = open(&dir);
    store.close();
    let error = store.execute(commit(&[], vec![Write::Delete(key("a"))])).await.unwrap_err();
    assert!(error.message.contains("closed"), "{error}");
    assert_eq!(store.execute(scan("a", "b", 1)).await, Ok(KvReply::Entries(vec![])));
}
