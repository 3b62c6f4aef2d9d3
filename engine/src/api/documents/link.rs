//! Documents from an address (reference §6.4).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, js};
use super::address::Address;
use super::drafts::{File, document_name, drafts, extract, skipped};
use super::metadata::Metadata;
use super::store_document::{Draft, published_now, store};
use super::targets::Targets;
use super::{DEFAULT_FOLDER, no_documents, upload};
use crate::seam::{HostError, HostErrorKind, HttpHead, HttpRequest, Trust};
use crate::text::slug::file_slug;
use crate::text::words::word_count;
use bytes::{Bytes, BytesMut};
use haversack_extract::{Document, Extracted, Format, Limits};
use serde_json::{Value, json};

/// How long a server may take to begin its answer, and to go on with it.
const PATIENCE_MS: u64 = 20_000;

/// `POST /v1/document/upload-link {link, addToWorkspaces?, scraperHeaders?, metadata?}`.
pub async fn upload_link(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let targets = Targets::parse(fields.get("addToWorkspaces"))?;
    targets.check(&call).await?;
    let address = address(&fields)?;
    let metadata = Metadata::read(fields.get("metadata"))?;
    let page = fetch(&call, &address, headers(fields.get("scraperHeaders"))).await?;
    let message = (page.head.status >= 400).then(|| {
        format!("{} answered with status {}; its error page was stored.", address.url, page.head.status)
    });
    let file = page.file(&address);
    let extracted = extract(&call, &file).await.map_err(|error| match error.kind {
        HostErrorKind::Rejected if is_page(&file) => empty(&address),
        _ => upload::unreadable(error),
    })?;
    let drafts = if is_page(&file) {
        page_drafts(&call, &address, extracted, &metadata)
    } else {
        file_drafts(&call, &address, &file, extracted, &metadata).await
    };
    let drafts = drafts.map_err(no_documents)?;
    let event = json!({ "link": address.url });
    let stored = store(&call, drafts, "api_link_uploaded", event).await.map_err(no_documents)?;
    upload::answer(&call, stored, targets, message).await
}

/// The address, if it is one that can be fetched.
fn address(fields: &Fields) -> Result<Address, ApiError> {
    let link = fields.get("link");
    if !js::truthy(link) {
        return Err(no_documents(ApiError::field("link", "an address that begins with http:// or https://")));
    }
    let address = link.and_then(Value::as_str).and_then(Address::parse).ok_or_else(|| {
        let told =
            "`link` must be an address that begins with http:// or https://, without a user name in it.";
        invalid(told)
    })?;
    if address.is_youtube_video() {
        let message = "Transcripts of YouTube videos are not supported. Send the transcript to \
                       /v1/document/raw-text.";
        return Err(no_documents(ApiError::new(Code::NotBuilt, message)));
    }
    Ok(address)
}

/// Clients know these words; `told` says more.
fn invalid(told: &str) -> ApiError {
    let error = ApiError::new(Code::ExtractionFailed, told);
    error.with("success", false).with("error", "Not a valid URL.").with("documents", json!([]))
}

fn empty(address: &Address) -> ApiError {
    let message = format!("No URL content found at {}.", address.url);
    no_documents(ApiError::new(Code::ExtractionFailed, message))
}

/// Headers that the connection itself needs, or that would say more than their sender meant.
const HEADERS_KEPT_OUT: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers of `scraperHeaders` that make sense: texts that are not empty, without line breaks. Others are
/// left out, as clients know it.
fn headers(value: Option<&Value>) -> Vec<(String, String)> {
    const MOST: usize = 50;
    const BYTES_MAX: usize = 8192;
    let mut headers = vec![
        ("accept".to_owned(), "text/html,application/xhtml+xml,*/*;q=0.8".to_owned()),
        ("user-agent".to_owned(), "Mozilla/5.0 (compatible; Haversack)".to_owned()),
    ];
    let Some(Value::Object(map)) = value else { return headers };
    for (name, value) in map.iter().take(MOST) {
        let name = name.trim().to_ascii_lowercase();
        let Some(value) = value.as_str().map(str::trim).filter(|value| !value.is_empty()) else { continue };
        let is_token = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&b));
        let is_line = value.len() <= BYTES_MAX && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        if is_token && is_line && !HEADERS_KEPT_OUT.contains(&name.as_str()) {
            headers.retain(|(other, _)| *other != name);
            headers.push((name, value.to_owned()));
        }
    }
    headers
}

/// What an address answered.
struct Page {
    head: HttpHead,
    body: Bytes,
}

async fn fetch(call: &Call, address: &Address, headers: Vec<(String, String)>) -> Result<Page, ApiError> {
    let max_bytes = Limits::default().max_bytes;
    let failed = |error: HostError| match error.kind {
        HostErrorKind::Refused => invalid(&format!("{} must not be fetched: {error}", address.url)),
        HostErrorKind::TooLarge => {
            let message = format!("{} is larger than {max_bytes} bytes.", address.url);
            no_documents(ApiError::new(Code::TooLarge, message))
        }
        HostErrorKind::Unsupported => no_documents(ApiError::new(Code::NotBuilt, error.message)),
        _ => empty(address),
    };
    let mut reply = call.cx.stream(HttpRequest {
        method: "GET".to_owned(),
        url: address.request_url(),
        headers,
        body: Bytes::new(),
        trust: Trust::Caller,
        max_bytes,
        head_timeout_ms: PATIENCE_MS,
        idle_timeout_ms: PATIENCE_MS,
    });
    let head = reply.head().await.map_err(failed)?;
    let mut body = BytesMut::new();
    while let Ok(piece) = reply.next().await.map_err(failed)? {
        body.extend_from_slice(&piece);
    }
    Ok(Page { head, body: body.freeze() })
}

