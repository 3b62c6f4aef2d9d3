//! Text without a file (reference §6.5).

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, js, numbers};
use super::drafts::document_name;
use super::metadata::Metadata;
use super::store_document::{Draft, published_now, store};
use super::targets::Targets;
use super::{DEFAULT_FOLDER, upload};
use crate::seam::Cx;
use crate::text::dates::LocalTime;
use crate::text::slug::{file_slug_lower, raw_text_slug};
use crate::text::words::word_count;
use serde_json::{Value, json};

/// `POST /v1/document/raw-text {textContent, metadata: {title, …}, addToWorkspaces?}`.
pub async fn raw_text(call: Call) -> Result<Answer, ApiError> {
    let fields = Fields::of_body(&call.request)?;
    let targets = Targets::parse(fields.get("addToWorkspaces"))?;
    targets.check(&call).await?;
    let metadata = Metadata::read(fields.get("metadata"))?;
    let refuse = |error: ApiError| error.with("success", false);
    let title = metadata.text("title").map_err(refuse)?.ok_or_else(|| {
        let message = "You are missing required metadata key:value pairs in your request. Required metadata \
                       key:values are 'title'";
        refuse(ApiError::new(Code::Unprocessable, message))
    })?;
    let text = match fields.get("textContent") {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        value if !js::truthy(value) => {
            let message = "The 'textContent' key cannot have an empty value.";
            return Err(refuse(ApiError::new(Code::Unprocessable, message)));
        }
        _ => return Err(refuse(ApiError::field("textContent", "a string"))),
    };
    drop(fields);
    let draft = draft(&call.cx, &title, text, &metadata).map_err(refuse)?;
    let stored = store(&call, vec![draft], "api_raw_document_uploaded", json!({})).await.map_err(refuse)?;
    upload::answer(&call, stored, targets, None).await
}

fn draft(cx: &Cx, title: &str, text: String, metadata: &Metadata) -> Result<Draft, ApiError> {
    let id = cx.uuid().to_string();
    let slug = slug(title);
    let file_name = match slug.as_str() {
        "" => format!("{title}.txt"),
        slug => format!("{slug}.txt"),
    };
    let given = |field: &str, default: &str| {
        metadata.text(field).map(|text| text.unwrap_or_else(|| default.to_owned()))
    };
    let address = metadata.text("url")?.map(|url| url.to_lowercase());
    let address = address.filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    let name = match slug.as_str() {
        "" => document_name("raw", &id, ".json"),
        slug => document_name(&format!("raw-{slug}"), &id, ".json"),
    };
    Ok(Draft {
        folder: DEFAULT_FOLDER.to_owned(),
        name,
        url: address.map_or_else(|| format!("file://{file_name}"), |url| format!("web://{url}.website")),
        author: given("docAuthor", "no author specified")?,
        description: given("description", "no description found")?,
        source: given("docSource", "no source set")?,
        chunk_source: match metadata.get("chunkSource") {
            Some(Value::String(_)) => given("chunkSource", &file_name)?,
            _ => file_name.clone(),
        },
        title: file_name,
        published: published(cx, metadata.get("published"))?,
        word_count: word_count(&text),
        pages: Vec::new(),
        markdown: false,
        sha256: None,
        skipped: Vec::new(),
        text,
        id,
    })
}

/// The slug of a title. Clients know that what looks like a file's extension goes; what does not look
/// like one, as in `My Doc v1.2 final`, is part of the title.
fn slug(title: &str) -> String {
    let longest = 8;
    let is_extension = |end: &str| end.len() <= longest && end.bytes().all(|b| b.is_ascii_alphanumeric());
    match title.rsplit_once('.') {
        Some((_, end)) if !is_extension(end) => file_slug_lower(&title.replace('.', "-")),
        _ => raw_text_slug(title),
    }
}

/// When the text was published: milliseconds since 1970, as a number or the text of one; else now.
///
/// # Errors
/// [`Code::InvalidField`] for a number that is no date of the calendar.
fn published(cx: &Cx, value: Option<&Value>) -> Result<String, ApiError> {
    let Some(ms) = value.and_then(numbers::value_of) else { return Ok(published_now(cx)) };
    let range = PUBLISHED_FROM..=PUBLISHED_TO;
    if !range.contains(&ms) {
        return Err(ApiError::field("metadata.published", "milliseconds since 1970, in the years 1 to 9999"));
    }
    Ok(LocalTime::new(ms as i64, cx.utc_offset_minutes()).published())
}

/// The first and the last millisecond of the years 1 to 9999.
const PUBLISHED_FROM: f64 = -62_135_596_800_000.0;
const PUBLISHED_TO: f64 = 253_402_300_799_999.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_file_names() {
        for (title, expected) in [
            ("Otter facts", "otter-facts"),
            ("bridge.notes.v2", "bridge-notes"),
            ("hello-world.txt", "hello-world"),
            ("My Doc v1.2 final", "my-doc-v1-2-final"),
            ("日本語", ""),
        ] {
            assert_eq!(slug(title), expected, "{title}");
        }
    }
}
