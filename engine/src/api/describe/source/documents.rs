//! Documents and folders.

use super::general::{AnyObject, Success};
use super::operation::{Operation, op};
use super::workspaces::Outcome;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

const TAG: &str = "Documents";

/// A file.
#[derive(ToSchema)]
pub struct Upload {
    #[schema(value_type = String, format = Binary)]
    file: String,
    /// Slugs of workspaces that get it at once, with commas between them.
    addToWorkspaces: Option<String>,
    /// JSON: `{"title": …, "docAuthor": …, "description": …, "docSource": …}`.
    metadata: Option<String>,
}

/// An address.
#[derive(ToSchema)]
pub struct Link {
    #[schema(example = "https://example.com")]
    link: String,
    addToWorkspaces: Option<String>,
    /// Headers to fetch it with.
    scraperHeaders: Option<BTreeMap<String, String>>,
    metadata: Option<AnyObject>,
}

/// A text.
#[derive(ToSchema)]
pub struct RawText {
    #[schema(example = "Otters hold hands while they sleep.")]
    textContent: String,
    addToWorkspaces: Option<String>,
    metadata: RawTextMetadata,
}

/// What is known of a text. Any other key is taken as well, if `GET /v1/document/metadata-schema` has it.
#[derive(ToSchema)]
pub struct RawTextMetadata {
    #[schema(example = "Otters")]
    title: String,
    docAuthor: Option<String>,
    description: Option<String>,
    docSource: Option<String>,
    url: Option<String>,
    chunkSource: Option<String>,
    published: Option<Value>,
}

/// What came of it.
#[derive(ToSchema)]
pub struct Created {
    success: bool,
    /// What went wrong, if a document could be stored but not embedded.
    error: Option<String>,
    documents: Vec<Document>,
    /// What became of each document in each workspace.
    results: Option<Vec<Outcome>>,
    message: Option<String>,
}

/// A document.
#[derive(ToSchema)]
pub struct Document {
    id: String,
    title: String,
    url: String,
    docAuthor: String,
    description: String,
    docSource: String,
    chunkSource: String,
    published: String,
    wordCount: u64,
    token_count_estimate: u64,
    pageContent: Option<String>,
    /// Its path: `folder/name`.
    location: Option<String>,
    name: Option<String>,
    r#type: Option<String>,
    cached: Option<bool>,
    canWatch: Option<bool>,
    watched: Option<bool>,
    pinnedWorkspaces: Option<Vec<u64>>,
    isDirectUpload: Option<bool>,
    /// Parts of the file that could not be read.
    skipped: Option<Vec<String>>,
}

/// All documents by folder, and once more as a flat list.
#[derive(ToSchema)]
pub struct Documents {
    localFiles: Option<Folder>,
    documents: Vec<AnyObject>,
}

/// A folder.
#[derive(ToSchema)]
pub struct Folder {
    name: String,
    r#type: String,
    items: Vec<AnyObject>,
}

/// The documents of a folder.
#[derive(ToSchema)]
pub struct FolderPage {
    folder: Value,
    documents: Vec<Document>,
    totalCount: Option<u64>,
    hasMore: Option<bool>,
}

/// One document.
#[derive(ToSchema)]
pub struct OneDocument {
    document: Document,
}

/// A document and what it says. `start` and `end` are bytes of the text as UTF-8.
#[derive(ToSchema)]
pub struct Preview {
    document: Document,
    docpath: String,
    /// The text is Markdown.
    markdown: bool,
    createdAt: String,
    /// Parts of the file that could not be read.
    skipped: Vec<String>,
    text: String,
    pages: Vec<AnyObject>,
    /// What it was cut into, in a workspace.
    chunks: Vec<AnyObject>,
    pinned: Option<bool>,
}

/// Content types, and the endings of their files.
#[derive(ToSchema)]
pub struct Types {
    types: BTreeMap<String, Vec<String>>,
}

/// Keys of metadata, and what they hold.
#[derive(ToSchema)]
pub struct MetadataSchema {
    schema: BTreeMap<String, String>,
}

