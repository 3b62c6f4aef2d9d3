//! Reading collections whose answers are known.
//!
//! | form | files |
//! | --- | --- |
//! | BEIR | `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`), `qrels/*.tsv` or `qrels.tsv` |
//! | plain | `docs.jsonl` (`id`, `title`, `text`), `queries.jsonl` (`id`, `text`), `qrels.tsv` |
//! | spans | `docs/`, `questions.jsonl` (`document`, `question`, `spans` as half-open ranges of code points) |
//! | abstention | `docs/` or `docs.jsonl`, `questions.jsonl` (`question`, `answerable`) |

use crate::span::Stretch;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A document of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What judgements and spans call it.
    pub id: String,
    /// May be empty.
    pub title: String,
    /// Its text.
    pub text: String,
}

/// A question and what is known about its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// The answer.
    pub answer: Answer,
}

/// What is known about the answer of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Documents that are relevant.
    Documents(BTreeSet<String>),
    /// The text that answers.
    Spans(Vec<Stretch>),
    /// Whether the documents answer it.
    Answerable(bool),
}

/// Documents and questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The folder's name.
    pub name: String,
    /// Documents, without empty ones.
    pub documents: Vec<Document>,
    /// Questions with a known answer.
    pub questions: Vec<Question>,
}

impl Collection {
    /// Reads the collection in `folder`, in whichever form it is.
    ///
    /// # Errors
    /// Says which file is missing or wrong.
    pub fn read(folder: &Path) -> Result<Collection, String> {
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let documents: Vec<Document> =
            documents(folder)?.into_iter().filter(|document| !document.text.trim().is_empty()).collect();
        let questions = match folder.join("questions.jsonl").is_file() {
            true => with_answers(folder)?,
            false => judged(folder)?,
        };
        if documents.is_empty() || questions.is_empty() {
            return Err(format!("{}: no documents, or no questions with an answer", folder.display()));
        }
        Ok(Collection { name, documents, questions })
    }
}

fn documents(folder: &Path) -> Result<Vec<Document>, String> {
    for file in ["corpus.jsonl", "docs.jsonl"] {
        let path = folder.join(file);
        if path.is_file() {
            let document =
                |row: Value| Document { id: id(&row), title: text(&row, "title"), text: text(&row, "text") };
            return Ok(rows(&path)?.into_iter().map(document).collect());
        }
    }
    let path = folder.join("docs");
    let entries = fs::read_dir(&path).map_err(|error| {
        format!("{}: neither corpus.jsonl nor docs.jsonl nor docs/ ({error})", folder.display())
    })?;
    let mut documents = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_file() {
            let id = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            documents.push(Document { title: id.clone(), id, text: read(&path)? });
        }
    }
    documents.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(documents)
}

/// Questions with their judgements.
fn judged(folder: &Path) -> Result<Vec<Question>, String> {
    let mut relevant = judgements(folder)?;
    let queries = rows(&folder.join("queries.jsonl"))?;
    let question = |row: Value| {
        let relevant = relevant.remove(&id(&row))?;
        Some(Question { text: text(&row, "text"), answer: Answer::Documents(relevant) })
    };
    Ok(queries.into_iter().filter_map(question).collect())
}

/// The relevant documents of each query: of `qrels/test.tsv`, else of all files in `qrels/`, else of `qrels.tsv`.
fn judgements(folder: &Path) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut files = Vec::new();
    let several = folder.join("qrels");
    if several.join("test.tsv").is_file() {
        files.push(several.join("test.tsv"));
    } else if several.is_dir() {
        let entries = fs::read_dir(&several).map_err(|error| error.to_string())?;
        files.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        files.retain(|path| path.extension().is_some_and(|end| end == "tsv"));
        files.sort();
    } else {
        files.push(folder.join("qrels.tsv"));
    }
    let mut relevant: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        for (n, line) in read(&file)?.lines().enumerate().skip(1) {
            let parts: Vec<&str> = line.split('\t').collect();
            let ([query, document, grade] | [query, _, document, grade]) = parts[..] else {
                return Err(format!("{}: line {} has not three columns", file.display(), n + 1));
            };
            let grade: f64 = grade
                .trim()
                .parse()
                .map_err(|_| format!("{}: line {}: {grade} is not a number", file.display(), n + 1))?;
            if grade > 0.0 {
                relevant.entry(query.to_owned()).or_default().insert(document.to_owned());
            }
        }
    }
    Ok(relevant)
}

/// Questions that carry their answers.
fn with_answers(folder: &Path) -> Result<Vec<Question>, String> {
    let path = folder.join("questions.jsonl");
    rows(&path)?
        .iter()
        .enumerate()
        .map(|(n, row)| {
            question(row).ok_or_else(|| {
                format!("{}: line {} has neither `spans` nor `answerable`", path.display(), n + 1)
            })
        })
        .collect()
}

fn question(row: &Value) -> Option<Question> {
    let answer = match (row.get("spans"), row.get("answerable")) {
        (Some(spans), _) => {
            let document = text(row, "document");
            let stretch = |span: &Value| {
                let at = |n: usize| usize::try_from(span.get(n)?.as_u64()?).ok();
                Some(Stretch { document: document.clone(), range: at(0)?..at(1)? })
            };
            Answer::Spans(spans.as_array()?.iter().map(stretch).collect::<Option<_>>()?)
        }
        (None, Some(answerable)) => Answer::Answerable(answerable.as_bool()?),
        (None, None) => return None,
    };
    Some(Question { text: text(row, "question"), answer })
}

fn id(row: &Value) -> String {
    match row.get("_id").or_else(|| row.get("id")) {
        Some(Value::String(id)) => id.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn text(row: &Value, name: &str) -> String {
    row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn rows(path: &Path) -> Result<Vec<Value>, String> {
    let parse = |(n, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("{}: line {}: {error}", path.display(), n + 1))
    };
    read(path)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
