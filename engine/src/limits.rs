//! The limits that the engine keeps, as rows of a table: each module names its own.

use crate::Settings;
use crate::lengths::{Length, Lengths};
use std::collections::BTreeMap;

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, for people.
    pub what: String,
    /// How much of it, with its unit.
    pub number: String,
    /// The variable that changes it; empty if none does.
    pub setting: &'static str,
    /// How a request beyond it is answered: statuses, or a few words.
    pub error: &'static str,
}

impl Limit {
    /// A limit that no setting changes.
    pub fn fixed(what: &str, number: impl Into<String>, error: &'static str) -> Limit {
        Limit { what: what.to_owned(), number: number.into(), setting: "", error }
    }

    /// A limit with a setting.
    pub fn set_by(
        setting: &'static str,
        what: &str,
        number: impl Into<String>,
        error: &'static str,
    ) -> Limit {
        Limit { what: what.to_owned(), number: number.into(), setting, error }
    }
}

/// All of them.
pub fn rows() -> Vec<Limit> {
    let lengths = Lengths::read(|_, default| default);
    let length =
        |what: &str, length: Length| Limit::set_by(length.variable, what, bytes(length.bytes as u64), "413");
    let mut rows = vec![
        length("a question; all messages of one OpenAI call together", lengths.message),
        length("what is searched for", lengths.query),
        length("a system prompt", lengths.prompt),
        length("texts that one OpenAI call has embedded, together", lengths.embedding),
    ];
    rows.extend(crate::api::limits());
    rows.extend(growth());
    rows
}

/// What grows with use, see `docs/data.md`.
fn growth() -> [Limit; 3] {
    let (settings, _) = Settings::from_vars(&BTreeMap::new());
    let or_none = |count: u64| if count == 0 { "none".to_owned() } else { count.to_string() };
    let dropped = "the oldest go";
    [
        Limit::set_by(
            "HAVERSACK_EVENT_LOG_LINES",
            "lines of the event log",
            or_none(settings.event_log_lines),
            dropped,
        ),
        Limit::set_by(
            "HAVERSACK_SESSION_CHATS",
            "turns of sessions of one workspace",
            or_none(settings.session_chats),
            dropped,
        ),
        Limit::set_by(
            "HAVERSACK_SESSION_DAYS",
            "days that such turns are kept",
            or_none(settings.session_days),
            dropped,
        ),
    ]
}

/// A count of bytes in the largest unit that divides it.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let mut count = count;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if count == 0 || !count.is_multiple_of(1024) {
            break;
        }
        (count, unit) = (count / 1024, larger);
    }
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_largest_unit_that_divides_them() {
        assert_eq!([1 << 20, 1536, 1000, 0].map(bytes), ["1 MiB", "1536 bytes", "1000 bytes", "0 bytes"]);
        assert_eq!(bytes(200 << 30), "200 GiB");
    }
}
