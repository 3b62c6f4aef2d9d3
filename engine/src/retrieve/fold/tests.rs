//! An index answers the same however its documents are folded.

use crate::repair::Finding;
use crate::retrieve::IndexHead;
use crate::seam::Key;
use crate::store::key;
use crate::testing::{Running, TestHost, is_commit, json_request};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const WORDS: [&str; 24] = [
    "otter", "river", "night", "stone", "winter", "bridge", "signal", "copper", "meadow", "lantern",
    "harbour", "orchard", "valley", "engine", "paper", "silver", "candle", "garden", "market", "needle",
    "pocket", "quarry", "saddle", "timber",
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// Words of which the first are said more often than the last.
    fn text(&mut self, words: usize) -> String {
        let mut text = String::new();
        for n in 0..words {
            let at = self.roll(WORDS.len()).min(self.roll(WORDS.len()));
            text.push_str(WORDS[at]);
            text.push_str(if n % 9 == 8 { ". " } else { " " });
        }
        text
    }
}

fn host(segments: u64) -> TestHost {
    let mut host = TestHost::new(&[]).folding(segments);
    host.workspace("Docs");
    host
}

fn add(host: &mut TestHost, paths: &[String]) {
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": paths })).ok();
}

fn remove(host: &mut TestHost, path: &str) {
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "deletes": [path] })).ok();
}

/// What searches find: text and scores.
fn found(host: &mut TestHost) -> Vec<Value> {
    let mut all = Vec::new();
    for query in
        ["otter river", "copper lantern in the harbour", "timber", "otter night quarry saddle needle"]
    {
        for mode in ["lexical", "hybrid", "vector"] {
            let body = json!({ "query": query, "searchMode": mode, "topN": 12, "scoreThreshold": 0, "explain": true });
            let reply = host.call("POST", "/v1/workspace/docs/vector-search", &body).ok();
            let part = |row: &Value| {
                let text = row["text"].as_str().unwrap_or_default().rsplit("\n\n").next().unwrap_or_default();
                json!([text, row["score"]])
            };
            let rows = reply["results"].as_array().unwrap().iter().map(part);
            let scores = reply["explain"]["candidates"].as_array().into_iter().flatten();
            let scores =
                scores.map(|row| json!([row["vectorScore"], row["lexicalScore"], row["fusedScore"]]));
            all.push(json!([query, mode, rows.collect::<Vec<_>>(), scores.collect::<Vec<_>>()]));
        }
    }
    all
}

fn head(host: &TestHost) -> IndexHead {
    serde_json::from_value(host.value(key::index_head(1).as_str())).unwrap()
}

fn is_of_folds(key: &Key) -> bool {
    ["fold/", "fold."].iter().any(|prefix| key.as_str().starts_with(prefix))
}

#[track_caller]
fn is_whole(host: &mut TestHost) {
    let findings = host.repair(false);
    assert!(matches!(findings[..], [Finding::End { wrong: 0, .. }]), "{findings:?}");
}

#[test]
fn a_folded_index_finds_what_an_unfolded_one_finds() {
    let (mut folded, mut plain) = (host(2), host(u64::MAX));
    let mut dice = Dice(5);
    let mut paths: [Vec<String>; 2] = [Vec::new(), Vec::new()];
    for round in 0..60 {
        if paths[0].len() > 5 && dice.roll(4) == 0 {
            let at = dice.roll(paths[0].len());
            for (host, paths) in [&mut folded, &mut plain].into_iter().zip(&mut paths) {
                remove(host, &paths.remove(at));
            }
        } else {
            let words = if dice.roll(8) == 0 { 2500 } else { 12 + dice.roll(40) };
            let text = dice.text(words);
            for (host, paths) in [&mut folded, &mut plain].into_iter().zip(&mut paths) {
                let path = host.raw_text(&format!("note {round}"), &text);
                add(host, std::slice::from_ref(&path));
                paths.push(path);
            }
        }
        if round % 6 == 5 {
            let known = found(&mut plain);
            assert_eq!(found(&mut folded), known, "warm, after {round}");
            folded.engine = folded.engine.cold();
            assert_eq!(found(&mut folded), known, "cold, after {round}");
        }
    }
    is_whole(&mut folded);
    let (folded, plain) = (head(&folded), head(&plain));
    assert!(folded.folds.len() > 1 && folded.loose.unwrap().segments < 2, "{folded:?}");
    assert!(plain.folds.is_empty());
    assert_eq!((folded.rows, folded.words), (plain.rows, plain.words));
}

