//! The Haversack engine: everything between a request and its answer, without I/O.
//!
//! A host starts one [`seam::Run`] for each API call and performs the effects it asks for. Begin with
//! [`Engine::start`] and the contract in [`seam`].

#![deny(unsafe_code)]

mod api;
pub mod bundle;
pub mod chat;
mod checksum;
pub mod chunk;
pub mod embed;
mod engine;
pub mod lexical;
pub mod llm;
mod maintain;
pub mod model;
pub mod retrieve;
pub mod seam;
mod settings;
pub mod store;
#[cfg(test)]
mod testing;
pub mod text;
pub mod tokens;
pub mod vector;

pub use engine::Engine;
pub use settings::Settings;
