//! Health, authentication and the instance as a whole (reference §1, §12).

use super::Call;
use super::answer::Answer;
use super::error::{ApiError, Code};
use crate::retrieve::IndexHead;
use crate::seam::Key;
use crate::store::{self, key};
use serde_json::json;

/// `GET /ping`: needs no key, says nothing of the instance.
pub async fn ping(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "online": true })))
}

/// `GET /v1/auth`: whether the key is good.
pub async fn auth(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "authenticated": true })))
}

/// `GET /v1/system/vector-count`: rows over all workspaces that the caller sees.
pub async fn vector_count(call: Call) -> Result<Answer, ApiError> {
    let heads = store::all::<IndexHead>(&call.cx, key::index_heads()).await?;
    let seen = |key: &Key| key::trailing_id(key).is_some_and(|workspace| call.caller.sees(workspace));
    let count: u64 = heads.iter().filter(|(key, _)| seen(key)).map(|(_, head)| head.rows).sum();
    Ok(Answer::ok(&json!({ "vectorCount": count })))
}

/// An operation of the API that this build does not have.
pub async fn not_built(call: Call) -> Result<Answer, ApiError> {
    let message = format!("{} {} is not built yet.", call.request.method, call.request.path);
    Err(ApiError::new(Code::NotBuilt, message))
}
