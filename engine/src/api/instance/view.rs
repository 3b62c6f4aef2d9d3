//! `GET /v1/system`, `GET /setup-complete`: the settings as they are in effect, secrets only as whether they
//! are set (reference §12.1).

use super::super::Call;
use super::super::answer::Answer;
use super::super::error::ApiError;
use super::settings_table::{ELSEWHERE, SETTINGS, Setting, Shown};
use crate::retrieve::IndexHead;
use crate::settings::Variables;
use crate::store::{self, key};
use serde_json::{Map, Value, json};

/// What stands for a secret, or a part of one, in answers. A value that holds it is never stored.
pub const MASK: &str = "******";

/// The settings.
pub async fn settings(call: Call) -> Result<Answer, ApiError> {
    let heads = store::all::<IndexHead>(&call.cx, key::index_heads()).await?;
    let embedded = heads.iter().any(|(_, head)| head.rows > 0);
    let shown = shown(&call, embedded);
    // The web client of AnythingLLM asks /setup-complete for `results`.
    let name = if call.request.path.contains("setup-complete") { "results" } else { "settings" };
    Ok(Answer::ok(&json!({ name: shown })))
}

fn shown(call: &Call, embedded: bool) -> Map<String, Value> {
    let settings = call.engine.settings();
    let vars = &settings.vars;
    let mut shown = Map::new();
    let mut set = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    set("RequiresAuth", false.into());
    set("AuthToken", false.into());
    set("JWTSecret", false.into());
    // Theirs shows where on its disk the data lies, which is nobody's business (reference §15.5).
    set("StorageDir", Value::Null);
    set("MultiUserMode", call.instance.multi_user.into());
    set("HasExistingEmbeddings", embedded.into());
    set("HasCachedEmbeddings", embedded.into());
    for setting in SETTINGS {
        if let Some(value) = value(setting, vars) {
            set(setting.key, value);
        }
    }
    let embedder = settings.embed.embedder.model_name();
    set("EmbeddingModelPref", embedder.into());
    set("AzureOpenAiEmbeddingModelPref", embedder.into());
    let model = settings.llm.resolve(None, None).ok().map(|model| model.name().to_owned());
    set("LLMModel", model.filter(|_| settings.llm.provider_id().is_some()).into());
    for (key, var) in [
        ("DisableViewChatHistory", "DISABLE_VIEW_CHAT_HISTORY"),
        ("SimpleSSOEnabled", "SIMPLE_SSO_ENABLED"),
        ("SimpleSSONoLogin", "SIMPLE_SSO_NO_LOGIN"),
    ] {
        set(key, vars.is_present(var).into());
    }
    set("WorkspaceDeletionProtection", settings.deletion_protection.into());
    set("SimpleSSONoLoginRedirect", vars.get("SIMPLE_SSO_NO_LOGIN_REDIRECT").into());
    let elsewhere: Map<String, Value> = serde_json::from_str(ELSEWHERE).unwrap_or_default();
    shown.extend(elsewhere);
    shown
}

fn value(setting: &Setting, vars: &Variables) -> Option<Value> {
    if setting.is_secret() {
        return Some(vars.get(setting.var).is_some().into());
    }
    let text = vars.get(setting.var).map(without_password);
    match (text, setting.shown) {
        (Some(text), _) => Some(text.into()),
        (None, Shown::OrNull) => Some(Value::Null),
        (None, Shown::Or(default)) => Some(default.into()),
        (None, Shown::OrNumber(default)) => Some(default.into()),
        (None, Shown::Text | Shown::Secret) => None,
    }
}

/// An address may hold a name and a password in front of its host.
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_masked() {
        for (address, shown) in [
            ("http://ann:pw@host:1/v1", "http://******@host:1/v1"),
            ("http://a@b@host", "http://******@host"),
            ("http://host/@x", "http://host/@x"),
            ("mock-model", "mock-model"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }
}
