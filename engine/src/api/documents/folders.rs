//! Making and removing folders (reference §6.9).

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::store_document::new_folder;
use super::{DEFAULT_FOLDER, check_folder, is_short};
use crate::model::{Document, Folder};
use crate::retrieve::remove::remove_document_everywhere;
use crate::seam::Cx;
use crate::store::{self, StoreError, Transaction, key, retry};
use crate::text::path::{PathError, normalize_path};
use serde_json::{Value, json};

/// `POST /v1/document/create-folder {name}`.
///
/// Folders have one level. Of a name with more, the first level is made: that is all of it that listings
/// have ever shown. The answer's `folder` says what there is now.
pub async fn create_folder(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let failed = |error: ApiError| error.with("success", false);
    let wanted = fields.string("name").map_err(failed)?.unwrap_or_default();
    let (folder, nested) = first_level(wanted).map_err(|error| {
        let message = format!("Failed to create folder: {error}");
        failed(ApiError::new(Code::FolderFailed, message))
    })?;
    check_folder("name", &folder).map_err(failed)?;
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        if tx.get::<Folder>(key::folder(&folder)).await?.is_some() {
            if nested {
                break;
            }
            return Err(failed(ApiError::new(Code::Exists, "Folder by that name already exists")));
        }
        new_folder(&mut tx, &call.cx, &folder)?;
        if tx.commit().await? {
            break;
        }
    }
    Ok(Answer::ok(&json!({ "success": true, "message": null, "folder": folder })))
}

/// The first level of a path in normal form, and whether there are more.
fn first_level(name: &str) -> Result<(String, bool), PathError> {
    let normal = normalize_path(name)?;
    let mut levels = normal.split('/').filter(|level| !level.is_empty());
    let first = levels.next().ok_or(PathError::Invalid)?;
    Ok((first.to_owned(), levels.next().is_some()))
}

/// `DELETE /v1/document/remove-folder {name}`: removes the folder's documents from every workspace and
/// from the store, and the folder. Well also when there is no such folder, and for the default one, to
/// which nothing happens; `removed` says what was.
pub async fn remove_folder(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let name = fields.string("name").map_err(|error| error.with("success", false))?.unwrap_or_default();
    let (mut removed, mut documents) = (false, 0);
    if name != DEFAULT_FOLDER && !name.is_empty() && is_short(name) {
        (removed, documents) = remove(&call.cx, name).await?;
    }
    let folder = Value::from(removed.then_some(name));
    Ok(Answer::ok(&json!({
        "success": true,
        "message": "Folder removed successfully",
        "removed": { "folder": folder, "documents": documents },
    })))
}

/// Removes a folder and what is in it; whether it went, and how many documents.
///
/// It is marked first. Who puts a document into it takes the mark away, so once all documents are gone
/// the folder goes only if none has come. One that keeps being filled stays.
pub(crate) async fn remove(cx: &Cx, name: &str) -> Result<(bool, u64), StoreError> {
    let mut documents = 0;
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        if let Some(folder) = tx.get::<Folder>(key::folder(name)).await? {
            tx.put(key::folder(name), &Folder { closing: true, ..folder })?;
            if !tx.commit().await? {
                continue;
            }
        }
        for (_, document) in store::all::<Document>(cx, key::documents(name)).await? {
            documents += u64::from(remove_document_everywhere(cx, name, &document.name).await?);
        }
        let mut tx = Transaction::new(cx);
        match tx.get::<Folder>(key::folder(name)).await? {
            None => return Ok((false, documents)),
            Some(folder) if !folder.closing => continue,
            Some(_) => {}
        }
        if !store::scan_keys(cx, key::documents(name)).await?.is_empty() {
            continue;
        }
        tx.delete(key::folder(name));
        if tx.commit().await? {
            return Ok((true, documents));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_one_level() {
        for (name, level) in [
            ("archive", Ok(("archive".to_owned(), false))),
            ("a/b", Ok(("a".to_owned(), true))),
            ("../../etc", Ok(("etc".to_owned(), false))),
            ("/abs/x/", Ok(("abs".to_owned(), true))),
            ("", Err(PathError::Invalid)),
            ("..", Err(PathError::Invalid)),
            ("/", Err(PathError::Invalid)),
        ] {
            assert_eq!(first_level(name), level, "{name}");
        }
    }
}
