//! What a model is given to read beside the conversation.

use super::flow::Ask;
use super::sources::Source;
use crate::api::ApiError;
use crate::chunk;
use crate::embed;
use crate::llm::extractive::{self, Passage, Quoted};
use crate::model::{Document, Placement, Workspace, file_metadata};
use crate::retrieve::ingest::read_ends;
use crate::seam::Cx;
use crate::store::key::Partition;
use crate::store::{self, StoreError, key};
use crate::tokens::TRUNCATION_MARKER;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Texts for the prompt in their order, and the source of each.
#[derive(Default)]
pub(super) struct Context {
    pub texts: Vec<String>,
    pub sources: Vec<Source>,
}

impl Context {
    /// Adds texts and their sources.
    pub fn add(&mut self, parts: impl IntoIterator<Item = (String, Source)>) {
        for (text, source) in parts {
            self.texts.push(text);
            self.sources.push(source);
        }
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
pub(super) fn text_bytes_max(window: u64) -> u64 {
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
            Ok(text) => context.add([Source::whole(text, &placement.document, window)]),
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
pub(super) async fn quote(cx: &Cx, ask: &Ask, context: &Context) -> Result<Quoted, ApiError> {
    let passages: Vec<Passage> = context
        .texts
        .iter()
        .zip(&context.sources)
        .map(|(text, source)| Passage { title: source.title(), text })
        .collect();
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
