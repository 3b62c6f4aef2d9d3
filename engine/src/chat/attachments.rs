//! Files that come with a question: documents are read into the context, images go to the model.

use super::context::{Context, Source, attached_metadata, bounded};
use super::flow::Ask;
use crate::Engine;
use crate::api::{ApiError, Code};
use crate::llm::Attachment;
use crate::model::Document;
use crate::seam::{Cx, ExtractRequest, HostErrorKind};
use crate::text::dates::LocalTime;
use crate::text::file_error;
use crate::text::slug::strip_illegal_filename_chars;
use crate::text::words::word_count;
use crate::tokens::{Tokenizer, estimate_document_tokens};
use base64::{Engine as _, engine::general_purpose};
use serde_json::Value;

/// The media type that says: read me, do not look at me.
pub(crate) const DOCUMENT: &str = "application/anythingllm-document";

/// Files one question may bring.
pub(crate) const ATTACHMENTS_MAX: usize = 32;

/// What came with a question.
pub(super) struct Attached {
    pub images: Vec<Attachment>,
}

/// Reads documents into `context`; the rest are images. A document that cannot be read is left out, and
/// named in its source. Of one that is too long for a model with a window of so many tokens, both ends are given.
pub(super) async fn read(
    cx: &Cx,
    engine: &Engine,
    ask: &Ask,
    window: u64,
    context: &mut Context,
) -> Result<Attached, ApiError> {
    let mut images = Vec::new();
    for attachment in &ask.attachments {
        let field = |name: &str| attachment.get(name).and_then(Value::as_str);
        let mime = field("mime").unwrap_or("");
        if !mime.eq_ignore_ascii_case(DOCUMENT) {
            images.push(image(attachment));
            continue;
        }
        let Some(bytes) = field("contentString").and_then(decode) else { continue };
        let name = file_name(field("name").unwrap_or(""));
        let name = if name.is_empty() { format!("attachment-{}", cx.uuid()) } else { name };
        let request = ExtractRequest { name: name.clone(), mime: None, bytes: bytes.into() };
        match cx.call(request).await {
            Ok(extracted) => {
                let text: Vec<String> = extracted.documents.into_iter().map(|d| d.text).collect();
                let text = text.join("\n\n");
                let text = bounded(text, window);
                let tokenizer = engine.tokenizer(cx).await?;
                let metadata = attached_metadata(&describe(cx, &tokenizer, &name, &text));
                context.add(std::iter::once(Source::whole(text, metadata)));
            }
            // The question can be answered without it.
            Err(error) if error.kind == HostErrorKind::Rejected => {}
            Err(error) if error.kind == HostErrorKind::Busy => return Err(error.into()),
            Err(error) => {
                let message = file_error(&name, &error.message);
                return Err(ApiError::new(Code::ExtractionFailed, message));
            }
        }
    }
    Ok(Attached { images })
}

/// The last part of a path that a client may have sent for a name.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    strip_illegal_filename_chars(last).trim_matches(['.', ' ']).to_owned()
}

/// An image as clients send them: `{name, mime, contentString: data URI}`.
pub(crate) fn image(attachment: &Value) -> Attachment {
    let field = |name: &str| attachment.get(name).and_then(Value::as_str);
    Attachment {
        name: field("name").unwrap_or("").to_owned(),
        mime: field("mime").unwrap_or("").to_owned(),
        data_uri: field("contentString").map(str::to_owned),
    }
}

/// Attachments that a saved turn keeps: the images, as they were sent.
pub(super) fn kept(attachments: &[Value]) -> Vec<Value> {
    let document =
        |a: &&Value| a.get("mime").and_then(Value::as_str).is_some_and(|m| m.eq_ignore_ascii_case(DOCUMENT));
    attachments.iter().filter(|a| !document(a)).cloned().collect()
}

fn decode(content: &str) -> Option<Vec<u8>> {
    let base64 = match content.strip_prefix("data:") {
        Some(uri) => uri.split_once(',')?.1,
        None => content,
    };
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    general_purpose::STANDARD_NO_PAD.decode(base64.trim_end_matches('=')).ok()
}

fn describe(cx: &Cx, tokenizer: &Tokenizer, name: &str, text: &str) -> Document {
    let id = cx.uuid().to_string();
    Document {
        url: format!("file://{name}"),
        title: name.to_owned(),
        author: "Unknown".to_owned(),
        description: "Unknown".to_owned(),
        source: "a text file uploaded by the user.".to_owned(),
        chunk_source: String::new(),
        published: LocalTime::new(cx.now().0, cx.utc_offset_minutes()).published(),
        word_count: word_count(text) as u64,
        token_count_estimate: estimate_document_tokens(tokenizer, text) as u64,
        text_bytes: text.len() as u64,
        text_parts: 0,
        markdown: false,
        created_at: cx.now(),
        times_placed: 0,
        sha256: None,
        skipped: Vec::new(),
        folder: "direct-uploads".to_owned(),
        name: format!("{}-{id}.json", crate::text::slug::file_slug(name)),
        id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for (name, expected) in [
            ("../../evil.txt", "evil.txt"),
            ("C:\\x\\y.md", "y.md"),
            ("..", ""),
            ("a/", ""),
            ("f.txt", "f.txt"),
        ] {
            assert_eq!(file_name(name), expected);
        }
    }

    #[test]
    fn contents_come_with_and_without_a_data_prefix() {
        assert_eq!(decode("data:text/plain;base64,aGk=").unwrap(), b"hi");
        assert_eq!(decode("aGk").unwrap(), b"hi");
        assert_eq!(decode("no base64!"), None);
    }
}
