//! Runs a command beside a fresh server: `cargo run -p haversack-tests --bin with-server -- COMMAND…`.
//!
//! The server is the real one, with an empty folder of its own and the mock as its model and embedder. The command
//! finds `HAVERSACK_URL`, `HAVERSACK_KEY` and `MOCK_URL` in its environment. Ends with the command's status.

use haversack_tests::requests::API_KEY;
use haversack_tests::target::{NativeTarget, Target};
use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((program, arguments)) = words.split_first() else {
        eprintln!("usage: with-server COMMAND [ARGUMENT]…");
        return ExitCode::from(2);
    };
    let target = NativeTarget::new(&BTreeMap::new());
    let status = Command::new(program)
        .args(arguments)
        .env("HAVERSACK_URL", target.url())
        .env("HAVERSACK_KEY", API_KEY)
        .env("MOCK_URL", target.mock_url())
        .status();
    match status {
        Ok(status) => {
            status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            eprintln!("`{program}` could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
