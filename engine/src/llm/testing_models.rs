//! Models for tests.

use super::settings::LlmSettings;
use super::{ChatModel, HttpModel};
use std::collections::BTreeMap;

/// The provider the golden transcripts were recorded with; no retries.
pub(crate) fn generic() -> HttpModel {
    of("generic-openai", "mock-model")
}

/// A model of any provider; no retries.
pub(crate) fn of(provider: &str, model: &str) -> HttpModel {
    let vars = [
        ("GENERIC_OPEN_AI_BASE_PATH", "http://llm.test/v1"),
        ("GENERIC_OPEN_AI_API_KEY", "sk-test"),
        ("ANTHROPIC_API_KEY", "sk-ant-test"),
        ("HAVERSACK_LLM_RETRIES", "0"),
    ];
    let vars: BTreeMap<String, String> = vars.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    match LlmSettings::from_vars(&vars).0.resolve(Some(provider), Some(model)) {
        Ok(ChatModel::Http(model)) => *model,
        other => panic!("{other:?}"),
    }
}
