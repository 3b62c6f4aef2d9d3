//! The Spin component: the engine's core module, wrapped.

use crate::shell::{self, Failure, cargo, cargo_with};
use crate::wasm;
use std::path::{Path, PathBuf};
use wit_component::ComponentEncoder;

/// Where `spin.toml` looks for the component.
const OUTPUT: &str = "host-spin/haversack.wasm";

/// Builds the component; where it is.
pub fn build() -> Result<PathBuf, Failure> {
    wasm::add_target()?;
    // Every Spin has SIMD; the kernels of the vector scan are written for it.
    let flags = [("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-C target-feature=+simd128")];
    let args = ["build", "--package", "haversack-spin", "--target", wasm::TARGET, "--profile", "edge"];
    cargo_with(&args, &flags)?;
    let core = shell::target_dir().join(wasm::TARGET).join("edge/haversack_spin.wasm");
    let module = std::fs::read(&core).map_err(|e| Failure(format!("{}: {e}", core.display())))?;
    let component = ComponentEncoder::default()
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|e| Failure(format!("{} cannot be made a component: {e:#}", core.display())))?;
    let output = Path::new(shell::ROOT).join(OUTPUT);
    std::fs::write(&output, &component).map_err(|e| Failure(format!("{}: {e}", output.display())))?;
    println!("{OUTPUT}: {} kB", component.len() / 1000);
    Ok(output)
}

/// Builds the component and its test host, and asks the suite's questions of them. They are marked as ignored, so
/// that `cargo test` works without a component.
pub fn test() -> Result<(), Failure> {
    build()?;
    crate::nextest(&["--run-ignored", "only", "-E", "package(haversack-tests) and test(/spin/)"])
}

/// Figures of the component, beside those of the server.
pub fn bench() -> Result<(), Failure> {
    build()?;
    shell::programs()?;
    cargo(&["build", "--release", "--package", "haversack"])?;
    cargo(&["run", "--release", "--quiet", "--package", "haversack-tests", "--bin", "bench-spin"])
}
