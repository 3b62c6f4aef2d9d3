//! The limits of the server as a table, for `docs/limits.md`: numbers come from the code that keeps them.

use crate::extraction::ExtractionOptions;
use crate::server::ServerOptions;
use haversack_engine::limits::{self, Limit};
use haversack_extract::Limits;
use std::time::Duration;

/// All limits, in the order of a request's way: connection, body, place, file, and then what the engine keeps.
pub fn limits() -> Vec<Limit> {
    let server = ServerOptions::default();
    let extraction = ExtractionOptions::default();
    let file = Limits::default();
    let mut rows = vec![
        row("connections from one address", "half of what the system lets the process open", "", "closed"),
        row("body of a request", bytes(server.max_body_bytes), "HAVERSACK_MAX_BODY_BYTES", "413"),
        row(
            "body of a request without a key",
            bytes(haversack_engine::seam::front::STRANGER_BODY_BYTES),
            "",
            "413",
        ),
        row("bytes read before the key is looked at", bytes(crate::server::LOOK_AFTER_BYTES), "", "401, 403"),
        row(
            "all bodies in memory; one caller has half",
            bytes(server.body_memory_bytes),
            "HAVERSACK_BODY_MEMORY_BYTES",
            "503 after 30 s",
        ),
        row(
            "rate of a body after its first 30 s",
            format!("{} a second", bytes(server.pace.bytes_per_second)),
            "",
            "408",
        ),
        row(
            "reads under way, and other requests, each; one caller has half",
            server.max_requests.to_string(),
            "HAVERSACK_MAX_REQUESTS",
            "503; 429 for the caller",
        ),
        row(
            "requests that wait for a model, and streams; one caller has half",
            server.max_streams.to_string(),
            "HAVERSACK_MAX_STREAMS",
            "they count as requests",
        ),
        row(
            "time until an answer begins",
            seconds(server.request_time),
            "HAVERSACK_REQUEST_TIMEOUT_SECONDS",
            "504",
        ),
        row(
            "files read at the same time; one caller has half",
            "two for each core",
            "HAVERSACK_EXTRACT_FILES",
            "they wait",
        ),
        row("time that a file waits", seconds(extraction.wait), "HAVERSACK_EXTRACT_WAIT_SECONDS", "503"),
        row("time for reading a file", seconds(extraction.time), "HAVERSACK_EXTRACT_TIMEOUT_SECONDS", "422"),
        row(
            "memory for reading files, together; one file has half and its share",
            bytes(extraction.memory_bytes),
            "HAVERSACK_EXTRACT_MEMORY_BYTES",
            "422; 503 while others have it",
        ),
        row("a file", bytes(file.max_bytes), "", "422"),
        row("what is compressed in a file, unpacked", bytes(file.max_expanded_bytes), "", "422"),
        row("ratio of that for one part beyond 1 MiB", file.max_ratio.to_string(), "", "422"),
        row("entries of an archive, objects of a PDF", file.max_entries.to_string(), "", "422"),
        row("pages of a file", file.max_pages.to_string(), "", "422"),
        row("nesting inside a file", file.max_depth.to_string(), "", "422, or flattened"),
        row("drawing operations of a PDF", file.max_operations.to_string(), "", "422"),
        row("text of a file", bytes(file.max_text_bytes), "", "422"),
        row("database", "none", "HAVERSACK_MAX_DATABASE_BYTES", "507"),
    ];
    rows.extend(limits::rows());
    rows
}

fn row(what: &str, number: impl Into<String>, setting: &'static str, error: &'static str) -> Limit {
    Limit { what: what.to_owned(), number: number.into(), setting, error }
}

fn bytes(count: u64) -> String {
    limits::bytes(count)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::path::Path;

    fn page() -> String {
        let mut page = String::from(
            "# Limits\n\n\
             What the server holds back, where it can be set, and how a request beyond it is answered. Every error names its \
             limit. Made from the code by `UPDATE_DOCS=1 cargo test -p haversack limit_table`.\n\n\
             | limit | default | setting | answer |\n| --- | --- | --- | --- |\n",
        );
        for Limit { what, number, setting, error } in limits() {
            let setting = if setting.is_empty() { String::new() } else { format!("`{setting}`") };
            let _ = writeln!(page, "| {what} | {number} | {setting} | {error} |");
        }
        page
    }

    #[test]
    fn the_page_says_what_the_code_does() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/limits.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, page()).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(stored, page(), "run UPDATE_DOCS=1 cargo test -p haversack limit_table");
    }

    #[test]
    fn settings_are_known() {
        for Limit { setting, .. } in limits() {
            let own = setting.strip_prefix("HAVERSACK_").unwrap_or(setting);
            assert!(
                own.is_empty() || crate::config::file::OWN.contains(&own),
                "{setting} is not in `file::OWN`"
            );
        }
    }
}
