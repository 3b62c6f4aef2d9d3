//! Errors in the shape that OpenAI's clients read: `{"error": {message, type, param, code}}`.

use super::ApiError;
use serde_json::{Value, json};

/// Whether errors at `path` are read by OpenAI's clients: it is below one of the mounts.
pub fn serves(path: &str) -> bool {
    const ROOTS: [&str; 6] = ["openai", "models", "chat", "embeddings", "images", "vector_stores"];
    let mut segments = path.split('/').skip(1).skip_while(|segment| segment.eq_ignore_ascii_case("api"));
    let versioned = segments.next().is_some_and(|segment| segment.eq_ignore_ascii_case("v1"));
    versioned
        && segments.next().is_some_and(|root| ROOTS.iter().any(|known| known.eq_ignore_ascii_case(root)))
}

/// The same error with OpenAI's object under `error`. Other clients still find `message` and `code`.
pub fn shaped(mut error: ApiError) -> ApiError {
    let object = object(&error);
    error.extra.remove("param");
    error.extra.insert("error".to_owned(), object);
    error
}

/// The object alone, as it also stands in streams. The field that is wrong is the error's extra `param`.
pub fn object(error: &ApiError) -> Value {
    let kind = match error.code.status() {
        500.. => "server_error",
        429 => "rate_limit_error",
        403 => "permission_error",
        _ => "invalid_request_error",
    };
    let param = error.extra.get("param").cloned().unwrap_or_default();
    json!({ "message": error.message, "type": kind, "param": param, "code": error.code.name() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_mounts_are_openais_and_nothing_else() {
        for path in ["/api/v1/openai/models", "/v1/models", "/V1/Chat/completions", "/api/v1/openai/nope"] {
            assert!(serves(path), "{path}");
        }
        for path in ["/api/v1/workspaces", "/v1", "/api/openai", "/v1/modelsx", "/x/v1/models"] {
            assert!(!serves(path), "{path}");
        }
    }
}
