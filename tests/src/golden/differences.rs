//! Where we differ on purpose: `golden/differences.toml`.
//!
//! Every entry says where, how and why. A difference without an entry fails, and so does an entry
//! without a difference: an excuse that is no longer needed is misleading.

use super::compare::Difference;
use super::glob;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::Path;

/// The entries of the file, with the steps each has excused something in.
#[derive(Debug)]
pub struct Differences {
    entries: Vec<(Entry, Steps)>,
}

/// Recording and step.
pub type Steps = BTreeSet<(String, String)>;

/// One excuse.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Names of recordings, `*` for any characters.
    #[serde(default = "any")]
    pub file: String,
    /// Names of steps, `*` for any characters.
    #[serde(default = "anys")]
    pub steps: Vec<String>,
    /// JSON pointers of the differences, `*` for one segment, `**` for any number.
    #[serde(default = "answer")]
    pub at: Vec<String>,
    /// What is excused there.
    pub kind: Kind,
    /// Only when our answer has one of these statuses; empty for any.
    #[serde(default)]
    pub status: Vec<u16>,
    /// What ours must be there, as JSON. For [`Kind::Answer`]: what our body must hold, at least.
    #[serde(default)]
    pub ours: Option<String>,
    /// What the recording has there, as JSON.
    #[serde(default)]
    pub golden: Option<String>,
    /// Only on this target.
    #[serde(default)]
    pub target: Option<String>,
    /// Why we differ.
    pub reason: String,
}

/// How a place may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// We send something where the recording has nothing.
    Extra,
    /// We send nothing where the recording has something.
    Missing,
    /// Both send something.
    Value,
    /// The whole answer is another one: one `status` is required.
    Answer,
    /// Any of the first three, and anything inside.
    Any,
}

/// The step in which a difference was found.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Name of the target.
    pub target: &'a str,
    /// Name of the recording.
    pub file: &'a str,
    /// Name of the step.
    pub step: &'a str,
    /// Our answer, as recorded answers are written.
    pub answer: &'a Value,
}

impl Differences {
    /// Reads the file and checks that every entry is complete.
    pub fn read(path: &Path) -> io::Result<Differences> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Lists {
            #[serde(default)]
            difference: Vec<Entry>,
        }
        let invalid = |why: String| Error::new(ErrorKind::InvalidData, format!("{}: {why}", path.display()));
        let lists: Lists = toml::from_str(&fs::read_to_string(path)?).map_err(|e| invalid(e.to_string()))?;
        for entry in &lists.difference {
            entry.check().map_err(|why| invalid(format!("{why}: {entry:?}")))?;
        }
        Ok(Differences { entries: lists.difference.into_iter().map(|entry| (entry, Steps::new())).collect() })
    }

    /// Whether an entry excuses the difference; remembers where if so.
    pub fn excuses(&mut self, place: Place<'_>, difference: &Difference) -> bool {
        let mut found = false;
        // All matching entries count as used: a broad one must not make a narrow one look stale.
        for (entry, used) in &mut self.entries {
            if entry.matches(place, difference) {
                used.insert((place.file.to_owned(), place.step.to_owned()));
                found = true;
            }
        }
        found
    }

    /// Entries for this target that excused nothing.
    pub fn stale(&self, target: &str) -> Vec<&Entry> {
        let stale = |entry: &Entry| entry.target.as_deref().is_none_or(|only| only == target);
        self.entries
            .iter()
            .filter(|(entry, used)| used.is_empty() && stale(entry))
            .map(|(entry, _)| entry)
            .collect()
    }

    /// Every entry, with the steps it has excused something in.
    pub fn used(&self) -> impl Iterator<Item = (&Entry, &Steps)> {
        self.entries.iter().map(|(entry, used)| (entry, used))
    }

    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }
}

impl Entry {
    fn check(&self) -> Result<(), String> {
        if self.reason.split_whitespace().count() < 3 {
            return Err("the reason says too little".into());
        }
        if self.kind == Kind::Answer && self.status.len() != 1 {
            return Err("an answer needs its status".into());
        }
        for json in [&self.ours, &self.golden].into_iter().flatten() {
            serde_json::from_str::<Value>(json).map_err(|e| format!("not JSON: {json}: {e}"))?;
        }
        Ok(())
    }

