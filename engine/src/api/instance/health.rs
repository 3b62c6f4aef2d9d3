//! Small questions about the instance, most of them asked by programs that watch it (reference §1).

use super::super::Call;
use super::super::answer::Answer;
use super::super::error::ApiError;
use crate::retrieve::IndexHead;
use crate::seam::Key;
use crate::store::{self, key};
use serde_json::json;

/// `GET /ping`: needs no key, says nothing of the instance.
pub async fn ping(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "online": true })))
}

/// `GET /migrate`: the layout of the store was brought up to date before anything was served. Needs no key,
/// says nothing of the instance.
pub async fn migrate(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::text(200, "OK"))
}

/// `GET /v1/system/env-dump`, `GET /env-dump`: does nothing, as settings are durable when they are made.
/// AnythingLLM writes all its secrets to a file here, for whoever asks (reference §15.1).
pub async fn env_dump(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::text(200, "OK"))
}

/// `GET /onboarding`: there is nothing that would have to be set up by hand first.
pub async fn onboarding(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "onboardingComplete": true })))
}

/// `GET /v1/auth`: whether the key is good.
pub async fn auth(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "authenticated": true })))
}

/// `GET /utils/metrics`. The disk is the host's business, which tells of it elsewhere.
pub async fn metrics(call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({
        "online": true,
        "version": "--",
        "mode": if call.instance.multi_user { "multi-user" } else { "single-user" },
        "vectorDB": "lancedb",
        "storage": null,
        "appVersion": env!("CARGO_PKG_VERSION"),
    })))
}

/// `GET /v1/system/vector-count`: rows over all workspaces that the caller sees.
pub async fn vector_count(call: Call) -> Result<Answer, ApiError> {
    let heads = store::all::<IndexHead>(&call.cx, key::index_heads()).await?;
    let seen = |key: &Key| key::trailing_id(key).is_some_and(|workspace| call.caller.sees(workspace));
    let count: u64 = heads.iter().filter(|(key, _)| seen(key)).map(|(_, head)| head.rows).sum();
    Ok(Answer::ok(&json!({ "vectorCount": count })))
}
