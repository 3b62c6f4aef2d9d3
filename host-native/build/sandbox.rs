//! Builds the parsers as a WebAssembly module (`extract/module`), and compiles that to machine code
//! (`extract/precompile`).
//!
//! Both are builds of their own: the module is for another target, and a compiler as a build dependency would be built
//! anew for each profile. They share one folder beside the profiles, so that all profiles of this program use the same
//! module.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

const MODULE_TARGET: &str = "wasm32-unknown-unknown";
const MODULE_PROFILE: &str = "sandbox";

/// Leaves `extract.cwasm` in the output folder.
pub fn build() -> io::Result<()> {
    let workspace = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..");
    for source in ["extract/src", "extract/Cargo.toml", "extract/module", "extract/precompile", "Cargo.lock"]
    {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target = target_folder(&out).join("sandbox");
    let module = target.join(MODULE_TARGET).join(MODULE_PROFILE).join("haversack_extract_module.wasm");
    let mut build = cargo(&workspace, &target, &["build", "--package", "haversack-extract-module"])?;
    build.args(["--target", MODULE_TARGET, "--profile", MODULE_PROFILE]);
    build.env("RUSTFLAGS", "-Ctarget-feature=+simd128");
    run(
        build,
        "the parsers cannot be built for the sandbox; is its target there? `rustup target add wasm32-unknown-unknown`",
    )?;
    let mut compile = cargo(&workspace, &target, &["run", "--quiet", "--package", "haversack-precompile"])?;
    compile.arg("--").arg(module).arg(variable("TARGET")?).arg(out.join("extract.cwasm"));
    run(compile, "the module of the parsers cannot be compiled")
}

/// Cargo in this workspace, without what the outer one told this script.
fn cargo(workspace: &Path, target: &Path, arguments: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(variable("CARGO")?);
    command.current_dir(workspace).args(arguments).arg("--locked").arg("--target-dir").arg(target);
    // A lint run, or flags meant for the program around it, would have the same module built again and again.
    for name in [
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_INCREMENTAL",
    ] {
        command.env_remove(name);
    }
    Ok(command)
}

fn run(mut command: Command, otherwise: &str) -> io::Result<()> {
    let status = command.status().map_err(|e| io::Error::other(format!("{otherwise}: {e}")))?;
    if status.success() { Ok(()) } else { Err(io::Error::other(otherwise)) }
}

/// The folder of all builds, which Cargo marks; the output folder itself if it marked none.
fn target_folder(out: &Path) -> &Path {
    out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file()).unwrap_or(out)
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|_| io::Error::other(format!("{name} is not set; Cargo runs this script")))
}
