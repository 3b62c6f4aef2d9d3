//! Moving documents between folders (reference §6.9).

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::store_document::keep_folder;
use super::wire::{Outcome, Status};
use super::{DocumentPlace, PATHS_MAX, is_short};
use crate::model::Document;
use crate::seam::Cx;
use crate::store::{self, key, retry};
use crate::text::path::folder_and_file;
use serde_json::{Value, json};

/// `POST /v1/document/move-files {files: [{from, to}]}`.
///
/// Documents that a workspace holds stay where they are. Folders must exist, and nothing is overwritten.
pub async fn move_files(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let moves = moves(fields.get("files"))?;
    let mut outcomes = Vec::with_capacity(moves.len());
    for (from, to) in &moves {
        outcomes.push(match move_document(&call.cx, from, to).await {
            Ok(None) => Outcome::done(from, Status::Moved),
            Ok(Some((status, why))) => Outcome::failed(from, status, &why),
            Err(error) => Outcome::failed(from, Status::Failed, &error.message),
        });
    }
    let count =
        |wanted: &[Status]| outcomes.iter().filter(|outcome| wanted.contains(&outcome.status)).count();
    if count(&[Status::Unknown, Status::Failed]) > 0 {
        return Err(ApiError::new(Code::FolderFailed, "Failed to move some files.")
            .with("success", false)
            .with("results", json!(outcomes)));
    }
    let message = match count(&[Status::Embedded]) {
        0 => Value::Null,
        n => format!("{n}/{} files not moved. Unembed them from all workspaces.", moves.len()).into(),
    };
    Ok(Answer::ok(&json!({ "success": true, "message": message, "results": outcomes })))
}

fn moves(files: Option<&Value>) -> Result<Vec<(&str, &str)>, ApiError> {
    let wrong = || {
        ApiError::new(Code::FolderFailed, "Failed to move files.").with("success", false).with(
            "error",
            "`files` must be a list of objects like {\"from\": \"folder/file.json\", \"to\": …}.",
        )
    };
    let Some(Value::Array(items)) = files else { return Err(wrong()) };
    if items.len() > PATHS_MAX {
        let expected = format!("a list of at most {PATHS_MAX} files");
        return Err(ApiError::field("files", &expected).with("success", false));
    }
    items.iter().map(|item| pair(item).ok_or_else(wrong)).collect()
}

fn pair(item: &Value) -> Option<(&str, &str)> {
    Some((item.get("from")?.as_str()?, item.get("to")?.as_str()?))
}

/// Moves one document; or says why it stays.
async fn move_document(cx: &Cx, from: &str, to: &str) -> Result<Option<(Status, String)>, ApiError> {
    let stays = |status: Status, why: String| Ok(Some((status, why)));
    let Ok((folder, name)) = folder_and_file(from) else {
        return stays(Status::Unknown, format!("{from} is no path of a document."));
    };
    let Some((to_folder, to_name)) = folder_and_file(to).ok().filter(|(f, n)| is_short(f) && is_short(n))
    else {
        return stays(Status::Failed, format!("{to} is no path for a document."));
    };
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        // Read first: a workspace that takes it in changes it, and then this commit does not take effect.
        let Some(document) = tx.get::<Document>(key::document(folder, name)).await? else {
            return stays(Status::Unknown, format!("{from} does not exist."));
        };
        if !store::first_n::<bool>(cx, key::placements_in(folder, name), 1).await?.is_empty() {
            return stays(Status::Embedded, "A workspace holds it: remove it there first.".to_owned());
        }
        if (folder, name) == (to_folder, to_name) {
            return Ok(None);
        }
        if !keep_folder(&mut tx, to_folder).await? {
            return stays(Status::Failed, format!("Folder {to_folder} does not exist."));
        }
        let target = key::document(to_folder, to_name);
        if tx.get::<Document>(target.clone()).await?.is_some() {
            return stays(Status::Failed, format!("{to} exists already."));
        }
        let moved = Document { folder: to_folder.to_owned(), name: to_name.to_owned(), ..document };
        tx.delete(key::document(folder, name));
        tx.put(target, &moved)?;
        tx.put(key::document_id(&moved.id), &DocumentPlace::of(&moved))?;
        if let Some(sha256) = &moved.sha256 {
            tx.delete(key::document_hash(folder, sha256, &moved.id));
            tx.put(key::document_hash(to_folder, sha256, &moved.id), &moved.name)?;
        }
        if tx.commit().await? {
            return Ok(None);
        }
    }
}
