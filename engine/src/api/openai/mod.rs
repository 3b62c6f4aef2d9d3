//! The API of OpenAI, with workspaces as its models (reference §10), under `/api/v1/openai` and `/v1`.

mod chunks;
mod completions;
mod conversation;
mod embeddings;
mod error;
mod images;
mod models;
#[cfg(test)]
mod tests;
mod vector_stores;

pub use completions::create as chat_completions;
pub use embeddings::create as embeddings;
pub use error::{serves, shaped};
pub use images::generate as generate_images;
pub use models::{get as model, list as models};
pub use vector_stores::list as vector_stores;

use super::Call;
use super::error::{ApiError, Code};
use crate::limits::Limit;
use crate::model::Workspace;
use crate::seam::UnixMs;
use crate::store::{self, key};

/// What one call of this API may bring.
pub(super) fn limits() -> Vec<Limit> {
    vec![Limit::fixed("texts that one call has embedded", embeddings::TEXTS_MAX.to_string(), "400")]
}

/// The workspaces that the caller may know, oldest first.
async fn workspaces(call: &Call) -> Result<Vec<Workspace>, ApiError> {
    let all = store::all::<Workspace>(&call.cx, key::workspaces()).await?;
    Ok(all.into_iter().map(|(_, workspace)| workspace).filter(|w| call.caller.sees(w.id)).collect())
}

/// The workspace that a model's name stands for.
async fn workspace(call: &Call, model: &str) -> Result<Workspace, ApiError> {
    call.workspace_by_slug(model).await?.ok_or_else(|| {
        let message = format!("There is no model `{model}`: models are the slugs of workspaces.");
        ApiError::new(Code::UnknownModel, message).with("param", "model")
    })
}

/// A field of the request is wrong.
fn wrong(param: &str, message: impl Into<String>) -> ApiError {
    ApiError::new(Code::InvalidField, message).with("param", param)
}

fn unix_seconds(at: UnixMs) -> i64 {
    at.0.div_euclid(1000)
}
