//! What is stored, and what can be (reference §6.6, §6.8).

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::wire::{self, FileItem};
use super::{DEFAULT_FOLDER, DocumentPlace};
use crate::model::{Document, Folder};
use crate::retrieve::placement;
use crate::seam::{Cx, Key, KeyRange};
use crate::store::{self, StoreError, key};
use haversack_extract::accepted_types;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Documents read at once.
const READ_AT_ONCE: usize = 500;

/// Where documents are placed, by `FOLDER/NAME` as keys spell it.
#[derive(Default)]
struct Placed(BTreeMap<String, Vec<(u64, bool)>>);

impl Placed {
    /// Reads a range of `wsdoc.in/`.
    async fn read(cx: &Cx, range: KeyRange) -> Result<Placed, StoreError> {
        let mut placed = Placed::default();
        for (key, pinned) in store::all::<bool>(cx, range).await? {
            let Some((workspace, _)) = placement::place(&key) else { continue };
            if let Some(document) = document_part(&key, 2) {
                placed.0.entry(document.to_owned()).or_default().push((workspace, pinned));
            }
        }
        Ok(placed)
    }

    fn of(&self, document: &Document) -> &[(u64, bool)] {
        let place = key::document(&document.folder, &document.name);
        document_part(&place, 0).and_then(|part| self.0.get(part)).map_or(&[], Vec::as_slice)
    }

    fn item<'a>(&self, document: &'a Document) -> FileItem<'a> {
        let places = self.of(document);
        let mut pinned: Vec<u64> = places.iter().filter(|(_, pinned)| *pinned).map(|(id, _)| *id).collect();
        pinned.dedup();
        wire::listed(document, !places.is_empty(), pinned)
    }
}

/// `FOLDER/NAME` of a key `…/FOLDER/NAME` with `behind` more parts behind it.
fn document_part(key: &Key, behind: usize) -> Option<&str> {
    let (_, mut rest) = key.as_str().split_once('/')?;
    for _ in 0..behind {
        rest = rest.rsplit_once('/')?.0;
    }
    Some(rest)
}

/// `GET /v1/documents`: the tree of folders and documents; with `?folder=` a page of one folder.
pub async fn list(call: Call) -> Result<Answer, ApiError> {
    #[derive(Serialize)]
    struct Tree<'a> {
        name: &'a str,
        #[serde(rename = "type")]
        kind: &'static str,
        items: Vec<FileItem<'a>>,
    }

    let query = Fields::of_query(&call.request);
    if let Some(folder) = query.string("folder")?.filter(|folder| !folder.is_empty()) {
        let page = Page::of(&query, Some(100), 1000);
        return folder_page(&call, folder, page, true).await;
    }
    let placed = Placed::read(&call.cx, key::range("wsdoc.in/")).await?;
    let records = store::all::<Document>(&call.cx, key::all_documents()).await?;
    let mut folders: BTreeMap<&str, Vec<FileItem>> = BTreeMap::new();
    let names = folder_names(&call.cx).await?;
    for name in &names {
        folders.entry(name).or_default();
    }
    let mut flat = Vec::with_capacity(records.len());
    for (_, document) in &records {
        folders.entry(&document.folder).or_default().push(placed.item(document));
        flat.push(json!({
            "id": document.id,
            "docpath": document.path(),
            "title": document.title,
            "workspaceId": placed.of(document).first().map(|(workspace, _)| *workspace),
        }));
    }
    let default = folders.remove_entry(DEFAULT_FOLDER);
    let trees: Vec<Tree> = default
        .into_iter()
        .chain(folders)
        .map(|(name, items)| Tree { name, kind: "folder", items })
        .collect();
    Ok(Answer::ok(&json!({
        "localFiles": { "name": "documents", "type": "folder", "items": trees },
        "documents": flat,
    })))
}

