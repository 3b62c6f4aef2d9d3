//! A server under mixed load for minutes: first as it is, then with every hostile file arriving at once, again and again.

pub mod figures;
pub mod load;
pub mod senders;
