//! From documents to chunks in an index, and from a question to the chunks that matter.

mod head;
mod index;
pub mod ingest;
pub mod remove;
pub mod search;

pub use head::{IndexChange, IndexHead, change_index};
pub use index::{IndexCache, PART_ROWS};