/// `GET /v1/documents/folder/:folder`.
pub async fn list_folder(call: Call) -> Result<Answer, ApiError> {
    let page = Page::of(&Fields::of_query(&call.request), None, usize::MAX);
    folder_page(&call, call.param(0), page, false).await
}

/// Which entries of a listing are wanted.
struct Page {
    offset: usize,
    limit: usize,
}

impl Page {
    /// `offset` and `limit`; what makes no sense is as if it were not there (reference §6.8).
    fn of(query: &Fields, limit_default: Option<usize>, limit_max: usize) -> Page {
        let number =
            |name: &str| query.string(name).ok().flatten().and_then(|text| text.trim().parse::<usize>().ok());
        let all = matches!(query.string("limit"), Ok(Some("all")));
        let limit = match number("limit").filter(|limit| *limit > 0) {
            _ if all => usize::MAX,
            Some(limit) => limit.min(limit_max),
            None => limit_default.unwrap_or(usize::MAX),
        };
        Page { offset: number("offset").unwrap_or(0), limit }
    }
}

async fn folder_page(call: &Call, folder: &str, page: Page, with_code: bool) -> Result<Answer, ApiError> {
    let keys = store::scan_keys(&call.cx, key::documents(folder)).await?;
    if keys.is_empty() && store::get::<Folder>(&call.cx, key::folder(folder)).await?.is_none() {
        let message = format!("Folder \"{folder}\" does not exist.");
        let error = ApiError::new(Code::NotFound, message)
            .with("folder", folder)
            .with("documents", json!([]))
            .with("totalCount", 0)
            .with("hasMore", false);
        return Err(if with_code { error.with("code", 404) } else { error });
    }
    let total = keys.len();
    let placed = Placed::read(&call.cx, key::placements_in_folder(folder)).await?;
    let mut documents: Vec<Document> = Vec::new();
    let wanted: Vec<Key> = keys.into_iter().skip(page.offset).take(page.limit).collect();
    for some in wanted.chunks(READ_AT_ONCE) {
        documents.extend(store::get_many(&call.cx, some.to_vec()).await?.into_iter().flatten());
    }
    let mut body = Map::new();
    body.insert("folder".to_owned(), folder.into());
    let items: Vec<FileItem> = documents.iter().map(|document| placed.item(document)).collect();
    body.insert("documents".to_owned(), json!(items));
    body.insert("totalCount".to_owned(), total.into());
    body.insert("hasMore".to_owned(), (page.offset.saturating_add(page.limit) < total).into());
    if with_code {
        body.insert("code".to_owned(), 200.into());
    }
    body.insert("error".to_owned(), Value::Null);
    Ok(Answer::ok(&body))
}

/// Names of all folders, those that only documents know of too, in order.
pub(super) async fn folder_names(cx: &Cx) -> Result<BTreeSet<String>, StoreError> {
    let keys = store::scan_keys(cx, key::folders()).await?;
    Ok(keys
        .iter()
        .filter_map(|key| key.as_str().split_once('/'))
        .map(|(_, name)| key::decode(name))
        .collect())
}

/// The document that a client means by a file name, or by an id.
pub(super) async fn find_by_name(cx: &Cx, name: &str) -> Result<Option<Document>, StoreError> {
    let mut folders = folder_names(cx).await?;
    let default = folders.take(DEFAULT_FOLDER);
    let places: Vec<Key> = default.iter().chain(&folders).map(|folder| key::document(folder, name)).collect();
    for some in places.chunks(READ_AT_ONCE) {
        let found = store::get_many::<Document>(cx, some.to_vec()).await?;
        if let Some(document) = found.into_iter().flatten().next() {
            return Ok(Some(document));
        }
    }
    match store::get::<DocumentPlace>(cx, key::document_id(name)).await? {
        Some(place) => store::get(cx, key::document(&place.folder, &place.name)).await,
        None => Ok(None),
    }
}

