//! Settings of the embedder, from the environment names that AnythingLLM's users have already.

use super::remote::RemoteEmbedder;
use super::remote_table::{Chunk, ENGINES, Engine};
use super::{Embedder, HostEmbedder};
use crate::llm::{Patience, Secret, Vars};
use std::collections::BTreeMap;

/// How texts become vectors.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `EMBEDDING_ENGINE` | `native` (built in), `host`, or an engine behind HTTP (reference §7.3) | `native` |
/// | `EMBEDDING_BASE_PATH` | address of a server of your own | |
/// | `EMBEDDING_MODEL_PREF` | the model | the engine's |
/// | `EMBEDDING_MODEL_MAX_CHUNK_LENGTH` | longest chunk in characters, where the model does not say | 1000 |
/// | `EMBEDDING_OUTPUT_DIMENSIONS` | dimensions to ask for | the model's |
/// | `OLLAMA_EMBEDDING_BATCH_SIZE` | texts in one request | 1 |
/// | `GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS` | texts in one request | 500 |
/// | `GENERIC_OPEN_AI_EMBEDDING_API_DELAY_MS` | pause between requests, from 500 | none |
/// | `GENERIC_OPEN_AI_EMBEDDING_PASSAGE_PREFIX`, `…_QUERY_PREFIX` | put before texts | none |
/// | `HAVERSACK_EMBED_CONCURRENCY` | requests in flight, up to 16 | by engine |
/// | `HAVERSACK_EMBED_RETRIES` | how often a failed request is sent again | 2 |
/// | `HAVERSACK_EMBED_TIMEOUT_MS` | until a reply begins | 600000 |
///
/// and the key of the engine: `OPEN_AI_KEY`, `GENERIC_OPEN_AI_EMBEDDING_API_KEY`, …
#[derive(Clone, Debug)]
pub struct EmbedSettings {
    /// The embedder; one that cannot work is [`Embedder::Unusable`], never another one in its place:
    /// vectors of two models do not mix.
    pub embedder: Embedder,
}

impl EmbedSettings {
    /// Reads the settings. Never fails: what is wrong is told in the second value, a sentence each,
    /// without secrets.
    pub fn from_vars(vars: &BTreeMap<String, String>) -> (EmbedSettings, Vec<String>) {
        let mut vars = Vars { vars, problems: Vec::new() };
        let embedder = match vars.text("EMBEDDING_ENGINE").unwrap_or("native") {
            "native" => native(&mut vars),
            "host" => Embedder::Host(HostEmbedder {
                model: vars.text("EMBEDDING_MODEL_PREF").unwrap_or_default().to_owned(),
                max_chunk_chars: chunk_chars(&mut vars, Chunk::Var(1000)),
            }),
            id => match ENGINES.iter().find(|engine| engine.id == id) {
                Some(engine) => remote(engine, &mut vars).unwrap_or_else(|why| unusable(engine.name, why)),
                None => {
                    let ids: Vec<&str> = ENGINES.iter().map(|engine| engine.id).collect();
                    let why = format!(
                        "{id} is not a valid embedding engine. Choose one of native, host, {}.",
                        ids.join(", ")
                    );
                    unusable(id, why)
                }
            },
        };
        if let Embedder::Unusable { why, .. } = &embedder {
            vars.problems.push(why.clone());
        }
        (EmbedSettings { embedder }, vars.problems)
    }
}

fn unusable(name: &str, why: String) -> Embedder {
    Embedder::Unusable { name: name.to_owned(), why }
}

/// AnythingLLM's own models are not carried: theirs need an ONNX runtime.
fn native(vars: &mut Vars<'_>) -> Embedder {
    if let Some(model) = vars.text("EMBEDDING_MODEL_PREF").filter(|model| *model != super::BUILTIN_MODEL) {
        vars.problems.push(format!(
            "EMBEDDING_MODEL_PREF={model} is ignored: the built-in embedder is {}. Serve another model with Ollama \
             or any OpenAI-compatible server.",
            super::BUILTIN_MODEL
        ));
    }
    Embedder::Builtin
}

