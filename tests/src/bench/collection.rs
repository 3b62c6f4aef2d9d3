//! A test collection: documents, questions, and which documents answer them.

use super::memory::MemoryHost;
use haversack_engine::Engine;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Documents, questions and judgements. Any grade above 0 is relevant.
pub struct Collection {
    /// Title and text by id.
    documents: Vec<(String, String, String)>,
    /// Text by id.
    questions: Vec<(String, String)>,
    relevant: BTreeMap<String, BTreeSet<String>>,
}

impl Collection {
    /// Reads `docs.jsonl`, `queries.jsonl` and `qrels.tsv`; `None` if the folder has none.
    pub fn read(folder: &Path) -> Option<Collection> {
        let lines = |name: &str| -> Option<Vec<Value>> {
            let text = std::fs::read_to_string(folder.join(name)).ok()?;
            Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
        };
        let field = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let documents = lines("docs.jsonl")?;
        let documents =
            documents.iter().map(|row| (field(row, "id"), field(row, "title"), field(row, "text"))).collect();
        let questions = lines("queries.jsonl")?;
        let questions = questions.iter().map(|row| (field(row, "id"), field(row, "text"))).collect();
        let mut relevant: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in std::fs::read_to_string(folder.join("qrels.tsv")).ok()?.lines().skip(1) {
            let mut parts = line.split('\t');
            let (Some(question), Some(document), Some(grade)) = (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            if grade.trim().parse::<i64>().is_ok_and(|grade| grade > 0) {
                relevant.entry(question.to_owned()).or_default().insert(document.to_owned());
            }
        }
        Some(Collection { documents, questions, relevant })
    }

    /// Asks every question in each way of searching, and prints how good the answers are.
    pub fn print_quality(&self, engine: &Engine) {
        let mut host = MemoryHost::default();
        host.call(engine, "POST", "/v1/workspace/new", &json!({ "name": "bench" }));
        for (id, title, text) in self.documents.iter().filter(|(_, _, text)| !text.is_empty()) {
            let text =
                if text.starts_with(title.as_str()) { text.clone() } else { format!("{title}\n{text}") };
            let body =
                json!({ "textContent": text, "metadata": { "title": id }, "addToWorkspaces": "bench" });
            let (status, reply, _) = host.call(engine, "POST", "/v1/document/raw-text", &body);
            assert_eq!(status, 200, "{reply}");
        }
        println!("search      nDCG@10   recall@10   recall@100");
        for mode in ["vector", "lexical", "hybrid"] {
            let (mut ndcg, mut at_10, mut at_100, mut asked) = (0.0, 0.0, 0.0, 0.0);
            for (id, text) in &self.questions {
                let Some(relevant) = self.relevant.get(id) else { continue };
                let body = json!({ "query": text, "topN": 200, "scoreThreshold": 0, "searchMode": mode });
                let (_, reply, _) = host.call(engine, "POST", "/v1/workspace/bench/vector-search", &body);
                let found = documents(&reply);
                asked += 1.0;
                ndcg += ndcg_10(&found, relevant);
                at_10 += recall(&found, relevant, 10);
                at_100 += recall(&found, relevant, 100);
            }
            println!("{mode:<9} {:>9.4} {:>11.4} {:>12.4}", ndcg / asked, at_10 / asked, at_100 / asked);
        }
    }
}

/// Ids of documents, each where its best chunk is.
fn documents(reply: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for row in reply["results"].as_array().into_iter().flatten() {
        let title = row["metadata"]["title"].as_str().unwrap_or_default();
        let id = title.strip_suffix(".txt").unwrap_or(title);
        if !found.iter().any(|known| known == id) {
            found.push(id.to_owned());
        }
    }
    found
}

fn recall(found: &[String], relevant: &BTreeSet<String>, at: usize) -> f64 {
    found.iter().take(at).filter(|id| relevant.contains(*id)).count() as f64 / relevant.len() as f64
}

fn ndcg_10(found: &[String], relevant: &BTreeSet<String>) -> f64 {
    let gain = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let got: f64 = found
        .iter()
        .take(10)
        .enumerate()
        .filter(|(_, id)| relevant.contains(*id))
        .map(|(n, _)| gain(n))
        .sum();
    let best: f64 = (0..relevant.len().min(10)).map(gain).sum();
    got / best
}
