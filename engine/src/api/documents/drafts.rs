//! From what a file gave to the documents that are stored of it (reference §6.1, §6.3, §6.7).

use super::super::Call;
use super::super::error::ApiError;
use super::metadata::{FIELD_BYTES_MAX, Metadata};
use super::store_document::{Draft, published_now};
use super::{DEFAULT_FOLDER, NAME_BYTES_MAX};
use crate::seam::{Cx, ExtractRequest, HostErrorKind, Work};
use crate::text::file_error;
use crate::text::slug::{file_slug, file_slug_lower, strip_illegal_filename_chars};
use crate::text::words::{word_count, word_count_of_sheet};
use bytes::Bytes;
use haversack_extract::{Document, Extracted, Format};
use sha2::{Digest, Sha256};

/// A file that is to become documents.
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// The media type its sender gave.
    pub mime: Option<String>,
    /// The file.
    pub bytes: Bytes,
}

/// Why a file gave no text: for the client, and whether the file is to blame.
pub struct Unreadable {
    pub message: String,
    pub kind: HostErrorKind,
}

/// Has the host read the file.
pub async fn extract(call: &Call, file: &File) -> Result<Extracted, Unreadable> {
    let File { name, mime, bytes } = file;
    let request = ExtractRequest { name: name.clone(), mime: mime.clone(), bytes: bytes.clone() };
    let extracted = call.cx.call(request).await.map_err(|error| {
        let message = match error.kind {
            HostErrorKind::Rejected | HostErrorKind::TooLarge | HostErrorKind::Busy => error.message,
            _ => file_error(name, &error.message),
        };
        Unreadable { message, kind: error.kind }
    })?;
    let has_text = |document: &Document| !document.text.trim().is_empty();
    if !extracted.documents.iter().any(has_text) {
        let message = format!("No text content found in {name}.");
        return Err(Unreadable { message, kind: HostErrorKind::Rejected });
    }
    Ok(extracted)
}

/// Longest start of a slug that goes into a name, in bytes: an id and an ending must fit behind it.
const SLUG_BYTES_MAX: usize = 180;

/// `STEM-ID` with an ending, without what file systems refuse.
pub fn document_name(stem: &str, id: &str, ending: &str) -> String {
    let stem = &stem[..stem.floor_char_boundary(SLUG_BYTES_MAX)];
    strip_illegal_filename_chars(&format!("{stem}-{id}{ending}"))
}

/// The SHA-256 of a file, in hex.
async fn sha256(cx: &Cx, bytes: &[u8]) -> String {
    const STEP: usize = 1 << 20;
    let (mut hash, mut slices) = (Sha256::new(), cx.slices());
    for step in bytes.chunks(STEP) {
        hash.update(step);
        slices.spend(Work::Bytes(step.len())).await;
    }
    hex(&hash.finalize())
}

