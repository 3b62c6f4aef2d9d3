//! The embedder: a hashed bag of words.

use super::Answer;
use super::prompt::without_published_lines;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// Length of every vector.
pub const DIMENSIONS: usize = 384;

const FNV_OFFSET: u32 = 0x811c_9dc5;
const FNV_PRIME: u32 = 0x0100_0193;

/// The unit vector of `text`. One bucket is always filled, so unrelated texts keep a small positive
/// similarity; `[[mock:negative]]` in the text turns the vector round.
pub fn embed(text: &str) -> Vec<f32> {
    let mut counts = [0f64; DIMENSIONS];
    counts[0] = 1.0;
    for token in tokens(&without_published_lines(text)) {
        counts[fnv1a(&token) as usize % DIMENSIONS] += 1.0;
    }
    let norm = counts.iter().map(|x| x * x).sum::<f64>().sqrt();
    let norm = if text.contains("[[mock:negative]]") { -norm } else { norm };
    counts.iter().map(|x| (x / norm) as f32).collect()
}

/// Maximal runs of ASCII letters, digits and non-ASCII bytes, in lower case.
fn tokens(text: &str) -> impl Iterator<Item = Vec<u8>> {
    text.as_bytes()
        .split(|byte| !(byte.is_ascii_alphanumeric() || *byte >= 0x80))
        .filter(|run| !run.is_empty())
        .map(<[u8]>::to_ascii_lowercase)
}

fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(FNV_OFFSET, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(FNV_PRIME))
}

pub(super) fn answer(body: &Value) -> Answer {
    let texts: Vec<String> = match &body["input"] {
        Value::Array(items) => items.iter().map(plain).collect(),
        one => vec![plain(one)],
    };
    if texts.iter().any(|text| text.contains("[[mock:embed-error]]")) {
        return Answer::json(400, &json!({"error": {"message": "mock embedding failure"}}));
    }
    let base64 = body["encoding_format"] == "base64";
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let vector = embed(text);
            let embedding = if base64 { Value::from(packed(&vector)) } else { json!(vector) };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let usage = json!({"prompt_tokens": 0, "total_tokens": 0});
    Answer::json(200, &json!({"object": "list", "data": data, "model": body["model"], "usage": usage}))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn packed(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn words_count_and_case_order_and_clock_do_not() {
        let one = embed("Otters swim.\npublished: 1/2/2024, 3:04:05 PM\nhere");
        assert_eq!(one, embed("here OTTERS\tswim"));
        assert!((cosine(&one, &one) - 1.0).abs() < 1e-6);
        let other = cosine(&one, &embed("quantum chromodynamics"));
        assert!(other > 0.0 && other < 0.5, "{other}");
        assert!((cosine(&one, &embed("here otters swim [[mock:negative]]")) + 0.8).abs() < 0.1);
    }

    #[test]
    fn base64_holds_the_same_floats() {
        let body = |format: &str| json!({"model": "m", "input": "otter", "encoding_format": format});
        let read = |answer: Answer| serde_json::from_slice::<Value>(&answer.pieces[0]).unwrap();
        let plain = read(super::answer(&body("float")));
        let coded = read(super::answer(&body("base64")));
        let bytes = STANDARD.decode(coded["data"][0]["embedding"].as_str().unwrap()).unwrap();
        let floats: Vec<f32> = bytes.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(json!(floats), plain["data"][0]["embedding"]);
    }
}
