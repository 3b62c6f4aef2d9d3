//! Whether a model's server answers at all.

use super::table::{Base, KeyVar, Provider, Wire};
use super::{ChatModel, LlmError, Prompt, http, wire};
use crate::seam::Cx;
use bytes::Bytes;

/// Asks the server for its list of models, which costs nothing. Waits for the head of the reply only.
pub(crate) async fn reach(cx: &Cx, model: &ChatModel) -> Result<(), LlmError> {
    let ChatModel::Http(model) = model else { return Ok(()) };
    let path = if model.provider.wire == Wire::Ollama { "/api/tags" } else { "/models" };
    let mut request = wire::request(model, &Prompt::default(), false);
    request.method = "GET".to_owned();
    request.url = format!("{}{path}", model.base_url);
    request.body = Bytes::new();
    request.headers.retain(|(name, _)| name != "content-type");
    http::send(cx, &request).await.map(drop)
}

/// Whether a variable says where this provider is or what its key is.
pub(crate) fn is_reached_by(provider: &str, var: &str) -> bool {
    Provider::by_id(provider).is_some_and(|row| {
        let (KeyVar::Required(key) | KeyVar::Optional(key)) = row.key;
        key == var || matches!(row.base, Base::Var(base, _) if base == var)
    })
}
