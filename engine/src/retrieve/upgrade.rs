//! From the former built-in model to the present one: an index that an older program made is embedded again, document by
//! document, while it is in use.
//!
//! The head first notes the number that the next segment would have ([`IndexHead::former`]): segments below it are of the
//! former model, those that come are of the present one. Vectors of the two are never compared: until the last document
//! is done, the index is searched by its words alone. What cuts this off is gone on with, since the head still says so.

use super::head::put_head;
use super::index::part_rows;
use super::staging::next_number;
use super::{IndexChange, IndexHead, ingest};
use crate::Engine;
use crate::api::ApiError;
use crate::embed::{BUILTIN_MODEL, Embedder, FORMER_BUILTIN_MODEL};
use crate::model::{Document, Placement, Workspace};
use crate::seam::Cx;
use crate::store::{self, key, retry};

/// Whether vectors of the former built-in model are in an index with this head.
pub fn is_due(head: &IndexHead) -> bool {
    head.rows > 0 && (head.former.is_some() || head.embedder == FORMER_BUILTIN_MODEL)
}

/// Notes that a workspace's index goes over to the present built-in model, if it is of the former one. The first segment
/// number of the present one; `None` if nothing is to be done, or another embedder is configured.
pub async fn begin(cx: &Cx, engine: &Engine, workspace: u64) -> Result<Option<u64>, ApiError> {
    let is_builtin = matches!(engine.embedder(), Embedder::Builtin);
    let head = store::get::<IndexHead>(cx, key::index_head(workspace)).await?;
    let Some(head) = head.filter(|head| is_builtin && is_due(head)) else { return Ok(None) };
    if head.former.is_some() {
        return Ok(head.former);
    }
    let first = next_number(cx).await?;
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        let Some(mut head) = tx.get::<IndexHead>(key::index_head(workspace)).await? else { return Ok(None) };
        if !is_due(&head) {
            return Ok(None);
        }
        if let Some(first) = head.former {
            return Ok(Some(first));
        }
        head.former = Some(first);
        head.embedder = BUILTIN_MODEL.to_owned();
        put_head(&mut tx, workspace, &mut head, &IndexChange::default())?;
        if tx.commit().await? {
            return Ok(Some(first));
        }
    }
}

/// Embeds every document again whose vectors are of the former built-in model; how many that were.
///
/// # Errors
/// A store that fails. A document that cannot be embedded, because its text is damaged, is left as it is, and the index
/// is searched by words until it is mended or removed.
pub async fn all(cx: &Cx, engine: &Engine, workspace: u64) -> Result<u64, ApiError> {
    let Some(first) = begin(cx, engine, workspace).await? else { return Ok(0) };
    let Some(owner) = store::get::<Workspace>(cx, key::workspace(workspace)).await? else { return Ok(0) };
    let mut done = 0;
    for (_, place) in former(cx, workspace, first).await? {
        let (folder, name) = (&place.document.folder, &place.document.name);
        let Some(document) = store::get::<Document>(cx, key::document(folder, name)).await? else { continue };
        let parts = place.chunks.div_ceil(part_rows(embedded_dim(cx, workspace).await?) as u64);
        let again = ingest::index_again(cx, engine, &owner, &document, &place, parts).await;
        done += u64::from(again.is_ok());
        cx.breathe().await;
    }
    finish(cx, workspace, first).await?;
    Ok(done)
}

async fn embedded_dim(cx: &Cx, workspace: u64) -> Result<usize, ApiError> {
    let head = store::get::<IndexHead>(cx, key::index_head(workspace)).await?;
    Ok(head.map_or(1, |head| head.dim.max(1)))
}

/// Documents whose segments are of the former model.
async fn former(cx: &Cx, workspace: u64, first: u64) -> Result<Vec<(crate::seam::Key, Placement)>, ApiError> {
    let mut places = store::all::<Placement>(cx, key::placements(workspace)).await?;
    places.retain(|(_, place)| place.segment < first);
    Ok(places)
}

/// Notes that nothing of the former model is left, if that is so.
async fn finish(cx: &Cx, workspace: u64, first: u64) -> Result<(), ApiError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        // Whatever adds or removes a segment moves the head.
        let Some(mut head) = tx.get::<IndexHead>(key::index_head(workspace)).await? else { return Ok(()) };
        if head.former != Some(first) || !former(cx, workspace, first).await?.is_empty() {
            return Ok(());
        }
        head.former = None;
        put_head(&mut tx, workspace, &mut head, &IndexChange::default())?;
        if tx.commit().await? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHost;
    use serde_json::{Value, json};

    /// A workspace whose index says that the former model made it.
    fn host() -> TestHost {
        let mut host = TestHost::new(&[("EMBEDDING_ENGINE", "native")]);
        host.workspace("Docs");
        let texts = [
            ("otters", "Otters swim in the river and sleep on its banks."),
            ("kettles", "A kettle of copper stands on the stove."),
        ];
        let paths = texts.map(|(title, text)| host.raw_text(title, text));
        host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": paths })).ok();
        let mut head = host.value(key::index_head(1).as_str());
        head["embedder"] = FORMER_BUILTIN_MODEL.into();
        host.record(key::index_head(1), &head);
        host.engine = host.engine.cold();
        host
    }

    fn head(host: &TestHost) -> IndexHead {
        serde_json::from_value(host.value(key::index_head(1).as_str())).unwrap()
    }

    fn search(host: &mut TestHost, query: &str) -> Vec<(String, f64)> {
        let body = json!({ "query": query, "scoreThreshold": 0 });
        let reply = host.call("POST", "/v1/workspace/docs/vector-search", &body).ok();
        let row = |row: &Value| {
            let title = row["metadata"]["title"].as_str().unwrap().trim_end_matches(".txt").to_owned();
            (title, row["score"].as_f64().unwrap())
        };
        reply["results"].as_array().unwrap().iter().map(row).collect()
    }

    #[test]
    fn an_index_of_the_former_model_is_searched_by_words_and_embedded_again() {
        let mut host = host();
        assert_eq!(search(&mut host, "copper kettle"), [("kettles".to_owned(), 0.0)]);
        host.tend().ok();
        let after = head(&host);
        assert_eq!((after.embedder.as_str(), after.former, after.rows), (BUILTIN_MODEL, None, 2));
        let found = search(&mut host, "copper kettle");
        assert!(found[0].0 == "kettles" && found[0].1 > 0.3, "{found:?}");
        assert_eq!(found.len(), 2, "vectors find what shares no word");
    }

    #[test]
    fn a_document_that_is_added_meanwhile_starts_it() {
        let mut host = host();
        let path = host.raw_text("harbour", "The harbour master keeps the key.");
        host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
        let after = head(&host);
        assert_eq!((after.embedder.as_str(), after.former, after.rows), (BUILTIN_MODEL, None, 3));
    }
}
