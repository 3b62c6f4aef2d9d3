//! Two hosts side by side: the same requests, the same answers.

use super::normalise;
use super::replay::{capture, names, parse_or_null, split, written_as_recorded};
use super::request::{Variables, build};
use super::scope::Scope;
use super::transcript::{Golden, Step};
use crate::target::Target;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// A step that two hosts answered differently.
#[derive(Debug)]
pub struct Unlike {
    /// Recording and step.
    pub step: String,
    /// Both answers, and what either asked of the model.
    pub answers: [String; 2],
}

/// One host in the middle of a recording.
struct Side<T> {
    target: T,
    variables: Variables,
}

/// Sends every request of the recordings to both hosts. Of the answers, ids, times and speeds may differ, and
/// nothing else, to the last digit of a score. Returns how many were compared.
pub fn compare_hosts<A: Target, B: Target>(
    goldens: &[Golden],
    fixtures: &Path,
    scope: &mut Scope,
    mut first: impl FnMut(&BTreeMap<String, String>) -> A,
    mut second: impl FnMut(&BTreeMap<String, String>) -> B,
) -> (usize, Vec<Unlike>) {
    let (mut count, mut unlike) = (0, Vec::new());
    for golden in goldens {
        let (steps, _) = split(golden, scope);
        if steps.is_empty() {
            continue;
        }
        let vars = scope.vars(&golden.name, &golden.env);
        let mut sides = (Side::new(first(&vars)), Side::new(second(&vars)));
        for step in &steps {
            let answers = [sides.0.answer(step, fixtures), sides.1.answer(step, fixtures)];
            count += 1;
            if answers[0] != answers[1] {
                unlike.push(Unlike { step: format!("{}: {}", golden.name, step.name), answers });
            }
        }
    }
    (count, unlike)
}

impl<T: Target> Side<T> {
    fn new(mut target: T) -> Side<T> {
        target.take_mock_log();
        let variables = Variables::from([
            ("mockUrl".to_owned(), target.mock_url().into()),
            ("apiKey".to_owned(), target.api_key().into()),
        ]);
        Side { target, variables }
    }

    fn answer(&mut self, step: &Step, fixtures: &Path) -> String {
        let mock_url = self.target.mock_url();
        let answer = self.target.call(build(step, &self.variables, fixtures));
        let answer = written_as_recorded(&answer);
        capture(step, &answer, &mut self.variables);
        let log = normalise::mock_log(&self.target.take_mock_log());
        let seen = json!({"response": answer, "mock": log}).to_string().replace(&mock_url, "<MOCK>");
        normalise::normalise(&parse_or_null(&seen), &names(&self.variables)).to_string()
    }
}
