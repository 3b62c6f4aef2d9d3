//! The API described by itself: `openapi.json`, and a page to read it and try it out.
//!
//! `openapi.json` is written by a test from the table of routes, so no path can be missing; what the table does not
//! know stands in one file for each theme. Schemas are derived from types (utoipa) that say what is on the wire. All of
//! that is compiled for tests only: what is served is the file, and half a megabyte of description would be a large
//! part of a component for the edge.

mod page;
#[cfg(test)]
mod source;

pub use page::{page, script, style};

use super::answer::Answer;
use super::error::{ApiError, Code};
use super::{Call, pages};
use crate::seam::Page;

/// `GET /openapi.json`. Needs no key: it says what this software does, nothing of the instance.
pub async fn openapi(call: Call) -> Result<Answer, ApiError> {
    if is_disabled(&call) {
        return Err(disabled());
    }
    Ok(Answer::whole(200, "application/json; charset=utf-8", pages::read(&call, Page::Openapi).await?))
}

/// `DISABLE_SWAGGER_DOCS`, as AnythingLLM calls it.
fn is_disabled(call: &Call) -> bool {
    call.engine.settings().vars.get("DISABLE_SWAGGER_DOCS") == Some("true")
}

fn disabled() -> ApiError {
    ApiError::new(Code::NotFound, "The operator has switched off the description of the API.")
}

#[cfg(test)]
mod tests {
    use crate::testing::{TestHost, json_request};
    use serde_json::Value;

    #[test]
    fn anyone_may_read_it_unless_the_operator_says_no() {
        let get = |vars: &[(&str, &str)], path: &str| {
            TestHost::new(vars).call_with("", json_request("GET", path, &Value::Null))
        };
        for path in ["/openapi.json", "/docs", "/docs/page.js", "/docs/page.css"] {
            assert_eq!(get(&[], path).status, 200, "{path}");
            assert_eq!(get(&[("DISABLE_SWAGGER_DOCS", "true")], path).status, 404, "{path}");
        }
        assert_eq!(get(&[], "/openapi.json").json()["servers"][0]["url"], "/api");
    }
}
