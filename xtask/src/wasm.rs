//! The engine and the parsers on wasm32-unknown-unknown: they must build there and import nothing.
//!
//! A module that imports something wants I/O from its surroundings, which these must not.

use crate::shell::{self, Failure, cargo};
use std::process::Command;

pub const TARGET: &str = "wasm32-unknown-unknown";

/// The probes: a package that puts something behind plain exports, and what that is.
const PROBES: [(&str, &str); 2] = [("wasm-probe", "the engine"), ("haversack-extract-module", "the parsers")];

/// Builds the probes and looks at their imports.
pub fn check() -> Result<(), Failure> {
    add_target()?;
    PROBES.iter().try_for_each(|(package, what)| check_one(package, what))
}

fn check_one(package: &str, what: &str) -> Result<(), Failure> {
    // One at a time: together they would be built with each other's features.
    cargo(&["build", "--package", package, "--target", TARGET, "--release"])?;
    let file = format!("release/{}.wasm", package.replace('-', "_"));
    let file = shell::target_dir().join(TARGET).join(file);
    let bytes =
        std::fs::read(&file).map_err(|e| Failure(format!("{} cannot be read: {e}", file.display())))?;
    let imports = imports(&bytes).map_err(|e| Failure(format!("{}: {e}", file.display())))?;
    if !imports.is_empty() {
        return Err(Failure(format!("{what} on wasm32: imports from the host: {}", imports.join(", "))));
    }
    println!("{what} on wasm32: {} kB, no imports", bytes.len() / 1000);
    Ok(())
}

/// Lets rustc build for it.
pub fn add_target() -> Result<(), Failure> {
    let mut list = Command::new("rustup");
    list.args(["target", "list", "--installed"]);
    let installed = list.output().map(|out| String::from_utf8_lossy(&out.stdout).into_owned());
    if installed.is_ok_and(|text| text.lines().any(|line| line == TARGET)) {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", TARGET]);
    shell::run(add, &format!("rustup target add {TARGET}"))
}

fn imports(module: &[u8]) -> Result<Vec<String>, wasmparser::BinaryReaderError> {
    let mut found = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let wasmparser::Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                found.push(format!("{}.{}", import.module, import.name));
            }
        }
    }
    Ok(found)
}
