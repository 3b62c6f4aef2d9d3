//! From documents to chunks in an index, and from a question to the chunks that matter.

pub(crate) mod estate;
mod floats;
mod head;
mod index;
pub(crate) mod ingest;
pub(crate) mod lexical;
pub(crate) mod placement;
pub(crate) mod remove;
pub mod search;
mod segment;
pub(crate) mod staging;

pub use head::{Growth, IndexChange, IndexHead, change_index};
pub(crate) use index::rows_in_part;
pub use index::{IndexCache, part_rows};
pub(crate) use staging::index_ranges;
