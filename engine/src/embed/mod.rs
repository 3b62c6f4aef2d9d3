//! Embedders: text in, vector out.
//!
//! [`EmbedSettings::from_vars`] reads which; [`embed`] asks it. Without any setting it is [`minilm`], which
//! needs no network and gives the same bytes on every host.

pub use haversack_retrieval::minilm;
mod remote;
mod remote_reply;
mod remote_settings;
mod remote_table;
#[cfg(test)]
mod remote_tests;

pub use remote::RemoteEmbedder;
pub use remote_settings::EmbedSettings;

use crate::llm::{LlmError, LlmErrorKind};
use crate::seam::{Cx, EmbedRequest, Slices, Work};
use minilm::{Starting, StaticModel};
use std::fmt;

/// The name of the built-in model.
pub const BUILTIN_MODEL: &str = "static-minilm-256";
/// Longest chunk for the built-in model, in characters: AnythingLLM's default (reference §7.3).
const BUILTIN_CHUNK_CHARS: usize = 1000;
/// Texts a host's embedder gets at once.
const HOST_BATCH: usize = 32;

/// Something that embeds texts.
#[derive(Clone, Debug)]
pub enum Embedder {
    /// The static model that comes with the engine: 256 dimensions, English.
    Builtin,
    /// A server that speaks OpenAI's `/embeddings`.
    OpenAi(Box<RemoteEmbedder>),
    /// An Ollama server.
    Ollama(Box<RemoteEmbedder>),
    /// An embedder inside the host.
    Host(HostEmbedder),
    /// Settings that lead nowhere. Embedding fails with `why`; nothing else takes its place, since
    /// vectors of two models do not mix.
    Unusable {
        /// The engine.
        name: String,
        /// What to set.
        why: String,
    },
}

/// An embedder inside the host, asked by `Effect::Embed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEmbedder {
    /// The model's name, as the host knows it; may be empty for its only one.
    pub model: String,
    /// Longest chunk, in characters.
    pub max_chunk_chars: usize,
}

/// What texts are for. Some models want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Text of a document, sent as it is: the model's prefix is part of the chunk already, see
    /// [`Embedder::passage_prefix`] (reference §7.2). Also texts of `/v1/openai/embeddings`.
    Passage,
    /// A question.
    Query,
}

/// Why texts could not be embedded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedError {
    /// What kind of failure.
    pub kind: LlmErrorKind,
    /// For the caller of the API: `GenericOpenAI Failed to embed: 400 …`, as recorded. Holds no address
    /// and no secret.
    pub message: String,
    /// For the log: what the host said, if it says more.
    pub detail: String,
}

impl fmt::Display for EmbedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EmbedError {}

impl Embedder {
    /// The engine, as in `EMBEDDING_ENGINE`.
    pub fn engine(&self) -> &str {
        match self {
            Embedder::Builtin => "native",
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => remote.engine.id,
            Embedder::Host(_) => "host",
            Embedder::Unusable { name, .. } => name,
        }
    }

    /// The model's name. Engine and model together tell whether vectors may be compared.
    pub fn model_name(&self) -> &str {
        match self {
            Embedder::Builtin => BUILTIN_MODEL,
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => &remote.model,
            Embedder::Host(host) => &host.model,
            Embedder::Unusable { .. } => "",
        }
    }

    /// Longest chunk, in characters (UTF-16 units, reference §7.1), without the header.
    pub fn max_chunk_chars(&self) -> usize {
        match self {
            Embedder::Builtin | Embedder::Unusable { .. } => BUILTIN_CHUNK_CHARS,
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => remote.max_chunk_chars,
            Embedder::Host(host) => host.max_chunk_chars,
        }
    }

    /// What chunks begin with, before their header; part of the stored text.
    pub fn passage_prefix(&self) -> &str {
        match self {
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => &remote.passage_prefix,
            _ => "",
        }
    }

    /// What `EMBEDDING_ENGINE` may be.
    pub(crate) fn engines() -> impl Iterator<Item = &'static str> {
        ["native", "host"].into_iter().chain(remote_table::ENGINES.iter().map(|engine| engine.id))
    }

    /// The variables that hold keys of engines.
    #[cfg(test)]
    pub(crate) fn key_vars() -> impl Iterator<Item = &'static str> {
        remote_table::ENGINES.iter().map(|engine| engine.key.0)
    }

    /// Whether a variable holds its key.
    pub(crate) fn has_key_in(&self, var: &str) -> bool {
        match self {
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => remote.engine.key.0 == var,
            _ => false,
        }
    }

    /// Which secret goes where: each variable that holds one, with the address that is sent it. The engines with a fixed
    /// address count, whichever is chosen.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let chosen = match self {
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => {
                Some((remote.engine.key.0, remote.base_url.as_str()))
            }
            _ => None,
        };
        let fixed = remote_table::ENGINES.iter().filter_map(|engine| Some((engine.key.0, engine.base?)));
        chosen.into_iter().chain(fixed)
    }

    /// What errors begin with.
    fn name(&self) -> &str {
        match self {
            Embedder::Builtin => "The built-in embedder",
            Embedder::OpenAi(remote) | Embedder::Ollama(remote) => remote.engine.name,
            Embedder::Host(_) => "The host's embedder",
            Embedder::Unusable { name, .. } => name,
        }
    }
}

