//! Documents: how they come, where they lie, and which workspaces they are in (reference §6, §7.6).

mod address;
mod drafts;
mod folders;
mod link;
mod listing;
mod metadata;
mod moving;
pub(super) mod multipart;
mod placement;
mod preview;
mod raw_text;
mod removal;
mod store_document;
mod targets;
mod upload;
mod wire;

#[cfg(test)]
pub(in crate::api) mod tests;

pub(crate) use folders::remove as remove_folder_of;
pub use folders::{create_folder, remove_folder};
pub use link::upload_link;
pub use listing::{accepted_file_types, generated_file, get, list, list_folder, metadata_schema};
pub use moving::move_files;
pub use placement::{update_embeddings, update_pin};
pub use preview::{in_workspace as preview, text};
pub use raw_text::raw_text;
pub use removal::{delete, remove_documents};
pub(in crate::api) use store_document::{keep_folder, new_folder};
pub use upload::upload;

use super::error::{ApiError, Code};
use crate::limits::{self, Limit};
use crate::model::Document;
use crate::seam::Cx;
use crate::store::{self, StoreError, key};
use crate::text::path;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where documents go when the call names no folder. It cannot be removed.
const DEFAULT_FOLDER: &str = "custom-documents";

/// Longest name of a folder or document, in bytes: what file systems take.
pub(in crate::api) const NAME_BYTES_MAX: usize = 255;

/// Paths that one call may name in a list.
const PATHS_MAX: usize = 10_000;

/// What one call about documents may bring.
pub(in crate::api) fn limits() -> Vec<Limit> {
    let bytes = |count: usize| limits::bytes(count as u64);
    vec![
        Limit::fixed("parts of a form", multipart::PARTS_MAX.to_string(), "400"),
        Limit::fixed("field of a form", bytes(multipart::FIELD_BYTES_MAX), "400"),
        Limit::fixed("name of a folder or a document", format!("{NAME_BYTES_MAX} bytes"), "400"),
        Limit::fixed("field of a document's metadata", bytes(metadata::FIELD_BYTES_MAX), "400"),
        Limit::fixed("documents that one call names", PATHS_MAX.to_string(), "400"),
        Limit::fixed("workspaces that an upload goes to", targets::SLUGS_MAX.to_string(), "400"),
    ]
}

/// Where a document is, by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::api) struct DocumentPlace {
    folder: String,
    name: String,
}

impl DocumentPlace {
    pub(in crate::api) fn of(document: &Document) -> DocumentPlace {
        DocumentPlace { folder: document.folder.clone(), name: document.name.clone() }
    }
}

/// An error of the routes that make documents: clients look at `success` and `documents`.
fn no_documents(error: ApiError) -> ApiError {
    let message = error.message.clone();
    error.with("success", false).with("error", message).with("documents", json!([]))
}

/// The document at a path `folder/file.json`. A path that is no path names no document.
async fn find(cx: &Cx, docpath: &str) -> Result<Option<Document>, StoreError> {
    match path::folder_and_file(docpath) {
        Ok((folder, name)) if is_short(folder) && is_short(name) => {
            store::get(cx, key::document(folder, name)).await
        }
        _ => Ok(None),
    }
}

pub(in crate::api) fn is_short(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
}

/// Checks the name of a folder; `field` is where it came from.
fn check_folder(field: &str, name: &str) -> Result<(), ApiError> {
    if !is_short(name) {
        return Err(ApiError::field(field, &format!("at most {NAME_BYTES_MAX} bytes long")));
    }
    if name.contains('/') {
        return Err(ApiError::field(field, "the name of one folder, without a slash"));
    }
    path::check_name(name).map_err(|error| ApiError::new(Code::InvalidField, format!("`{field}`: {error}")))
}

/// A list of paths.
fn paths<'a>(field: &str, value: Option<&'a Value>) -> Result<Vec<&'a str>, ApiError> {
    let wrong = || ApiError::field(field, "a list of strings like `folder/file.json`");
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() > PATHS_MAX => {
            Err(ApiError::field(field, &format!("a list of at most {PATHS_MAX} paths")))
        }
        Some(Value::Array(items)) => items.iter().map(|item| item.as_str().ok_or_else(wrong)).collect(),
        Some(_) => Err(wrong()),
    }
}
