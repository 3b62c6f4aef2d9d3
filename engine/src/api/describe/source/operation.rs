//! What is written down of one operation beside its route, and how the two become a part of `openapi.json`.

use super::general::{Error, OpenAiError};
use crate::api::routes::{Access, Reach, Route};
use crate::model::Scope;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

/// What operations share, by name.
#[derive(Default)]
pub struct Components {
    pub schemas: BTreeMap<String, Value>,
    pub responses: BTreeMap<String, Value>,
}

/// The shape of errors.
#[derive(Clone, Copy)]
enum Shape {
    /// [`Error`].
    Ours,
    /// [`OpenAiError`].
    OpenAi,
}

/// One operation.
#[derive(Clone)]
pub struct Operation {
    pub method: &'static str,
    /// As in the table of routes.
    pub pattern: &'static str,
    tag: &'static str,
    summary: &'static str,
    note: &'static str,
    query: Vec<(&'static str, &'static str, &'static str)>,
    body: Option<Content>,
    replies: Vec<Content>,
    /// Statuses of answers without a body.
    bare: Vec<u16>,
    errors: Vec<u16>,
    error: Shape,
}

/// A body, one way or the other.
#[derive(Clone)]
struct Content {
    media: &'static str,
    kind: Option<Kind>,
}

/// A schema by its name, and the schemas it refers to.
#[derive(Clone)]
struct Kind {
    name: String,
    schema: fn() -> RefOr<Schema>,
    others: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Kind {
    fn of<T: ToSchema>() -> Kind {
        Kind { name: T::name().into_owned(), schema: T::schema, others: T::schemas }
    }

    /// Adds it to `components`; a reference to it.
    fn refer(&self, components: &mut Components) -> Value {
        let mut found = vec![(self.name.clone(), (self.schema)())];
        (self.others)(&mut found);
        for (name, schema) in found {
            components.schemas.entry(name).or_insert_with(|| json!(schema));
        }
        json!({ "$ref": format!("#/components/schemas/{}", self.name) })
    }
}

impl Shape {
    /// Adds the answer of a status to `components`; a reference to it.
    fn refer(self, status: u16, components: &mut Components) -> Value {
        let (name, kind) = match self {
            Shape::Ours => ("Error", Kind::of::<Error>()),
            Shape::OpenAi => ("OpenAiError", Kind::of::<OpenAiError>()),
        };
        let name = format!("{name}{status}");
        let content = json!({ "application/json": { "schema": kind.refer(components) } });
        let mut response = json!({ "description": meaning(status), "content": content });
        if matches!(status, 409 | 429 | 503) {
            let meaning = "Seconds after which it may go well.";
            response["headers"] =
                json!({ "retry-after": { "description": meaning, "schema": { "type": "string" } } });
        }
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        components.responses.entry(name).or_insert(response);
        reference
    }
}

/// The operation of a route, and in one line what it does.
pub fn op(
    method: &'static str,
    pattern: &'static str,
    tag: &'static str,
    summary: &'static str,
) -> Operation {
    Operation {
        method,
        pattern,
        tag,
        summary,
        note: "",
        query: Vec::new(),
        body: None,
        replies: Vec::new(),
        bare: Vec::new(),
        errors: Vec::new(),
        error: Shape::Ours,
    }
}

impl Operation {
    /// What else a caller should know. CommonMark.
    pub fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// A parameter of the query: name, JSON type, meaning.
    pub fn query(mut self, name: &'static str, kind: &'static str, meaning: &'static str) -> Self {
        self.query.push((name, kind, meaning));
        self
    }

    /// A body of JSON.
    pub fn body<T: ToSchema>(mut self) -> Self {
        self.body = Some(Content { media: "application/json", kind: Some(Kind::of::<T>()) });
        self
    }

    /// A body of parts, one of which is a file.
    pub fn multipart<T: ToSchema>(mut self) -> Self {
        self.body = Some(Content { media: "multipart/form-data", kind: Some(Kind::of::<T>()) });
        self
    }

    /// A body of another content type.
    pub fn body_as(mut self, media: &'static str) -> Self {
        self.body = Some(Content { media, kind: None });
        self
    }

    /// An answer of JSON.
    pub fn ok<T: ToSchema>(mut self) -> Self {
        self.replies.push(Content { media: "application/json", kind: Some(Kind::of::<T>()) });
        self
    }

    /// An answer of another content type.
    pub fn ok_as(mut self, media: &'static str) -> Self {
        self.replies.push(Content { media, kind: None });
        self
    }

    /// An answer of this status without a body.
    pub fn bare(mut self, status: u16) -> Self {
        self.bare.push(status);
        self
    }

    /// Statuses beside those that follow from the route.
    pub fn errors(mut self, statuses: &[u16]) -> Self {
        self.errors.extend(statuses);
        self
    }

    /// Errors have OpenAI's shape.
    pub fn openai_errors(mut self) -> Self {
        self.error = Shape::OpenAi;
        self
    }

