//! What has to be right before any test runs.

use crate::shell::{Failure, cargo, cargo_with, require};
use crate::wasm;

/// Formatting, lints, the engine and the parsers on wasm32, documentation.
pub fn all() -> Result<(), Failure> {
    cargo(&["fmt", "--all", "--", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    // Everything above is built with all parsers; a lean component has those for text.
    let lean = ["--package", "haversack-extract", "--no-default-features", "--features", "text"];
    cargo(&[&["clippy"][..], &lean, &["--lib", "--tests", "--", "--deny", "warnings"]].concat())?;
    cargo(&[&["test", "--quiet"][..], &lean, &["--lib"]].concat())?;
    wasm::check()?;
    // The only examples in documentation that are code.
    let retrieval = ["--package", "haversack-retrieval", "--features", "embedded-assets"];
    cargo(&[&["test", "--quiet", "--doc"][..], &retrieval].concat())?;
    cargo_with(&["doc", "--workspace", "--no-deps", "--quiet"], &[("RUSTDOCFLAGS", "--deny warnings")])
}

/// Licences, sources and duplicates of all dependencies, and what is known against them, by `deny.toml`. With
/// `offline` the latter is left out, as its database lies on github.com.
pub fn deny(what: &[String]) -> Result<(), Failure> {
    let is_offline = match what {
        [] => false,
        [word] if word == "offline" => true,
        _ => return Err(Failure("deny takes `offline` or nothing".to_owned())),
    };
    require("cargo-deny", &["install", "--locked", "cargo-deny"])?;
    cargo(&["deny", "check", "bans", "licenses", "sources"])?;
    if is_offline {
        println!("advisories: not checked");
        return Ok(());
    }
    cargo(&["deny", "fetch", "db"]).map_err(|_| {
        Failure(
            "licences, sources and duplicates are in order, but advisories were NOT checked: their database could \
             not be fetched from github.com, for the reason above. Try again where it can be reached, or leave them \
             out with `cargo xtask deny offline`"
                .to_owned(),
        )
    })?;
    cargo(&["deny", "check", "advisories"])
}
