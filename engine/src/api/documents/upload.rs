//! Uploaded files (reference §6.3).

use super::super::Call;
use super::super::answer::Answer;
use super::super::error::{ApiError, Code};
use super::drafts::{File, Unreadable, drafts, extract};
use super::metadata::Metadata;
use super::multipart::{self, UploadedFile};
use super::store_document::{Stored, store};
use super::targets::Targets;
use super::{check_folder, no_documents, wire};
use crate::seam::HostErrorKind;
use crate::text::path::check_name;
use crate::text::slug::strip_illegal_filename_chars;
use serde_json::json;

/// `POST /v1/document/upload` and `/upload/:folder`: one file, as multipart.
///
/// The folder is made if it is missing. Every document of the file is embedded in every workspace of
/// `addToWorkspaces`; where that fails, the documents are stored all the same, and the answer says why.
pub async fn upload(call: Call) -> Result<Answer, ApiError> {
    let form = multipart::read(&call.request).await?;
    let targets = Targets::parse(form.fields.get("addToWorkspaces"))?;
    targets.check(&call).await?;
    let folder = Some(call.param(0)).filter(|folder| !folder.is_empty());
    if let Some(folder) = folder {
        check_folder("folderName", folder).map_err(no_documents)?;
    }
    let file = named(form.file.ok_or_else(multipart::no_file)?)?;
    let metadata = Metadata::read(form.fields.get("metadata"))?;
    let extracted = extract(&call, &file).await.map_err(unreadable)?;
    let drafts = drafts(&call, &file, folder, extracted, &metadata).await.map_err(no_documents)?;
    let mut event = json!({ "documentName": file.name });
    if let Some(folder) = folder {
        event["folder"] = folder.into();
    }
    let stored = store(&call, drafts, "api_document_uploaded", event).await.map_err(no_documents)?;
    answer(&call, stored, targets, None).await
}

/// Embeds what was stored, and tells of both.
pub(super) async fn answer(
    call: &Call,
    stored: Vec<Stored>,
    targets: Targets,
    message: Option<String>,
) -> Result<Answer, ApiError> {
    let outcomes = targets.embed(call, &stored).await;
    let minimal = prefers_minimal(call);
    let answer = Answer::ok(&wire::creation(&stored, &outcomes, message, !minimal));
    Ok(if minimal { answer.with_header("preference-applied", MINIMAL) } else { answer })
}

/// The preference (RFC 7240 §4.2) of callers who know the text already: it may have megabytes.
const MINIMAL: &str = "return=minimal";

fn prefers_minimal(call: &Call) -> bool {
    let preferences = call.request.header("prefer").unwrap_or_default();
    preferences.split(',').any(|one| one.trim().eq_ignore_ascii_case(MINIMAL))
}

/// A file that could not be read, as clients know it.
pub(super) fn unreadable(error: Unreadable) -> ApiError {
    no_documents(match error.kind {
        HostErrorKind::TooLarge => ApiError::new(Code::TooLarge, error.message),
        HostErrorKind::Busy => ApiError::busy(error.message),
        _ => ApiError::new(Code::ExtractionFailed, error.message),
    })
}

/// The file under a name that is one level of a path and nothing else.
fn named(file: UploadedFile) -> Result<File, ApiError> {
    const NAME_BYTES_MAX: usize = 1024;
    let last = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String =
        strip_illegal_filename_chars(last.trim()).chars().filter(|c| !c.is_control()).collect();
    if name.len() > NAME_BYTES_MAX {
        return Err(no_documents(ApiError::field(
            "file",
            &format!("a file whose name has at most {NAME_BYTES_MAX} bytes"),
        )));
    }
    if check_name(&name).is_err() {
        let message = "Filename is a not a valid path to process.";
        return Err(no_documents(ApiError::new(Code::ExtractionFailed, message)));
    }
    Ok(File { name, mime: file.mime, bytes: file.bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(sent: &str) -> Result<String, ApiError> {
        let file = UploadedFile { name: sent.to_owned(), mime: None, bytes: "x".into() };
        named(file).map(|file| file.name)
    }

    #[test]
    fn names_lead_nowhere() {
        assert_eq!(name("../../etc/passwd").as_deref(), Ok("passwd"));
        assert_eq!(name(r"C:\Users\me\a.txt").as_deref(), Ok("a.txt"));
        assert_eq!(name("a\n<b>:\"?*|.txt").as_deref(), Ok("ab.txt"));
        for none in ["", "..", "a/..", ".", "\u{FEFF}.."] {
            assert_eq!(
                name(none).unwrap_err().message,
                "Filename is a not a valid path to process.",
                "{none:?}"
            );
        }
        assert_eq!(name(&"x".repeat(1025)).unwrap_err().code, Code::InvalidField);
    }
}
