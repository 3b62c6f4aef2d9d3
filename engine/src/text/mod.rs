//! Small pure functions over text: slugs, paths, dates and lengths, each exactly as clients know them.

pub mod dates;
pub mod path;
pub mod slug;
mod translit;
pub mod words;
