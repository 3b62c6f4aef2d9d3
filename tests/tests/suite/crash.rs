//! Is everything acknowledged still there after `kill -9`?
//!
//! Two hundred uploads and chats at once against a real server; it is killed in the middle of them,
//! started again on the same folder, and asked for all that it had confirmed.

use haversack_tests::golden::replay::events;
use haversack_tests::mock::server::MockServer;
use haversack_tests::requests::{get, json, segment, upload};
use haversack_tests::sim::Random;
use haversack_tests::target::process::ServerProcess;
use haversack_tests::target::{Answer, Kind, Native, Spin, settings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;
use tokio::task::JoinSet;

const KILLS: u64 = 20;
const CALLS: usize = 200;

/// What the server confirmed.
#[derive(Default)]
struct Confirmed {
    /// Paths of documents.
    documents: BTreeSet<String>,
    /// Paths of documents in the workspace.
    placed: BTreeSet<String>,
    /// Answers by the number of the chat.
    chats: BTreeMap<u64, String>,
}

#[test]
fn nothing_confirmed_is_lost_when_the_server_is_killed() {
    lose_nothing::<Native>(KILLS);
}

/// The component's host is killed: what Spin's SQLite holds must be whole, in spite of instances cut off anywhere.
#[test]
#[ignore = "needs the component: cargo xtask test spin"]
fn nothing_confirmed_is_lost_when_spin_is_killed() {
    lose_nothing::<Spin>(KILLS / 4);
}

fn lose_nothing<K: Kind>(kills: u64) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = TempDir::new().unwrap();
        let mock = MockServer::start().await.unwrap();
        let vars = settings(mock.url(), &BTreeMap::new());
        let none = BTreeMap::new();
        let mut server = K::start(folder.path(), &vars, &none).await.unwrap();
        let made = server.call(json("POST", "/v1/workspace/new", &json!({"name": "W"}))).await.unwrap();
        assert_eq!(made.status, 200);
        let mut confirmed = Confirmed::default();
        let mut random = Random::new(9);
        for round in 0..kills {
            let before = (confirmed.documents.len(), confirmed.chats.len());
            kill_amid_calls(&mut server, &mut confirmed, &mut random, round).await;
            server = K::start(folder.path(), &vars, &none).await.unwrap();
            check(&server, &confirmed).await;
            println!(
                "round {round}: {before:?} to {:?} confirmed",
                (confirmed.documents.len(), confirmed.chats.len())
            );
        }
        // A server that refused everything would lose nothing.
        assert!(confirmed.documents.len() as u64 > kills, "only {} documents", confirmed.documents.len());
        assert!(confirmed.placed.len() as u64 > kills, "only {} embedded", confirmed.placed.len());
        assert!(confirmed.chats.len() as u64 > kills, "only {} chats", confirmed.chats.len());
    });
}

/// Starts all calls, kills the server somewhere among their answers, and notes what was confirmed.
async fn kill_amid_calls(
    server: &mut ServerProcess,
    confirmed: &mut Confirmed,
    random: &mut Random,
    round: u64,
) {
    let mut calls = JoinSet::new();
    for n in 0..CALLS {
        let request = call(round, n);
        let address = server.address();
        calls.spawn(async move { haversack_tests::client::send(address, request).await });
    }
    let wanted = random.between(1, CALLS as u64 * 3 / 4);
    let mut answers = 0;
    while let Some(answer) = calls.join_next().await {
        answers += 1;
        if answers == wanted {
            server.kill().unwrap();
        }
        // An answer that broke off confirmed nothing.
        if let Ok(Ok(answer)) = answer {
            note(&answer, confirmed);
        }
    }
}

fn call(round: u64, n: usize) -> haversack_engine::seam::ApiRequest {
    let text = format!("Round {round}, document {n}. ").repeat(80);
    match n % 4 {
        0 => upload("/v1/document/upload", &format!("u{n}.txt"), text.as_bytes(), &[]),
        1 => {
            upload("/v1/document/upload", &format!("w{n}.txt"), text.as_bytes(), &[("addToWorkspaces", "w")])
        }
        2 => {
            let body = json!({"message": format!("Question {round} {n}"), "mode": "chat", "sessionId": "s"});
            json("POST", "/v1/workspace/w/chat", &body)
        }
        _ => {
            let body = json!({"message": format!("Question {round} {n}"), "mode": "chat", "sessionId": "s"});
            json("POST", "/v1/workspace/w/stream-chat", &body)
        }
    }
}

fn note(answer: &Answer, confirmed: &mut Confirmed) {
    if answer.status != 200 {
        return;
    }
    if answer.header("content-type").is_some_and(|t| t.starts_with("text/event-stream")) {
        let events = events(&String::from_utf8_lossy(&answer.body));
        let said = events
            .iter()
            .filter(|e| e["type"] == "textResponseChunk")
            .filter_map(|e| e["textResponse"].as_str());
        if let Some(id) = events.last().and_then(|last| last["chatId"].as_u64()) {
            confirmed.chats.insert(id, said.collect());
        }
        return;
    }
    let body = answer.json();
    if let (Some(id), Some(text)) = (body["chatId"].as_u64(), body["textResponse"].as_str()) {
        confirmed.chats.insert(id, text.to_owned());
    }
    for document in body["documents"].as_array().into_iter().flatten() {
        if let Some(path) = document["location"].as_str() {
            confirmed.documents.insert(path.to_owned());
            if path.contains("/w") {
                confirmed.placed.insert(path.to_owned());
            }
        }
    }
}

/// Everything confirmed must be there, and what is there must be whole.
async fn check(server: &ServerProcess, confirmed: &Confirmed) {
    let ask = async |target: &str| {
        let answer = server.call(get(target)).await.unwrap();
        assert_eq!(answer.status, 200, "{target}");
        answer.json()
    };
    let listing = ask("/v1/documents/folder/custom-documents").await;
    let stored: BTreeSet<String> =
        names(&listing["documents"], "name").map(|n| format!("custom-documents/{n}")).collect();
    let lost: Vec<_> = confirmed.documents.difference(&stored).collect();
    assert!(lost.is_empty(), "lost documents: {lost:?}");

    let workspace = ask("/v1/workspace/w").await;
    let placed: BTreeSet<String> = names(&workspace["workspace"][0]["documents"], "docpath").collect();
    let lost: Vec<_> = confirmed.placed.difference(&placed).collect();
    assert!(lost.is_empty(), "lost from the workspace: {lost:?}");

    let history = ask(&format!("/v1/workspace/w/chats?limit=100000&apiSessionId={}", segment("s"))).await;
    let mut answers = BTreeMap::new();
    for item in history["history"].as_array().unwrap().iter().filter(|item| item["role"] == "assistant") {
        answers.insert(item["chatId"].as_u64().unwrap(), item["content"].as_str().unwrap().to_owned());
    }
    for (id, text) in &confirmed.chats {
        assert_eq!(answers.get(id), Some(text), "chat {id}");
    }
    // Every document of the workspace has all of its vectors: each is one text of 80 sentences.
    let count = ask("/v1/system/vector-count").await["vectorCount"].as_u64().unwrap();
    assert!(count >= placed.len() as u64, "{count} vectors for {} documents", placed.len());
}

fn names<'a>(items: &'a Value, key: &'a str) -> impl Iterator<Item = String> + 'a {
    items.as_array().into_iter().flatten().filter_map(move |item| item[key].as_str().map(str::to_owned))
}
