//! What `openapi.json` is written from: `UPDATE_DOCS=1 cargo test -p haversack-engine --lib describe`.

// The types are read by the derive, and by people; nothing makes values of them.
#![allow(dead_code, non_snake_case)]

mod chats;
mod description;
mod documents;
mod embeds;
mod general;
mod instance;
mod openai;
mod operation;
mod users;
mod workspaces;

use crate::api::routes::{ROUTES, Route};
use operation::{Components, Operation, op};
use serde_json::{Map, Value, json};

const TAGS: [&str; 11] = [
    "Workspaces",
    "Documents",
    "Chat",
    "Threads",
    "OpenAI",
    "Widgets",
    "API keys",
    "Signing in",
    "Admin",
    "System",
    "Description",
];

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
        // In the order in which people meet them.
        "tags": TAGS.map(|name| json!({ "name": name })),
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
        description::operations(),
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

/// As it is kept: one operation, one schema to a line, so that a change is seen.
fn written(document: &Value) -> String {
    lines(document, 0) + "\n"
}

/// Objects down to the third level are opened.
fn lines(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(map) if depth < 3 && !map.is_empty() => {
            let fields: Vec<String> = map
                .iter()
                .map(|(name, value)| format!("{}:{}", json!(name), lines(value, depth + 1)))
                .collect();
            format!("{{\n{}\n}}", fields.join(",\n"))
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn the_file_is_what_it_would_be_now() {
        let now = written(&document());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/describe/openapi.json");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&file, &now).unwrap();
        }
        assert!(
            std::fs::read_to_string(&file).unwrap_or_default() == now,
            "openapi.json is not what it would be now. Write it again, and look at what changed: \
             UPDATE_DOCS=1 cargo test -p haversack-engine --lib describe"
        );
        assert_eq!(serde_json::from_str::<Value>(&now).unwrap(), document());
    }

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
                let tag = operation["tags"][0].as_str().unwrap();
                assert!(TAGS.contains(&tag), "put {tag} into TAGS");
                let responses = operation["responses"].as_object().unwrap();
                let answers = |status: &str| responses.contains_key(status);
                assert!(answers("200") || answers("204"), "{method} {path}");
                let named = operation["parameters"].as_array().unwrap().iter();
                let named = named.filter(|parameter| parameter["in"] == "path").count();
                assert_eq!(named, path.matches('{').count(), "{method} {path}");
            }
        }
    }
}
