//! Removing documents for good (reference §12.5).

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::ApiError;
use super::listing::{find_by_name, unknown};
use super::paths;
use super::wire::{Outcome, Status};
use crate::retrieve::remove::remove_document_everywhere;
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
    let mut outcomes = Vec::new();
    for name in names.map_err(refuse)? {
        let removed = match folder_and_file(name) {
            Ok((folder, file)) => remove_document_everywhere(&call.cx, folder, file).await.map_err(refuse)?,
            Err(_) => false,
        };
        outcomes.push(match removed {
            true => Outcome::done(name, Status::Removed),
            false => Outcome::failed(name, Status::Unknown, "No such document."),
        });
    }
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
    remove_document_everywhere(&call.cx, &document.folder, &document.name).await.map_err(refuse)?;
    Ok(Answer::ok(&json!({ "success": true, "message": "Document removed successfully" })))
}
