//! Other people's clients, as they are, against the real server: `tests/clients`.

use crate::shell::{self, Failure, ROOT};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A client, and the command that tries it.
const CLIENTS: [(&str, &[&str]); 5] = [
    ("openai-python", &["pytest", "test_openai.py"]),
    ("openai-node", &["node", "--test", "openai.test.mjs"]),
    ("anythingllm-cli", &["pytest", "test_anythingllm_cli.py"]),
    ("llm", &["pytest", "test_llm.py"]),
    // The token of single sign-on is an operation, too.
    (
        "schemathesis",
        &["SIMPLE_SSO_ENABLED=true", "HAVERSACK_TRUSTED_PROXIES=127.0.0.1", "python", "run_schemathesis.py"],
    ),
];

/// Installs what the clients need; where Python's is.
pub fn packages() -> Result<PathBuf, Failure> {
    let folder = Path::new(ROOT).join("tests/clients");
    node_packages(&folder)?;
    python_packages(&folder)
}

/// Tries the named clients, or all, each against a fresh server.
pub fn test(python: &Path, names: &[String]) -> Result<(), Failure> {
    if let Some(name) = names.iter().find(|name| CLIENTS.iter().all(|(known, _)| known != name)) {
        let known = CLIENTS.map(|(name, _)| name).join(", ");
        return Err(Failure(format!("there is no client {name}; there are {known}")));
    }
    let folder = Path::new(ROOT).join("tests/clients");
    shell::programs()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([python.join("bin")].into_iter().chain(std::env::split_paths(&path)))
        .map_err(|error| Failure(format!("PATH: {error}")))?;
    let chosen = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    for (name, words) in CLIENTS.iter().filter(|(name, _)| chosen(name)) {
        let mut with_server = shell::with_server();
        with_server.args(*words).current_dir(&folder).env("PATH", &path).env("PYTHONDONTWRITEBYTECODE", "1");
        shell::run(with_server, &format!("{name}: {}", words.join(" ")))?;
    }
    Ok(())
}

/// The packages of `package-lock.json`, installed once.
pub fn node_packages(folder: &Path) -> Result<(), Failure> {
    shell::require_package("node", "nodejs")?;
    shell::require_package("npm", "npm")?;
    once(&folder.join("package-lock.json"), &folder.join("node_modules"), || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
        shell::run(npm, "npm ci")
    })
}

/// A virtual environment with the packages of `requirements.txt`, made once; where it is.
fn python_packages(folder: &Path) -> Result<PathBuf, Failure> {
    shell::require_package("python3", "python3")?;
    // Debian's python3 comes without the means to make one.
    shell::require_package_for("python3", &["-c", "import ensurepip"], "python3-venv")?;
    let requirements = folder.join("requirements.txt");
    let place = shell::target_dir().join("clients/python");
    once(&requirements, &place, || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(&place);
        shell::run(venv, "python3 -m venv")?;
        let mut pip = Command::new(place.join("bin/pip"));
        pip.args(["install", "--quiet", "--require-hashes", "--requirement"]).arg(&requirements);
        shell::run(pip, "pip install --require-hashes --requirement requirements.txt")
    })?;
    Ok(place)
}

/// Runs `install` unless `place` was filled from `list` as it is now. An environment of Python's that was moved is broken
/// (its scripts name their interpreter in full), so where it was made counts, too.
fn once(list: &Path, place: &Path, install: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    let failed = |error| Failure(format!("{}: {error}", list.display()));
    let mut wanted = format!("{}\n", place.display()).into_bytes();
    wanted.extend(std::fs::read(list).map_err(failed)?);
    let stamp = place.join(".haversack-installed");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    std::fs::write(stamp, wanted).map_err(failed)
}
