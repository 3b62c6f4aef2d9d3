//! The records of the store, as the engine thinks of them. Wire spellings live in the `api` module.

mod chat;
mod document;
mod embed;
mod instance;
mod invite;
mod key;
mod placement;
mod thread;
mod user;
mod workspace;

pub use chat::{Chat, TurnTokens};
pub use document::{ChunkRecord, Document, Folder, Pages, TEXT_PART_BYTES, file_metadata, text_parts};
pub use embed::{Embed, Uses, Visitor};
pub use instance::Instance;
pub use invite::{Invite, InviteStatus};
pub use key::{ApiKey, Scope};
pub use placement::Placement;
pub use thread::{Thread, ThreadPlace};
pub use user::{LoginToken, Role, Session, SessionPlace, User};
pub use workspace::{ChatMode, SearchMode, Workspace};