    fn matches(&self, place: Place<'_>, difference: &Difference) -> bool {
        self.target.as_deref().is_none_or(|only| only == place.target)
            && glob::text(&self.file, place.file)
            && self.steps.iter().any(|step| glob::text(step, place.step))
            && self.at.iter().any(|at| glob::path(at, &difference.at))
            && (self.status.is_empty() || self.status.iter().any(|status| place.answer["status"] == *status))
            && self.matches_values(place, difference)
    }

    fn matches_values(&self, place: Place<'_>, difference: &Difference) -> bool {
        let equals = |wanted: &Option<String>, found: Option<&Value>| {
            wanted.as_ref().is_none_or(|json| found == serde_json::from_str(json).ok().as_ref())
        };
        let kind = match self.kind {
            Kind::Extra => difference.golden.is_none(),
            Kind::Missing => difference.ours.is_none(),
            Kind::Value => difference.golden.is_some() && difference.ours.is_some(),
            Kind::Any => true,
            Kind::Answer => {
                let wanted = self.ours.as_ref().and_then(|json| serde_json::from_str(json).ok());
                return wanted.is_none_or(|wanted| holds(&place.answer["body"], &wanted));
            }
        };
        kind && equals(&self.ours, difference.ours.as_ref())
            && equals(&self.golden, difference.golden.as_ref())
    }
}

/// Whether `value` has everything `wanted` has.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| holds(value, wanted)))
        }
        _ => value == wanted,
    }
}

fn any() -> String {
    "*".into()
}

fn anys() -> Vec<String> {
    vec![any()]
}

fn answer() -> Vec<String> {
    vec!["/response/**".into()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(toml: &str) -> Differences {
        let path = std::env::temp_dir().join(format!("differences-{:?}.toml", std::thread::current().id()));
        fs::write(&path, toml).unwrap();
        let read = Differences::read(&path);
        fs::remove_file(&path).unwrap();
        read.unwrap()
    }

    fn excuses(list: &mut Differences, at: &str, golden: Option<Value>, ours: Option<Value>) -> bool {
        let answer = json!({"status": 403, "body": {"error": "no", "message": "no"}});
        let place = Place { target: "sim", file: "auth", step: "no header", answer: &answer };
        list.excuses(place, &Difference { at: at.into(), golden, ours })
    }

    #[test]
    fn an_entry_excuses_what_it_names_and_nothing_else() {
        let mut list = list(
            r#"
            [[difference]]
            file = "auth"
            steps = ["no *"]
            at = ["/response/body/message"]
            kind = "extra"
            status = [403]
            ours = '"no"'
            reason = "both spellings of the error"
            "#,
        );
        assert_eq!(list.stale("sim").len(), 1);
        assert!(!excuses(&mut list, "/response/body/other", None, Some(json!("no"))));
        assert!(!excuses(&mut list, "/response/body/message", None, Some(json!("yes"))));
        assert!(!excuses(&mut list, "/response/body/message", Some(json!("x")), Some(json!("no"))));
        assert_eq!(list.stale("sim").len(), 1);
        assert!(excuses(&mut list, "/response/body/message", None, Some(json!("no"))));
        assert!(list.stale("sim").is_empty());
    }

    #[test]
    fn another_answer_is_excused_whole_if_it_is_the_one_expected() {
        let entry = |status: u16, ours: &str| {
            format!(
                "[[difference]]\nkind = \"answer\"\nstatus = [{status}]\nours = '{ours}'\nreason = \"a better answer\""
            )
        };
        let at = "/response/headers/content-type";
        assert!(excuses(&mut list(&entry(403, r#"{"error":"no"}"#)), at, Some(json!(1)), Some(json!(2))));
        assert!(!excuses(&mut list(&entry(403, r#"{"error":"x"}"#)), at, Some(json!(1)), Some(json!(2))));
        assert!(!excuses(&mut list(&entry(404, "{}")), at, Some(json!(1)), Some(json!(2))));
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let entry = Entry {
            file: any(),
            steps: anys(),
            at: answer(),
            kind: Kind::Any,
            status: vec![],
            ours: None,
            golden: None,
            target: None,
            reason: "because".into(),
        };
        assert!(entry.check().is_err());
    }
}
