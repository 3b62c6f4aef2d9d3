//! What has to be right before any test runs.

use crate::shell::{Failure, cargo, cargo_with, require};
use crate::wasm;

/// Formatting, lints, the engine and the parsers on wasm32, documentation.
pub fn all() -> Result<(), Failure> {
    cargo(&["fmt", "--all", "--", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    wasm::check()?;
    cargo_with(&["doc", "--workspace", "--no-deps", "--quiet"], &[("RUSTDOCFLAGS", "--deny warnings")])
}

/// Licences, sources and duplicates, by `deny.toml`.
pub fn deny() -> Result<(), Failure> {
    require("cargo-deny", &["install", "--locked", "cargo-deny"])?;
    cargo(&["deny", "check", "bans", "licenses", "sources"])
}
