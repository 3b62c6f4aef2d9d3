//! What an answer may rest on, as clients see it.

use super::context::with_header;
use crate::model::{Document, file_metadata};
use crate::retrieve::search::Found;
use serde_json::{Map, Value};

/// A source as clients see it (reference §7.7, §7.8), and where its text is from.
pub(super) struct Source {
    fields: Map<String, Value>,
    pub origin: Origin,
}

/// Where the text of a source is from.
pub(super) enum Origin {
    /// A part of a document, from this byte of its text.
    Chunk { document: Box<Document>, start: u64 },
    /// The same, as an earlier answer names it.
    Earlier { docpath: String, doc_id: String, start: u64 },
    /// A document, all of it or as much as was read for a model with a window of so many tokens.
    Whole { document: Box<Document>, window: u64 },
    /// A file that came with the question; its text, unless it is very long.
    Attached { text: Option<String> },
}

/// Characters of a whole document that its source shows.
const PREVIEW_CHARS: usize = 1000;

/// Bytes of the text of an attached file that are kept until the answer is there.
const ATTACHED_BYTES_MAX: usize = 256 << 10;

impl Source {
    /// A chunk that was found.
    pub fn found(found: Found) -> (String, Source) {
        let Found { placement, chunk, distance, score, .. } = found;
        let document = placement.document;
        let text = with_header(&document, &chunk.text);
        let mut fields = file_metadata(&document);
        fields.insert("id".to_owned(), chunk.id.clone().into());
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
            fields.insert(name.to_owned(), value);
        }
        (text, Source { fields, origin: Origin::Chunk { document: Box::new(document), start: chunk.start } })
    }

    /// A chunk that an earlier answer had among its sources.
    pub fn earlier(source: &Value) -> Option<(String, Source)> {
        let mut fields = source.as_object()?.clone();
        let text = fields.get("text")?.as_str()?.to_owned();
        let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (docpath, doc_id) = (field("docpath"), field("docId"));
        let start = fields.get("start").and_then(Value::as_u64).unwrap_or(0);
        fields.insert(CARRIED_OVER.to_owned(), true.into());
        Some((text, Source { fields, origin: Origin::Earlier { docpath, doc_id, start } }))
    }

    /// A stored document whose whole text is given.
    pub fn whole(text: String, document: &Document, window: u64) -> (String, Source) {
        let fields = Source::preview(&text, file_metadata(document));
        (text, Source { fields, origin: Origin::Whole { document: Box::new(document.clone()), window } })
    }

    /// A file that came with the question.
    pub fn attached(text: String, metadata: Map<String, Value>) -> (String, Source) {
        let fields = Source::preview(&text, metadata);
        let kept = (text.len() <= ATTACHED_BYTES_MAX).then(|| text.clone());
        (text, Source { fields, origin: Origin::Attached { text: kept } })
    }

    fn preview(text: &str, metadata: Map<String, Value>) -> Map<String, Value> {
        let preview: String = text.chars().take(PREVIEW_CHARS).collect();
        let mut fields = Map::new();
        fields.insert("text".to_owned(), format!("{preview}...continued on in source document...").into());
        fields.extend(metadata);
        fields
    }

    /// The chunk's or document's id.
    pub fn id(&self) -> Option<&str> {
        self.fields.get("id").and_then(Value::as_str)
    }

    /// The title of the document.
    pub fn title(&self) -> &str {
        self.fields.get("title").and_then(Value::as_str).unwrap_or("untitled")
    }

    /// The text that clients see.
    pub fn text(&self) -> &str {
        self.fields.get("text").and_then(Value::as_str).unwrap_or_default()
    }

    /// Bytes of the document that a chunk is, from its places there.
    pub fn own_bytes(&self) -> Option<usize> {
        let place = |name: &str| self.fields.get(name).and_then(Value::as_u64);
        usize::try_from(place("end")?.checked_sub(place("start")?)?).ok()
    }

    /// Whether its document has pages, as far as that is known.
    pub fn has_pages(&self) -> bool {
        self.fields.get("page").is_none_or(|page| !page.is_null())
    }

    /// As JSON, with what it is cited for.
    pub fn into_value(mut self, cited: bool, citations: Vec<Value>) -> Value {
        self.fields.insert("cited".to_owned(), cited.into());
        self.fields.insert("citations".to_owned(), citations.into());
        Value::Object(self.fields)
    }
}

/// Says of a source that an earlier question found it.
pub(super) const CARRIED_OVER: &str = "carriedOver";

/// Bytes of the text of a whole document that its source shows.
pub(super) fn preview_bytes(text: &str) -> usize {
    text.char_indices().nth(PREVIEW_CHARS).map_or(text.len(), |(at, _)| at)
}
