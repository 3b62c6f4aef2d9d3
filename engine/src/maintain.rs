use crate::{api::ApiError, seam::Cx};
pub async fn run(_cx: &Cx) -> Result<u32, ApiError> {
    Ok(1)
}
