//! Retrieval quality of the embedded static model on a test collection, dense search only.
//!
//! ```text
//! cargo run --release -p haversack-engine --example eval_dense -- FOLDER
//! ```
//!
//! The folder has `docs.jsonl` (`id`, `title`, `text`), `queries.jsonl` (`id`, `text`) and `qrels.tsv` (`query_id`, `doc_id`,
//! `relevance`, after a header line); a grade above 0 counts as relevant. Cranfield 1400 in this form gives nDCG@10 0.319
//! and Recall@100 0.699. Test collections are not part of this repository.

use haversack_engine::embed::minilm::embedded;
use haversack_engine::vector::index::VectorIndex;
use haversack_engine::vector::search::{candidates, rescore};
use haversack_engine::vector::segment::SegmentVectors;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::{env, fs};

const NDCG_AT: usize = 10;
const RECALL_AT: usize = 100;

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize)]
struct Query {
    id: String,
    text: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("name the folder of a test collection")?;
    let folder = Path::new(&folder);
    let documents: Vec<Document> = read_lines(&folder.join("docs.jsonl"))?;
    let queries: Vec<Query> = read_lines(&folder.join("queries.jsonl"))?;
    let relevant = read_judgements(&folder.join("qrels.tsv"))?;

    let rows: Vec<Vec<f32>> = documents.iter().map(|document| embedded().embed(&text_of(document))).collect();
    let mut index = VectorIndex::new(embedded().dim())?;
    index.insert(SegmentVectors::quantize(0, embedded().dim(), rows.iter().map(Vec::as_slice))?)?;

    let (mut ndcg, mut recall, mut judged, mut loaded) = (0.0, 0.0, 0, 0);
    for query in &queries {
        let Some(relevant) = relevant.get(&query.id) else { continue };
        let vector = embedded().embed(&query.text);
        let found = candidates(&index, &vector, RECALL_AT, None)?;
        let hits =
            rescore(&vector, found.iter().map(|c| (c.segment, c.n, &rows[c.n as usize][..])), RECALL_AT)?;
        let ranking: Vec<bool> =
            hits.iter().map(|hit| relevant.contains(&documents[hit.n as usize].id)).collect();
        ndcg += dcg(ranking.iter().take(NDCG_AT)) / dcg(vec![true; relevant.len().min(NDCG_AT)].iter());
        recall += ranking.iter().filter(|&&hit| hit).count() as f64 / relevant.len() as f64;
        loaded += found.len();
        judged += 1;
    }
    println!("{} documents, {judged} judged queries", documents.len());
    println!("nDCG@{NDCG_AT} {:.4}   Recall@{RECALL_AT} {:.4}", ndcg / judged as f64, recall / judged as f64);
    println!("{:.1} float rows loaded for the best {RECALL_AT}", loaded as f64 / judged as f64);
    Ok(())
}

/// Title and text, without saying the title twice.
fn text_of(document: &Document) -> String {
    if document.text.contains(&document.title) {
        document.text.clone()
    } else {
        format!("{} {}", document.title, document.text)
    }
}

/// Discounted cumulative gain of a ranking with binary relevance.
fn dcg<'a>(ranking: impl Iterator<Item = &'a bool>) -> f64 {
    (2..).zip(ranking).filter(|&(_, &relevant)| relevant).map(|(rank, _)| 1.0 / f64::from(rank).log2()).sum()
}

fn read_lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, Box<dyn Error>> {
    Ok(fs::read_to_string(file)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// The relevant documents of each query.
fn read_judgements(file: &Path) -> Result<BTreeMap<String, BTreeSet<String>>, Box<dyn Error>> {
    let mut relevant = BTreeMap::<String, BTreeSet<String>>::new();
    for line in fs::read_to_string(file)?.lines().skip(1) {
        let [query, document, grade] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("not three columns: {line}").into());
        };
        if grade.trim().parse::<i32>()? > 0 {
            relevant.entry(query.to_owned()).or_default().insert(document.to_owned());
        }
    }
    Ok(relevant)
}
