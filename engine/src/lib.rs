//! The Haversack engine: everything between a request and its answer, without I/O.

#![deny(unsafe_code)]

pub mod chunk;
pub mod embed;
pub mod llm;
pub mod seam;
pub mod store;
pub mod text;
pub mod tokens;
pub mod vector;
