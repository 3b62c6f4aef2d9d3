//! `GET /v1/models`: workspaces as models (reference §10.1).

use super::{unix_seconds, workspace, workspaces};
use crate::api::answer::Answer;
use crate::api::{ApiError, Call};
use crate::model::Workspace;
use serde_json::{Value, json};

/// Every workspace that the caller sees.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    let models: Vec<Value> = workspaces(&call).await?.iter().map(|workspace| row(&call, workspace)).collect();
    Ok(Answer::ok(&json!({ "object": "list", "data": models })))
}

/// One of them. OpenAI has it, AnythingLLM has not.
pub async fn get(call: Call) -> Result<Answer, ApiError> {
    let workspace = workspace(&call, call.param(0)).await?;
    Ok(Answer::ok(&row(&call, &workspace)))
}

fn row(call: &Call, workspace: &Workspace) -> Value {
    let provider = workspace.chat_provider.as_deref().or_else(|| call.engine.settings().llm.provider_id());
    json!({
        "id": workspace.slug,
        "object": "model",
        "created": unix_seconds(workspace.created_at),
        // Without a language model the answers are our own.
        "owned_by": provider.unwrap_or("haversack"),
    })
}
