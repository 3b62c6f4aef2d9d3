//! Documents as clients know them.

use super::store_document::Stored;
use crate::model::Document;
use serde::Serialize;

/// The metadata beside a text, in the order of reference §6.1 with the text in its place.
#[derive(Serialize)]
pub struct Described<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(rename = "docAuthor")]
    author: &'a str,
    description: &'a str,
    #[serde(rename = "docSource")]
    source: &'a str,
    #[serde(rename = "chunkSource")]
    chunk_source: &'a str,
    published: &'a str,
    #[serde(rename = "wordCount")]
    word_count: u64,
    #[serde(rename = "pageContent", skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    token_count_estimate: u64,
}

fn described<'a>(document: &'a Document, text: Option<&'a str>) -> Described<'a> {
    Described {
        id: &document.id,
        url: &document.url,
        title: &document.title,
        author: &document.author,
        description: &document.description,
        source: &document.source,
        chunk_source: &document.chunk_source,
        published: &document.published,
        word_count: document.word_count,
        text,
        token_count_estimate: document.token_count_estimate,
    }
}

/// A document just made.
#[derive(Serialize)]
pub struct Created<'a> {
    #[serde(flatten)]
    document: Described<'a>,
    location: String,
    #[serde(rename = "isDirectUpload")]
    is_direct_upload: bool,
    name: &'a str,
    /// Parts of the file that could not be read.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    skipped: &'a [String],
}

/// The answer of the routes that make documents.
#[derive(Serialize)]
pub struct Creation<'a> {
    success: bool,
    /// Why documents that are stored now could not be embedded.
    error: Option<String>,
    documents: Vec<Created<'a>>,
    /// What became of each document in each workspace of `addToWorkspaces`.
    #[serde(skip_serializing_if = "<[Outcome]>::is_empty")]
    results: &'a [Outcome],
    /// Something worth knowing that is no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Documents that are stored, with what embedding them came to, and with their texts or without.
pub fn creation<'a>(
    stored: &'a [Stored],
    outcomes: &'a [Outcome],
    message: Option<String>,
    with_text: bool,
) -> Creation<'a> {
    let documents = stored.iter().map(|stored| {
        let document = &stored.document;
        Created {
            document: described(document, with_text.then(|| stored.text())),
            location: document.path(),
            is_direct_upload: false,
            name: &document.name,
            skipped: &document.skipped,
        }
    });
    Creation {
        success: true,
        error: failures(outcomes),
        documents: documents.collect(),
        results: outcomes,
        message,
    }
}

/// A document in a listing.
#[derive(Serialize)]
pub struct FileItem<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    document: Described<'a>,
    cached: bool,
    #[serde(flatten)]
    watching: Option<Watching>,
}

/// What listings say of a document, and a single document does not.
#[derive(Serialize)]
struct Watching {
    #[serde(rename = "canWatch")]
    can_watch: bool,
    #[serde(rename = "pinnedWorkspaces")]
    pinned_workspaces: Vec<u64>,
    watched: bool,
}

/// A document as `GET /v1/document/:name` shows it. `cached` is whether any workspace holds it.
pub fn file(document: &Document, cached: bool) -> FileItem<'_> {
    FileItem {
        name: &document.name,
        kind: "file",
        document: described(document, None),
        cached,
        watching: None,
    }
}

/// A document in a listing, with the workspaces that pinned it.
pub fn listed(document: &Document, cached: bool, pinned_workspaces: Vec<u64>) -> FileItem<'_> {
    let watching = Some(Watching { can_watch: false, pinned_workspaces, watched: false });
    FileItem { watching, ..file(document, cached) }
}

/// What became of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is part of the workspace now.
    Added,
    /// It was, unchanged.
    AlreadyEmbedded,
    /// It is no longer part of the workspace, or no longer there at all.
    Removed,
    /// It has another path now.
    Moved,
    /// It stays where it is because a workspace holds it.
    Embedded,
    /// Nothing of that name exists.
    Unknown,
    /// The error says why.
    Failed,
}

/// What became of one path, with the reason if it is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Outcome {
    /// Went as asked.
    pub fn done(path: &str, status: Status) -> Outcome {
        Outcome { path: path.to_owned(), workspace: None, status, error: None }
    }

    /// Did not.
    pub fn failed(path: &str, status: Status, error: &str) -> Outcome {
        Outcome { error: Some(error.to_owned()), ..Outcome::done(path, status) }
    }

    /// In a workspace that the route does not name.
    pub fn in_workspace(mut self, slug: &str) -> Outcome {
        self.workspace = Some(slug.to_owned());
        self
    }
}

/// The failures among `outcomes` in one sentence. What is unknown is none: clients expect it to be skipped.
pub fn failures(outcomes: &[Outcome]) -> Option<String> {
    let failed: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.status == Status::Failed).collect();
    let first = failed.first()?;
    let (path, why) = (&first.path, first.error.as_deref().unwrap_or_default());
    Some(match failed.len() {
        1 => format!("{path} could not be embedded: {why}"),
        n => format!("{n} documents could not be embedded. The first, {path}: {why}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outcomes_say_no_more_than_needed() {
        let added = Outcome::done("a/b.json", Status::AlreadyEmbedded);
        assert_eq!(json!(added), json!({ "path": "a/b.json", "status": "already_embedded" }));
        let failed = Outcome::failed("a/b.json", Status::Failed, "no").in_workspace("docs");
        let expected = json!({ "path": "a/b.json", "workspace": "docs", "status": "failed", "error": "no" });
        assert_eq!(json!(failed), expected);
    }

    #[test]
    fn failures_name_the_first() {
        let failed = Outcome::failed("a", Status::Failed, "why");
        let unknown = Outcome::failed("b", Status::Unknown, "no such document");
        assert_eq!(failures(std::slice::from_ref(&unknown)), None);
        assert_eq!(failures(&[unknown, failed.clone()]).unwrap(), "a could not be embedded: why");
        let two = failures(&[failed.clone(), failed]).unwrap();
        assert_eq!(two, "2 documents could not be embedded. The first, a: why");
    }
}
