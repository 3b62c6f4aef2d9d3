//! The app: building it, its own tests, and what people do with it in a real browser against the real server: `web/`.

use crate::shell::{self, Failure, ROOT, cargo};
use crate::{browser, clients};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the app is made of. Tests are no part of it.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "preview.html",
    "package-lock.json",
    "vite.config.ts",
    "svelte.config.js",
    "tsconfig.json",
];

/// Installs what building it needs.
pub fn packages() -> Result<(), Failure> {
    clients::node_packages(&folder())
}

/// Builds it, unless it was built from the sources as they are now.
pub fn build() -> Result<(), Failure> {
    let folder = folder();
    let failed = |error: io::Error| Failure(format!("{}: {error}", folder.display()));
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        hash(&folder.join(source), &mut hasher).map_err(failed)?;
    }
    let wanted = hasher.finish().to_string();
    // Beside what is built: a change in there has cargo build the server again.
    let stamp = folder.join("node_modules/.haversack-built");
    let built = folder.join("dist/app/index.html").is_file();
    if built && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    npm(&["run", "build"])?;
    fs::write(stamp, wanted).map_err(failed)
}

/// Makes the static site, with the engine in the tab: `web/dist/site`. The app is built again if need be.
pub fn site() -> Result<PathBuf, Failure> {
    browser::build()?;
    build()?;
    npm(&["run", "--silent", "site"])?;
    Ok(folder().join("dist/site"))
}

/// Types, units, and flows in a browser: against the server, which has the app inside, and against the static site.
pub fn test() -> Result<(), Failure> {
    site()?;
    npm(&["run", "check"])?;
    npm(&["run", "test"])?;
    in_browser("flows", "debug", &[])
}

/// Pictures of every page, in `web/tests/out`; or of the named ones.
pub fn shots(names: &[String]) -> Result<(), Failure> {
    packages()?;
    build()?;
    in_browser("shots", "debug", names)
}

/// Sizes and times, measured.
pub fn budget() -> Result<(), Failure> {
    packages()?;
    build()?;
    in_browser("budget", "release", &[])
}

fn in_browser(script: &str, profile: &str, rest: &[String]) -> Result<(), Failure> {
    if std::env::var_os("CHROMIUM").is_none() {
        shell::require_package("chromium", "chromium")?;
    }
    match profile {
        "release" => cargo(&["build", "--release", "--package", "haversack"])?,
        _ => shell::programs()?,
    }
    let mut command = Command::new("npm");
    command.args(["run", "--silent", script, "--"]).args(rest).current_dir(folder());
    command.env("HAVERSACK_BIN", shell::target_dir().join(profile).join("haversack"));
    command.env("HAVERSACK_SITE", folder().join("dist/site"));
    shell::run(command, &format!("npm run {script}"))
}

fn npm(args: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("npm");
    command.args(args).current_dir(folder());
    shell::run(command, &format!("npm {}", args.join(" ")))
}

fn folder() -> PathBuf {
    Path::new(ROOT).join("web")
}

/// Hashes names and contents of all files at a path.
fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut entries =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| hash(entry, hasher))
}
