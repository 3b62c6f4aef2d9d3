//! Compiles a WebAssembly module ahead of time: `haversack-precompile MODULE.wasm TARGET OUT`.
//!
//! Run by the build script of `host-native`, so that the server carries machine code and no compiler. `TARGET` is the
//! target triple of the server. Code for x86-64 needs what processors have since 2009 (x86-64-v2); a server on an older one
//! says so when it loads the code.

mod settings;

use std::error::Error;
use wasmtime::{Config, Engine};

/// Lets the code use the instructions of x86-64-v2. Without them a shuffle of bytes is a call of a function.
#[expect(unsafe_code, reason = "flags of the compiler are, for they may be wrong for the machine")]
fn instructions(config: &mut Config) {
    for name in ["has_sse3", "has_ssse3", "has_cmpxchg16b", "has_sse41", "has_sse42", "has_popcnt"] {
        // SAFETY: wrong flags would make code for another processor. Wasmtime notes them in the code, and a server whose
        // processor lacks one of these refuses to load it.
        unsafe { config.cranelift_flag_enable(name) };
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, target, out] = arguments.as_slice() else {
        return Err("three arguments are expected: MODULE.wasm TARGET OUT".into());
    };
    let mut config = settings::config();
    config.target(target)?;
    if target.starts_with("x86_64") {
        instructions(&mut config);
    }
    let code = Engine::new(&config)?.precompile_module(&std::fs::read(module)?)?;
    std::fs::write(out, code)?;
    Ok(())
}
