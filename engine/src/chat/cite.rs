//! Which sources an answer cites, and for which of their sentences.

use super::citations::{Said, claims, support};
use super::flow::Ask;
use super::sources::{Origin, Source, preview_bytes};
use crate::llm::extractive::{Cited, body};
use crate::model::Document;
use crate::retrieve::ingest::{read_ends, read_pages, utf16_at};
use crate::retrieve::placement;
use crate::seam::Cx;
use crate::store::StoreError;
use crate::text::path;
use crate::text::words::utf16_len;
use haversack_extract::PageSpan;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// What an answer says of its sources.
pub(super) enum Evidence {
    /// A model's numbers, and what it claims in front of them.
    Claims(Said),
    /// The sentences that were quoted.
    Quotes(Vec<Cited>),
}

/// The sources as clients get them: those that are cited first, in the order of their first citation.
pub(super) async fn sources(cx: &Cx, ask: &Ask, sources: Vec<Source>, evidence: Evidence) -> Vec<Value> {
    let mut left: Vec<Option<Source>> = sources.into_iter().map(Some).collect();
    let mut out = Vec::with_capacity(left.len());
    match evidence {
        Evidence::Quotes(quotes) => {
            for Cited { passage, spans } in quotes {
                let Some(source) = left.get_mut(passage).and_then(Option::take) else { continue };
                let place = Place::of(cx, ask, &source).await;
                let citations = place.citations(cx, &source, spans).await;
                out.push(source.into_value(true, citations));
            }
        }
        Evidence::Claims(said) => {
            let claims = claims(&said.text, &said.marks);
            for passage in said.order {
                let Some(source) = left.get_mut(passage).and_then(Option::take) else { continue };
                let place = Place::of(cx, ask, &source).await;
                let claimed: Vec<_> = claims.iter().filter(|claim| claim.passage == passage).collect();
                let spans = match place.text(&source) {
                    Some(text) => {
                        let (start, said) = body(text);
                        let spans = support(&mut cx.slices(), said, &claimed).await;
                        spans.into_iter().map(|span| start + span.start..start + span.end).collect()
                    }
                    None => Vec::new(),
                };
                let citations = place.citations(cx, &source, spans).await;
                out.push(source.into_value(true, citations));
            }
        }
    }
    out.extend(left.into_iter().flatten().map(|source| source.into_value(false, Vec::new())));
    out
}

/// Where the text of a source stands in a stored document.
struct Place {
    /// The document, unless it was removed meanwhile or was never stored.
    document: Option<Document>,
    /// The byte of the document where the text begins, behind its header.
    start: u64,
    pages: Vec<PageSpan>,
    /// The whole text, where the source shows its beginning alone.
    whole: Option<String>,
}

impl Place {
    /// Whatever cannot be read is left out: the answer was given by now.
    async fn of(cx: &Cx, ask: &Ask, source: &Source) -> Place {
        let (document, start) = match &source.origin {
            Origin::Chunk { document, start } => (Some((**document).clone()), *start),
            Origin::Earlier { docpath, doc_id, start } => {
                (stored(cx, ask.workspace.id, docpath, doc_id).await.unwrap_or(None), *start)
            }
            Origin::Whole { document, .. } => (Some((**document).clone()), 0),
            Origin::Attached { .. } => (None, 0),
        };
        let pages = match &document {
            Some(document) if source.has_pages() => read_pages(cx, document).await.unwrap_or_default(),
            _ => Vec::new(),
        };
        let whole = match (&source.origin, &document) {
            (Origin::Attached { text }, _) => text.clone(),
            (Origin::Whole { window, .. }, Some(document)) => {
                read_ends(cx, document, super::context::text_bytes_max(*window)).await.ok()
            }
            _ => None,
        };
        Place { document, start, pages, whole }
    }

    /// The text that the model was given.
    fn text<'t>(&'t self, source: &'t Source) -> Option<&'t str> {
        match &source.origin {
            Origin::Chunk { .. } | Origin::Earlier { .. } => Some(source.text()),
            Origin::Whole { .. } | Origin::Attached { .. } => self.whole.as_deref(),
        }
    }

    /// Sentences as clients get them. `spans` are bytes of the text that the model was given.
    async fn citations(&self, cx: &Cx, source: &Source, spans: Vec<Range<usize>>) -> Vec<Value> {
        let shown = source.text();
        let whole = self.whole.as_deref();
        let given = whole.unwrap_or(shown);
        // Of a whole document the source shows the beginning.
        let shown_bytes = whole.map_or(shown.len(), preview_bytes);
        // In front of a chunk's own text are its header, and that of the table it continues.
        let header = match (whole, source.own_bytes()) {
            (Some(_), _) => 0,
            (None, Some(own)) => shown.len().saturating_sub(own),
            (None, None) => body(shown).0 + leading(body(shown).1),
        };
        // Of a very long document only both ends were read, and places of the second are not known.
        let is_complete =
            |document: &Document| whole.is_none_or(|text| text.len() as u64 == document.text_bytes);
        let document = self.document.as_ref().filter(|document| is_complete(document));
        let bytes: Vec<Range<u64>> = spans
            .iter()
            .map(|span| {
                let place = |at: usize| self.start + at.saturating_sub(header) as u64;
                place(span.start)..place(span.end)
            })
            .collect();
        let units = match document {
            Some(document) => {
                let mut places: Vec<u64> = bytes.iter().flat_map(|span| [span.start, span.end]).collect();
                places.sort_unstable();
                places.dedup();
                let units = utf16_at(cx, document, &places).await.unwrap_or_default();
                places.into_iter().zip(units).collect()
            }
            None => BTreeMap::new(),
        };
        let page = |at: u64| {
            let last = self.pages.partition_point(|page| page.start as u64 <= at);
            last.checked_sub(1)
                .and_then(|n| self.pages.get(n))
                .filter(|_| document.is_some())
                .map(|page| page.number)
        };
        let one = |(span, bytes): (&Range<usize>, &Range<u64>)| {
            let place =
                |at: usize| (span.end <= shown_bytes).then(|| given.get(..at).map(utf16_len)).flatten();
            json!({
                "start": place(span.start),
                "end": place(span.end),
                "documentStart": units.get(&bytes.start),
                "documentEnd": units.get(&bytes.end),
                "page": page(bytes.start),
                "pageEnd": page(bytes.end.saturating_sub(1)),
            })
        };
        spans.iter().zip(&bytes).map(one).collect()
    }
}

/// White space between the header and the text.
fn leading(text: &str) -> usize {
    text.len() - text.strip_prefix("\n\n").map_or(text.len(), str::len)
}

/// The document that an earlier answer names, if it is still what it was.
async fn stored(
    cx: &Cx,
    workspace: u64,
    docpath: &str,
    doc_id: &str,
) -> Result<Option<Document>, StoreError> {
    let Ok((folder, name)) = path::folder_and_file(docpath) else { return Ok(None) };
    let placements = placement::in_workspace(cx, workspace, folder, name).await?;
    Ok(placements
        .into_iter()
        .find(|placement| placement.doc_id == doc_id)
        .map(|placement| placement.document))
}
