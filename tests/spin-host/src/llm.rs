//! `fermyon:spin/llm`: models that only echo, where they are asked for; else there are none.

use crate::context::Context;
use crate::context::bindings::fermyon::spin::llm::{
    EmbeddingsResult, EmbeddingsUsage, Error, Host, InferencingParams, InferencingResult, InferencingUsage,
};
use wasmtime::Result;

const DIMENSIONS: usize = 64;

impl Host for Context {
    async fn infer(
        &mut self,
        model: String,
        prompt: String,
        _: Option<InferencingParams>,
    ) -> Result<Result<InferencingResult, Error>> {
        if !self.shared.options.llm {
            return Ok(Err(Error::ModelNotSupported));
        }
        let asked = prompt.rsplit("user: ").next().unwrap_or_default();
        let asked = asked.trim_end_matches("assistant: ").trim();
        let text = format!("{model} was asked: {asked}");
        let count = |text: &str| text.split_whitespace().count() as u32;
        let usage =
            InferencingUsage { prompt_token_count: count(&prompt), generated_token_count: count(&text) };
        Ok(Ok(InferencingResult { text, usage }))
    }

    async fn generate_embeddings(
        &mut self,
        _: String,
        texts: Vec<String>,
    ) -> Result<Result<EmbeddingsResult, Error>> {
        if !self.shared.options.llm {
            return Ok(Err(Error::ModelNotSupported));
        }
        let embeddings = texts.iter().map(|text| embedding(text)).collect();
        Ok(Ok(EmbeddingsResult { embeddings, usage: EmbeddingsUsage { prompt_token_count: 1 } }))
    }
}

/// How often each word is in a text, by a hash of the word.
fn embedding(text: &str) -> Vec<f32> {
    let mut vector = vec![0.01; DIMENSIONS];
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
        let hash = word.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        vector[hash % DIMENSIONS] += 1.0;
    }
    vector
}
