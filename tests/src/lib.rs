//! One suite, many hosts: golden transcripts, conformance and simulation with faults.
//!
//! - [`golden`]: what a real AnythingLLM server answered, and whether we answer the same;
//! - [`target`]: the hosts the suite can talk to, behind one small trait;
//! - [`client`]: sending them over HTTP;
//! - [`requests`]: building calls;
//! - [`mock`]: the deterministic model and embedder of the recordings;
//! - [`mod@bench`]: the whole server, measured from outside;
//! - [`hostile`]: files and connections that are made to do harm;
//! - [`soak`]: minutes of load, with and without them;
//! - [`sim`]: a seeded host that owns time, order, randomness and failure.

pub mod bench;
pub mod client;
pub mod golden;
pub mod hostile;
pub mod mock;
pub mod requests;
pub mod sim;
pub mod soak;
pub mod target;
