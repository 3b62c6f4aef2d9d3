//! Loading the machine code of the module. The one place of this host with `unsafe`.

use wasmtime::{Engine, Module};

/// The module as machine code: made by `build.rs`, from `extract/module`.
static CODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/extract.cwasm"));

/// Loads the module. Fails if it was compiled with other settings, or for another kind of machine.
#[expect(unsafe_code, reason = "the code comes from the build script of this very program")]
pub fn load(engine: &Engine) -> wasmtime::Result<Module> {
    // SAFETY: `deserialize` asks for bytes that `Engine::precompile_module` made, unchanged. These were made so by
    // `extract/precompile` when this program was built, and are part of its read-only data since.
    unsafe { Module::deserialize(engine, CODE) }
}
