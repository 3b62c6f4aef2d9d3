//! Measuring: the whole server from outside (`cargo xtask bench server`), and retrieval (`cargo xtask bench retrieval`).

pub mod client;
pub mod collection;
pub mod corpus;
pub mod load;
pub mod memory;
pub mod process;
pub mod streams;
pub mod texts;
