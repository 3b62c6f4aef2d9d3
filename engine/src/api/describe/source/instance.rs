//! The instance as a whole, and its keys.

use super::general::AnyObject;
use super::operation::{Operation, op};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const TAG: &str = "System";
const KEYS: &str = "API keys";

/// It runs.
#[derive(ToSchema)]
pub struct Online {
    online: bool,
}

/// The key is good.
#[derive(ToSchema)]
pub struct Authenticated {
    authenticated: bool,
}

/// Whether it is set up.
#[derive(ToSchema)]
pub struct Onboarding {
    onboardingComplete: bool,
}

/// For programs that watch it.
#[derive(ToSchema)]
pub struct Metrics {
    online: bool,
    version: String,
    /// `single-user` or `multi-user`.
    mode: String,
    vectorDB: String,
    storage: Option<AnyObject>,
    appVersion: String,
}

/// The settings in effect; of secrets only whether they are set.
#[derive(ToSchema)]
pub struct Settings {
    settings: AnyObject,
}

/// The settings in effect, under another name.
#[derive(ToSchema)]
pub struct Results {
    results: AnyObject,
}

/// Settings by name; these are some of those that `GET /v1/system` lists.
#[derive(ToSchema)]
pub struct NewSettings {
    #[schema(example = "ollama")]
    LLMProvider: Option<String>,
    OllamaLLMBasePath: Option<String>,
    OllamaLLMModelPref: Option<String>,
    GenericOpenAiBasePath: Option<String>,
    GenericOpenAiModelPref: Option<String>,
    GenericOpenAiKey: Option<String>,
    OpenAiKey: Option<String>,
    OpenAiModelPref: Option<String>,
    EmbeddingEngine: Option<String>,
    EmbeddingBasePath: Option<String>,
    EmbeddingModelPref: Option<String>,
    /// Change the embedder although vectors are there: all documents leave all workspaces.
    confirmReset: Option<bool>,
}

/// What was changed.
#[derive(ToSchema)]
pub struct ChangedSettings {
    /// Secrets are `******`.
    newValues: BTreeMap<String, String>,
    /// `false`, or why the rest was not changed.
    #[schema(required)]
    error: Value,
    /// What was ignored, and which server did not answer.
    warnings: Option<Vec<String>>,
}

/// Vectors over all workspaces that the key may see.
#[derive(ToSchema)]
pub struct VectorCount {
    vectorCount: u64,
}

/// A page of the event log.
#[derive(ToSchema)]
pub struct EventPage {
    logs: Vec<Event>,
    hasPages: bool,
    totalLogs: u64,
}

/// Lines of the event log, newest first.
#[derive(ToSchema)]
pub struct Events {
    logs: Vec<Event>,
    /// What to send as `before` for the lines before these; `null` when there are none.
    next: Option<u64>,
}

/// A line of the event log.
#[derive(ToSchema)]
pub struct Event {
    id: u64,
    #[schema(example = "api_workspace_created")]
    event: String,
    /// JSON in a string.
    metadata: String,
    userId: Option<u64>,
    apiKeyId: Option<u64>,
    occurredAt: String,
    user: Option<AnyObject>,
}

/// Which page.
#[derive(ToSchema)]
pub struct WhichPage {
    /// From 0.
    offset: Option<u64>,
    /// Lines of a page; 10 if left out.
    limit: Option<u64>,
}

/// What to try, and with which settings beside those in effect.
#[derive(ToSchema)]
pub struct Trial {
    /// `llm` or `embedder`.
    #[schema(example = "llm")]
    kind: String,
    settings: Option<NewSettings>,
}

/// What came of it.
#[derive(ToSchema)]
pub struct Tried {
    ok: bool,
    /// Of a language model: what it said.
    reply: Option<String>,
    /// Of an embedder: values in a vector.
    dimensions: Option<u64>,
    model: Option<String>,
    latencyMs: Option<u64>,
    /// What went wrong, and what to do.
    error: Option<String>,
    /// Stored keys that were not sent, as they are for another address.
    warnings: Option<Vec<String>>,
}

/// Where to look for models.
#[derive(ToSchema)]
pub struct Where {
    /// The provider; without one, the servers that people run themselves are looked for.
    #[schema(example = "ollama")]
    provider: Option<String>,
    settings: Option<NewSettings>,
}

/// Servers, and the models they have.
#[derive(ToSchema)]
pub struct FoundModels {
    servers: Vec<FoundServer>,
    /// Stored keys that were not sent, as they are for another address.
    warnings: Option<Vec<String>>,
}

/// One server.
#[derive(ToSchema)]
pub struct FoundServer {
    provider: String,
    name: String,
    /// Its address, where there is a choice of it.
    base: Option<String>,
    models: Vec<String>,
    /// Why it did not answer.
    error: Option<String>,
}