impl Page {
    /// The page as a file, whose ending says what the server said it is.
    fn file(&self, address: &Address) -> File {
        let mime = self.head.header("content-type").map(str::to_owned);
        let stem = address.file_stem();
        let named = Format::from_name(&address.path).filter(|format| !matches!(format, Format::Html));
        let name = match mime.as_deref().map(essence) {
            None | Some("text/html" | "application/xhtml+xml" | "") => format!("{stem}.html"),
            Some("text/markdown") => format!("{stem}.md"),
            Some(known) => match ending(known) {
                // The address may say more than `text/plain` does, and never less than an unknown type.
                Some("txt") | None if named.is_some() => stem,
                Some(ending) => format!("{stem}.{ending}"),
                None if known.starts_with("text/") => format!("{stem}.txt"),
                None => stem,
            },
        };
        File { name, mime, bytes: self.body.clone() }
    }
}

fn essence(mime: &str) -> &str {
    mime.split(';').next().unwrap_or_default().trim()
}

/// The ending of files of a media type.
fn ending(mime: &str) -> Option<&'static str> {
    let known = haversack_extract::file_types().iter().find(|known| known.mime.eq_ignore_ascii_case(mime))?;
    known.extensions.first().copied()
}

/// Pages are read; everything else is a file that happens to lie at an address.
fn is_page(file: &File) -> bool {
    matches!(Format::from_name(&file.name), None | Some(Format::Html | Format::Text | Format::Markdown))
}

fn page_drafts(
    call: &Call,
    address: &Address,
    extracted: Extracted,
    metadata: &Metadata,
) -> Result<Vec<Draft>, ApiError> {
    let stem = file_slug(&address.file_stem());
    let file_name = format!("{stem}.html");
    let given = |field: &str, default: &str| {
        metadata.text(field).map(|text| text.unwrap_or_else(|| default.to_owned()))
    };
    let skipped = skipped(&extracted);
    let draft = |document: Document| {
        let id = call.cx.uuid().to_string();
        Ok(Draft {
            folder: DEFAULT_FOLDER.to_owned(),
            name: document_name(&format!("url-{stem}"), &id, ".json"),
            url: format!("file://{file_name}"),
            title: given("title", &file_name)?,
            author: given("docAuthor", "no author found")?,
            description: given("description", "No description found.")?,
            source: given("docSource", "URL link uploaded by the user.")?,
            chunk_source: format!("link://{}", address.url),
            published: published_now(&call.cx),
            word_count: word_count(&document.text),
            text: document.text,
            pages: document.pages,
            markdown: document.markdown,
            sha256: None,
            skipped: skipped.clone(),
            id,
        })
    };
    extracted.documents.into_iter().map(draft).collect()
}

async fn file_drafts(
    call: &Call,
    address: &Address,
    file: &File,
    extracted: Extracted,
    metadata: &Metadata,
) -> Result<Vec<Draft>, ApiError> {
    let mut drafts = drafts(call, file, None, extracted, metadata).await?;
    for draft in &mut drafts {
        draft.chunk_source = format!("link://{}", address.url);
    }
    Ok(drafts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_name(url: &str, content_type: &str) -> String {
        let headers = match content_type {
            "" => vec![],
            some => vec![("content-type".to_owned(), some.to_owned())],
        };
        let head = HttpHead { status: 200, headers, url: url.to_owned() };
        Page { head, body: Bytes::new() }.file(&Address::parse(url).unwrap()).name
    }

    #[test]
    fn the_content_type_decides_and_the_address_helps() {
        assert_eq!(file_name("https://x.y/a", "text/html; charset=utf-8"), "x.y_a.html");
        assert_eq!(file_name("https://x.y/a", ""), "x.y_a.html");
        assert_eq!(file_name("https://x.y/a.pdf", "text/html"), "x.y_a.pdf.html");
        assert_eq!(file_name("https://x.y/a", "application/pdf"), "x.y_a.pdf");
        assert_eq!(file_name("https://x.y/notes", "text/plain"), "x.y_notes.txt");
        assert_eq!(file_name("https://x.y/readme.md", "text/plain"), "x.y_readme.md");
        assert_eq!(file_name("https://x.y/b.pdf", "application/octet-stream"), "x.y_b.pdf");
        assert_eq!(file_name("https://x.y/main.rs", "application/octet-stream"), "x.y_main.rs");
    }

    #[test]
    fn headers_that_make_no_sense_are_left_out() {
        let headers = headers(Some(&json!({
            "Authorization": "Bearer token123", "My-Custom-Header": "value", "User-Agent": "me",
            "Host": "internal", "content-length": "5", "x": "a\r\nb: c", "bad name": "x", "n": 7, "e": "",
        })));
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["accept", "authorization", "my-custom-header", "user-agent"]);
        assert_eq!(headers[3].1, "me");
    }
}
