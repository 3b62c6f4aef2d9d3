//! The application's own language model and embedder.

use crate::abort::AbortOnDrop;
use crate::error;
use crate::platform::Platform;
use bytes::Bytes;
use haversack_engine::seam::{CompleteReply, CompleteRequest, EmbedRequest, HostError, HostErrorKind};
use js_sys::{AsyncIterator, IteratorNext};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

const MODEL: &str = "the model in this page failed";
const EMBEDDER: &str = "the embedder in this page failed";

/// The words of a model that is answering. Dropping them tells it to stop.
pub struct Words {
    iterator: AsyncIterator,
    _abort: AbortOnDrop,
}

/// `pkg/types/index.d.ts`: `ModelRequest`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    temperature: f64,
    max_tokens: u32,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

/// What a model may return after its last word.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Counted {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Words {
    /// Asks.
    pub fn ask(platform: &Platform, request: &CompleteRequest) -> Result<Words, HostError> {
        let messages =
            request.messages.iter().map(|(role, content)| Message { role, content }).collect::<Vec<_>>();
        let question = Question {
            model: &request.model,
            messages,
            temperature: request.temperature,
            max_tokens: request.max_tokens,
        };
        let failed = |error: JsValue| error::thrown(MODEL, &error);
        let abort = AbortOnDrop::new().map_err(failed)?;
        let question = serde_wasm_bindgen::to_value(&question).map_err(|e| failed(e.into()))?;
        let iterator = platform.complete(question, &abort.signal()).map_err(failed)?;
        Ok(Words { iterator, _abort: abort })
    }

    /// The next piece of text, or what was counted at the end.
    pub async fn next(&mut self) -> Result<Result<Bytes, CompleteReply>, HostError> {
        let failed = |error: JsValue| error::thrown(MODEL, &error);
        loop {
            let next = JsFuture::from(self.iterator.next().map_err(failed)?).await.map_err(failed)?;
            let next: IteratorNext = next.unchecked_into();
            if next.done() {
                let counted: Counted = serde_wasm_bindgen::from_value(next.value()).unwrap_or_default();
                return Ok(Err(CompleteReply {
                    prompt_tokens: counted.prompt_tokens,
                    completion_tokens: counted.completion_tokens,
                }));
            }
            let text = next.value().as_string().ok_or_else(|| failed("it gave no text".into()))?;
            if !text.is_empty() {
                return Ok(Ok(text.into()));
            }
        }
    }
}

#[derive(Serialize)]
struct Passages<'a> {
    model: &'a str,
    texts: &'a [String],
}

/// One vector for each text.
pub async fn embed(platform: &Platform, request: &EmbedRequest) -> Result<Vec<Vec<f32>>, HostError> {
    let failed = |error: JsValue| error::thrown(EMBEDDER, &error);
    let abort = AbortOnDrop::new().map_err(failed)?;
    let passages = Passages { model: &request.model, texts: &request.texts };
    let passages = serde_wasm_bindgen::to_value(&passages).map_err(|e| failed(e.into()))?;
    let vectors = platform.embed(passages, &abort.signal()).map_err(failed)?;
    let vectors = JsFuture::from(vectors).await.map_err(failed)?;
    let rows = js_sys::try_iter(&vectors).ok().flatten().ok_or_else(|| failed("it gave no list".into()))?;
    let rows: Vec<Vec<f32>> = rows
        .map(|row| row.map(|row| js_sys::Float32Array::new(&row).to_vec()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    if rows.len() != request.texts.len() {
        let message = format!("{EMBEDDER}: {} vectors for {} texts", rows.len(), request.texts.len());
        return Err(HostError::new(HostErrorKind::Failed, message));
    }
    Ok(rows)
}
