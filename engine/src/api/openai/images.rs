//! `POST /v1/images/generations` (reference §10.5).

use super::wrong;
use crate::api::answer::Answer;
use crate::api::body::Fields;
use crate::api::documents::multipart;
use crate::api::{ApiError, Call, Code};
use serde_json::Value;

/// Says that there is nobody to draw, once it is clear what.
pub async fn generate(call: Call) -> Result<Answer, ApiError> {
    let content_type = call.request.header("content-type").unwrap_or_default();
    let prompt = match content_type.trim_start().get(..10) {
        Some(start) if start.eq_ignore_ascii_case("multipart/") => {
            multipart::read(&call.request).await?.fields.get("prompt").cloned()
        }
        _ => Fields::of_body(&call.request)?.get("prompt").cloned(),
    };
    if prompt.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(wrong("prompt", "A prompt is required."));
    }
    let message =
        "No image generation provider is set up: this server answers questions and makes no images.";
    Err(ApiError::new(Code::NotBuilt, message))
}
