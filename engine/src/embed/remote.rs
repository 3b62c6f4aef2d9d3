//! Embedders behind HTTP.

use super::remote_reply;
use super::remote_table::Engine;
use crate::llm::http::{read_all, send, with_retries};
use crate::llm::{LlmError, LlmErrorKind, Patience, Secret};
use crate::seam::{Cx, HttpRequest, Trust};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Longest reply in bytes: 2048 texts of 4096 dimensions as numbers.
const REPLY_BYTES_MAX: u64 = 128 << 20;
/// Most characters in one request, so that a batch of long chunks stays below OpenAI's 300,000 tokens.
const BATCH_CHARS_MAX: usize = 400_000;

/// A server that embeds texts.
#[derive(Clone, Debug)]
pub struct RemoteEmbedder {
    pub(super) engine: &'static Engine,
    pub(super) base_url: String,
    pub(super) key: Option<Secret>,
    pub(super) model: String,
    pub(super) max_chunk_chars: usize,
    pub(super) dimensions: Option<u32>,
    pub(super) query_prefix: String,
    pub(super) passage_prefix: String,
    pub(super) batch: usize,
    pub(super) parallel: usize,
    pub(super) delay_ms: u64,
    pub(super) patience: Patience,
}

/// One vector for each of `texts`, in their order. Requests run side by side as the settings allow; the
/// first failure ends all of them.
pub(super) async fn embed(
    cx: &Cx,
    remote: &RemoteEmbedder,
    texts: &[String],
    prefix: &str,
) -> Result<Vec<Vec<f32>>, LlmError> {
    // Set once a server turns out not to know base64.
    let plain = AtomicBool::new(false);
    let requests = batches(texts, remote.batch).into_iter().map(|batch| {
        let plain = &plain;
        async move {
            if batch.start > 0 && remote.delay_ms > 0 {
                cx.sleep(remote.delay_ms).await;
            }
            one_batch(cx, remote, &texts[batch], prefix, plain).await
        }
    });
    let replies: Vec<Vec<Vec<f32>>> = stream::iter(requests).buffered(remote.parallel).try_collect().await?;
    let vectors: Vec<Vec<f32>> = replies.into_iter().flatten().collect();
    remote_reply::check(&vectors, texts.len())?;
    Ok(vectors)
}

/// Cuts `texts` into runs of at most `size` texts and [`BATCH_CHARS_MAX`] bytes.
fn batches(texts: &[String], size: usize) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (i, text) in texts.iter().enumerate() {
        if i > start && (i - start == size || bytes + text.len() > BATCH_CHARS_MAX) {
            batches.push(start..i);
            (start, bytes) = (i, 0);
        }
        bytes += text.len();
    }
    if start < texts.len() {
        batches.push(start..texts.len());
    }
    batches
}

async fn one_batch(
    cx: &Cx,
    remote: &RemoteEmbedder,
    texts: &[String],
    prefix: &str,
    plain: &AtomicBool,
) -> Result<Vec<Vec<f32>>, LlmError> {
    let body = match post(cx, remote, texts, prefix, plain.load(Ordering::Relaxed)).await {
        Err(error) if !remote.engine.is_ollama && refuses_base64(&error) => {
            plain.store(true, Ordering::Relaxed);
            post(cx, remote, texts, prefix, true).await?
        }
        body => body?,
    };
    let vectors =
        if remote.engine.is_ollama { remote_reply::ollama(&body) } else { remote_reply::openai(&body) }?;
    remote_reply::check(&vectors, texts.len())?;
    Ok(vectors)
}

fn refuses_base64(error: &LlmError) -> bool {
    let words = ["encoding_format", "base64"];
    matches!(error.kind, LlmErrorKind::Status(400..500))
        && words.iter().any(|word| error.message.contains(word))
}

async fn post(
    cx: &Cx,
    remote: &RemoteEmbedder,
    texts: &[String],
    prefix: &str,
    plain: bool,
) -> Result<Vec<u8>, LlmError> {
    let request = request(remote, texts, prefix, plain);
    let attempt = || async {
        let (_, mut chunks) = send(cx, &request).await?;
        read_all(&mut chunks).await
    };
    with_retries(cx, remote.patience.retries, attempt).await
}

fn request(remote: &RemoteEmbedder, texts: &[String], prefix: &str, plain: bool) -> HttpRequest {
    let input: Vec<Value> = texts.iter().map(|text| json!(format!("{prefix}{text}"))).collect();
    let mut body = Map::new();
    body.insert("model".into(), json!(remote.model));
    body.insert("input".into(), Value::Array(input));
    let path = if remote.engine.is_ollama {
        // AnythingLLM sends the chunk's length in characters as the window: always enough.
        body.insert("options".into(), json!({ "num_ctx": remote.max_chunk_chars }));
        "/api/embed"
    } else {
        if let Some(dimensions) = remote.dimensions {
            body.insert("dimensions".into(), json!(dimensions));
        }
        if !plain {
            body.insert("encoding_format".into(), json!("base64"));
        }
        "/embeddings"
    };
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    if let Some(key) = &remote.key {
        headers.push(("authorization".into(), format!("Bearer {}", key.expose())));
    }
    HttpRequest {
        method: "POST".into(),
        url: format!("{}{path}", remote.base_url),
        headers,
        body: Value::Object(body).to_string().into(),
        trust: Trust::Operator,
        max_bytes: REPLY_BYTES_MAX,
        head_timeout_ms: remote.patience.head_ms,
        idle_timeout_ms: remote.patience.idle_ms,
    }
}
