//! The component as native code, compiled once and kept beside this program.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// Compiles the component at `path`, or takes what an earlier run has compiled of the same bytes. `kind` names
/// the options of `engine` that change the code.
pub fn compiled(engine: &Engine, path: &Path, kind: &str) -> Result<Component> {
    let bytes = std::fs::read(path)?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let name = format!("component-{kind}-{:016x}.cwasm", hasher.finish());
    let own = std::env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let kept = folder.join(&name);
    if !kept.exists() {
        let begun = folder.join(format!("{name}.{}", std::process::id()));
        std::fs::write(&begun, engine.precompile_component(&bytes)?)?;
        // Whole or not at all: others may be looking for it.
        std::fs::rename(&begun, &kept)?;
        forget_others(folder, kind, &name);
    }
    // SAFETY: only this program writes files of that name, beside itself, with this engine's code in them.
    unsafe { Component::deserialize_file(engine, &kept) }
}

/// Removes what was compiled of components that are no more.
fn forget_others(folder: &Path, kind: &str, name: &str) {
    let prefix = format!("component-{kind}-");
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let other = other.to_string_lossy();
        if other.starts_with(&prefix) && other.ends_with(".cwasm") && other != name {
            // Somebody else may have been quicker.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
