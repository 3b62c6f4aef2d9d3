//! The chat widget, served to the pages of site owners.

use crate::api::answer::Answer;
use crate::api::error::ApiError;
use crate::api::{Call, pages};
use crate::seam::Page;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// `GET /embed/haversack-chat.js`, and under the name that pages made for AnythingLLM ask for.
pub async fn script(call: Call) -> Result<Answer, ApiError> {
    let script = pages::read(&call, Page::ChatWidget).await?;
    let tag = TAG.get_or_init(|| tag_of(&script)).as_str();
    let known = call.request.header("if-none-match").is_some_and(|tags| tags.contains(tag));
    let (status, body) = if known { (304, "".into()) } else { (200, script) };
    Ok(Answer::whole(status, "text/javascript; charset=utf-8", body)
        .with_header("cache-control", "public, max-age=3600")
        .with_header("cross-origin-resource-policy", "cross-origin")
        .with_header("etag", tag))
}

/// The script is the same as long as the program runs.
static TAG: OnceLock<String> = OnceLock::new();

fn tag_of(script: &[u8]) -> String {
    let hash = Sha256::digest(script);
    format!("\"{}\"", hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use crate::api::embeds::SCRIPT;

    #[test]
    fn the_style_sheet_can_stand_in_a_template() {
        let style = include_str!("widget/style.css");
        assert!(!style.contains(['`', '\\']) && !style.contains("${"));
    }

    #[test]
    fn nothing_in_it_makes_markup_or_code_from_text() {
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }
}
