//! Workspaces, their threads, and search in them.

use super::general::{AnyObject, Message};
use super::operation::{Operation, op};
use serde_json::Value;
use utoipa::ToSchema;

const TAG: &str = "Workspaces";
const THREADS: &str = "Threads";

/// A place that holds documents and conversations about them.
#[derive(ToSchema)]
pub struct Workspace {
    id: u64,
    name: String,
    /// Names it in paths; made from the name once.
    slug: String,
    createdAt: String,
    lastUpdatedAt: String,
    /// Sampling temperature; `null` is the provider's default.
    openAiTemp: Option<f64>,
    /// Turns of the conversation that go into a prompt.
    openAiHistory: u64,
    /// The system prompt.
    openAiPrompt: Option<String>,
    /// Chunks below this similarity are not used: 0 to 1.
    similarityThreshold: f64,
    chatProvider: Option<String>,
    chatModel: Option<String>,
    /// Chunks that go into a prompt.
    topN: u64,
    /// `chat`, `query` or `automatic`.
    chatMode: String,
    agentProvider: Option<String>,
    agentModel: Option<String>,
    /// Said in query mode when nothing was found.
    queryRefusalResponse: Option<String>,
    /// `default` or `rerank`.
    vectorSearchMode: String,
    router_id: Option<i64>,
    documents: Option<Vec<AnyObject>>,
    threads: Option<Vec<AnyObject>>,
}

/// Settings of a workspace. A value that makes no sense becomes the default.
#[derive(ToSchema)]
pub struct WorkspaceSettings {
    #[schema(example = "My documents")]
    name: Option<String>,
    openAiTemp: Option<f64>,
    openAiHistory: Option<u64>,
    openAiPrompt: Option<String>,
    similarityThreshold: Option<f64>,
    topN: Option<u64>,
    #[schema(example = "chat")]
    chatMode: Option<String>,
    chatProvider: Option<String>,
    chatModel: Option<String>,
    queryRefusalResponse: Option<String>,
    vectorSearchMode: Option<String>,
    /// `vector`, `lexical` or `hybrid`; anything else is refused.
    searchMode: Option<String>,
}

/// A new workspace: its name, and any setting.
#[derive(ToSchema)]
pub struct NewWorkspace {
    #[schema(example = "My documents")]
    name: String,
    openAiTemp: Option<f64>,
    openAiHistory: Option<u64>,
    openAiPrompt: Option<String>,
    similarityThreshold: Option<f64>,
    topN: Option<u64>,
    chatMode: Option<String>,
}

/// A workspace.
#[derive(ToSchema)]
pub struct OneWorkspace {
    workspace: Workspace,
    message: Option<String>,
}

/// The workspace as it is now; only its `id` if there was nothing to change.
#[derive(ToSchema)]
pub struct UpdatedWorkspace {
    workspace: AnyObject,
    message: Option<String>,
    /// What became of each document.
    results: Option<Vec<Outcome>>,
}

/// A list of one, or of none.
#[derive(ToSchema)]
pub struct FoundWorkspace {
    workspace: Vec<Workspace>,
}

/// All workspaces that the key may see.
#[derive(ToSchema)]
pub struct Workspaces {
    workspaces: Vec<Workspace>,
}

/// What became of a document.
#[derive(ToSchema)]
pub struct Outcome {
    path: String,
    workspace: Option<String>,
    /// `added`, `already_embedded`, `removed`, `moved`, `embedded`, `unknown` or `failed`.
    status: String,
    error: Option<String>,
}

/// Paths of documents, like `custom-documents/x.json`.
#[derive(ToSchema)]
pub struct Embeddings {
    adds: Option<Vec<String>>,
    deletes: Option<Vec<String>>,
}

/// Which document, and whether its whole text goes into every prompt.
#[derive(ToSchema)]
pub struct Pin {
    #[schema(example = "custom-documents/my-file.json")]
    docPath: String,
    pinStatus: Option<bool>,
}

/// A workspace that came from a bundle.
#[derive(ToSchema)]
pub struct Imported {
    workspace: Workspace,
    documents: u64,
    chunks: u64,
    /// What to do before it can be searched, if anything.
    message: Option<String>,
}