/// The documents of a file, in its order. `folder` is where the client wants them.
pub async fn drafts(
    call: &Call,
    file: &File,
    folder: Option<&str>,
    extracted: Extracted,
    metadata: &Metadata,
) -> Result<Vec<Draft>, ApiError> {
    let sha256 = sha256(&call.cx, &file.bytes).await;
    let skipped = skipped(&extracted);
    let published = published_now(&call.cx);
    let own_folder = own_folder(call, &file.name);
    let given = |field: &str| metadata.text(field);
    let (title, author) = (given("title")?, given("docAuthor")?);
    let (description, source, chunk_source) =
        (given("description")?, given("docSource")?, given("chunkSource")?);
    let mut drafts: Vec<Draft> = Vec::with_capacity(extracted.documents.len());
    let several = extracted.documents.len() > 1;
    for (n, mut document) in extracted.documents.into_iter().enumerate() {
        bound(&mut document);
        let defaults = document.format.defaults();
        let id = call.cx.uuid().to_string();
        let sheet = document.part.as_deref().filter(|_| document.format == Format::Xlsx);
        let folder = folder.unwrap_or(if sheet.is_some() { &own_folder } else { DEFAULT_FOLDER });
        let name = match (document.format, sheet) {
            (Format::Mbox, _) => document_name(&file_slug(&file.name), &id, &format!("-msg-{}.json", n + 2)),
            (_, Some(sheet)) => sheet_name(sheet, &id, folder == own_folder && is_free(&drafts, sheet)),
            _ => document_name(&file_slug(&file.name), &id, ".json"),
        };
        drafts.push(Draft {
            folder: folder.to_owned(),
            name,
            url: format!("file://{}", file.name),
            title: match &title {
                Some(title) if several => format!("{title} - {}", part_name(&document, n)),
                Some(title) => title.clone(),
                None => own_title(&file.name, &document, n),
            },
            author: author.clone().or(document.author).unwrap_or_else(|| defaults.author.to_owned()),
            description: description
                .clone()
                .or(sheet.map(|sheet| format!("Spreadsheet data from sheet: {sheet}")))
                .or(document.description)
                // A PDF's title is shown as its description, as its name is shown as the title.
                .or(document.title.filter(|_| document.format == Format::Pdf))
                .unwrap_or_else(|| defaults.description.to_owned()),
            source: source.clone().unwrap_or_else(|| defaults.source.to_owned()),
            chunk_source: chunk_source.clone().unwrap_or_default(),
            published: published.clone(),
            word_count: match sheet {
                Some(_) => word_count_of_sheet(&document.text),
                None => word_count(&document.text),
            },
            pages: document.pages,
            markdown: document.markdown,
            text: document.text,
            sha256: Some(sha256.clone()),
            skipped: skipped.clone(),
            id,
        });
    }
    Ok(drafts)
}

/// Problems that are kept, of a file that has more.
const SKIPPED_MAX: usize = 100;

/// What could not be read of a file, for people.
pub fn skipped(extracted: &Extracted) -> Vec<String> {
    let problems = &extracted.skipped;
    let mut told: Vec<String> = problems
        .iter()
        .take(SKIPPED_MAX)
        .map(|problem| shortened(format!("{}: {}", problem.what, problem.reason)))
        .collect();
    if problems.len() > SKIPPED_MAX {
        told.push(format!("and {} more", problems.len() - SKIPPED_MAX));
    }
    told
}

/// Cuts what a file says of itself to the length that clients may give: it becomes part of every chunk.
fn bound(document: &mut Document) {
    let Document { title, author, description, part, .. } = document;
    for field in [title, author, description, part] {
        *field = field.take().map(shortened);
    }
}

fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(FIELD_BYTES_MAX));
    text
}

/// The folder of a workbook's sheets: `book.xlsx-1a2b`.
fn own_folder(call: &Call, name: &str) -> String {
    let mut bytes = [0; 2];
    call.cx.random(&mut bytes);
    let slug = file_slug_lower(&format!("{name}-{}", hex(&bytes)));
    let start = slug.len() - slug.len().min(NAME_BYTES_MAX);
    strip_illegal_filename_chars(&slug[slug.ceil_char_boundary(start)..])
}

/// Sheets are named by their name; by their id too where that is not enough to tell them apart.
fn sheet_name(sheet: &str, id: &str, alone: bool) -> String {
    match file_slug(sheet) {
        slug if alone && !slug.is_empty() => plain_sheet_name(&slug),
        slug => document_name(&format!("sheet-{slug}"), id, ".json"),
    }
}

fn plain_sheet_name(slug: &str) -> String {
    strip_illegal_filename_chars(&format!("sheet-{}.json", &slug[..slug.floor_char_boundary(SLUG_BYTES_MAX)]))
}

fn is_free(drafts: &[Draft], sheet: &str) -> bool {
    let name = plain_sheet_name(&file_slug(sheet));
    drafts.iter().all(|draft| draft.name != name)
}

fn own_title(name: &str, document: &Document, n: usize) -> String {
    match (document.format, &document.part, &document.title) {
        (Format::Xlsx, Some(sheet), _) => format!("{name} - Sheet:{sheet}"),
        (Format::Mbox, _, Some(subject)) if !file_slug(subject).is_empty() => {
            format!("{}.mbox", file_slug(subject))
        }
        (Format::Mbox, ..) => format!("msg_{}-{name}", n + 1),
        _ => name.to_owned(),
    }
}

fn part_name(document: &Document, n: usize) -> String {
    document.part.clone().or_else(|| document.title.clone()).unwrap_or_else(|| (n + 1).to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
