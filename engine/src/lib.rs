//! The Haversack engine: everything between a request and its answer, without I/O.
//!
//! A host starts one [`seam::Run`] for each API call and performs the effects it asks for. Begin with
//! [`Engine::start`] and the contract in [`seam`].

#![deny(unsafe_code)]

mod api;
mod bounds;
pub mod bundle;
pub mod chat;
pub mod embed;
mod engine;
mod lengths;
pub mod limits;
pub mod llm;
mod maintain;
pub mod model;
pub mod repair;
pub mod retrieve;
pub mod seam;
mod settings;
pub mod store;
#[cfg(test)]
mod testing;
pub mod text;
pub mod tokens;

pub use engine::Engine;
use haversack_retrieval::checksum;
pub use haversack_retrieval::{chunk, lexical, vector};
pub use lengths::{Length, Lengths};
pub use settings::Settings;