/// What is stored.
#[derive(ToSchema)]
pub struct Storage {
    documents: u64,
    textBytes: u64,
    chats: u64,
    chunks: u64,
    vectorBytes: u64,
    workspaces: Vec<AnyObject>,
}

/// A new key. These fields and no others: without a body it may do everything, and what is not understood is refused.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    name: Option<String>,
    /// `read`, `chat`, `write`, `admin`; everything if left out.
    #[schema(nullable = false)]
    scopes: Option<Vec<String>>,
    /// Slugs of the workspaces it is limited to.
    #[schema(nullable = false)]
    workspaces: Option<Vec<String>>,
    /// When it ends: ISO 8601.
    #[schema(nullable = false)]
    expiresAt: Option<String>,
}

/// A key. Its secret is in the answer to its making, and never again. `createdBy` is the user it belongs to, `null` the
/// operator; `createdWith` the id of the key that it was made with.
#[derive(ToSchema)]
pub struct OneKey {
    apiKey: Option<AnyObject>,
    error: Option<String>,
}

/// All keys, without their secrets.
#[derive(ToSchema)]
pub struct Keys {
    apiKeys: Vec<AnyObject>,
    error: Option<String>,
}

/// Every operation.
pub fn operations() -> Vec<Operation> {
    vec![
        op("GET", "/ping", TAG, "Ask whether the server runs").ok::<Online>(),
        op("GET", "/migrate", TAG, "Ask whether the store is up to date")
            .note("It always is: that is seen to before anything is served.")
            .ok_as("text/plain"),
        op("GET", "/v1/auth", TAG, "Ask whether the key is good").ok::<Authenticated>(),
        op("GET", "/onboarding", TAG, "Ask whether the server is set up").ok::<Onboarding>(),
        op("GET", "/utils/metrics", TAG, "Watch the server").ok::<Metrics>(),
        op("GET", "/setup-complete", TAG, "Look at the settings, under another name").ok::<Results>(),
        op("GET", "/env-dump", TAG, "Nothing: settings are durable when they are made").ok_as("text/plain"),
        op("GET", "/v1/system", TAG, "Look at the settings").ok::<Settings>(),
        op("GET", "/v1/system/env-dump", TAG, "Nothing: settings are durable when they are made").ok_as("text/plain"),
        op("POST", "/v1/system/update-env", TAG, "Change settings")
            .note(
                "In effect with the next call. The first value that makes no sense ends it, `error` says why, and \
                 those before it stay changed. A server that was set up is asked whether it answers; `warnings` \
                 says if it does not. A value that holds `******` changes nothing. An address that would get a key which is \
                 stored for another one is taken only together with the key.",
            )
            .body::<NewSettings>()
            .ok::<ChangedSettings>(),
        op("GET", "/v1/system/vector-count", TAG, "Count vectors").ok::<VectorCount>(),
        op("GET", "/v1/system/export-chats", TAG, "Export all that was asked and answered")
            .query("type", "string", "`json`, `csv`, `jsonl` or `jsonAlpaca`; `jsonl` if left out.")
            .ok_as("application/jsonl")
            .ok_as("application/json")
            .ok_as("text/csv"),
        op("GET", "/v1/system/event-logs", TAG, "Read the event log")
            .query("limit", "integer", "How many lines; 100 if left out, 500 at most.")
            .query("before", "integer", "Only lines before that with this id.")
            .query("event", "string", "Only events of this name.")
            .ok::<Events>(),
        op("POST", "/system/event-logs", TAG, "Read the event log page by page").body::<WhichPage>().ok::<EventPage>(),
        op("POST", "/system/test-model", TAG, "Try a language model or embedder")
            .note(
                "Settings that are sent count for this call alone; nothing is changed. Waits a minute at most. A stored \
                 key goes to its own address only: send one for another.",
            )
            .body::<Trial>()
            .ok::<Tried>(),
        op("POST", "/system/find-models", TAG, "List the models of a provider, or look for local servers")
            .body::<Where>()
            .ok::<FoundModels>(),
        op("GET", "/system/storage", TAG, "See how much is stored").ok::<Storage>(),
        op("POST", "/system/generate-api-key", KEYS, "Make a key").body::<NewKey>().ok::<OneKey>(),
        op("GET", "/system/api-keys", KEYS, "List keys").ok::<Keys>(),
        op("DELETE", "/system/api-key/:id", KEYS, "Revoke a key").ok_as("text/plain"),
        op("POST", "/admin/generate-api-key", KEYS, "Make a key").body::<NewKey>().ok::<OneKey>(),
        op("GET", "/admin/api-keys", KEYS, "List keys").ok::<Keys>(),
        op("DELETE", "/admin/delete-api-key/:id", KEYS, "Revoke a key").ok_as("text/plain"),
    ]
}
