//! `POST /v1/images/generations` (reference §10.5).

use crate::api::answer::Answer;
use crate::api::{ApiError, Call, Code};

/// Says that there is nobody to draw.
pub async fn generate(_call: Call) -> Result<Answer, ApiError> {
    let message =
        "No image generation provider is set up: this server answers questions and makes no images.";
    Err(ApiError::new(Code::NotBuilt, message))
}
