//! Removing documents for good (reference §12.5).

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::ApiError;
use super::listing::{find_by_name, unknown};
use super::paths;
use super::wire::{Outcome, Status};
use crate::retrieve::remove::{Removal, remove_document_everywhere};
use crate::text::path::folder_and_file;
use serde_json::json;

/// `DELETE /v1/system/remove-documents {names: ["folder/file.json", …]}`: from every workspace, and from
/// the store. Names of nothing are no error.
pub async fn remove_documents(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let refuse = |error: ApiError| error.with("success", false);
    let names = match fields.get("names") {
        None => Err(ApiError::field("names", "a list of strings like `folder/file.json`")),
        names => paths("names", names),
    };
    let names = names.map_err(refuse)?;
    let paths: Vec<(&str, &str)> = names.iter().filter_map(|name| folder_and_file(name).ok()).collect();
    let mut removal = Removal::of_documents(&call.cx, &paths).await.map_err(|error| refuse(error.into()))?;
    let mut outcomes = Vec::new();
    for name in names {
        let removed = match folder_and_file(name) {
            Ok((folder, file)) => removal.document(folder, file).await,
            Err(_) => Ok(false),
        };
        let removed = match removed {
            Ok(removed) => removed,
            Err(error) => {
                removal.end().await;
                return Err(refuse(error.into()));
            }
        };
        outcomes.push(match removed {
            true => Outcome::done(name, Status::Removed),
            false => Outcome::failed(name, Status::Unknown, "No such document."),
        });
    }
    removal.end().await;
    let message = "Documents removed successfully";
    Ok(Answer::ok(&json!({ "success": true, "message": message, "results": outcomes })))
}

/// `DELETE /v1/document/:id`: by id, or by file name.
pub async fn delete(call: Call) -> Result<Answer, ApiError> {
    let name = call.param(0);
    let refuse = |error: ApiError| error.with("success", false);
    let Some(document) = find_by_name(&call.cx, name).await? else {
        return Err(refuse(unknown(name)));
    };
    let removed = remove_document_everywhere(&call.cx, &document.folder, &document.name).await;
    removed.map_err(|error| refuse(error.into()))?;
    Ok(Answer::ok(&json!({ "success": true, "message": "Document removed successfully" })))
}
