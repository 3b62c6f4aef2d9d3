//! The suite. Each module is one question asked of the engine and its hosts.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod api_table;
mod bad_input;
mod crash;
mod golden;
mod quick_start;
mod recordings;
mod simulation;
mod spin;
mod spin_stores;
mod transcripts;
