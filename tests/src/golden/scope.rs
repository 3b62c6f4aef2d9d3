//! Which recorded steps are not replayed, and under which settings the others are: `golden/scope.toml`.

use super::glob;
use super::transcript::Step;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::Path;

/// The steps left out, with a count for each entry, and settings.
#[derive(Debug)]
pub struct Scope {
    entries: Vec<(Entry, usize)>,
    settings: Vec<Setting>,
    keyed: Vec<(Entry, usize)>,
}

/// Settings of ours that a recording is replayed under.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Name of the recording.
    pub file: String,
    /// Variables and their values.
    pub vars: BTreeMap<String, String>,
    /// Why.
    pub reason: String,
}

/// Steps that are left out, or sent in another way.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Names of recordings, `*` for any characters.
    #[serde(default = "any")]
    pub file: String,
    /// Names of steps, `*` for any characters.
    #[serde(default = "anys")]
    pub steps: Vec<String>,
    /// Paths below `/api` without the query, `*` for one segment, `**` for any number.
    #[serde(default = "any_paths")]
    pub paths: Vec<String>,
    /// Why.
    pub reason: String,
}

impl Scope {
    /// Reads the file.
    pub fn read(path: &Path) -> io::Result<Scope> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Lists {
            #[serde(default)]
            skip: Vec<Entry>,
            #[serde(default)]
            setting: Vec<Setting>,
            #[serde(default)]
            keyed: Vec<Entry>,
        }
        let lists: Lists = toml::from_str(&fs::read_to_string(path)?)
            .map_err(|e| Error::new(ErrorKind::InvalidData, format!("{}: {e}", path.display())))?;
        let unused = |entries: Vec<Entry>| entries.into_iter().map(|entry| (entry, 0)).collect();
        Ok(Scope { entries: unused(lists.skip), settings: lists.setting, keyed: unused(lists.keyed) })
    }

    /// The variables that a recording is replayed under, with those it was recorded under.
    pub fn vars(&self, file: &str, recorded: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let ours = self.settings.iter().filter(|setting| setting.file == file);
        let ours = ours.flat_map(|setting| setting.vars.clone());
        recorded.clone().into_iter().chain(ours).collect()
    }

    /// Why the step is left out, if it is.
    pub fn skips(&mut self, file: &str, step: &Step) -> Option<String> {
        first(&mut self.entries, file, step)
    }

    /// Whether the step is sent with the valid key, though it was recorded without.
    pub fn adds_key(&mut self, file: &str, step: &Step) -> bool {
        first(&mut self.keyed, file, step).is_some()
    }

    /// Entries that changed nothing.
    pub fn stale(&self) -> Vec<&Entry> {
        let all = self.entries.iter().chain(&self.keyed);
        all.filter(|(_, used)| *used == 0).map(|(entry, _)| entry).collect()
    }
}

/// The reason of the first entry that names the step; all that do are used.
fn first(entries: &mut [(Entry, usize)], file: &str, step: &Step) -> Option<String> {
    let path = step.request.path.split('?').next().unwrap_or_default();
    let mut reason = None;
    for (entry, used) in entries {
        let matches = glob::text(&entry.file, file)
            && entry.steps.iter().any(|name| glob::text(name, &step.name))
            && entry.paths.iter().any(|pattern| glob::path(pattern, path));
        if matches {
            *used += 1;
            reason.get_or_insert_with(|| entry.reason.clone());
        }
    }
    reason
}

fn any() -> String {
    "*".into()
}

fn anys() -> Vec<String> {
    vec![any()]
}

fn any_paths() -> Vec<String> {
    vec!["**".into()]
}