    /// As OpenAPI has it; what it needs beside goes to `components`.
    pub fn describe(&self, route: &Route, components: &mut Components) -> Value {
        let mut parameters: Vec<Value> =
            open_parts(route.pattern).map(|name| path_parameter(route, name)).collect();
        parameters.extend(self.query.iter().map(|(name, kind, meaning)| {
            json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": kind } })
        }));
        let mut operation = json!({
            "operationId": operation_id(route),
            "tags": [self.tag],
            "summary": self.summary,
            "description": format!("{}{}", self.note, permission(route)),
            "parameters": parameters,
            "responses": self.responses(route, components),
        });
        if let Some(body) = &self.body {
            operation["requestBody"] = json!({ "content": contents(std::slice::from_ref(body), components) });
        }
        operation["security"] = if route.access == Access::Open { json!([]) } else { json!([{ "key": [] }]) };
        operation
    }

    fn responses(&self, route: &Route, components: &mut Components) -> Map<String, Value> {
        let mut responses = Map::new();
        if !self.replies.is_empty() {
            let done = json!({ "description": "Done.", "content": contents(&self.replies, components) });
            responses.insert("200".to_owned(), done);
        }
        for status in &self.bare {
            responses.insert(status.to_string(), json!({ "description": meaning(*status) }));
        }
        for status in self.statuses(route) {
            responses.insert(status.to_string(), self.error.refer(status, components));
        }
        responses
    }

    /// Every status but 200: of the operation, of all routes of its kind, and of the host before it.
    fn statuses(&self, route: &Route) -> BTreeSet<u16> {
        let mut statuses: BTreeSet<u16> = self.errors.iter().copied().collect();
        statuses.extend([500, 503, 504]);
        if route.access != Access::Open {
            statuses.insert(403);
        }
        if open_parts(route.pattern).next().is_some() {
            // An empty part leads to another route, or to none.
            statuses.extend([400, 404, 405]);
        }
        if !self.query.is_empty() {
            statuses.insert(400);
        }
        if route.method != "GET" {
            statuses.extend([400, 408, 409, 413, 415, 507]);
        }
        statuses
    }
}

fn contents(contents: &[Content], components: &mut Components) -> Map<String, Value> {
    let schema = |content: &Content, components: &mut Components| match &content.kind {
        Some(kind) => kind.refer(components),
        // A schema of a stream would be one of each of its events.
        None if matches!(content.media, "application/json" | "text/event-stream") => json!({}),
        None => json!({ "type": "string" }),
    };
    contents
        .iter()
        .map(|content| (content.media.to_owned(), json!({ "schema": schema(content, components) })))
        .collect()
}

fn open_parts(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.split('/').filter_map(|part| part.strip_prefix(':'))
}

fn path_parameter(route: &Route, name: &str) -> Value {
    let number = name == "id" && !route.pattern.starts_with("/v1/document");
    let meaning = match name {
        "slug" => "The workspace's slug, as `GET /v1/workspaces` lists it.",
        "thread" => "The thread's slug.",
        "folder" => "The folder's name.",
        "name" => "The document's file name, or its id.",
        "model" => "The model: a workspace's slug.",
        "uuid" => "The widget's uuid.",
        "session" => "The session's uuid.",
        "code" => "The code of the invitation.",
        _ if number => "The number it has in listings.",
        _ => "Its id.",
    };
    let kind = if number { "integer" } else { "string" };
    json!({ "name": name, "in": "path", "required": true, "description": meaning, "schema": { "type": kind } })
}

/// `POST /v1/workspace/:slug/chat` is `post_v1_workspace_slug_chat`.
fn operation_id(route: &Route) -> String {
    let name = format!("{}{}", route.method.to_lowercase(), route.pattern);
    name.chars().filter(|c| *c != ':').map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn permission(route: &Route) -> String {
    let scope = match route.access {
        Access::Open => return "\n\nNeeds no key.".to_owned(),
        Access::Known => return "\n\nNeeds a key, whatever it may do.".to_owned(),
        Access::Scope(scope) => Scope::name(scope),
    };
    let reach = match route.reach {
        Reach::Own => "",
        Reach::All => " and is not limited to some workspaces",
    };
    format!("\n\nNeeds a key that has the permission `{scope}`{reach}.")
}

fn meaning(status: u16) -> &'static str {
    match status {
        204 => "Done; there is nothing to say.",
        304 => "It has not changed.",
        308 => "It is at `location`.",
        400 => "The request makes no sense as it is; `error` says why.",
        401 => "Not here, or not for you; `error` says why.",
        403 => "No key, an unknown or expired one, or one without the permission.",
        404 => "Something named in the request does not exist.",
        405 => "There is such a path, but not for this method.",
        408 => "The request's body stopped coming.",
        409 => "Something of that name is there already, or others wrote the same at once.",
        413 => "More bytes than allowed; `error` names the limit.",
        415 => "The body is written in a character set that is not known.",
        422 => "What was sent cannot be used: a file cannot be read, or a value is missing.",
        429 => "Too often; `retry-after` says when it may go well.",
        501 => "This server does not do that.",
        503 => "The server is busy, or switched this off.",
        504 => "The answer did not begin in time.",
        507 => "The disk or quota is full; nothing was written.",
        _ => "Something failed that is not the caller's doing; `error` says what.",
    }
}
