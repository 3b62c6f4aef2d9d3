//! Runs recordings against a target and reports what differs.

use super::compare::{Difference, compare};
use super::differences::{Differences, Place};
use super::request::{Variables, build};
use super::scope::Scope;
use super::transcript::{Golden, Step};
use super::{normalise, transcript};
use crate::target::{Answer, Target};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// A captured value shorter than this may appear by chance elsewhere and keeps its place.
const NAMED_LENGTH_MIN: usize = 5;

/// What became of the recordings.
#[derive(Debug, Default)]
pub struct Report {
    /// Steps whose answer was compared.
    pub replayed: usize,
    /// Steps left out, by reason.
    pub skipped: BTreeMap<String, usize>,
    /// Differences excused.
    pub excused: usize,
    /// `(recording, step, difference)` without an excuse.
    pub failures: Vec<(String, String, Difference)>,
}

impl Report {
    /// The failures as JSON lines, for other tools.
    pub fn to_jsonl(&self) -> String {
        let line = |(file, step, d): &(String, String, Difference)| {
            let mut line = json!({"file": file, "step": step, "at": d.at});
            for (side, value) in [("golden", &d.golden), ("ours", &d.ours)] {
                if let Some(value) = value {
                    line[side] = value.clone();
                }
            }
            line.to_string() + "\n"
        };
        self.failures.iter().map(line).collect()
    }

    /// The failures as text, equal ones together.
    pub fn to_text(&self) -> String {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (file, step, difference) in &self.failures {
            groups.entry(difference.to_string()).or_default().push(format!("{file}: {step}"));
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(what, places)| (std::cmp::Reverse(places.len()), what.clone()));
        let mut text = String::new();
        for (what, places) in groups {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "[{}x] {what}", places.len());
            for place in places.iter().take(6) {
                let _ = writeln!(text, "      {place}");
            }
        }
        let _ = writeln!(
            text,
            "{} steps replayed, {} left out, {} differences excused, {} not",
            self.replayed,
            self.skipped.values().sum::<usize>(),
            self.excused,
            self.failures.len()
        );
        for (reason, count) in &self.skipped {
            let _ = writeln!(text, "  left out {count}: {reason}");
        }
        text
    }
}

/// Replays every recording, each on a fresh target from `fresh` (which gets the scenario's settings).
pub fn replay_all<T: Target>(
    goldens: &[Golden],
    fixtures: &Path,
    scope: &mut Scope,
    differences: &mut Differences,
    mut fresh: impl FnMut(&BTreeMap<String, String>) -> T,
) -> Report {
    let mut report = Report::default();
    for golden in goldens {
        let (run, skipped) = split(golden, scope);
        for reason in skipped {
            *report.skipped.entry(reason).or_default() += 1;
        }
        if run.is_empty() {
            continue;
        }
        let mut target = fresh(&scope.vars(&golden.name, &golden.env));
        replay(golden, &run, fixtures, differences, &mut target, &mut report);
    }
    report
}

pub(super) fn split(golden: &Golden, scope: &mut Scope) -> (Vec<Step>, Vec<String>) {
    let (mut run, mut skipped) = (Vec::new(), Vec::new());
    for step in &golden.steps {
        match scope.skips(&golden.name, step) {
            Some(reason) => skipped.push(reason),
            None => {
                let mut step = step.clone();
                if scope.adds_key(&golden.name, &step) {
                    step.request.auth = None;
                }
                run.push(step);
            }
        }
    }
    (run, skipped)
}

