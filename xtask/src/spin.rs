//! The Spin component: the engine's core module, wrapped.

use crate::shell::{self, Failure, cargo, cargo_with};
use crate::wasm;
use std::path::{Path, PathBuf};
use wit_component::ComponentEncoder;

/// A component: all of it, or less.
#[derive(Clone, Copy)]
pub enum Kind {
    /// What `spin.toml` looks for.
    Whole,
    /// Without the parsers of PDF, Word and web pages, for workspaces that are made elsewhere.
    Lean,
}

impl Kind {
    fn output(self) -> &'static str {
        match self {
            Kind::Whole => "host-spin/haversack.wasm",
            Kind::Lean => "host-spin/haversack-lean.wasm",
        }
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Kind::Whole => &[],
            Kind::Lean => &["--no-default-features", "--features", "embedder"],
        }
    }
}

/// Builds a component; where it is.
pub fn build(kind: Kind) -> Result<PathBuf, Failure> {
    wasm::add_target()?;
    // Every Spin has SIMD; the kernels of the vector scan are written for it.
    let flags = [("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-C target-feature=+simd128")];
    let args = ["build", "--package", "haversack-spin", "--target", wasm::TARGET, "--profile", "edge"];
    cargo_with(&[&args, kind.features()].concat(), &flags)?;
    let core = shell::target_dir().join(wasm::TARGET).join("edge/haversack_spin.wasm");
    let module = std::fs::read(&core).map_err(|e| Failure(format!("{}: {e}", core.display())))?;
    let component = ComponentEncoder::default()
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|e| Failure(format!("{} cannot be made a component: {e:#}", core.display())))?;
    let output = Path::new(shell::ROOT).join(kind.output());
    std::fs::write(&output, &component).map_err(|e| Failure(format!("{}: {e}", output.display())))?;
    println!("{}: {} kB", kind.output(), component.len() / 1000);
    Ok(output)
}

/// Builds the component, the example and their test host, and asks the suite's questions of them. They are marked as
/// ignored, so that `cargo test` works without a component.
pub fn test() -> Result<(), Failure> {
    build(Kind::Whole)?;
    shell::programs()?;
    crate::edge_docs::build(&shell::target_dir().join("debug/haversack"), None)?;
    crate::nextest(&["--run-ignored", "only", "-E", "package(haversack-tests) and test(/spin/)"])
}

/// Figures of the component, beside those of the server.
pub fn bench() -> Result<(), Failure> {
    build(Kind::Lean)?;
    build(Kind::Whole)?;
    shell::programs()?;
    cargo(&["build", "--release", "--package", "haversack"])?;
    cargo(&["run", "--release", "--quiet", "--package", "haversack-tests", "--bin", "bench-spin"])
}
