//! Running other programs.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

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
    let found = Command::new(program).arg("--version").output().is_ok_and(|out| out.status.success());
    if found { Ok(()) } else { cargo(install) }
}

/// Where cargo builds.
pub fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
}
