//! Asking the servers that were just set up whether they answer.
//!
//! The change stands whatever they say: a server may come up later. Only what a setting of the model in use
//! changed is asked, once, for five seconds, and the reply's body is never shown.

use super::settings_table::Setting;
use crate::Engine;
use crate::embed::{self, Purpose};
use crate::llm;
use crate::seam::Cx;

/// Longest wait for a server, in milliseconds.
const PATIENCE_MS: u64 = 5000;

/// A sentence for each server that does not answer as it should.
pub async fn warnings(cx: &Cx, engine: &Engine, changed: &[&Setting]) -> Vec<String> {
    let (llm, embedder) = futures_util::join!(llm(cx, engine, changed), embedder(cx, engine, changed));
    llm.into_iter().chain(embedder).collect()
}

async fn llm(cx: &Cx, engine: &Engine, changed: &[&Setting]) -> Option<String> {
    let settings = &engine.settings().llm;
    let provider = settings.provider_id()?;
    if !changed
        .iter()
        .any(|setting| setting.key == "LLMProvider" || llm::is_reached_by(provider, setting.var))
    {
        return None;
    }
    let answered = match settings.resolve(None, None) {
        Ok(model) => cx.timeout(PATIENCE_MS, llm::reach(cx, &model)).await,
        Err(error) => Ok(Err(error)),
    };
    told(&format!("The language model ({provider})"), answered.map(|result| result.map_err(|e| e.message)))
}

async fn embedder(cx: &Cx, engine: &Engine, changed: &[&Setting]) -> Option<String> {
    let embedder = engine.embedder();
    if !changed.iter().any(|setting| setting.is_of_embedder() || embedder.has_key_in(setting.var)) {
        return None;
    }
    let word = ["haversack".to_owned()];
    let answered = cx.timeout(PATIENCE_MS, embed::embed(cx, embedder, &word, Purpose::Query)).await;
    told("The embedder", answered.map(|result| result.map(drop).map_err(|e| e.message)))
}

fn told<E>(who: &str, answered: Result<Result<(), String>, E>) -> Option<String> {
    match answered {
        Ok(Ok(())) => None,
        Ok(Err(why)) => Some(format!("{who} is set, but did not answer as it should: {why}")),
        Err(_) => Some(format!("{who} is set, but did not answer within {} seconds.", PATIENCE_MS / 1000)),
    }
}