#[test]
fn what_is_searched_in_codes_is_folded_too() {
    let codes = |segments| {
        let mut host = host(segments);
        let settings = crate::Settings { exact_rows_max: 3, ..host.engine.settings().clone() };
        host.engine = crate::Engine::new(settings);
        let mut dice = Dice(3);
        for n in 0..20 {
            let path = host.raw_text(&format!("note {n}"), &dice.text(30));
            add(&mut host, &[path]);
        }
        host
    };
    let (mut folded, mut plain) = (codes(2), codes(u64::MAX));
    assert_eq!(found(&mut folded), found(&mut plain));
    folded.engine = folded.engine.cold();
    assert_eq!(found(&mut folded), found(&mut plain));
}

#[test]
fn an_index_of_an_older_program_is_searched_and_folded() {
    let mut host = host(u64::MAX);
    let mut dice = Dice(9);
    for n in 0..12 {
        let path = host.raw_text(&format!("note {n}"), &dice.text(25));
        add(&mut host, &[path]);
    }
    let known = found(&mut host);
    // As it was: no list of what is loose, and words in more buckets.
    let mut old = host.value(key::index_head(1).as_str());
    old.as_object_mut().unwrap().remove("loose");
    host.record(key::index_head(1), &old);
    host.store.retain(|key, _| !is_of_folds(key));
    for place in host.keys("term/") {
        let numbers: Vec<u64> = place.split('/').skip(1).map(|part| part.parse().unwrap()).collect();
        let [ws, 0, 0, segment, part] = numbers[..] else { panic!("{place}") };
        let plain = host.plain()[&Key::new(place.as_str())].clone();
        host.store.remove(&Key::new(place.as_str()));
        for (bucket, bytes) in rebucketed(&plain, 3) {
            let key = key::terms(ws, 3, bucket, segment, part);
            let sealed = crate::store::seal::seal(&key, &bytes);
            host.store.insert(key, sealed);
        }
    }
    let mut host = host.folding(4);
    assert_eq!(found(&mut host), known);
    assert!(host.engine.wants_tending());
    assert!(host.tend().ok()["folds"].as_u64().unwrap() >= 1);
    assert!(!host.engine.wants_tending());
    assert!(head(&host).loose.is_some() && !head(&host).folds.is_empty());
    assert_eq!(found(&mut host), known);
    is_whole(&mut host);
}

