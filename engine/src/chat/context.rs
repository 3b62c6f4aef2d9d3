//! What a model is given to read beside the conversation.

use super::flow::Ask;
use crate::api::ApiError;
use crate::chunk;
use crate::embed;
use crate::llm::extractive::{self, Passage};
use crate::model::{Document, Placement, Workspace, file_metadata};
use crate::retrieve::ingest::read_ends;
use crate::retrieve::search::Found;
use crate::seam::Cx;
use crate::store::key::Partition;
use crate::store::{self, StoreError, key};
use crate::tokens::TRUNCATION_MARKER;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Texts for the prompt in their order, and the sources that are shown for them.
#[derive(Default)]
pub(super) struct Context {
    pub texts: Vec<String>,
    pub sources: Vec<Source>,
}

impl Context {
    /// Adds texts that have a source of their own.
    pub fn add(&mut self, parts: impl Iterator<Item = (String, Source)>) {
        for (text, source) in parts {
            self.texts.push(text);
            self.sources.push(source);
        }
    }
}

/// A source as clients see it (reference §7.7, §7.8).
pub(super) struct Source(Map<String, Value>);

/// Characters of a whole document that its source shows.
const PREVIEW_CHARS: usize = 1000;

impl Source {
    /// A chunk that was found.
    pub fn found(found: Found) -> (String, Source) {
        let Found { placement, chunk, distance, score, .. } = found;
        let document = &placement.document;
        let text = with_header(document, &chunk.text);
        let mut map = file_metadata(document);
        map.insert("id".to_owned(), chunk.id.clone().into());
        for (name, value) in [
            ("text", text.clone().into()),
            // One published document calls the text so.
            ("chunk", text.clone().into()),
            ("_distance", f64::from(distance).into()),
            ("score", score.into()),
            ("docId", placement.doc_id.clone().into()),
            ("docpath", document.path().into()),
            ("page", chunk.page.into()),
            ("headings", chunk.headings.into()),
            ("start", chunk.start.into()),
            ("end", chunk.end.into()),
        ] {
            map.insert(name.to_owned(), value);
        }
        (text, Source(map))
    }

    /// A document whose whole text is given.
    pub fn whole(text: String, metadata: Map<String, Value>) -> (String, Source) {
        let preview: String = text.chars().take(PREVIEW_CHARS).collect();
        let mut map = Map::new();
        map.insert("text".to_owned(), format!("{preview}...continued on in source document...").into());
        map.extend(metadata);
        (text, Source(map))
    }

    /// The chunk's or document's id.
    pub fn id(&self) -> Option<&str> {
        self.0.get("id").and_then(Value::as_str)
    }

    /// The title of the document.
    pub fn title(&self) -> &str {
        self.0.get("title").and_then(Value::as_str).unwrap_or("untitled")
    }

    /// As JSON.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// A chunk as embedders and models see it: with the header that says where it is from.
pub(crate) fn with_header(document: &Document, text: &str) -> String {
    let mut whole = chunk::header(&document.title, &document.published, &document.chunk_source);
    whole.push_str(text);
    whole
}

/// Bytes of one document that are looked at for a model with a window of so many tokens: more than it can be given,
/// and a large book for a window of any size.
fn text_bytes_max(window: u64) -> u64 {
    const BOOK_BYTES: u64 = 2 << 20;
    const TOKEN_BYTES: u64 = 16;
    window.saturating_mul(TOKEN_BYTES).max(BOOK_BYTES)
}

/// `text`, or its beginning and its end if that is more than a model with such a window can be given.
pub(super) fn bounded(text: String, window: u64) -> String {
    let most = usize::try_from(text_bytes_max(window)).unwrap_or(usize::MAX);
    if text.len() <= most {
        return text;
    }
    let start = text.floor_char_boundary(most / 2);
    let end = text.ceil_char_boundary(text.len() - most / 2);
    [&text[..start], TRUNCATION_MARKER, &text[end..]].concat()
}

/// Adds the pinned documents to `context`; their `docId`s. Of a very long one, its beginning and its end.
///
/// A running total of their token estimates is kept; once it has reached `window` the rest is left out.
pub(super) async fn pinned(
    cx: &Cx,
    workspace: &Workspace,
    window: u64,
    context: &mut Context,
) -> Result<BTreeSet<String>, ApiError> {
    let pins = store::scan_keys(cx, key::placements_pins(workspace.id)).await?;
    let keys = pins.iter().filter_map(key::trailing_id).map(|id| key::placement(workspace.id, id)).collect();
    let placements: Vec<Placement> = store::get_many(cx, keys).await?.into_iter().flatten().collect();
    let mut total = 0;
    for placement in &placements {
        if total >= window {
            break;
        }
        total += placement.document.token_count_estimate;
        match read_ends(cx, &placement.document, text_bytes_max(window)).await {
            Ok(text) => context.add(std::iter::once(Source::whole(text, file_metadata(&placement.document)))),
            // Removed since the list was read.
            Err(StoreError::Damaged(..)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(placements.into_iter().map(|placement| placement.doc_id).collect())
}

/// Bytes of a message that the extractive answerer takes for the question.
const QUESTION_BYTES_MAX: usize = 16 << 10;

/// The extractive answer over this context.
pub(super) async fn quote(cx: &Cx, ask: &Ask, context: &Context) -> Result<String, ApiError> {
    let titles = context.sources.iter().map(Source::title).chain(std::iter::repeat("an earlier source"));
    let passages: Vec<Passage> =
        context.texts.iter().zip(titles).map(|(text, title)| Passage { title, text }).collect();
    let model = embed::builtin(cx).await?;
    // What is asked is asked in the beginning; the rest of a long message is material.
    let question = &ask.message[..ask.message.floor_char_boundary(QUESTION_BYTES_MAX)];
    let (mut slices, embed) = (cx.slices(), |text: &str| model.embed(text));
    Ok(match ask.partition {
        Partition::Embed(..) => extractive::answer_in_public(&mut slices, question, &passages, &embed).await,
        _ => extractive::answer(&mut slices, question, &passages, &embed).await,
    })
}

/// Metadata of a document that came with a question and is not stored.
pub(super) fn attached_metadata(document: &Document) -> Map<String, Value> {
    let mut map = file_metadata(document);
    map.insert("location".to_owned(), json!(format!("direct-uploads/{}", document.name)));
    map.insert("isDirectUpload".to_owned(), true.into());
    map
}
