//! A collection measured, as a table and as JSON.

use crate::bootstrap::{Estimate, estimate};
use crate::collection::{Answer, Collection, Document};
use crate::rank::{ndcg_at_10, recall, reciprocal_rank};
use crate::span::{Stretch, overlap};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// By what is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Vectors.
    Vector,
    /// Words.
    Lexical,
    /// Both.
    Hybrid,
}

/// All ways of searching.
pub const MODES: [Mode; 3] = [Mode::Vector, Mode::Lexical, Mode::Hybrid];

/// Something that searches documents.
pub trait Search {
    /// Adds a document.
    fn add(&mut self, document: &Document) -> Result<(), String>;

    /// The best passages for a question, `most` at most, best first, whatever their scores.
    fn find(&mut self, question: &str, mode: Mode, most: usize) -> Result<Vec<Stretch>, String>;

    /// Whether anything found for the question may answer it, with the settings as they come.
    fn may_answer(&mut self, question: &str) -> Result<bool, String>;
}

/// The figures of a collection.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The collection, or one of its documents.
    pub name: String,
    /// Questions.
    pub questions: usize,
    /// Means by way of searching and figure; of abstention under [`Mode::Hybrid`].
    pub figures: BTreeMap<Mode, BTreeMap<&'static str, Estimate>>,
}

/// Passages that a model is given.
const PASSAGES: usize = 5;

/// Passages from which a ranking of documents is made.
const DEPTH: usize = 200;

type Values = BTreeMap<String, BTreeMap<Mode, BTreeMap<&'static str, Vec<f64>>>>;

/// Adds the documents of `collection` to `search`, and asks every question in every way.
///
/// Questions with spans are also reported by document. `unrelated` are questions that nothing in the collection answers.
///
/// # Errors
/// Those of `search`.
pub fn measure(
    collection: &Collection,
    unrelated: &[String],
    search: &mut impl Search,
) -> Result<Vec<Report>, String> {
    for document in &collection.documents {
        search.add(document)?;
    }
    let mut values = Values::new();
    let mut put = |name: &str, mode, figure, value| {
        let by_mode = values.entry(name.to_owned()).or_default();
        by_mode.entry(mode).or_default().entry(figure).or_default().push(value);
    };
    let whole = collection.name.as_str();
    for question in &collection.questions {
        for mode in MODES {
            match &question.answer {
                Answer::Documents(relevant) => {
                    let found = documents(&search.find(&question.text, mode, DEPTH)?);
                    put(whole, mode, "nDCG@10", ndcg_at_10(&found, relevant));
                    put(whole, mode, "recall@100", recall(&found, relevant, 100));
                    put(whole, mode, "MRR", reciprocal_rank(&found, relevant));
                }
                Answer::Spans(spans) => {
                    let found = overlap(&search.find(&question.text, mode, PASSAGES)?, spans);
                    for name in [Some(whole), spans.first().map(|span| span.document.as_str())] {
                        let Some(name) = name else { continue };
                        put(name, mode, "span recall@5", found.recall);
                        put(name, mode, "span precision@5", found.precision);
                        put(name, mode, "span IoU@5", found.iou);
                    }
                }
                Answer::Answerable(_) => {}
            }
        }
        let kept = search.may_answer(&question.text)?;
        match question.answer {
            Answer::Answerable(false) => {
                put(whole, Mode::Hybrid, "unanswerable refused", f64::from(u8::from(!kept)))
            }
            _ => put(whole, Mode::Hybrid, "answerable kept", f64::from(u8::from(kept))),
        }
    }
    for question in unrelated {
        let kept = search.may_answer(question)?;
        put(whole, Mode::Hybrid, "unrelated refused", f64::from(u8::from(!kept)));
    }
    Ok(values.into_iter().map(|(name, by_mode)| report(name, by_mode)).collect())
}

fn report(name: String, by_mode: BTreeMap<Mode, BTreeMap<&'static str, Vec<f64>>>) -> Report {
    // Unrelated questions are not its own.
    let own = by_mode.values().flatten().filter(|(figure, _)| **figure != "unrelated refused");
    let questions = own.map(|(_, values)| values.len()).max().unwrap_or(0);
    let means = |figures: BTreeMap<&'static str, Vec<f64>>| {
        figures.into_iter().map(|(figure, values)| (figure, estimate(&values))).collect()
    };
    let figures = by_mode.into_iter().map(|(mode, figures)| (mode, means(figures))).collect();
    Report { name, questions, figures }
}

/// Ids of documents, each where its best passage is.
fn documents(found: &[Stretch]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for stretch in found {
        if !ids.contains(&stretch.document) {
            ids.push(stretch.document.clone());
        }
    }
    ids
}

/// The reports as a Markdown table: percent, with 95 % intervals.
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let mut out = String::from(
        "| collection | questions | figure | vector | lexical | hybrid |\n|---|---|---|---|---|---|\n",
    );
    for report in reports {
        let mut names: Vec<&str> = report.figures.values().flat_map(BTreeMap::keys).copied().collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let cells: Vec<String> =
                MODES.map(|mode| cell(report.figures.get(&mode).and_then(|all| all.get(name)))).into();
            let _ =
                writeln!(out, "| {} | {} | {name} | {} |", report.name, report.questions, cells.join(" | "));
        }
    }
    out
}

fn cell(estimate: Option<&Estimate>) -> String {
    estimate.map_or_else(String::new, |estimate| {
        format!("{:.1} ({:.1}–{:.1})", 100.0 * estimate.mean, 100.0 * estimate.low, 100.0 * estimate.high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::Question;

    /// Finds every document by its first word.
    #[derive(Default)]
    struct Words(Vec<Document>);

    impl Search for Words {
        fn add(&mut self, document: &Document) -> Result<(), String> {
            self.0.push(document.clone());
            Ok(())
        }

        fn find(&mut self, question: &str, _: Mode, most: usize) -> Result<Vec<Stretch>, String> {
            let hits = self.0.iter().filter(|document| document.text.starts_with(question));
            let whole = |document: &Document| Stretch {
                document: document.id.clone(),
                range: 0..document.text.len(),
            };
            Ok(hits.map(whole).take(most).collect())
        }

        fn may_answer(&mut self, question: &str) -> Result<bool, String> {
            Ok(!self.find(question, Mode::Hybrid, 1)?.is_empty())
        }
    }

    #[test]
    fn a_collection_is_measured_whole_and_by_document() {
        let document =
            |id: &str, text: &str| Document { id: id.into(), title: String::new(), text: text.into() };
        let spans = vec![Stretch { document: "a".into(), range: 0..6 }];
        let collection = Collection {
            name: "notes".into(),
            documents: vec![document("a", "otters swim"), document("b", "voles dig")],
            questions: vec![
                Question { text: "otters".into(), answer: Answer::Spans(spans) },
                Question { text: "moles".into(), answer: Answer::Answerable(false) },
            ],
        };
        let reports = measure(&collection, &["voles".into()], &mut Words::default()).unwrap();
        assert_eq!(reports.iter().map(|report| report.name.as_str()).collect::<Vec<_>>(), ["a", "notes"]);
        let hybrid = &reports[1].figures[&Mode::Hybrid];
        let mean = |figure: &str| hybrid[figure].mean;
        assert_eq!(
            (mean("span recall@5"), mean("unanswerable refused"), mean("unrelated refused")),
            (1.0, 1.0, 0.0)
        );
        assert!(table(&reports).contains("| notes | 1 | span recall@5 | 100.0 (100.0–100.0) |"));
    }
}
