//! A database whose bytes were changed on the disk.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use haversack::config::{Config, Flags};
use haversack::instance::Instance;
use haversack::store::FILE_NAME;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const DOCUMENTS: usize = 40;

fn config(dir: &Path) -> Config {
    let flags = Flags { data: Some(dir.join("data")), ..Flags::default() };
    Config::load(&flags, BTreeMap::new(), dir).unwrap()
}

/// Some numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A data directory with a workspace, and the text of each document by its name.
async fn filled(dir: &Path) -> BTreeMap<String, Value> {
    let instance = Instance::open(&config(dir)).unwrap();
    instance.maintain().await.unwrap();
    instance.call("POST", "/api/v1/workspace/new", Some(json!({ "name": "w" }))).await.unwrap();
    for n in 0..DOCUMENTS {
        let text: String =
            (0..60).map(|line| format!("Otter {n} swims past mill {line} at {}. ", line * n)).collect();
        let body =
            json!({ "textContent": text, "metadata": { "title": format!("d{n}") }, "addToWorkspaces": "w" });
        instance.call("POST", "/api/v1/document/raw-text", Some(body)).await.unwrap();
    }
    let texts = texts(&instance).await;
    instance.close(Duration::from_secs(5)).await;
    assert_eq!(texts.len(), DOCUMENTS);
    texts.into_iter().map(|(name, text)| (name, text.unwrap())).collect()
}

/// The text of each document that is listed, or why it cannot be read.
async fn texts(instance: &Instance) -> BTreeMap<String, Result<Value, String>> {
    let listed = instance.call("GET", "/api/v1/documents", None).await.unwrap();
    let mut texts = BTreeMap::new();
    for file in listed["localFiles"]["items"][0]["items"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap().to_owned();
        let text = instance.call("GET", &format!("/api/v1/document/{name}/text"), None).await;
        texts.insert(name, text);
    }
    texts
}

fn copy(from: &Path) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    for file in std::fs::read_dir(from.join("data")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), dir.path().join("data").join(file.file_name())).unwrap();
    }
    dir
}

/// Changes some bytes of the database.
fn damage(dir: &Path, seed: u64, bytes: usize, first: u64) {
    let path = dir.join("data").join(FILE_NAME);
    let mut content = std::fs::read(&path).unwrap();
    let mut random = Random(seed);
    for _ in 0..bytes {
        let at = first + random.below(content.len() as u64 - first);
        content[usize::try_from(at).unwrap()] = u8::try_from(random.below(256)).unwrap();
    }
    std::fs::write(&path, content).unwrap();
}

fn doctor(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haversack"));
    command
        .arg("doctor")
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir)
        .env("HAVERSACK_DATA", dir.join("data"))
        .env("HAVERSACK_LISTEN", "127.0.0.1:0");
    command
}

fn said(output: &Output) -> String {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{error}")
}

