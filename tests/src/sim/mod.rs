//! A seeded host: it owns time, order, randomness and failure.
//!
//! ```text
//! random      the only source of chance, from one seed
//! store       the ordered key-value store, with a count of commits
//! faults      what may go wrong, and when
//! effects     performs an effect: what the outside world answers
//! program     what is run: the engine
//! host        the agenda: runs, their effects in flight, the clock, crashes
//! invariants  what must hold of the store at every moment
//! exhaustive  every effect of a call fails in turn
//! workload    clients that do what clients do, and remember what they were told
//! ```

mod effects;
pub mod exhaustive;
pub mod faults;
mod host;
pub mod invariants;
mod program;
mod random;
mod store;
#[cfg(test)]
mod tests;
pub mod workload;

pub use effects::{MOCK_URL, asset_bytes};
pub use host::{Defect, Ending, Outcome, RunId, SimHost};
pub use program::Program;
pub use random::Random;
pub use store::Store;
