//! Spin's interface to PostgreSQL. spin-sdk has it too, but only together with a calendar that imports JavaScript
//! on this target, which no component may.

#![allow(unsafe_code, missing_docs, clippy::all, reason = "generated")]

use spin_sdk::wit_bindgen;

wit_bindgen::generate!({
    runtime_path: "spin_sdk::wit_bindgen::rt",
    path: "wit",
    world: "databases",
    generate_all,
});

pub use spin::postgres::postgres::*;