/// After a repair every text is what it was, or its loss was told, and things can be written again.
async fn is_well(dir: &Path, before: &BTreeMap<String, Value>, report: &str) {
    let instance = Instance::open(&config(dir)).unwrap();
    instance.maintain().await.unwrap();
    let after = texts(&instance).await;
    for (name, text) in before {
        match after.get(name) {
            // Title and dates may be lost, which is told; the text is what it was.
            Some(found) => assert_eq!(found.as_ref().unwrap()["text"], text["text"], "{name}"),
            None => assert!(report.contains(name.as_str()), "{name} went in silence: {report}"),
        }
    }
    let workspaces = instance.call("GET", "/api/v1/workspaces", None).await.unwrap();
    let slug = workspaces["workspaces"][0]["slug"].as_str().unwrap().to_owned();
    let query = json!({ "query": "Otter 7 swims", "topN": 3 });
    let path = format!("/api/v1/workspace/{slug}/vector-search");
    let found = instance.call("POST", &path, Some(query)).await.unwrap();
    assert!(!found["results"].as_array().unwrap().is_empty());
    let body = json!({ "textContent": "New.", "metadata": { "title": "new" } });
    instance.call("POST", "/api/v1/document/raw-text", Some(body)).await.unwrap();
    instance.close(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_changed_nothing_is_written_and_a_repair_tells_what_is_lost() {
    let good = TempDir::new().unwrap();
    let before = filled(good.path()).await;
    for seed in 0..6 {
        let dir = copy(good.path());
        damage(dir.path(), seed, 64, 8192);
        let opened = Instance::open(&config(dir.path()));
        if let Ok(instance) = opened {
            for (name, text) in &before {
                let found = instance.call("GET", &format!("/api/v1/document/{name}/text"), None).await;
                assert!(found.is_err() || found.as_ref() == Ok(text), "{name}: {found:?}");
            }
            let _ = instance
                .call(
                    "POST",
                    "/api/v1/workspace/w/vector-search",
                    Some(json!({ "query": "mill", "topN": 9 })),
                )
                .await;
            let body = json!({ "textContent": "New.", "metadata": { "title": "new" } });
            let write = instance.call("POST", "/api/v1/document/raw-text", Some(body)).await;
            if instance.host.effects().store.is_damaged() {
                let error = write.unwrap_err();
                assert!(error.contains("doctor --repair"), "{error}");
            }
            instance.close(Duration::from_secs(5)).await;
        }
        let output = doctor(dir.path(), &["--repair"]).output().unwrap();
        assert!(output.status.success(), "seed {seed}: {}", said(&output));
        is_well(dir.path(), &before, &said(&output)).await;
        let thorough = doctor(dir.path(), &["--thorough"]).output().unwrap();
        assert!(!said(&thorough).contains("damaged"), "{}", said(&thorough));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_page_of_nothing_but_zeros_loses_nothing() {
    let good = TempDir::new().unwrap();
    let before = filled(good.path()).await;
    let path = good.path().join("data").join(FILE_NAME);
    let mut content = std::fs::read(&path).unwrap();
    content[..8192].fill(0);
    std::fs::write(&path, content).unwrap();
    let output = doctor(good.path(), &["--repair"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(!said(&output).contains("LOST"), "{}", said(&output));
    is_well(good.path(), &before, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repair_that_is_killed_is_begun_again() {
    let good = TempDir::new().unwrap();
    let before = filled(good.path()).await;
    damage(good.path(), 3, 64, 8192);
    let mut killed = 0;
    for ms in [5u64, 20, 40, 80, 120, 160, 220, 300, 400, 600] {
        let dir = copy(good.path());
        let mut child =
            doctor(dir.path(), &["--repair"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(ms));
        killed += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        let output = doctor(dir.path(), &["--repair"]).output().unwrap();
        assert!(output.status.success(), "{ms} ms: {}", said(&output));
        // What the first one told is not told again if it came to its end.
        let names: Vec<&str> = before.keys().map(String::as_str).collect();
        is_well(dir.path(), &before, &names.join(" ")).await;
    }
    assert!(killed > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_use_is_not_repaired() {
    let dir = TempDir::new().unwrap();
    filled(dir.path()).await;
    let instance = Instance::open(&config(dir.path())).unwrap();
    let output = doctor(dir.path(), &["--repair"]).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("stop the server"), "{}", said(&output));
    instance.close(Duration::from_secs(5)).await;
    let output = doctor(dir.path(), &["--repair"]).output().unwrap();
    assert!(output.status.success() && said(&output).contains("All is well"), "{}", said(&output));
}

/// `fixtures/layout-1.db` was written by the last build without check sums: three files in the workspace `coast`.
fn of_an_older_build() -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layout-1.db");
    std::fs::copy(old, dir.path().join("data").join(FILE_NAME)).unwrap();
    dir
}

async fn search(instance: &Instance, query: &str) -> Result<Vec<String>, String> {
    let body = json!({ "query": query, "topN": 9, "scoreThreshold": 0, "searchMode": "hybrid" });
    let found = instance.call("POST", "/api/v1/workspace/coast/vector-search", Some(body)).await?;
    Ok(found["results"].as_array().unwrap().iter().map(|result| result["text"].to_string()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_an_older_build_opens_as_it_is() {
    let dir = of_an_older_build();
    let instance = Instance::open(&config(dir.path())).unwrap();
    instance.maintain().await.unwrap();
    let old = texts(&instance).await;
    assert_eq!(old.len(), 3);
    let lighthouse =
        old.values().find(|text| text.as_ref().unwrap()["text"].as_str().unwrap().contains("1871"));
    assert!(
        lighthouse.unwrap().as_ref().unwrap()["text"].as_str().unwrap().starts_with("The lighthouse at Grey")
    );
    assert!(search(&instance, "When was the lighthouse lit?").await.unwrap()[0].contains("1871"));
    // Old and new records side by side, changed and removed.
    let body = json!({ "textContent": "A pilot boat is yellow.", "metadata": { "title": "pilot" }, "addToWorkspaces": "coast" });
    instance.call("POST", "/api/v1/document/raw-text", Some(body)).await.unwrap();
    let name = old.keys().find(|name| name.starts_with("ferry")).unwrap();
    instance.call("DELETE", &format!("/api/v1/document/{name}"), None).await.unwrap();
    let update = json!({ "name": "The coast" });
    instance.call("POST", "/api/v1/workspace/coast/update", Some(update)).await.unwrap();
    assert_eq!(texts(&instance).await.len(), 3);
    assert!(search(&instance, "pilot boat").await.unwrap().iter().any(|text| text.contains("yellow")));
    instance.close(Duration::from_secs(5)).await;
    let output = doctor(dir.path(), &["--repair"]).output().unwrap();
    assert!(
        output.status.success() && said(&output).contains("nothing had to be repaired"),
        "{}",
        said(&output)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_of_an_older_build_is_repaired() {
    let dir = of_an_older_build();
    let path = dir.path().join("data").join(FILE_NAME);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute("UPDATE kv SET value = x'00112233' WHERE key LIKE 'vec/%' OR key LIKE 'row/%'", [])
        .unwrap();
    connection.execute("UPDATE kv SET value = substr(value, 2) WHERE key LIKE 'ws/%'", []).unwrap();
    drop(connection);
    let output = doctor(dir.path(), &["--repair"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("LOST  The settings of the workspace coast"), "{}", said(&output));
    let instance = Instance::open(&config(dir.path())).unwrap();
    assert_eq!(texts(&instance).await.len(), 3);
    assert!(search(&instance, "When was the lighthouse lit?").await.unwrap()[0].contains("1871"));
    instance.close(Duration::from_secs(5)).await;
}
