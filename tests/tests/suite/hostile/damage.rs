//! Is anything served that was changed on the disk, or written to a store that is known to be damaged?

use super::stage::Stage;
use haversack_tests::requests::{get, json, segment, upload};
use haversack_tests::sim::Random;
use haversack_tests::target::process::program;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const FILE: &str = "haversack.db";
const DOCUMENTS: usize = 30;
/// Damaged copies that are tried.
const COPIES: u64 = 6;
/// Bytes changed in each.
const CHANGES: u64 = 64;
/// The first page tells what the file is: without it there is no database.
const FIRST_PAGE: u64 = 4096;

/// What each document said before.
type Truth = BTreeMap<String, Value>;

fn text(n: usize) -> String {
    (0..120)
        .map(|line| {
            format!("Otter {n} was seen {} times at the weir in year {}. ", line * n + 7, 1900 + line)
        })
        .collect()
}

fn path(name: &str) -> String {
    format!("/v1/document/{}/text", segment(name))
}

/// A server with documents, stopped in good order, and what they say.
fn filled() -> (Stage, Truth) {
    let mut stage = Stage::new(&[]);
    stage.workspace("w");
    let mut truth = Truth::new();
    for n in 0..DOCUMENTS {
        let name = format!("d{n}.txt");
        let made =
            stage.ok(upload("/v1/document/upload", &name, text(n).as_bytes(), &[("addToWorkspaces", "w")]));
        let name = made["documents"][0]["name"].as_str().unwrap().to_owned();
        truth.insert(name.clone(), stage.ok(get(&path(&name))));
    }
    stage.stop();
    (stage, truth)
}

fn copy(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

fn change(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let file = folder.join(FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

/// What came of asking for everything.
#[derive(Default, Debug)]
struct Asked {
    whole: usize,
    refused: usize,
    changed: Vec<String>,
}

fn ask(stage: &Stage, truth: &Truth) -> Asked {
    let mut asked = Asked::default();
    for (name, said) in truth {
        let answer = stage.call(get(&path(name)));
        match answer.status {
            200 if answer.json() == *said => asked.whole += 1,
            200 => asked.changed.push(name.clone()),
            _ => {
                assert!(
                    !answer.json()["error"].as_str().unwrap_or_default().is_empty(),
                    "{name}: {:?}",
                    answer.body
                );
                asked.refused += 1;
            }
        }
    }
    // What a search finds are parts of the texts, too.
    let answer = stage.call(json(
        "POST",
        "/v1/workspace/w/vector-search",
        &json!({"query": "otter seen at the weir", "topN": 30}),
    ));
    for hit in answer.json()["results"].as_array().into_iter().flatten() {
        let found = hit["text"].as_str().unwrap_or_default();
        let body = found.rsplit("</document_metadata>").next().unwrap_or_default().trim();
        if !(0..DOCUMENTS).any(|n| text(n).contains(body)) {
            asked.changed.push(format!("found: {body:.80}"));
        }
    }
    asked
}

fn doctor(data: &Path, more: &[&str]) -> Output {
    Command::new(program().unwrap())
        .arg("doctor")
        .args(more)
        .arg("--data")
        .arg(data)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", data)
        .current_dir(data)
        .output()
        .unwrap()
}

/// Repairs, and checks that what is there then is as it was, and that documents can be added again.
fn repair(stage: &mut Stage, data: &Path, truth: &Truth) {
    let output = doctor(data, &["--repair"]);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2) && !said.contains("panicked"), "{said}");
    stage.start_on(data).unwrap_or_else(|error| panic!("{error} after repair: {said}"));
    let asked = ask(stage, truth);
    assert!(asked.changed.is_empty(), "{asked:?} after repair: {said}");
    let workspaces = stage.ok(get("/v1/workspaces"));
    if workspaces["workspaces"].as_array().is_some_and(|list| list.iter().any(|w| w["slug"] == "w")) {
        stage.note("after-repair.txt");
    } else {
        stage.workspace("w");
        stage.note("after-repair.txt");
    }
    stage.stop();
}

#[test]
fn nothing_that_was_changed_on_the_disk_is_served_and_nothing_is_written_on_top() {
    let (mut stage, truth) = filled();
    let (mut met, mut started) = (0, 0);
    for seed in 0..COPIES {
        let data = copy(stage.folder());
        let mut random = Random::new(seed + 40);
        change(data.path(), |bytes| {
            for _ in 0..CHANGES {
                let at = random.between(FIRST_PAGE, bytes.len() as u64 - 1) as usize;
                // Another value than there was.
                bytes[at] ^= random.between(1, 255) as u8;
            }
        });
        // A database whose structure is damaged may not open: that is said, and nothing is served.
        if stage.start_on(data.path()).is_ok() {
            started += 1;
            let asked = ask(&stage, &truth);
            assert!(asked.changed.is_empty(), "copy {seed}: {asked:?}");
            if asked.refused > 0 {
                met += 1;
                let answer = stage.call(upload(
                    "/v1/document/upload",
                    "new.txt",
                    b"Otters.",
                    &[("addToWorkspaces", "w")],
                ));
                assert!(
                    answer.status >= 500,
                    "copy {seed}: a damaged store took a document: {:?}",
                    answer.body
                );
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(said.contains("doctor --repair"), "{said}");
                // Also by a server that was just started, and has met nothing itself.
                stage.stop();
                stage.start_on(data.path()).unwrap();
                let answer = stage.call(json("POST", "/v1/workspace/new", &json!({"name": "x"})));
                assert!(answer.status >= 500, "copy {seed}: {:?}", answer.body);
            }
            stage.stop();
        }
        repair(&mut stage, data.path(), &truth);
    }
    assert!(started > 0 && met > 0, "{started} started, and {met} met damage: nothing was tried");
}

/// One letter of a text is another one, and everything else is as it should be.
#[test]
fn one_letter_that_was_changed_is_an_error_that_names_its_document() {
    let (mut stage, truth) = filled();
    let data = copy(stage.folder());
    let wanted = b"Otter 11 was seen";
    let mut found = 0;
    change(data.path(), |bytes| {
        let places: Vec<usize> =
            bytes.windows(wanted.len()).enumerate().filter(|(_, w)| w == wanted).map(|(at, _)| at).collect();
        for at in places {
            bytes[at + 6] = b'2';
            found += 1;
        }
    });
    if found == 0 {
        // Texts that are stored compressed are met by the other test.
        return;
    }
    stage.start_on(data.path()).unwrap();
    let asked = ask(&stage, &truth);
    assert!(asked.changed.is_empty(), "{asked:?}");
    assert!(asked.refused > 0 && asked.whole > 0, "{asked:?}");
    stage.stop();
    repair(&mut stage, data.path(), &truth);
}

#[test]
fn the_doctor_finds_nothing_where_nothing_is() {
    let (mut stage, truth) = filled();
    let data = copy(stage.folder());
    let output = doctor(data.path(), &["--repair"]);
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || said.contains("key"), "{said}");
    stage.start_on(data.path()).unwrap();
    let asked = ask(&stage, &truth);
    assert_eq!((asked.whole, asked.refused, asked.changed.len()), (truth.len(), 0, 0), "{asked:?}");
    stage.note("after.txt");
}
