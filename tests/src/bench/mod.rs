//! Measuring the whole server from outside: what `cargo xtask bench server` prints.

pub mod client;
pub mod corpus;
pub mod load;
pub mod process;
pub mod streams;
