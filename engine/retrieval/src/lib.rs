//! The arithmetic of retrieval: text is cut into chunks, chunks become vectors and words, and both are searched.
//!
//! Functions of bytes and numbers: no store, no effects, nothing that waits. It is a crate of its own, as most of the time
//! of an upload is spent here, so that it can be compiled for speed where the engine around it is compiled for size.

#![deny(unsafe_code)]

pub mod checksum;
pub mod chunk;
pub mod lexical;
pub mod minilm;
pub mod vector;
pub mod words;
