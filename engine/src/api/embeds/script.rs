//! The chat widget, served to the pages of site owners. Its files are one function when put together, so
//! that nothing of it is seen by the page, and there is nothing to build.

use crate::api::Call;
use crate::api::answer::Answer;
use crate::api::error::ApiError;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Later files use what earlier ones define.
const SCRIPT: &str = concat!(
    "// The Haversack chat widget. https://github.com/haversack/haversack\n(() => {\n\"use strict\";\nconst STYLE = `",
    include_str!("widget/style.css"),
    "`;\n",
    include_str!("widget/words.js"),
    include_str!("widget/options.js"),
    include_str!("widget/session.js"),
    include_str!("widget/talk.js"),
    include_str!("widget/markdown.js"),
    include_str!("widget/dom.js"),
    include_str!("widget/conversation.js"),
    include_str!("widget/element.js"),
    include_str!("widget/start.js"),
    "})();\n",
);

static ETAG: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(SCRIPT);
    format!("\"{}\"", hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
});

/// `GET /embed/haversack-chat.js`, and under the name that pages made for AnythingLLM ask for.
pub async fn script(call: Call) -> Result<Answer, ApiError> {
    let known = call.request.header("if-none-match").is_some_and(|tags| tags.contains(ETAG.as_str()));
    let (status, body) = if known { (304, "") } else { (200, SCRIPT) };
    Ok(Answer::whole(status, "text/javascript; charset=utf-8", body)
        .with_header("cache-control", "public, max-age=3600")
        .with_header("cross-origin-resource-policy", "cross-origin")
        .with_header("etag", ETAG.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