/// One vector for each of `texts`, in their order, all of one length and finite.
///
/// Sends batches as reference §7.3 says, side by side where the engine allows it; a failed request is sent
/// again as the settings say. Fails as a whole.
pub async fn embed(
    cx: &Cx,
    embedder: &Embedder,
    texts: &[String],
    purpose: Purpose,
) -> Result<Vec<Vec<f32>>, EmbedError> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let vectors = match embedder {
        Embedder::Builtin => return builtin_vectors(cx, texts).await,
        Embedder::OpenAi(remote) | Embedder::Ollama(remote) => {
            let prefix = if purpose == Purpose::Query { remote.query_prefix.as_str() } else { "" };
            remote::embed(cx, remote, texts, prefix).await
        }
        Embedder::Host(host) => host_vectors(cx, host, texts).await,
        Embedder::Unusable { why, .. } => Err(LlmError::settings(why.clone())),
    };
    vectors.map_err(|error| failed(embedder.name(), error))
}

/// [`embed`] for passages of one document, which all have `header` in front.
pub async fn embed_passages(
    cx: &Cx,
    embedder: &Embedder,
    header: &str,
    passages: &[&str],
) -> Result<Vec<Vec<f32>>, EmbedError> {
    if let Embedder::Builtin = embedder {
        let model = builtin(cx).await?.starting(header);
        return Ok(one_by_one(cx, passages, &model).await);
    }
    let texts: Vec<String> = passages.iter().map(|passage| [header, passage].concat()).collect();
    embed(cx, embedder, &texts, Purpose::Passage).await
}

/// The built-in model: from this build, or from the host's files, which are then kept for later runs.
pub async fn builtin(cx: &Cx) -> Result<&'static StaticModel, EmbedError> {
    #[cfg(feature = "embedded-assets")]
    {
        let _ = cx;
        Ok(minilm::embedded())
    }
    #[cfg(not(feature = "embedded-assets"))]
    {
        use crate::seam::Asset;
        use std::sync::OnceLock;

        static MODEL: OnceLock<StaticModel> = OnceLock::new();
        if let Some(model) = MODEL.get() {
            return Ok(model);
        }
        let name = Embedder::Builtin.name();
        let wrong = |why: String| failed(name, LlmError::settings(why));
        let tensors = cx.call(Asset::MinilmModel).await.map_err(|error| wrong(error.message))?;
        let vocab = cx.call(Asset::MinilmVocab).await.map_err(|error| wrong(error.message))?;
        let model = StaticModel::parse(tensors, vocab).map_err(|error| wrong(error.to_string()))?;
        Ok(MODEL.get_or_init(|| model))
    }
}

async fn builtin_vectors(cx: &Cx, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
    Ok(one_by_one(cx, texts, &builtin(cx).await?.starting("")).await)
}

/// Bytes of a text that are embedded at once.
const STEP_BYTES: usize = 64 << 10;

/// The vectors of texts with `start` in front.
async fn one_by_one<T: AsRef<str>>(cx: &Cx, texts: &[T], start: &Starting<'_>) -> Vec<Vec<f32>> {
    let (mut vectors, mut slices) = (Vec::with_capacity(texts.len()), cx.slices());
    for text in texts.iter().map(AsRef::as_ref) {
        vectors.push(match text.len() >= STEP_BYTES {
            true => embed_long(&mut slices, start.clone(), text).await,
            false => start.embed(text),
        });
        slices.spend(Work::Embed(text.len() % STEP_BYTES)).await;
    }
    vectors
}

/// The same for a text that is too long for one slice. Its last step is left to account for.
async fn embed_long(slices: &mut Slices, mut start: Starting<'_>, text: &str) -> Vec<f32> {
    let mut rest = text;
    while rest.len() >= STEP_BYTES {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP_BYTES));
        start.push(step);
        slices.spend(Work::Embed(step.len())).await;
        rest = after;
    }
    start.embed(rest)
}

async fn host_vectors(cx: &Cx, host: &HostEmbedder, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(HOST_BATCH) {
        let request = EmbedRequest { model: host.model.clone(), texts: batch.to_vec() };
        vectors.extend(cx.call(request).await.map_err(LlmError::in_host)?);
    }
    remote_reply::check(&vectors, texts.len())?;
    Ok(vectors)
}

fn failed(name: &str, error: LlmError) -> EmbedError {
    EmbedError {
        kind: error.kind,
        message: format!("{name} Failed to embed: {}", error.message),
        detail: error.detail,
    }
}