/// A folder's name.
#[derive(ToSchema)]
pub struct FolderName {
    #[schema(example = "new-folder")]
    name: String,
}

/// Files to move.
#[derive(ToSchema)]
pub struct Moves {
    files: Vec<Move>,
}

/// From where to where.
#[derive(ToSchema)]
pub struct Move {
    #[schema(example = "custom-documents/file.json")]
    from: String,
    #[schema(example = "new-folder/file.json")]
    to: String,
}

/// What became of each.
#[derive(ToSchema)]
pub struct Outcomes {
    success: bool,
    message: Option<String>,
    results: Option<Vec<Outcome>>,
}

/// Paths of documents.
#[derive(ToSchema)]
pub struct Names {
    names: Vec<String>,
}

const MINIMAL: &str = "With `Prefer: return=minimal` the answer leaves out `pageContent`.";

/// Every operation.
pub fn operations() -> Vec<Operation> {
    vec![
        op("POST", "/v1/document/upload", TAG, "Upload a file")
            .note(MINIMAL)
            .multipart::<Upload>()
            .ok::<Created>()
            .errors(&[422]),
        op("POST", "/v1/document/upload/:folder", TAG, "Upload a file into a folder")
            .note(MINIMAL)
            .multipart::<Upload>()
            .ok::<Created>()
            .errors(&[422]),
        op("POST", "/v1/document/upload-link", TAG, "Fetch a web page or file")
            .note(
                "Addresses in private networks are refused, also behind redirects. With `Prefer: return=minimal` the \
                 answer leaves out `pageContent`.",
            )
            .body::<Link>()
            .ok::<Created>()
            .errors(&[422]),
        op("POST", "/v1/document/raw-text", TAG, "Store a text")
            .note(MINIMAL)
            .body::<RawText>()
            .ok::<Created>()
            .errors(&[422]),
        op("GET", "/v1/documents", TAG, "List documents")
            .query("folder", "string", "Only this folder, page by page.")
            .query("limit", "integer", "With `folder`: how many.")
            .query("offset", "integer", "With `folder`: how many to skip.")
            .ok::<Documents>()
            .errors(&[404]),
        op("GET", "/v1/documents/folder/:folder", TAG, "List the documents of a folder")
            .query("limit", "integer", "How many; all if left out.")
            .query("offset", "integer", "How many to skip.")
            .ok::<FolderPage>(),
        op("GET", "/v1/document/accepted-file-types", TAG, "List the types of files that can be read")
            .ok::<Types>(),
        op("GET", "/v1/document/metadata-schema", TAG, "List the keys of metadata").ok::<MetadataSchema>(),
        op("GET", "/v1/document/generated-files/:name", TAG, "Fetch a file that an agent made")
            .note("Agents are not run here, so there is none.")
            .ok_as("application/octet-stream"),
        op("GET", "/v1/document/:name", TAG, "Look at a document").ok::<OneDocument>(),
        op("GET", "/v1/document/:name/text", TAG, "Read a document").ok::<Preview>(),
        op("GET", "/v1/workspace/:slug/document", TAG, "Read a document of a workspace, with its chunks")
            .query("path", "string", "Its path: `folder/name`.")
            .query("id", "string", "Or its id.")
            .ok::<Preview>()
            .errors(&[404]),
        op("DELETE", "/v1/document/:id", TAG, "Delete a document, by id or name").ok::<Success>(),
        op("POST", "/v1/document/create-folder", TAG, "Make a folder").body::<FolderName>().ok::<Success>(),
        op("DELETE", "/v1/document/remove-folder", TAG, "Delete a folder and all documents in it")
            .body::<FolderName>()
            .ok::<Success>(),
        op("POST", "/v1/document/move-files", TAG, "Move documents between folders")
            .body::<Moves>()
            .ok::<Outcomes>(),
        op("DELETE", "/v1/system/remove-documents", TAG, "Delete documents, also from all workspaces")
            .body::<Names>()
            .ok::<Outcomes>(),
    ]
}
