//! What OpenAI's clients ask for. The same operations are mounted at `/v1`, outside of `/api`.

use super::general::AnyObject;
use super::operation::{Operation, op};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};

const TAG: &str = "OpenAI";

/// Workspaces, as models.
#[derive(ToSchema)]
pub struct Models {
    object: String,
    data: Vec<Model>,
}

/// A workspace, as a model.
#[derive(ToSchema)]
pub struct Model {
    /// The workspace's slug.
    id: String,
    object: String,
    created: i64,
    owned_by: Option<String>,
}

/// A question with its conversation.
#[derive(ToSchema)]
pub struct CompletionRequest {
    /// A workspace's slug.
    #[schema(example = "my-documents")]
    model: String,
    messages: Vec<CompletionMessage>,
    stream: Option<bool>,
    /// `include_usage`: a chunk of its own says what it cost.
    stream_options: Option<AnyObject>,
    temperature: Option<f64>,
    /// A conversation that is remembered.
    user: Option<String>,
}

/// A message.
#[derive(ToSchema)]
pub struct CompletionMessage {
    role: CompletionRole,
    /// A text, or a list of parts.
    #[schema(required, schema_with = text_or_parts)]
    content: Value,
}

/// Who says it; the last message is the user's.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum CompletionRole {
    User,
    Assistant,
    System,
}

fn text_or_parts() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).examples(["How do otters sleep?"]);
    let parts = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object));
    Schema::OneOf(OneOfBuilder::new().item(text).item(parts).build())
}

/// An answer.
#[derive(ToSchema)]
pub struct Completion {
    id: String,
    object: String,
    created: i64,
    model: String,
    choices: Vec<AnyObject>,
    usage: Option<AnyObject>,
    /// What it rests on; OpenAI has no such key.
    sources: Option<Vec<AnyObject>>,
}

/// Texts.
#[derive(ToSchema)]
pub struct EmbeddingsRequest {
    /// A text, or a list of texts.
    #[schema(required, example = "Otters hold hands.")]
    input: Value,
    model: Option<String>,
    /// `float` or `base64`.
    encoding_format: Option<String>,
    /// Refused unless it is the length that the vectors have anyway.
    dimensions: Option<u64>,
}

/// Vectors, in the order of the texts.
#[derive(ToSchema)]
pub struct EmbeddingsReply {
    object: String,
    data: Vec<AnyObject>,
    model: String,
    usage: Option<AnyObject>,
}

/// Workspaces, as vector stores.
#[derive(ToSchema)]
pub struct VectorStores {
    object: String,
    data: Vec<AnyObject>,
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
}

/// A picture to make.
#[derive(ToSchema)]
pub struct ImageRequest {
    prompt: Option<String>,
    size: Option<String>,
}

/// Every operation, under both of its paths.
pub fn operations() -> Vec<Operation> {
    [
        mounted("/v1/openai/models", "/v1/models", |path| {
            op("GET", path, TAG, "List workspaces as models").ok::<Models>()
        }),
        mounted("/v1/openai/models/:model", "/v1/models/:model", |path| {
            op("GET", path, TAG, "Look at a workspace as a model").ok::<Model>()
        }),
        mounted("/v1/openai/chat/completions", "/v1/chat/completions", |path| {
            op("POST", path, TAG, "Ask a workspace, whole or as a stream")
                .note("The messages are the whole conversation. The header `x-session-id` counts before `user`.")
                .body::<CompletionRequest>()
                .ok::<Completion>()
                .ok_as("text/event-stream")
                .errors(&[404])
        }),
        mounted("/v1/openai/embeddings", "/v1/embeddings", |path| {
            op("POST", path, TAG, "Turn texts into vectors")
                .body::<EmbeddingsRequest>()
                .ok::<EmbeddingsReply>()
        }),
        mounted("/v1/openai/vector_stores", "/v1/vector_stores", |path| {
            op("GET", path, TAG, "List workspaces as vector stores")
                .query("limit", "integer", "How many at most, 1 to 100; all of them unless it is given.")
                .query("after", "string", "Only those behind this one.")
                .query("before", "string", "Only those in front of this one.")
                .query("order", "string", "`asc` or `desc`, by age.")
                .ok::<VectorStores>()
        }),
        mounted("/v1/openai/images/generations", "/v1/images/generations", |path| {
            op("POST", path, TAG, "Make a picture")
                .note("There is no model for pictures here.")
                .multipart::<ImageRequest>()
                .ok::<AnyObject>()
                .errors(&[501])
        }),
    ]
    .concat()
}

fn mounted(
    path: &'static str,
    short: &'static str,
    operation: impl Fn(&'static str) -> Operation,
) -> Vec<Operation> {
    vec![operation(path).openai_errors(), operation(short).openai_errors()]
}
