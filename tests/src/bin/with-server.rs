//! Runs a command beside a fresh server: `cargo run -p haversack-tests --bin with-server -- [NAME=VALUE…] COMMAND…`.
//!
//! The server is the real one, with an empty folder of its own, the settings named before the command, and the mock as
//! its model and embedder. The command finds `HAVERSACK_URL`, `HAVERSACK_KEY` and `MOCK_URL` in its environment. Ends with the command's status.

use haversack_tests::requests::API_KEY;
use haversack_tests::target::{NativeTarget, Target};
use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<_> = words.iter().map_while(|word| word.split_once('=')).collect();
    let Some((program, arguments)) = words[named.len()..].split_first() else {
        eprintln!("usage: with-server [NAME=VALUE]… COMMAND [ARGUMENT]…");
        return ExitCode::from(2);
    };
    let settings: BTreeMap<String, String> =
        named.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let target = NativeTarget::new(&settings);
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