/// `GET /v1/document/:name`: by file name, or by id.
pub async fn get(call: Call) -> Result<Answer, ApiError> {
    let name = call.param(0);
    let Some(document) = find_by_name(&call.cx, name).await? else {
        return Err(unknown(name));
    };
    let range = key::placements_in(&document.folder, &document.name);
    let cached = !store::first_n::<bool>(&call.cx, range, 1).await?.is_empty();
    Ok(Answer::ok(&json!({ "document": wire::file(&document, cached) })))
}

pub(super) fn unknown(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("No document has the name or id {name}."))
}

/// `GET /v1/document/accepted-file-types`: those that are read, not all that the API could name.
pub async fn accepted_file_types(_call: Call) -> Result<Answer, ApiError> {
    let mut types = Map::new();
    for accepted in accepted_types() {
        let extensions: Vec<String> = accepted.extensions.iter().map(|ending| format!(".{ending}")).collect();
        types.insert(accepted.mime.to_owned(), json!(extensions));
    }
    Ok(Answer::ok(&json!({ "types": types })))
}

/// `GET /v1/document/metadata-schema`.
pub async fn metadata_schema(_call: Call) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&json!({ "schema": {
        "url": "string | nullable",
        "title": "string",
        "docAuthor": "string | nullable",
        "description": "string | nullable",
        "docSource": "string | nullable",
        "chunkSource": "string | nullable",
        "published": "epoch timestamp in ms | nullable",
    } })))
}

/// `GET /v1/document/generated-files/:name`: files that agents made. There are no agents here, so a name
/// of the right form is not found.
pub async fn generated_file(call: Call) -> Result<Answer, ApiError> {
    Err(match is_generated(call.param(0)) {
        true => ApiError::new(Code::NotFound, "File not found"),
        false => ApiError::new(Code::InvalidField, "Invalid filename format"),
    })
}

/// `letters-UUID.ending`.
fn is_generated(name: &str) -> bool {
    let Some((kind, rest)) = name.split_once('-') else { return false };
    let Some((id, ending)) = rest.split_once('.') else { return false };
    !kind.is_empty()
        && kind.bytes().all(|b| b.is_ascii_alphabetic())
        && id.len() == 36
        && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
        && !ending.is_empty()
        && ending.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: Option<&str>, offset: Option<&str>) -> (usize, usize) {
        let mut map = Map::new();
        for (name, value) in [("limit", limit), ("offset", offset)] {
            if let Some(value) = value {
                map.insert(name.to_owned(), value.into());
            }
        }
        let page = Page::of(&Fields::from_map(map), Some(100), 1000);
        (page.limit, page.offset)
    }

    #[test]
    fn odd_limits_and_offsets_are_as_if_absent() {
        assert_eq!(page(None, None), (100, 0));
        assert_eq!(page(Some("2"), Some("1")), (2, 1));
        assert_eq!(page(Some("5000"), None), (1000, 0));
        assert_eq!(page(Some("all"), None), (usize::MAX, 0));
        for odd in ["-2", "0", "x", ""] {
            assert_eq!(page(Some(odd), Some("-5")), (100, 0), "{odd}");
        }
    }

    #[test]
    fn generated_names_have_one_form() {
        assert!(is_generated("report-139df6f2-6731-403a-a01c-4e85a491e0aa.pdf"));
        for name in [
            "",
            "x",
            "../x",
            "report-1.pdf",
            "a1-139df6f2-6731-403a-a01c-4e85a491e0aa.pdf",
            "r-139df6f2-6731-403a-a01c-4e85a491e0aa",
        ] {
            assert!(!is_generated(name), "{name}");
        }
    }

    #[test]
    fn places_and_documents_spell_their_path_alike() {
        let (document, place) =
            (key::document("ä b", "c/d.json"), key::placement_in("ä b", "c/d.json", 1, 2));
        assert_eq!(document_part(&document, 0), document_part(&place, 2));
    }
}