/// A bucket of all terms, as those of a finer level.
fn rebucketed(bytes: &[u8], level: u8) -> Vec<(u8, Vec<u8>)> {
    use crate::lexical::postings::{bucket_at, read};
    let mut found = Vec::new();
    read(bytes, |_| true, |term, posting| found.push((term, posting))).unwrap();
    let buckets: BTreeSet<u8> = found.iter().map(|(term, _)| bucket_at(*term, level)).collect();
    let of = |bucket| {
        let mut bytes = vec![1];
        for (term, posting) in found.iter().filter(|(term, _)| bucket_at(*term, level) == bucket) {
            // Of one row.
            bytes.push(term.bucket);
            bytes.extend_from_slice(&term.mark.to_le_bytes());
            bytes.extend_from_slice(&[1, posting.row as u8, posting.count, posting.length]);
        }
        let sum = crate::checksum::crc32(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        (bucket, bytes)
    };
    buckets.into_iter().map(of).collect()
}

#[test]
fn documents_that_go_are_left_out_in_time() {
    let mut host = host(4);
    let mut dice = Dice(11);
    let paths: Vec<String> = (0..32).map(|n| host.raw_text(&format!("note {n}"), &dice.text(20))).collect();
    add(&mut host, &paths);
    assert_eq!(head(&host).folds.iter().map(|fold| fold.rows).sum::<u64>(), 32);
    for path in &paths[..20] {
        remove(&mut host, path);
    }
    assert_eq!(head(&host).dead, 20);
    let known = found(&mut host);
    host.engine.folding().note(1, &head(&host));
    host.tend().ok();
    let after = head(&host);
    assert_eq!((after.dead, after.folds.iter().map(|fold| fold.rows).sum::<u64>()), (0, 12), "{after:?}");
    assert!(host.keys("fold.dead/").is_empty());
    assert_eq!(found(&mut host), known);
    is_whole(&mut host);
    for path in &paths[20..] {
        remove(&mut host, path);
    }
    assert!(!host.store.keys().any(is_of_folds), "{:?}", host.keys("fold"));
}

#[test]
fn a_search_survives_folds_that_change_meanwhile() {
    let mut host = host(4);
    let mut dice = Dice(21);
    let paths: Vec<String> = (0..40).map(|n| host.raw_text(&format!("note {n}"), &dice.text(20))).collect();
    add(&mut host, &paths[..27]);
    // A search stops in front of each of its reads; the index is folded anew; it goes on.
    for stop in 1.. {
        let body =
            json!({ "query": "otter lantern", "searchMode": "hybrid", "topN": 40, "scoreThreshold": 0 });
        host.engine = host.engine.cold();
        let mut searching = host.start(json_request("POST", "/v1/workspace/docs/vector-search", &body));
        let mut seen = 0;
        let stopped = pass(&mut host, &mut searching, &mut seen, stop);
        let next = paths.get(26 + stop);
        if let Some(path) = next {
            add(&mut host, std::slice::from_ref(path));
        }
        let reply = host.finish(&mut searching).ok();
        let rows = reply["results"].as_array().unwrap().len();
        let least = 27 + stop.min(paths.len() - 27) - 1;
        assert!(rows == least || rows == (least + 1).min(40), "{rows} of {least}, stopped at {stop}");
        if !stopped || next.is_none() {
            break;
        }
    }
}

/// Lets a call go on up to its `stop`th effect. False if it has fewer.
fn pass(host: &mut TestHost, running: &mut Running, seen: &mut usize, stop: usize) -> bool {
    while host.run_until(running, |_| true) {
        *seen += 1;
        if *seen == stop {
            return true;
        }
        host.step(running);
    }
    false
}

#[test]
fn after_a_crash_at_any_commit_the_index_answers_as_one_built_fresh() {
    for stop in 1..40 {
        let mut host = host(2);
        let mut dice = Dice(stop);
        let mut paths = Vec::new();
        for n in 0..9 {
            paths.push(host.raw_text(&format!("note {n}"), &dice.text(15)));
        }
        add(&mut host, &paths[..6]);
        remove(&mut host, &paths[1]);
        // Three come and one goes, until the host dies in front of a commit.
        let body = json!({ "adds": paths[6..], "deletes": [paths[2]] });
        let mut running = host.start(json_request("POST", "/v1/workspace/docs/update-embeddings", &body));
        let mut commits = 0;
        while host.run_until(&mut running, is_commit) {
            commits += 1;
            if commits == stop {
                break;
            }
            host.step(&mut running);
        }
        let died = !running.done;
        drop(running);
        host.engine = host.engine.cold();
        host.maintain(true).ok();
        is_whole(&mut host);
        // The documents that are left, in the order they came.
        let placements = host.keys("wsdoc/");
        let titles =
            placements.iter().map(|at| host.value(at)["document"]["title"].as_str().unwrap().to_owned());
        let titles: Vec<String> = titles.collect();
        let mut fresh = self::host(u64::MAX);
        let mut dice = Dice(stop);
        let texts: Vec<String> = (0..9).map(|_| dice.text(15)).collect();
        for title in &titles {
            let number: String = title.chars().filter(char::is_ascii_digit).collect();
            let n: usize = number.parse().unwrap();
            let path = fresh.raw_text(title, &texts[n]);
            add(&mut fresh, &[path]);
        }
        assert_eq!(found(&mut host), found(&mut fresh), "died in front of commit {stop}");
        if !died {
            return;
        }
    }
}

#[test]
fn a_damaged_fold_is_made_again() {
    let mut host = host(2);
    let mut dice = Dice(2);
    let paths: Vec<String> = (0..9).map(|n| host.raw_text(&format!("note {n}"), &dice.text(20))).collect();
    add(&mut host, &paths);
    let known = found(&mut host);
    for prefix in ["fold/", "fold.term/", "fold.vec/", "fold.code/", "fold.loose/"] {
        let Some(place) = host.keys(prefix).pop() else { continue };
        let mut broken = host.store[&Key::new(place.as_str())].to_vec();
        broken[1] ^= 1;
        host.store.insert(Key::new(place.as_str()), broken.into());
        let damaged = host.store.clone();
        assert!(host.repair(false).len() > 1, "{place}");
        host.repair(true);
        host.damaged.clear();
        is_whole(&mut host);
        host.engine = host.engine.cold();
        assert_eq!(found(&mut host), known, "{place}");
        // So it is without the record.
        host.store = damaged;
        host.store.remove(&Key::new(place.as_str()));
        assert!(host.repair(false).len() > 1, "{place} is gone");
        host.repair(true);
        host.damaged.clear();
        is_whole(&mut host);
        assert_eq!(found(&mut host), known, "{place} is gone");
    }
}
