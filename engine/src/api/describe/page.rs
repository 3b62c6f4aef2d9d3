//! `GET /docs`: a page that shows `openapi.json` and calls what it describes. Everything it loads comes from
//! here, and nothing on it runs that does not.

use super::{disabled, is_disabled};
use crate::api::answer::Answer;
use crate::api::error::ApiError;
use crate::api::{Call, pages};
use crate::seam::Page;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub async fn page(call: Call) -> Result<Answer, ApiError> {
    if call.request.path.ends_with('/') {
        // What the page loads it names beside itself.
        return Ok(Answer::text(308, "").with_header("location", "../docs"));
    }
    file(&call, "text/html; charset=utf-8", Page::Docs).await
}

/// Its script.
pub async fn script(call: Call) -> Result<Answer, ApiError> {
    file(&call, "text/javascript; charset=utf-8", Page::DocsScript).await
}

/// Its style.
pub async fn style(call: Call) -> Result<Answer, ApiError> {
    file(&call, "text/css; charset=utf-8", Page::DocsStyle).await
}

async fn file(call: &Call, content_type: &'static str, page: Page) -> Result<Answer, ApiError> {
    if is_disabled(call) {
        return Err(disabled());
    }
    let answer = Answer::whole(200, content_type, pages::read(call, page).await?);
    Ok(answer.with_header("content-security-policy", POLICY).with_header("referrer-policy", "no-referrer"))
}
