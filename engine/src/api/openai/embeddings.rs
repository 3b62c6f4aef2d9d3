//! `POST /v1/embeddings` (reference §10.3).

use super::wrong;
use crate::api::answer::Answer;
use crate::api::body::Fields;
use crate::api::{ApiError, Call};
use crate::embed::{self, Purpose};
use crate::seam::Work;
use crate::tokens::{self, Tokenizer};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use serde_json::{Value, json};

/// Texts of one request, as many as OpenAI takes.
pub(super) const TEXTS_MAX: usize = 2048;

/// Bytes of a number in JSON, about.
const JSON_NUMBER_BYTES: usize = 12;

/// Embeds texts with the instance's embedder, whichever `model` is asked for.
pub async fn create(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let tokenizer = call.engine.tokenizer(&call.cx).await?;
    // One published client calls it `inputs`.
    let texts = texts(fields.get("input").or_else(|| fields.get("inputs")), &tokenizer)?;
    let bytes = texts.iter().map(String::len).sum();
    call.engine.settings().lengths.embedding.check("input", bytes)?;
    let packed = match fields.get("encoding_format") {
        None | Some(Value::Null) => false,
        Some(format) if format == "float" => false,
        Some(format) if format == "base64" => true,
        Some(_) => return Err(wrong("encoding_format", "`encoding_format` must be `float` or `base64`.")),
    };
    let embedder = call.engine.embedder();
    let vectors = embed::embed(&call.cx, embedder, &texts, Purpose::Passage).await?;
    let length = vectors.first().map_or(0, Vec::len);
    match fields.get("dimensions") {
        None | Some(Value::Null) => {}
        Some(wanted) if wanted.as_u64() == u64::try_from(length).ok() => {}
        Some(_) => return Err(wrong("dimensions", format!("Vectors have {length} dimensions here."))),
    }
    let (mut tokens, mut data, mut slices) = (0, Vec::with_capacity(vectors.len()), call.cx.slices());
    for (index, (text, vector)) in texts.iter().zip(vectors).enumerate() {
        tokens += tokens::count(&mut slices, &tokenizer, text).await;
        slices.spend(Work::Json(vector.len() * JSON_NUMBER_BYTES)).await;
        data.push(Row::new(index, vector, packed));
    }
    Ok(Answer::ok(&Embeddings {
        object: "list",
        data,
        model: embedder.model_name(),
        usage: json!({ "prompt_tokens": tokens, "total_tokens": tokens }),
    }))
}

#[derive(Serialize)]
struct Embeddings<'a> {
    object: &'static str,
    data: Vec<Row>,
    model: &'a str,
    usage: Value,
}

#[derive(Serialize)]
struct Row {
    object: &'static str,
    embedding: Embedding,
    index: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Embedding {
    Floats(Vec<f32>),
    /// Little-endian, four bytes each.
    Base64(String),
}

impl Row {
    fn new(index: usize, vector: Vec<f32>, packed: bool) -> Row {
        let embedding = match packed {
            false => Embedding::Floats(vector),
            true => {
                let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                Embedding::Base64(STANDARD.encode(bytes))
            }
        };
        Row { object: "embedding", embedding, index }
    }
}

/// A text, a list of texts, or what some frameworks make of them: tokens, or lists of tokens, of cl100k.
fn texts(input: Option<&Value>, tokenizer: &Tokenizer) -> Result<Vec<String>, ApiError> {
    let expected = || wrong("input", "`input` must be a text or a list of texts, none of them empty.");
    let texts = match input {
        Some(Value::String(text)) => vec![text.clone()],
        // Theirs takes a number for a text.
        Some(Value::Number(number)) => vec![number.to_string()],
        Some(Value::Array(items)) if items.first().is_some_and(Value::is_number) => {
            vec![decoded(items, tokenizer).ok_or_else(expected)?]
        }
        Some(Value::Array(items)) => {
            let text = |item: &Value| match item {
                Value::String(text) => Some(text.clone()),
                Value::Array(tokens) => decoded(tokens, tokenizer),
                _ => None,
            };
            items.iter().map(text).collect::<Option<Vec<String>>>().ok_or_else(expected)?
        }
        _ => return Err(expected()),
    };
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        return Err(expected());
    }
    if texts.len() > TEXTS_MAX {
        return Err(wrong("input", format!("`input` can hold {TEXTS_MAX} texts at most.")));
    }
    Ok(texts)
}

fn decoded(tokens: &[Value], tokenizer: &Tokenizer) -> Option<String> {
    let token = |value: &Value| value.as_u64().and_then(|token| u32::try_from(token).ok());
    Some(tokenizer.decode(&tokens.iter().map(token).collect::<Option<Vec<u32>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_in_many_shapes() {
        let tokenizer = Tokenizer::native();
        let hello = tokenizer.encode("hello world");
        for (input, expected) in [
            (json!("a"), vec!["a"]),
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!(5), vec!["5"]),
            (json!(hello), vec!["hello world"]),
            (json!([hello, "b"]), vec!["hello world", "b"]),
        ] {
            assert_eq!(texts(Some(&input), &tokenizer).unwrap(), expected, "{input}");
        }
        for input in
            [json!([]), json!(""), json!(["a", ""]), json!([1, "a"]), json!([-1]), json!([[]]), json!({})]
        {
            assert_eq!(texts(Some(&input), &tokenizer).unwrap_err().extra["param"], "input", "{input}");
        }
        assert!(texts(None, &tokenizer).is_err());
        assert!(texts(Some(&json!(vec!["a"; TEXTS_MAX + 1])), &tokenizer).is_err());
    }

    #[test]
    fn base64_holds_the_floats_of_the_vector() {
        let row = serde_json::to_value(Row::new(3, vec![1.0, -0.5], true)).unwrap();
        assert_eq!(row, json!({"object": "embedding", "embedding": "AACAPwAAAL8=", "index": 3}));
    }
}
