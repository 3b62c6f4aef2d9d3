//! Puts the built app (`web/dist/app`) into the program. Where it was not built, the program has a page that says so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Writes the table of the app's files.
pub fn build() -> io::Result<()> {
    // Asked for when it runs: a cache of artefacts may hold this program from a checkout that is gone.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| io::Error::other("cargo runs this"))?;
    let folder = Path::new(&manifest).join("../web/dist");
    println!("cargo::rerun-if-changed={}", folder.display());
    let app = folder.join("app");
    let mut files = Vec::new();
    if app.join("index.html").is_file() {
        walk(&app, &mut files)?;
    }
    files.sort();
    let mut table = String::from("static APP: &[Built] = &[\n");
    for path in &files {
        let Ok(name) = path.strip_prefix(&app) else { continue };
        let name = name.to_string_lossy().replace('\\', "/");
        if name.ends_with(".br") {
            continue;
        }
        let packed = PathBuf::from(format!("{}.br", path.display()));
        let packed = match files.contains(&packed) {
            true => format!("Some(include_bytes!({:?}))", packed.display().to_string()),
            false => "None".to_owned(),
        };
        let bytes = path.display().to_string();
        // Writing to a string cannot fail.
        let _ = writeln!(
            table,
            "    Built {{ path: {:?}, bytes: include_bytes!({bytes:?}), brotli: {packed} }},",
            format!("/{name}")
        );
    }
    table.push_str("];\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("app.rs"), table)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => walk(&entry.path(), found)?,
            false => found.push(entry.path()),
        }
    }
    Ok(())
}
