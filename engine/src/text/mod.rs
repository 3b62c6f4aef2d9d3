//! Small pure functions over text: slugs, paths, origins, dates and lengths, each exactly as clients know them.

pub mod civil;
pub mod dates;
mod file_error;
pub mod origin;
pub mod path;
pub mod slug;
mod translit;

pub use file_error::file_error;
pub use haversack_retrieval::words;
