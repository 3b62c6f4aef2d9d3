//! The native host: storage, HTTP, time and randomness for the engine, and a server and a command line
//! around it. Everything about workspaces, chats, prompts and JSON is the engine's.

pub mod answer;
pub mod caller;
pub mod cli;
pub mod clock;
pub mod config;
pub mod drive;
pub mod effects;
pub mod extraction;
mod held;
pub mod host;
pub mod http;
pub mod instance;
pub mod limits;
pub mod load;
pub mod places;
pub mod sandbox;
pub mod server;
pub mod store;
pub mod work;
