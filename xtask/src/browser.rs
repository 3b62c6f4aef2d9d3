//! The browser host and the npm package around it: `pkg/`, tried in `tests/browser`.

use crate::shell::{self, Failure, ROOT, cargo, cargo_with};
use crate::{clients, wasm};
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// The builds of the engine, and what they are allowed to use. Each has a folder of its own: cargo would build everything
/// anew when the flags change.
const BUILDS: [(&str, &str); 2] = [("engine", "-Ctarget-feature=+simd128"), ("engine-plain", "")];

/// A file may take a gigabyte of a visitor's memory: what needs more is refused, and ends with its instance.
const EXTRACT_FLAGS: &str = "-Clink-arg=--max-memory=1073741824";

/// What the engine asks for when it needs it: files of its folder, and what they are called beside it
/// (`Asset::file_name`).
const ASSETS: [(&str, &str); 7] = [
    ("assets/static-minilm-256/model.safetensors", "model.safetensors"),
    ("assets/static-minilm-256/vocab.txt", "vocab.txt"),
    ("assets/cl100k.bin", "cl100k.bin"),
    ("src/api/describe/openapi.json", "openapi.json"),
    ("src/api/describe/page.html", "docs.html"),
    ("src/api/describe/page.js", "docs.js"),
    ("src/api/describe/page.css", "docs.css"),
];

#[path = "../../engine/src/api/embeds/widget.rs"]
mod widget;

/// Makes `pkg/` publishable.
pub fn build() -> Result<(), Failure> {
    wasm::add_target()?;
    let out = package().join("wasm");
    std::fs::create_dir_all(&out).map_err(|e| Failure(format!("{}: {e}", out.display())))?;
    cargo(&["build", "--package", "haversack-bindgen"])?;
    let bindgen = shell::target_dir().join("debug/haversack-bindgen");
    for (name, flags) in BUILDS {
        let module = compile("haversack-browser", name, flags)?;
        let mut glue = Command::new(&bindgen);
        glue.arg(module).arg(&out).arg(name);
        shell::run(glue, &format!("haversack-bindgen {name}"))?;
    }
    copy(&compile("haversack-extract-module", "extract", EXTRACT_FLAGS)?, &out.join("extract.wasm"))?;
    for (from, name) in ASSETS {
        copy(&Path::new(ROOT).join("engine").join(from), &out.join(name))?;
    }
    let script = out.join("haversack-chat.js");
    std::fs::write(&script, widget::SCRIPT).map_err(|e| Failure(format!("{}: {e}", script.display())))?;
    copy(&Path::new(ROOT).join("LICENSE"), &package().join("LICENSE"))?;
    println!("{}", package().display());
    Ok(())
}

type Part = fn() -> Result<(), Failure>;

/// Node and Chromium, and what is tried in them.
pub fn packages() -> Result<(), Failure> {
    clients::node_packages(&folder())?;
    // Documents and a model come from PyPI.
    shell::require_package("python3", "python3")?;
    shell::require_package_for("python3", &["-m", "pip", "--version"], "python3-pip")?;
    match std::env::var_os("CHROMIUM") {
        Some(_) => Ok(()),
        None => shell::require_package("chromium", "chromium"),
    }
}

/// The package in Node, the suite's questions to it, then all of it in a real browser; `what` names one of these.
pub fn test(what: Option<&str>) -> Result<(), Failure> {
    build()?;
    let parts: [(&str, Part); 3] = [("node", node), ("suite", suite), ("chromium", chromium)];
    if let Some(name) = what.filter(|name| parts.iter().all(|(known, _)| known != name)) {
        return Err(Failure(format!("test browser {name}? There are node, suite, chromium")));
    }
    parts.iter().filter(|(name, _)| what.is_none_or(|wanted| wanted == *name)).try_for_each(|(_, run)| run())
}

fn node() -> Result<(), Failure> {
    run_node(&["--test", "node/package.test.mjs", "node/publish.test.mjs"])
}

fn suite() -> Result<(), Failure> {
    let which = "package(haversack-tests) and test(/the_browser_host|package_in_/)";
    crate::nextest(&["--run-ignored", "only", "-E", which])
}

fn chromium() -> Result<(), Failure> {
    // What is compared with the native host, and what makes bundles.
    shell::programs()?;
    run_node(&[
        "--test",
        "chromium/visit.test.mjs",
        "chromium/service-worker.test.mjs",
        "chromium/bundle.test.mjs",
        "chromium/demo.test.mjs",
        "chromium/wllama.test.mjs",
    ])
}

/// Figures of the package, with the native engine beside it.
pub fn bench() -> Result<(), Failure> {
    packages()?;
    build()?;
    cargo(&["build", "--release", "--package", "haversack"])?;
    run_node(&["bench/main.mjs"])
}

fn run_node(args: &[&str]) -> Result<(), Failure> {
    let mut node = Command::new("node");
    node.args(args).current_dir(folder()).env("HAVERSACK_TARGET", shell::target_dir());
    shell::run(node, &format!("node {}", args.join(" ")))
}

/// Builds a package for browsers; where the module is.
fn compile(package: &str, name: &str, flags: &str) -> Result<PathBuf, Failure> {
    let target = shell::target_dir().join("browser").join(name);
    let place = target.display().to_string();
    cargo_with(
        &["build", "--package", package, "--target", TARGET, "--profile", "browser", "--target-dir", &place],
        &[("RUSTFLAGS", flags)],
    )?;
    Ok(target.join(TARGET).join("browser").join(format!("{}.wasm", package.replace('-', "_"))))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|e| Failure(format!("{} cannot be copied: {e}", from.display())))
}

fn folder() -> PathBuf {
    Path::new(ROOT).join("tests/browser")
}

fn package() -> PathBuf {
    Path::new(ROOT).join("pkg")
}