fn replay<T: Target>(
    golden: &Golden,
    steps: &[Step],
    fixtures: &Path,
    differences: &mut Differences,
    target: &mut T,
    report: &mut Report,
) {
    let (mock_url, key) = (target.mock_url(), target.api_key());
    let mut variables =
        Variables::from([("mockUrl".into(), mock_url.clone().into()), ("apiKey".into(), key.into())]);
    let mut recorded = Variables::new();
    target.take_mock_log();
    for step in steps {
        let answer = target.call(build(step, &variables, fixtures));
        let answer = written_as_recorded(&answer);
        let missing = capture(step, &answer, &mut variables);
        recorded.extend(step.captured.clone());

        let log = normalise::mock_log(&target.take_mock_log());
        let ours = json!({"response": answer, "mock": log});
        let ours: Value = parse_or_null(&ours.to_string().replace(&mock_url, "<MOCK>"));
        let theirs = json!({"response": step.response, "mock": step.mock});
        let ours = normalise::normalise(&ours, &names(&variables));
        let theirs = normalise::normalise(&theirs, &names(&recorded));

        let mut found = missing;
        compare(&theirs, &ours, "", &mut found);
        report.replayed += 1;
        let place =
            Place { target: T::NAME, file: &golden.name, step: &step.name, answer: &ours["response"] };
        for difference in found {
            if differences.excuses(place, &difference) {
                report.excused += 1;
            } else {
                report.failures.push((golden.name.clone(), step.name.clone(), difference));
            }
        }
    }
}

/// An answer in the shape of a recording's `response`.
pub fn written_as_recorded(answer: &Answer) -> Value {
    let content_type = answer.header("content-type");
    let mut response = Map::new();
    response.insert("status".into(), answer.status.into());
    let headers: Map<String, Value> =
        content_type.map(|value| ("content-type".to_owned(), value.into())).into_iter().collect();
    response.insert("headers".into(), headers.into());
    let content_type = content_type.unwrap_or_default();
    let text = String::from_utf8_lossy(&answer.body);
    let (key, body) = if content_type.contains("text/event-stream") {
        ("sse_events", Value::Array(events(&text)))
    } else {
        let json = content_type.contains("json") && !content_type.contains("jsonl");
        match serde_json::from_str(&text) {
            Ok(body) if json => ("body", body),
            _ => ("body_text", text.into()),
        }
    };
    response.insert(key.into(), body);
    response.into()
}

/// The payloads of server-sent events, as JSON where they are.
pub fn events(text: &str) -> Vec<Value> {
    text.split("\n\n")
        .filter(|event| !event.trim().is_empty())
        .map(|event| {
            let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
            let data: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
            let data = data.join("\n");
            serde_json::from_str(&data)
                .unwrap_or_else(|_| if data.is_empty() { event.into() } else { data.into() })
        })
        .collect()
}

pub(super) fn parse_or_null(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// Takes the step's captures out of our answer; a value that is not there is a difference.
pub(super) fn capture(step: &transcript::Step, answer: &Value, variables: &mut Variables) -> Vec<Difference> {
    let mut missing = Vec::new();
    for (name, path) in &step.capture {
        let value = path.split('.').try_fold(&answer["body"], |value, key| match value {
            Value::Array(items) if key == "$last" => items.last(),
            Value::Array(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            Value::Object(fields) => fields.get(key),
            _ => None,
        });
        match value.filter(|value| !value.is_null()) {
            Some(value) => {
                variables.insert(name.clone(), value.clone());
            }
            None if step.captured.contains_key(name) => missing.push(Difference {
                at: format!("/captured/{name}"),
                golden: step.captured.get(name).cloned(),
                ours: None,
            }),
            None => {}
        }
    }
    missing
}

/// `(value, {{name}})` of captured texts, longest first.
pub(super) fn names(variables: &Variables) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = variables
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "mockUrl" | "apiKey"))
        .filter_map(|(name, value)| Some((value.as_str()?.to_owned(), format!("{{{{{name}}}}}"))))
        .filter(|(value, _)| value.chars().count() >= NAMED_LENGTH_MIN)
        .collect();
    names.sort_by_key(|(value, name)| (std::cmp::Reverse(value.len()), name.clone()));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_split_and_parsed() {
        assert_eq!(
            events("data: {\"a\":1}\n\ndata: [DONE]\n\n: note\n\n"),
            [json!({"a": 1}), json!("[DONE]"), json!(": note")]
        );
    }

    #[test]
    fn a_body_is_json_by_its_content_type_only() {
        let answer = |content_type: &str| Answer {
            status: 200,
            headers: vec![("content-type".into(), content_type.into())],
            body: "{}".into(),
        };
        assert_eq!(written_as_recorded(&answer("application/json"))["body"], json!({}));
        assert_eq!(written_as_recorded(&answer("application/jsonl"))["body_text"], json!("{}"));
        assert_eq!(written_as_recorded(&answer("text/plain"))["body_text"], json!("{}"));
    }
}
