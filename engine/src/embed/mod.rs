//! Embedders: text in, vector out.

pub mod minilm;
