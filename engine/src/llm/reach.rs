//! Whether a model's server answers at all, and which models it has.

use super::model::HttpModel;
use super::table::{Base, KeyVar, Provider, Wire};
use super::{ChatModel, LlmError, Prompt, http, wire};
use crate::seam::{Cx, HttpRequest};
use bytes::Bytes;
use serde_json::Value;

/// Names in a list of models, at most.
const MODELS_MAX: usize = 2000;

/// Asks the server for its list of models, which costs nothing. Waits for the head of the reply only.
pub(crate) async fn reach(cx: &Cx, model: &ChatModel) -> Result<(), LlmError> {
    let ChatModel::Http(model) = model else { return Ok(()) };
    http::send(cx, &models_request(model)).await.map(drop)
}

/// The models of the server by name, in order.
pub(crate) async fn list(cx: &Cx, model: &ChatModel) -> Result<Vec<String>, LlmError> {
    let ChatModel::Http(model) = model else { return Ok(Vec::new()) };
    let (_, mut chunks) = http::send(cx, &models_request(model)).await?;
    let body = http::read_all(&mut chunks).await?;
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return Err(LlmError::bad_reply("The list of models is not JSON. Check the base path."));
    };
    // Ollama has `models` with a `name`, the others `data` with an `id`.
    let entries = [&body["data"], &body["models"], &body].into_iter().find_map(Value::as_array);
    let name = |entry: &Value| {
        let name = entry["id"].as_str().or_else(|| entry["name"].as_str())?;
        // Gemini puts the kind of thing in front.
        Some(name.strip_prefix("models/").unwrap_or(name).to_owned())
    };
    let mut names: Vec<String> = entries.into_iter().flatten().filter_map(name).take(MODELS_MAX).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn models_request(model: &HttpModel) -> HttpRequest {
    let path = if model.provider.wire == Wire::Ollama { "/api/tags" } else { "/models" };
    let mut request = wire::request(model, &Prompt::default(), false);
    request.method = "GET".to_owned();
    request.url = format!("{}{path}", model.base_url);
    request.body = Bytes::new();
    request.headers.retain(|(name, _)| name != "content-type");
    request
}

/// Whether a variable says where this provider is or what its key is.
pub(crate) fn is_reached_by(provider: &str, var: &str) -> bool {
    Provider::by_id(provider).is_some_and(|row| {
        let (KeyVar::Required(key) | KeyVar::Optional(key)) = row.key;
        key == var || matches!(row.base, Base::Var(base, _) if base == var)
    })
}
