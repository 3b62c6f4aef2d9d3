//! Memory, asked for in large steps.
//!
//! The allocator asks for 64 kB at a time, and each time costs the browser about a millisecond: all views of the memory
//! are made anew. What is allocated and freed at once stays with the allocator, so that asks once for many such steps.

#[cfg(target_arch = "wasm32")]
use std::{arch::wasm32::memory_size, cell::Cell, hint::black_box};

/// Bytes of a step. Those nobody writes to take no room.
#[cfg(target_arch = "wasm32")]
const STEP: usize = 8 << 20;

/// Asks for the next step if memory has grown since the last one.
#[cfg(target_arch = "wasm32")]
pub fn ahead() {
    thread_local!(static PAGES: Cell<usize> = const { Cell::new(0) });
    PAGES.with(|known| {
        if memory_size::<0>() > known.get() {
            drop(black_box(Vec::<u8>::with_capacity(STEP)));
            known.set(memory_size::<0>());
        }
    });
}

/// Nothing: other allocators look after themselves.
#[cfg(not(target_arch = "wasm32"))]
pub fn ahead() {}