/// What to look for.
#[derive(ToSchema)]
pub struct SearchRequest {
    #[schema(example = "How do otters sleep?")]
    query: String,
    /// How many chunks; the workspace's own number if left out.
    #[schema(minimum = 1, maximum = 1000)]
    topN: Option<u64>,
    /// From 0 to 1; the workspace's own if left out. A chunk whose words were found passes in any case.
    #[schema(minimum = 0, maximum = 1)]
    scoreThreshold: Option<f64>,
    /// `vector`, `lexical` (by words, BM25) or `hybrid` (both); the workspace's own if left out, which is `vector`.
    searchMode: Option<String>,
    /// Tells how the results came about.
    explain: Option<bool>,
}

/// Chunks, nearest first.
#[derive(ToSchema)]
pub struct SearchReply {
    results: Vec<Found>,
    message: Option<String>,
    /// Only where it was asked for: the candidates with their scores, and what the threshold removed.
    explain: Option<AnyObject>,
}

/// A chunk that was found.
#[derive(ToSchema)]
pub struct Found {
    id: String,
    text: String,
    /// Which document, and where in it.
    metadata: AnyObject,
    distance: f64,
    /// 1 is the same, 0 has nothing in common.
    score: f64,
}

/// A conversation of its own.
#[derive(ToSchema)]
pub struct Thread {
    id: u64,
    name: String,
    slug: String,
    workspace_id: u64,
    user_id: Option<u64>,
    createdAt: String,
    lastUpdatedAt: String,
}

/// A thread, or why there is none.
#[derive(ToSchema)]
pub struct OneThread {
    #[schema(required)]
    thread: Option<Thread>,
    message: Option<String>,
}

/// A new thread.
#[derive(ToSchema)]
pub struct NewThread {
    name: Option<String>,
    /// Made up if left out.
    slug: Option<String>,
    /// Whose it is; only where several users sign in.
    userId: Option<Value>,
}

/// Another name.
#[derive(ToSchema)]
pub struct ThreadName {
    name: Option<String>,
}

/// Every operation.
pub fn operations() -> Vec<Operation> {
    vec![
        op("POST", "/v1/workspace/new", TAG, "Make a workspace").body::<NewWorkspace>().ok::<OneWorkspace>(),
        op("GET", "/v1/workspaces", TAG, "List workspaces").ok::<Workspaces>(),
        op("GET", "/v1/workspace/:slug", TAG, "Look at a workspace")
            .note("An unknown slug gives an empty list, not an error.")
            .ok::<FoundWorkspace>(),
        op("DELETE", "/v1/workspace/:slug", TAG, "Delete a workspace")
            .note("Its conversations and threads go with it; the documents stay.")
            .ok_as("text/plain"),
        op("GET", "/v1/workspace/:slug/export", TAG, "Export a workspace as one file")
            .note(
                "The file holds settings, documents, chunks, vectors and index; no secrets and no conversations. If \
                 documents are added or removed meanwhile, it ends with a note of that, and cannot be imported.",
            )
            .ok_as("application/octet-stream"),
        op("POST", "/v1/workspace/import", TAG, "Make a workspace of such a file")
            .note("The body is the file. All of it is imported, or nothing.")
            .query("name", "string", "The workspace's name; as it was where it comes from if left out.")
            .body_as("application/octet-stream")
            .errors(&[422])
            .ok::<Imported>(),
        op("POST", "/v1/workspace/:slug/update", TAG, "Change the settings of a workspace")
            .body::<WorkspaceSettings>()
            .ok::<UpdatedWorkspace>(),
        op(
            "POST",
            "/v1/workspace/:slug/update-embeddings",
            TAG,
            "Add documents to a workspace, or take them out",
        )
        .note("Answers when they can be found. `results` says what became of each.")
        .body::<Embeddings>()
        .ok::<UpdatedWorkspace>(),
        op("POST", "/v1/workspace/:slug/update-pin", TAG, "Pin a document, or unpin it")
            .body::<Pin>()
            .ok::<Message>(),
        op("POST", "/v1/workspace/:slug/vector-search", TAG, "Find the chunks nearest to a text")
            .note("Needs no language model.")
            .body::<SearchRequest>()
            .ok::<SearchReply>(),
        op("POST", "/v1/workspace/:slug/thread/new", THREADS, "Open a thread")
            .body::<NewThread>()
            .ok::<OneThread>(),
        op("POST", "/v1/workspace/:slug/thread/:thread/update", THREADS, "Rename a thread")
            .body::<ThreadName>()
            .ok::<OneThread>(),
        op("DELETE", "/v1/workspace/:slug/thread/:thread", THREADS, "Delete a thread").ok_as("text/plain"),
    ]
}
