//! The API described by itself: `openapi.json`, and a page to read it and try it out.
//!
//! Paths come from the table of routes, so none can be missing; what the table does not know stands in one file
//! for each theme. Schemas are derived from types (utoipa) that say what is on the wire.

// The types are read by the derive, and by people; nothing makes values of them.
#![allow(dead_code, non_snake_case)]

mod chats;
mod documents;
mod embeds;
mod general;
mod instance;
mod openai;
mod operation;
mod page;
mod users;
mod workspaces;

pub use page::{page, script, style};

use super::Call;
use super::answer::Answer;
use super::error::{ApiError, Code};
use super::routes::{ROUTES, Route};
use operation::{Components, Operation, op};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// `GET /openapi.json`. Needs no key: it says what this software does, nothing of the instance.
pub async fn openapi(call: Call) -> Result<Answer, ApiError> {
    if is_disabled(&call) {
        return Err(disabled());
    }
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| document().to_string().into_bytes());
    Ok(Answer::whole(200, "application/json; charset=utf-8", bytes.as_slice()))
}

/// `DISABLE_SWAGGER_DOCS`, as AnythingLLM calls it.
fn is_disabled(call: &Call) -> bool {
    call.engine.settings().vars.get("DISABLE_SWAGGER_DOCS") == Some("true")
}

fn disabled() -> ApiError {
    ApiError::new(Code::NotFound, "The operator has switched off the description of the API.")
}

/// The whole document.
fn document() -> Value {
    let operations = operations();
    let mut components = Components::default();
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let found = operations.iter().find(|known| is_of(known, route)).cloned();
        let operation = found.unwrap_or_else(|| op(route.method, route.pattern, "Other", route.pattern));
        let path = paths.entry(openapi_path(route.pattern)).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation.describe(route, &mut components);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Haversack API",
            "description": "Questions answered from documents, through the API that AnythingLLM's clients speak.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/api" }],
        "paths": paths,
        "components": {
            "schemas": components.schemas,
            "responses": components.responses,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operations() -> Vec<Operation> {
    [
        workspaces::operations(),
        chats::operations(),
        documents::operations(),
        instance::operations(),
        users::operations(),
        embeds::operations(),
        openai::operations(),
        page::operations(),
    ]
    .concat()
}

fn is_of(operation: &Operation, route: &Route) -> bool {
    operation.method == route.method && operation.pattern == route.pattern
}

/// `/v1/workspace/:slug` is `/v1/workspace/{slug}`.
fn openapi_path(pattern: &str) -> String {
    let part =
        |part: &str| part.strip_prefix(':').map_or_else(|| part.to_owned(), |name| format!("{{{name}}}"));
    pattern.split('/').map(part).collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHost, json_request};
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described() {
        let operations = operations();
        let missing: Vec<String> = ROUTES
            .iter()
            .filter(|route| !operations.iter().any(|known| is_of(known, route)))
            .map(|route| format!("{} {}", route.method, route.pattern))
            .collect();
        assert!(missing.is_empty(), "describe these in engine/src/api/describe/: {missing:#?}");
    }

    #[test]
    fn what_is_described_is_described_once() {
        let mut seen = BTreeSet::new();
        for operation in operations() {
            assert!(seen.insert((operation.method, operation.pattern)), "{}", operation.pattern);
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_answers_something() {
        let document = document();
        let text = document.to_string();
        let references =
            text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        for name in references {
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
        let mut ids = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                assert!(ids.insert(operation["operationId"].to_string()), "{method} {path}");
                let responses = operation["responses"].as_object().unwrap();
                let answers = |status: &str| responses.contains_key(status);
                assert!(answers("200") || answers("204"), "{method} {path}");
                let named = operation["parameters"].as_array().unwrap().iter();
                let named = named.filter(|parameter| parameter["in"] == "path").count();
                assert_eq!(named, path.matches('{').count(), "{method} {path}");
            }
        }
    }

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
