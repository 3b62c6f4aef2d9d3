//! Trying a model before it is used, and finding out which there are. Nothing here changes anything.

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::ApiError;
use super::update::as_if;
use super::view::without_password;
use crate::Engine;
use crate::embed::{self, Purpose};
use crate::llm::table::{Base, Provider};
use crate::llm::{self, ChatModel, Message, Patience, Prompt, Role};
use crate::seam::Cx;
use serde_json::{Value, json};

/// Longest wait for an answer, in milliseconds: a local model may have to be loaded first.
const ANSWER_MS: u64 = 60_000;

/// Longest wait for a list of models, in milliseconds.
const LIST_MS: u64 = 4000;

/// Characters of a reply that are shown.
const REPLY_CHARS: usize = 300;

/// Servers that people run on their own machine, looked for when no provider is named.
const LOCAL: [&str; 2] = ["ollama", "lmstudio"];

/// `POST /system/test-model {kind, settings?}`, which is ours: asks a language model for a word, or an embedder
/// for a vector. `settings` are those of `update-env`, and count for this call alone. A stored key is not sent to another
/// address: `warnings` say so.
///
/// A model that does not answer is no error of this call: `ok` is false and `error` says why.
pub async fn test_model(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let kind = fields.required("kind")?.to_owned();
    let (engine, warnings) = engine(&call, &fields)?;
    let started = call.cx.now().0;
    let tried = match kind.as_str() {
        "llm" => call.cx.timeout(ANSWER_MS, ask(&call.cx, &engine)).await,
        "embedder" => call.cx.timeout(ANSWER_MS, measure(&call.cx, &engine)).await,
        _ => return Err(ApiError::field("kind", "`llm` or `embedder`")),
    };
    let late = || Err(format!("There was no answer within {} seconds.", ANSWER_MS / 1000));
    let mut body = match tried.unwrap_or_else(|_| late()) {
        Ok(mut body) => {
            body["ok"] = true.into();
            body
        }
        Err(why) => json!({ "ok": false, "error": why }),
    };
    body["latencyMs"] = call.cx.now().0.saturating_sub(started).max(0).into();
    Ok(Answer::ok(&with_warnings(body, &warnings)))
}

async fn ask(cx: &Cx, engine: &Engine) -> Result<Value, String> {
    let mut model = engine.settings().llm.resolve(None, None).map_err(|error| error.message)?;
    match &mut model {
        ChatModel::Extractive => {
            return Err("No language model is chosen. Choose a provider first.".to_owned());
        }
        ChatModel::Http(model) => model.patience = Patience { retries: 0, ..model.patience },
        ChatModel::Host(_) => {}
    }
    let message = Message::new(Role::User, "Say hello in one short sentence.");
    let prompt = Prompt { messages: vec![message], temperature: 0.7 };
    let reply = llm::complete(cx, &model, &prompt).await.map_err(|error| error.message)?;
    let text: String = reply.text.trim().chars().take(REPLY_CHARS).collect();
    Ok(json!({ "reply": text, "model": model.name(), "provider": model.provider_id() }))
}

async fn measure(cx: &Cx, engine: &Engine) -> Result<Value, String> {
    let embedder = engine.embedder();
    let word = ["haversack".to_owned()];
    let vectors = embed::embed(cx, embedder, &word, Purpose::Query).await.map_err(|error| error.message)?;
    let dimensions = vectors.first().map_or(0, Vec::len);
    Ok(json!({ "dimensions": dimensions, "model": embedder.model_name(), "provider": embedder.engine() }))
}

/// `POST /system/find-models {provider?, settings?}`, which is ours: the models of a provider by name. Without a
/// provider, those of the local servers that answer; the others are left out.
pub async fn find_models(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let (engine, warnings) = engine(&call, &fields)?;
    let servers = match fields.string("provider")?.filter(|id| !id.is_empty()) {
        Some(id) => vec![look(&call.cx, &engine, id).await],
        None => {
            let all = LOCAL.iter().map(|id| look(&call.cx, &engine, id));
            let found = futures_util::future::join_all(all).await;
            found.into_iter().filter(|server| server["error"].is_null()).collect()
        }
    };
    Ok(Answer::ok(&with_warnings(json!({ "servers": servers }), &warnings)))
}

fn with_warnings(mut body: Value, warnings: &[String]) -> Value {
    if !warnings.is_empty() {
        body["warnings"] = json!(warnings);
    }
    body
}

async fn look(cx: &Cx, engine: &Engine, id: &str) -> Value {
    // The name of a model is required by some providers, and plays no part here.
    let model = engine.settings().llm.resolve(Some(id), Some("any")).map_err(|error| error.message);
    let base = match &model {
        Ok(ChatModel::Http(model)) if matches!(model.provider.base, Base::Var(..)) => {
            Some(without_password(&model.base_url))
        }
        _ => None,
    };
    let listed = match &model {
        Ok(model) => cx.timeout(LIST_MS, llm::list(cx, model)).await,
        Err(why) => Ok(Err(llm::LlmError::settings(why.clone()))),
    };
    let (models, error) = match listed {
        Ok(Ok(models)) => (models, None),
        Ok(Err(error)) => (Vec::new(), Some(error.message)),
        Err(_) => (Vec::new(), Some("It did not answer in time.".to_owned())),
    };
    let name = Provider::by_id(id).map_or(id, |provider| provider.name);
    json!({ "provider": id, "name": name, "base": base, "models": models, "error": error })
}

/// The engine as the settings that came with the call make it, and what there is to say of them.
fn engine(call: &Call, fields: &Fields) -> Result<(Engine, Vec<String>), ApiError> {
    match fields.get("settings") {
        None | Some(Value::Null) => Ok((call.engine.clone(), Vec::new())),
        Some(Value::Object(map)) => as_if(call, &Fields::from_map(map.clone())),
        Some(_) => Err(ApiError::field("settings", "an object")),
    }
}
