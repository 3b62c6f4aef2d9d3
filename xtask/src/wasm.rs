//! The engine on wasm32-unknown-unknown: it must build there and import nothing.
//!
//! A module that imports something wants I/O from its surroundings, which the engine must not.

use crate::shell::{self, Failure, cargo};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the engine behind three exported functions (`tests/wasm-probe`) and looks at its imports.
pub fn check() -> Result<(), Failure> {
    add_target()?;
    cargo(&["build", "--package", "wasm-probe", "--target", TARGET, "--release"])?;
    let file = shell::target_dir().join(TARGET).join("release/wasm_probe.wasm");
    let bytes =
        std::fs::read(&file).map_err(|e| Failure(format!("{} cannot be read: {e}", file.display())))?;
    let imports = imports(&bytes).map_err(|e| Failure(format!("{}: {e}", file.display())))?;
    if !imports.is_empty() {
        return Err(Failure(format!("the engine imports from its host: {}", imports.join(", "))));
    }
    println!("engine on wasm32: {} kB, no imports", bytes.len() / 1000);
    Ok(())
}

fn add_target() -> Result<(), Failure> {
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
