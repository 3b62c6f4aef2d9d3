//! The settings of wasmtime that compiler and server must agree on: machine code depends on them, and a server refuses
//! code that was compiled with others. Both include this file.

use wasmtime::Config;

/// Address space of a module's memory. More than any file may use; so much that an address, which has 32 bits, can
/// never lie outside, and the compiled code need not compare each one with the end of the memory.
pub const MEMORY_RESERVATION_BYTES: u64 = 4 << 30;

/// How deep calls may nest, in bytes of machine stack. What exceeds it is a trap. (The module has another megabyte for
/// its variables inside its own memory.)
pub const STACK_BYTES: usize = 1 << 20;

/// The settings.
pub fn config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES)
        .memory_reservation(MEMORY_RESERVATION_BYTES)
        .memory_may_move(false)
        .memory_init_cow(true)
        // Its default depends on features of the library, which another package of the same build may turn on.
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None);
    config
}
