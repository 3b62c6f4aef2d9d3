//! How an instance is set up: read once from the host's variables, passed in, never looked up.

use crate::embed::EmbedSettings;
use crate::lengths::Lengths;
use crate::llm::LlmSettings;
use crate::model::Instance;
use std::collections::{BTreeMap, BTreeSet};

/// Everything an operator can set that matters to the engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What they were read from.
    pub vars: Variables,
    /// Language models.
    pub llm: LlmSettings,
    /// Embedders.
    pub embed: EmbedSettings,
    /// Chunk size in UTF-16 units; `None` is the embedder's own limit, which also caps it.
    pub chunk_size: Option<usize>,
    /// Overlap of neighbouring chunks in UTF-16 units.
    pub chunk_overlap: usize,
    /// Markdown is cut along its headings, lists, tables and code rather than as clients know it.
    pub chunk_by_structure: bool,
    /// Workspaces cannot be deleted.
    pub deletion_protection: bool,
    /// Memory for cached vector indexes, in bytes, over all workspaces.
    pub index_cache_bytes: usize,
    /// Workspaces of up to so many chunks are searched exactly; beyond, through codes of 2 bits a value. It must be the
    /// same on all hosts of a store.
    pub exact_rows_max: u64,
    /// Requests that one address may send to one embed in a minute; 0 is no limit.
    pub embed_requests_per_minute: u32,
    /// Lines of the event log that are kept, about; 0 is no limit.
    pub event_log_lines: u64,
    /// Turns that are kept of all API sessions of a workspace together, and of all visitors of an embed; 0 is no limit.
    pub session_chats: u64,
    /// Days that such turns are kept; 0 is no limit.
    pub session_days: u64,
    /// Follow-up questions may be answered from sources of earlier answers (backfill).
    pub backfill: bool,
    /// A document that a workspace holds already, unchanged, is not embedded again.
    pub deduplicate: bool,
    /// How long texts may be.
    pub lengths: Lengths,
}

impl Settings {
    /// Reads AnythingLLM's variable names and our own (`HAVERSACK_…`). Problems are for the log; the
    /// default stands where a value makes no sense.
    pub fn from_vars(vars: &BTreeMap<String, String>) -> (Settings, Vec<String>) {
        let (llm, mut problems) = LlmSettings::from_vars(vars);
        let (embed, more) = EmbedSettings::from_vars(vars);
        problems.extend(more);
        let mut number = |name: &str, default: Option<usize>| match vars.get(name).map(|v| v.trim()) {
            None | Some("") => default,
            Some(text) => text.parse().ok().or_else(|| {
                problems.push(format!("{name}={text} is not a whole number: the default stands"));
                default
            }),
        };
        let chunk_size = number("HAVERSACK_CHUNK_SIZE", None).filter(|size| *size > 0);
        let chunk_overlap = number("HAVERSACK_CHUNK_OVERLAP", Some(20)).unwrap_or(20);
        let cache_mb = number("HAVERSACK_INDEX_CACHE_MB", Some(256)).unwrap_or(256);
        let exact = number("HAVERSACK_EXACT_CHUNKS", Some(10_000)).unwrap_or(10_000);
        let per_minute = number("HAVERSACK_EMBED_REQUESTS_PER_MINUTE", Some(60)).unwrap_or(60);
        let lengths = Lengths::read(|name, default| {
            number(name, Some(default)).filter(|bytes| *bytes > 0).unwrap_or(default)
        });
        let event_lines = number("HAVERSACK_EVENT_LOG_LINES", Some(100_000)).unwrap_or(100_000);
        let session_chats = number("HAVERSACK_SESSION_CHATS", Some(100_000)).unwrap_or(100_000);
        let session_days = number("HAVERSACK_SESSION_DAYS", Some(0)).unwrap_or(0);
        let flag = |name: &str, default: bool| match vars.get(name).map(|v| v.trim().to_ascii_lowercase()) {
            None => default,
            Some(text) => !matches!(text.as_str(), "" | "0" | "false" | "no" | "off"),
        };
        let settings = Settings {
            vars: Variables(vars.clone()),
            llm,
            embed,
            chunk_size,
            chunk_overlap,
            chunk_by_structure: flag("HAVERSACK_CHUNK_BY_STRUCTURE", false),
            // Theirs is on as soon as the variable exists, whatever it says.
            deletion_protection: vars.contains_key("WORKSPACE_DELETION_PROTECTION"),
            index_cache_bytes: cache_mb.saturating_mul(1 << 20),
            exact_rows_max: exact as u64,
            embed_requests_per_minute: u32::try_from(per_minute).unwrap_or(u32::MAX),
            event_log_lines: event_lines as u64,
            session_chats: session_chats as u64,
            session_days: session_days as u64,
            backfill: flag("HAVERSACK_BACKFILL", true),
            deduplicate: flag("HAVERSACK_DEDUPLICATE", true),
            lengths,
        };
        (settings, problems)
    }

    /// Which secret goes where: the variables of those that are set, with the addresses of models that are sent them.
    pub(crate) fn secrets(&self) -> BTreeSet<(&'static str, &str)> {
        let all = self.llm.destinations().chain(self.embed.embedder.destinations());
        all.filter(|(var, _)| self.vars.get(var).is_some()).collect()
    }

    /// The settings with those of the instance over them.
    pub(crate) fn set_up_by(&self, instance: &Instance) -> Settings {
        let mut vars = self.vars.0.clone();
        for (label, name) in PREFERENCES {
            if let Some(value) = instance.preferences.get(label) {
                vars.insert(name.to_owned(), value.clone());
            }
        }
        vars.extend(instance.env.iter().map(|(name, value)| (name.clone(), value.clone())));
        Settings::from_vars(&vars).0
    }
}

/// Preferences that are settings, and their variables.
const PREFERENCES: [(&str, &str); 2] = [
    ("text_splitter_chunk_size", "HAVERSACK_CHUNK_SIZE"),
    ("text_splitter_chunk_overlap", "HAVERSACK_CHUNK_OVERLAP"),
];

/// The variables an instance is set up by. Some are secrets: only their names are shown in debug output.
#[derive(Clone, Default, PartialEq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The value of a variable, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether it is there at all: some of AnythingLLM's count as on whatever they say.
    pub fn is_present(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
