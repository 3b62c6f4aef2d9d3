//! Replies of embedding servers: vectors as numbers or as base64.

use crate::llm::LlmError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// The vectors of a reply of OpenAI's API, in the order of their `index`.
pub(crate) fn openai(body: &[u8]) -> Result<Vec<Vec<f32>>, LlmError> {
    #[derive(serde::Deserialize)]
    struct Reply {
        data: Vec<Item>,
    }
    #[derive(serde::Deserialize)]
    struct Item {
        #[serde(default)]
        index: usize,
        embedding: Vector,
    }
    let mut reply: Reply = serde_json::from_slice(body).map_err(|error| no_vectors(body, &error))?;
    // Stable: where a server gives no index, its order counts.
    reply.data.sort_by_key(|item| item.index);
    Ok(reply.data.into_iter().map(|item| item.embedding.0).collect())
}

/// The vectors of a reply of Ollama's `/api/embed`.
pub(crate) fn ollama(body: &[u8]) -> Result<Vec<Vec<f32>>, LlmError> {
    #[derive(serde::Deserialize)]
    struct Reply {
        embeddings: Vec<Vec<f32>>,
    }
    let reply: Reply = serde_json::from_slice(body).map_err(|error| no_vectors(body, &error))?;
    Ok(reply.embeddings)
}

/// Checks what will be stored: one vector a text, all of one length, all numbers finite.
pub(crate) fn check(vectors: &[Vec<f32>], texts: usize) -> Result<(), LlmError> {
    if vectors.len() != texts {
        return Err(LlmError::bad_reply(format!("{} vectors came for {texts} texts", vectors.len())));
    }
    let dim = vectors.first().map_or(1, Vec::len);
    if dim == 0 {
        return Err(LlmError::bad_reply("a vector is empty"));
    }
    if let Some(other) = vectors.iter().find(|vector| vector.len() != dim) {
        return Err(LlmError::bad_reply(format!("one vector has {dim} dimensions, another {}", other.len())));
    }
    if vectors.iter().flatten().any(|value| !value.is_finite()) {
        return Err(LlmError::bad_reply("a vector holds a number that is not finite"));
    }
    Ok(())
}

fn no_vectors(body: &[u8], error: &serde_json::Error) -> LlmError {
    match crate::llm::error_text(body).filter(|text| !text.starts_with('<')) {
        Some(text) if error.is_data() => LlmError::bad_reply(text),
        _ => LlmError::bad_reply(format!(
            "the reply holds no vectors ({error}). Check that the base path is that of an embedding server"
        )),
    }
}

/// One vector: an array of numbers, or little-endian f32 in base64.
struct Vector(Vec<f32>);

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Vector, D::Error> {
        deserializer.deserialize_any(VectorVisitor).map(Vector)
    }
}

/// By hand, since serde's untagged enums would buffer every number.
struct VectorVisitor;

impl<'de> Visitor<'de> for VectorVisitor {
    type Value = Vec<f32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numbers or base64")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<f32>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(values)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<f32>, E> {
        let bytes = STANDARD.decode(text).map_err(|_| E::custom("an embedding is not base64"))?;
        let (values, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(E::custom("an embedding in base64 is not a whole number of floats"));
        }
        Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn fails(reply: &str, words: &str) {
        let message = openai(reply.as_bytes()).unwrap_err().message;
        assert!(message.contains(words), "{message}");
    }

    #[test]
    fn vectors_go_where_their_index_says() {
        let reply = json!({"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1]}]});
        assert_eq!(openai(reply.to_string().as_bytes()).unwrap(), [[1.0], [2.0]]);
        let reply = json!({"data": [{"embedding": [2.0]}, {"embedding": [1.0]}]});
        assert_eq!(openai(reply.to_string().as_bytes()).unwrap(), [[2.0], [1.0]]);
    }

    #[test]
    fn replies_without_vectors_say_why() {
        fails(r#"{"error":{"message":"no such model"}}"#, "no such model");
        fails("<html>", "Check that the base path");
        fails(r#"{"data":[{"embedding":[1,null]}]}"#, "no vectors");
        fails(r#"{"data":[{"embedding":"AAA"}]}"#, "not base64");
        fails(r#"{"data":[{"embedding":"AAAA"}]}"#, "not a whole number of floats");
    }

    #[test]
    fn what_cannot_be_stored_is_refused() {
        let message = |vectors: &[Vec<f32>], texts| check(vectors, texts).unwrap_err().message;
        assert_eq!(message(&[vec![1.0]], 2), "1 vectors came for 2 texts");
        assert_eq!(message(&[vec![1.0], vec![1.0, 2.0]], 2), "one vector has 1 dimensions, another 2");
        assert_eq!(message(&[vec![]], 1), "a vector is empty");
        assert_eq!(message(&[vec![f32::NAN]], 1), "a vector holds a number that is not finite");
        assert_eq!(check(&[], 0), Ok(()));
    }

    proptest! {
        #[test]
        fn base64_and_numbers_are_the_same(values in proptest::collection::vec(-1e6f32..1e6, 1..20)) {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let packed = json!({"data": [{"embedding": STANDARD.encode(bytes)}]});
            let plain = json!({"data": [{"embedding": values}]});
            prop_assert_eq!(openai(packed.to_string().as_bytes()).unwrap(), [values.clone()]);
            prop_assert_eq!(openai(plain.to_string().as_bytes()).unwrap(), [values]);
        }
    }
}
