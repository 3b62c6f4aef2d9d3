//! The records of the store, as the engine thinks of them. Wire spellings live in the `api` module.

mod chat;
mod document;
mod key;
mod placement;
mod thread;
mod workspace;

pub use chat::Chat;
pub(crate) use chat::partition;
pub use document::{ChunkRecord, Document, Folder, Pages, TEXT_PART_BYTES, file_metadata, text_parts};
pub use key::ApiKey;
pub use placement::Placement;
pub use thread::{Thread, ThreadPlace};
pub use workspace::{ChatMode, Workspace};