fn remote(engine: &'static Engine, vars: &mut Vars<'_>) -> Result<Embedder, String> {
    let base_url = match engine.base {
        Some(base) => Some(base.to_owned()),
        None => {
            let v1 = matches!(engine.id, "lmstudio" | "localai" | "lemonade");
            let own = vars.url("EMBEDDING_BASE_PATH", v1);
            if engine.id == "litellm" { own.or_else(|| vars.url("LITE_LLM_BASE_PATH", false)) } else { own }
        }
    };
    let missing =
        |what: &str, var: &str| format!("No {what} was set for {} embeddings. Set {var}.", engine.name);
    let base_url = base_url.ok_or_else(|| missing("base path", "EMBEDDING_BASE_PATH"))?;
    let key = vars.text(engine.key.0).map(Secret::new);
    if engine.key.1 && key.is_none() {
        return Err(missing("API key", engine.key.0));
    }
    let model = vars.text("EMBEDDING_MODEL_PREF").or(engine.model_default);
    let model = model.ok_or_else(|| missing("model", "EMBEDDING_MODEL_PREF"))?.to_owned();
    let generic = engine.id == "generic-openai";
    let prefix = |name: &str| {
        // Prefixes end with a space that counts, so they are not trimmed.
        let value = vars.vars.get(name).filter(|_| generic);
        value.cloned().unwrap_or_default()
    };
    let (query_prefix, passage_prefix) = (
        prefix("GENERIC_OPEN_AI_EMBEDDING_QUERY_PREFIX"),
        prefix("GENERIC_OPEN_AI_EMBEDDING_PASSAGE_PREFIX"),
    );
    let batch_var = match engine.id {
        "ollama" => Some("OLLAMA_EMBEDDING_BATCH_SIZE"),
        "generic-openai" => Some("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS"),
        _ => None,
    };
    let batch = batch_var.and_then(|var| vars.positive(var)).map_or(engine.batch, |n| n as usize);
    let delay_var = "GENERIC_OPEN_AI_EMBEDDING_API_DELAY_MS";
    let delay_ms = if generic { vars.number::<u64>(delay_var).filter(|ms| *ms >= 500) } else { None };
    let parallel = vars.positive("HAVERSACK_EMBED_CONCURRENCY").map_or(engine.parallel, |n| n as usize);
    let patience = Patience {
        retries: vars.number("HAVERSACK_EMBED_RETRIES").unwrap_or(2).min(10),
        head_ms: vars.number("HAVERSACK_EMBED_TIMEOUT_MS").unwrap_or(600_000),
        idle_ms: 120_000,
    };
    let remote = RemoteEmbedder {
        engine,
        base_url,
        key,
        model,
        max_chunk_chars: chunk_chars(vars, engine.chunk),
        dimensions: vars.positive("EMBEDDING_OUTPUT_DIMENSIONS"),
        query_prefix,
        passage_prefix,
        batch,
        parallel: if delay_ms.is_some() { 1 } else { parallel.min(16) },
        delay_ms: delay_ms.unwrap_or(0),
        patience,
    };
    Ok(if engine.is_ollama { Embedder::Ollama(Box::new(remote)) } else { Embedder::OpenAi(Box::new(remote)) })
}

fn chunk_chars(vars: &mut Vars<'_>, chunk: Chunk) -> usize {
    match chunk {
        Chunk::Fixed(chars) => chars,
        Chunk::Var(chars) => {
            vars.positive("EMBEDDING_MODEL_MAX_CHUNK_LENGTH").filter(|n| *n > 1).map_or(chars, |n| n as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Embedder, Vec<String>) {
        let vars = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (settings, problems) = EmbedSettings::from_vars(&vars);
        (settings.embedder, problems)
    }

    #[test]
    fn nothing_set_means_the_built_in_model() {
        let (embedder, problems) = read(&[]);
        assert!(matches!(embedder, Embedder::Builtin));
        assert_eq!(
            (embedder.model_name(), embedder.max_chunk_chars(), problems.len()),
            ("static-minilm-256", 1000, 0)
        );
    }

    #[test]
    fn their_native_models_are_replaced_and_that_is_said() {
        let (embedder, problems) = read(&[("EMBEDDING_MODEL_PREF", "Xenova/nomic-embed-text-v1")]);
        assert!(matches!(embedder, Embedder::Builtin));
        assert!(problems[0].starts_with("EMBEDDING_MODEL_PREF=Xenova/nomic-embed-text-v1 is ignored"));
    }

    #[test]
    fn the_generic_engine_reads_its_own_variables() {
        let (embedder, problems) = read(&[
            ("EMBEDDING_ENGINE", "generic-openai"),
            ("EMBEDDING_BASE_PATH", "http://localhost:9000/v1"),
            ("EMBEDDING_MODEL_PREF", "mock-embed"),
            ("EMBEDDING_MODEL_MAX_CHUNK_LENGTH", "512"),
            ("GENERIC_OPEN_AI_EMBEDDING_API_KEY", "sk-1"),
            ("GENERIC_OPEN_AI_EMBEDDING_MAX_CONCURRENT_CHUNKS", "20"),
            ("GENERIC_OPEN_AI_EMBEDDING_QUERY_PREFIX", "query: "),
            ("GENERIC_OPEN_AI_EMBEDDING_API_DELAY_MS", "100"),
        ]);
        assert_eq!(problems, Vec::<String>::new());
        let Embedder::OpenAi(remote) = &embedder else { panic!("{embedder:?}") };
        assert_eq!((remote.batch, remote.parallel, remote.delay_ms), (20, 1, 0));
        assert_eq!((remote.query_prefix.as_str(), remote.max_chunk_chars), ("query: ", 512));
        assert!(!format!("{embedder:?}").contains("sk-1"));
    }

    #[test]
    fn an_embedder_that_cannot_work_is_not_replaced() {
        for (engine, why) in [
            ("openai", "No API key was set for OpenAI embeddings. Set OPEN_AI_KEY."),
            ("ollama", "No base path was set for Ollama embeddings. Set EMBEDDING_BASE_PATH."),
        ] {
            let (embedder, problems) = read(&[("EMBEDDING_ENGINE", engine)]);
            assert!(matches!(embedder, Embedder::Unusable { .. }));
            assert_eq!(problems, [why]);
        }
        let (_, problems) = read(&[("EMBEDDING_ENGINE", "azure")]);
        assert!(problems[0].starts_with("azure is not a valid embedding engine."));
    }
}
