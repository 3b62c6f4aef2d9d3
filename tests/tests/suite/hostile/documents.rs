//! Does a hostile file cost more than itself?
//!
//! `HAVERSACK_HOSTILE=pdf-table` tries only the files with that in their name.

use super::stage::Stage;
use haversack_tests::client;
use haversack_tests::hostile::{self, wire::raise_open_files};
use haversack_tests::requests::upload;
use haversack_tests::target::Answer;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Files sent at the same time.
const SENDERS: usize = 4;

#[test]
fn a_hostile_file_costs_itself_and_nothing_else() {
    let only = std::env::var("HAVERSACK_HOSTILE").unwrap_or_default();
    let names: Vec<String> = hostile::names().into_iter().filter(|name| name.contains(&only)).collect();
    assert!(!names.is_empty(), "no file has {only} in its name");
    let limits = [
        ("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "3"),
        ("HAVERSACK_EXTRACT_WAIT_SECONDS", "100"),
        ("HAVERSACK_EXTRACT_FILES", "4"),
    ];
    let mut stage = Stage::bounded(&limits, 7);
    stage.workspace("w");
    let faults = send(stage.address(), names);
    assert!(stage.running(), "the server ended: {faults:#?}");
    assert!(faults.is_empty(), "{faults:#?}");
    stage.note("after.txt");
    assert!(stage.rests(), "it goes on working on files that were answered");
    let memory = stage.memory();
    assert!(memory.highest < hostile::MEMORY_MB, "{memory:?}");
}

/// Sends them all, and says what is wrong with the answers. It ends with the first that gets none.
fn send(address: SocketAddr, names: Vec<String>) -> Vec<String> {
    let left = Arc::new(Mutex::new(names));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let left = left.clone();
            std::thread::spawn(move || {
                let mut faults = Vec::new();
                let next = || left.lock().unwrap().pop();
                while let Some(name) = next() {
                    let file = hostile::file(&name).unwrap();
                    let answer = sent(address, &name, &file.bytes);
                    if answer.status == 0 {
                        left.lock().unwrap().clear();
                    }
                    faults.extend(fault(&answer).map(|why| format!("{name}: {why}")));
                }
                faults
            })
        })
        .collect();
    senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
}

/// A server that has no room says when to come back; it is asked again.
fn sent(address: SocketAddr, name: &str, bytes: &[u8]) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..30 {
        let answer = runtime.block_on(client::send(address, upload("/v1/document/upload", name, bytes, &[])));
        match answer {
            Ok(answer) if answer.status == 503 && answer.header("retry-after").is_some() => {}
            Ok(answer) => return answer,
            Err(error) => {
                return Answer { status: 0, headers: vec![], body: error.to_string().into() };
            }
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Answer { status: 503, headers: vec![], body: "no room for half a minute".into() }
}

/// A file is read or refused, and a refusal says why, once.
fn fault(answer: &Answer) -> Option<String> {
    let why = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    let told = answer.status == 200 || (!why.is_empty() && why.matches("Error processing").count() < 2);
    match matches!(answer.status, 200 | 400 | 413 | 415 | 422) && told {
        true => None,
        false => Some(format!("{} {:.200}", answer.status, String::from_utf8_lossy(&answer.body))),
    }
}

#[test]
fn texts_without_words_are_embedded_like_others() {
    raise_open_files().unwrap();
    let stage = Stage::bounded(&[], 7);
    stage.workspace("w");
    for name in [
        "txt-one-line.txt",
        "txt-accents.txt",
        "txt-joined.txt",
        "txt-stops.txt",
        "txt-marks-of-order.txt",
        "md-brackets.md",
    ] {
        let mut bytes = hostile::file(name).unwrap().bytes;
        bytes.truncate(600_000);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let request = upload("/v1/document/upload", name, text.as_bytes(), &[("addToWorkspaces", "w")]);
        for answer in stage.while_others_ask(&request) {
            assert!(matches!(answer.status, 200 | 422), "{name}: {} {:?}", answer.status, answer.body);
        }
    }
    assert!(stage.rests());
}
