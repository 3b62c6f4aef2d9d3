//! What the API has and this build has not.

use super::Call;
use super::answer::Answer;
use super::error::{ApiError, Code};

/// An operation of the API that this build does not have.
pub async fn not_built(call: Call) -> Result<Answer, ApiError> {
    let message = format!("{} {} is not built yet.", call.request.method, call.request.path);
    Err(ApiError::new(Code::NotBuilt, message))
}
