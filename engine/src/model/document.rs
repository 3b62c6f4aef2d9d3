//! A stored document, and the chunks it becomes.

use crate::seam::UnixMs;
use haversack_extract::PageSpan;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A folder of documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Folder {
    /// When it was made.
    pub created_at: UnixMs,
    /// It is being removed. Whoever puts a document into it takes this away again, and so keeps it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closing: bool,
}

/// A document without its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// A UUID.
    pub id: String,
    /// The folder it lies in.
    pub folder: String,
    /// Its file name there, ending in `.json`.
    pub name: String,
    /// Where it came from.
    pub url: String,
    /// For people.
    pub title: String,
    /// For people.
    pub author: String,
    /// For people.
    pub description: String,
    /// For people: how it came here.
    pub source: String,
    /// `link://…`, `youtube://…`, or as the client gave it.
    pub chunk_source: String,
    /// When it was published, in the form the API shows.
    pub published: String,
    /// See [`crate::text::words`].
    pub word_count: u64,
    /// The rough count clients know, see [`crate::tokens`].
    pub token_count_estimate: u64,
    /// Length of the text in bytes.
    pub text_bytes: u64,
    /// Parts the text is stored in.
    pub text_parts: u64,
    /// The text is Markdown.
    pub markdown: bool,
    /// When it was stored.
    pub created_at: UnixMs,
    /// How often a workspace took it in. It changes with each, so that whoever moves or removes the
    /// document at the same moment finds it changed, and looks again where it is placed.
    #[serde(default)]
    pub times_placed: u64,
    /// Hex SHA-256 of the file it came from, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Parts of the file that could not be read: `page 7: …`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}

impl Document {
    /// `folder/name.json`, as clients name it.
    pub fn path(&self) -> String {
        format!("{}/{}", self.folder, self.name)
    }
}

/// The metadata that clients see beside a text, in their order.
pub fn file_metadata(document: &Document) -> Map<String, Value> {
    let Value::Object(map) = json!({
        "id": document.id,
        "url": document.url,
        "title": document.title,
        "docAuthor": document.author,
        "description": document.description,
        "docSource": document.source,
        "chunkSource": document.chunk_source,
        "published": document.published,
        "wordCount": document.word_count,
        "token_count_estimate": document.token_count_estimate,
    }) else {
        return Map::new();
    };
    map
}

/// The page spans of a document's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pages(pub Vec<PageSpan>);

/// Texts are stored in parts of at most so many bytes: some stores allow no more than 1 MB a value.
pub const TEXT_PART_BYTES: usize = 512 * 1024;

/// `text` in parts of at most [`TEXT_PART_BYTES`], each valid UTF-8.
pub fn text_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > TEXT_PART_BYTES {
        let (part, tail) = rest.split_at(rest.floor_char_boundary(TEXT_PART_BYTES));
        parts.push(part);
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// One chunk of a document in a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChunkRecord {
    /// A UUID, which clients see.
    pub id: String,
    /// The id of the [`super::Placement`] it belongs to.
    pub placement: u64,
    /// The chunk itself, without its header.
    pub text: String,
    /// Where it begins in the document's text, in bytes.
    pub start: u64,
    /// Where it ends there.
    pub end: u64,
    /// The page it begins on, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The headings it stands under, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_join_to_the_text_and_cut_no_character() {
        let text = "é".repeat(TEXT_PART_BYTES);
        let parts = text_parts(&text);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= TEXT_PART_BYTES));
        assert_eq!(parts.concat(), text);
        assert!(text_parts("").is_empty());
    }
}
