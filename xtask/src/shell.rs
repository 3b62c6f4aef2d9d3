//! Running other programs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the whole repository.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Why a command of ours stopped.
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs cargo with the output on the terminal.
pub fn cargo(args: &[&str]) -> Result<(), Failure> {
    cargo_with(args, &[])
}

/// The same with variables set.
pub fn cargo_with(args: &[&str], vars: &[(&str, &str)]) -> Result<(), Failure> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).envs(vars.iter().copied());
    run(command, &format!("cargo {}", args.join(" ")))
}

/// Builds every program the way its tests have it. All of the suite uses these: to build one of them alone would
/// choose other features for its dependencies, and build those again.
pub fn programs() -> Result<(), Failure> {
    cargo(&["test", "--workspace", "--no-run", "--quiet"])
}

/// Runs what its arguments say while the server of [`programs`] runs.
pub fn with_server() -> Command {
    let mut command = Command::new(target_dir().join("debug/with-server"));
    command.env("HAVERSACK_BUILT", "1");
    command
}

/// Runs a command that has to succeed.
pub fn run(mut command: Command, shown: &str) -> Result<(), Failure> {
    eprintln!("\u{25b8} {shown}");
    let status = command.status().map_err(|e| Failure(format!("`{shown}` could not be started: {e}")))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure(format!("`{shown}` failed: {status}"))),
    }
}

/// Installs a cargo subcommand once, if it is missing.
pub fn require(program: &str, install: &[&str]) -> Result<(), Failure> {
    if is_here(program) { Ok(()) } else { cargo(install) }
}

/// Installs a package of the system once, if its program is missing and there is an apt-get to ask.
pub fn require_package(program: &str, package: &str) -> Result<(), Failure> {
    require_package_for(program, &["--version"], package)
}

/// The same, if `program` with `arguments` fails.
pub fn require_package_for(program: &str, arguments: &[&str], package: &str) -> Result<(), Failure> {
    if succeeds(program, arguments) {
        return Ok(());
    }
    if !is_here("apt-get") {
        return Err(Failure(format!("`{package}` is needed: install it and try again")));
    }
    eprintln!("`{package}` is missing: installing it with apt-get");
    for args in [&["update"][..], &["install", "--yes", "--no-install-recommends", package]] {
        let mut apt = Command::new("apt-get");
        apt.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        run(apt, &format!("apt-get {}", args.join(" ")))?;
    }
    Ok(())
}

fn is_here(program: &str) -> bool {
    succeeds(program, &["--version"])
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|out| out.status.success())
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(ROOT).join("target"), PathBuf::from)
}
