//! Do files that take for ever, or all there is, hold the places of others, wherever they come in?

use super::stage::{Stage, by};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use haversack_engine::seam::ApiRequest;
use haversack_tests::hostile::{self, pdf};
use haversack_tests::requests::{get, json, upload};
use haversack_tests::target::process::program;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

/// Files that ended the process, or worked for ever, each in a way of its own.
const DEADLY: [&str; 5] = [
    "pdf-cid-widths.pdf",
    "pdf-first-char.pdf",
    "pdf-forms-doubled.pdf",
    "html-nested-emphasis.html",
    "html-tables-nested-false-ends.html",
];

fn file(name: &str) -> Vec<u8> {
    hostile::file(name).unwrap().bytes
}

fn endless(n: usize) -> ApiRequest {
    upload("/v1/document/upload", &format!("endless-{n}.pdf"), &pdf::endless(), &[])
}

#[test]
fn files_that_take_for_ever_give_their_places_back() {
    let stage =
        Stage::new(&[("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "2"), ("HAVERSACK_EXTRACT_WAIT_SECONDS", "60")]);
    stage.workspace("w");
    for answer in stage.at_once((0..6).map(endless).collect()) {
        assert_eq!(answer.status, 422, "{:?}", answer.body);
    }
    stage.note("after.txt");
    assert!(stage.rests(), "somebody works on files that were given up");
}

#[test]
fn the_file_of_another_is_read_while_somebody_sends_files_that_take_for_ever() {
    let stage = Stage::new(&[
        ("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "20"),
        ("HAVERSACK_EXTRACT_WAIT_SECONDS", "30"),
        ("HAVERSACK_EXTRACT_FILES", "2"),
    ]);
    stage.workspace("w");
    let other = stage.key(&json!({"name": "other"}));
    let address = stage.address();
    let hogs = std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let calls: Vec<_> =
                (0..6).map(|n| tokio::spawn(haversack_tests::client::send(address, endless(n)))).collect();
            for call in calls {
                let _ = call.await;
            }
        });
    });
    // They are there when the first reads are.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let note = by(
        Some(&other),
        upload("/v1/document/upload", "note.txt", b"Otters hold hands.", &[("addToWorkspaces", "w")]),
    );
    let answer = stage.call(note);
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(!hogs.is_finished(), "the note was read before the others were given up");
    // How they end is asked by the other tests.
    drop(stage);
    hogs.join().unwrap();
}

#[test]
fn who_waits_for_a_place_too_long_is_told_when_to_come_back() {
    let stage = Stage::new(&[
        ("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "12"),
        ("HAVERSACK_EXTRACT_WAIT_SECONDS", "2"),
        ("HAVERSACK_EXTRACT_FILES", "2"),
    ]);
    stage.workspace("w");
    let answers = stage.at_once((0..8).map(endless).collect());
    let mut waited = 0;
    for answer in answers {
        match answer.status {
            503 => {
                let after: u64 = answer.header("retry-after").expect("a time to come back").parse().unwrap();
                assert!(after > 0 && !answer.json()["error"].as_str().unwrap_or_default().is_empty());
                waited += 1;
            }
            status => assert_eq!(status, 422, "{:?}", answer.body),
        }
    }
    assert!(waited >= 4, "only {waited} were told");
    stage.note("after.txt");
}

#[test]
fn a_hostile_file_that_comes_with_a_chat_costs_that_chat() {
    let limits = [("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "3"), ("HAVERSACK_EXTRACT_WAIT_SECONDS", "60")];
    let mut stage = Stage::bounded(&limits, 5);
    stage.workspace("w");
    let key = stage.key(&json!({"scopes": ["chat"], "workspaces": ["w"]}));
    for name in DEADLY {
        let kind = if name.ends_with("pdf") { "application/pdf" } else { "text/html" };
        let uri = format!("data:{kind};base64,{}", STANDARD.encode(file(name)));
        let attachment =
            json!({"name": name, "mime": "application/anythingllm-document", "contentString": uri});
        let native = json!({"message": "hi", "mode": "chat", "attachments": [attachment]});
        let part = json!({"type": "file", "file": {"filename": name, "file_data": uri}});
        let foreign = json!({"model": "w", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, part]}]});
        for (path, body) in [
            ("/v1/workspace/w/chat", &native),
            ("/v1/workspace/w/stream-chat", &native),
            ("/v1/openai/chat/completions", &foreign),
        ] {
            let answer = stage.call(by(Some(&key), json("POST", path, body)));
            assert!(stage.running(), "{name} by {path} ended the server");
            assert!(
                matches!(answer.status, 200 | 400 | 413 | 415 | 422),
                "{name} by {path}: {:?}",
                answer.body
            );
        }
    }
    let answer = stage.call(by(
        Some(&key),
        json("POST", "/v1/workspace/w/chat", &json!({"message": "hi", "mode": "chat"})),
    ));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert!(stage.rests());
}

/// A website that gives every visitor the same file.
fn website(name: &str, bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let kind = if name.ends_with("pdf") { "application/pdf" } else { "text/html" };
    std::thread::spawn(move || {
        for visitor in listener.incoming() {
            let mut visitor = visitor.unwrap();
            let _ = visitor.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                bytes.len()
            );
            let _ = visitor.write_all(head.as_bytes()).and_then(|()| visitor.write_all(&bytes));
        }
    });
    format!("http://{address}/{name}")
}

#[test]
fn a_link_to_a_hostile_file_costs_that_link() {
    let limits = [
        ("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "3"),
        ("HAVERSACK_EXTRACT_WAIT_SECONDS", "60"),
        ("HAVERSACK_ALLOW_PRIVATE_ADDRESSES", "true"),
    ];
    let mut stage = Stage::bounded(&limits, 5);
    stage.workspace("w");
    for name in DEADLY {
        let link = website(name, file(name));
        let answer = stage.call(json("POST", "/v1/document/upload-link", &json!({"link": link})));
        assert!(stage.running(), "{name} ended the server");
        assert!(matches!(answer.status, 200 | 400 | 413 | 415 | 422), "{name}: {:?}", answer.body);
    }
    stage.note("after.txt");
}

/// The command line reads files the same way: one that cannot be read is named, and the others are in.
#[test]
fn the_command_line_names_hostile_files_and_adds_the_others() {
    let (files, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in DEADLY {
        std::fs::write(files.path().join(name), file(name)).unwrap();
    }
    std::fs::write(files.path().join("endless.pdf"), pdf::endless()).unwrap();
    std::fs::write(files.path().join("note.txt"), "Otters hold hands.").unwrap();
    let script = format!("ulimit -v {} && exec \"$0\" \"$@\"", 5 << 20);
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(program().unwrap())
        .args(["add", "--workspace", "w", "--data"])
        .args([data.path(), files.path()])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", data.path())
        .env("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "3")
        .current_dir(data.path())
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code().is_some(), "it was killed: {said}");
    let mut stage = Stage::new(&[]);
    stage.stop();
    stage.start_on(data.path()).unwrap();
    let workspace = stage.ok(get("/v1/workspace/w"));
    let placed = workspace["workspace"][0]["documents"].to_string();
    assert!(placed.contains("note.txt"), "{placed}");
    assert!(said.contains("endless.pdf: "), "{said}");
    for name in DEADLY {
        assert!(
            placed.contains(name) || said.contains(&format!("{name}: ")),
            "{name} is neither in nor named: {said}"
        );
    }
}
