//! Figures of retrieval. Run by `cargo xtask bench retrieval [FOLDER]…`.
//!
//! The texts are those of the files below the folders (plain text of any kind), or made up where there are none. A
//! folder with `docs.jsonl`, `queries.jsonl` and `qrels.tsv` is a test collection: what is found there is compared with
//! what is relevant.

use haversack_engine::{Engine, Settings};
use haversack_tests::bench::collection::Collection;
use haversack_tests::bench::corpus::Corpus;
use haversack_tests::bench::memory::{MemoryHost, Taken};
use haversack_tests::bench::texts;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Chunks of the workspaces that are searched.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Questions asked of each.
const QUESTIONS: usize = 300;

/// Chunks in a document.
const CHUNKS: usize = 40;

fn main() {
    let folders: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    for folder in &folders {
        if let Some(collection) = Collection::read(folder) {
            collection.print_quality(&engine(&[]));
        }
    }
    let found = texts::passages(&folders, SIZES[2] + QUESTIONS);
    println!("\n{} passages in these folders; the rest are made up", found.len());
    let made_up = (0..).map(|n| Corpus::new(n).text(900));
    let passages: Vec<String> = found.into_iter().chain(made_up).take(SIZES[2] + QUESTIONS).collect();
    // Of texts that are there, if there are any: all made-up ones are about the same things.
    let (others, passages) = passages.split_at(QUESTIONS);
    let questions: Vec<String> = others.iter().map(|text| texts::question(text)).collect();
    println!("\nchunks    search   first call                    later calls        recall@10 of exact");
    for size in SIZES {
        at(&passages[..size], &questions);
    }
}

fn engine(vars: &[(&str, &str)]) -> Engine {
    let vars: BTreeMap<String, String> =
        vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Engine::new(Settings::from_vars(&vars).0)
}

/// Fills a workspace with passages and asks.
fn at(passages: &[String], questions: &[String]) {
    let engine_as_is = engine(&[("HAVERSACK_CHUNK_OVERLAP", "0")]);
    let exact = engine(&[("HAVERSACK_EXACT_CHUNKS", "1000000000")]);
    let mut host = MemoryHost::default();
    host.call(&engine_as_is, "POST", "/v1/workspace/new", &json!({ "name": "bench" }));
    for some in passages.chunks(CHUNKS) {
        let body = json!({
            "textContent": some.join("\n\n"), "metadata": { "title": "t" }, "addToWorkspaces": "bench",
        });
        let (status, reply, _) = host.call(&engine_as_is, "POST", "/v1/document/raw-text", &body);
        assert_eq!(status, 200, "{reply}");
    }
    let chunks = host.call(&exact, "GET", "/v1/system/vector-count", &Value::Null).1["vectorCount"].clone();
    let truth: Vec<Vec<String>> = questions.iter().map(|text| ask(&mut host, &exact, text).0).collect();
    for (name, engine) in [("exact", &exact), ("as is", &engine_as_is)] {
        let mut cold = Vec::new();
        for text in &questions[..20] {
            cold.push(ask(&mut host, &engine.cold(), text).1);
        }
        let (mut warm, mut found) = (Vec::new(), 0);
        ask(&mut host, engine, &questions[0]);
        for (text, truth) in questions.iter().zip(&truth) {
            let (ids, taken) = ask(&mut host, engine, text);
            warm.push(taken);
            found += ids.iter().filter(|id| truth.contains(id)).count();
        }
        let wanted: usize = truth.iter().map(Vec::len).sum();
        println!(
            "{:<9} {name:<8} {}    {}    {:.4}",
            chunks.to_string(),
            show(&cold),
            show(&warm),
            found as f64 / wanted.max(1) as f64
        );
    }
}

fn ask(host: &mut MemoryHost, engine: &Engine, text: &str) -> (Vec<String>, Taken) {
    let body = json!({ "query": text, "topN": 10, "scoreThreshold": 0 });
    let (status, reply, taken) = host.call(engine, "POST", "/v1/workspace/bench/vector-search", &body);
    assert_eq!(status, 200, "{reply}");
    let ids = reply["results"].as_array().into_iter().flatten();
    (ids.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect(), taken)
}

/// Medians.
fn show(all: &[Taken]) -> String {
    let median = |of: &dyn Fn(&Taken) -> u64| {
        let mut values: Vec<u64> = all.iter().map(of).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    };
    let time = Duration::from_nanos(median(&|taken| taken.time.as_nanos() as u64));
    let ms = time.as_secs_f64() * 1e3;
    let (bytes, reads) = (median(&|taken| taken.bytes) as f64 / 1e6, median(&|taken| taken.reads));
    format!("{ms:>6.2} ms {bytes:>6.2} MB {reads:>3} reads")
}
