//! `POST /v1/workspace/:slug/vector-search` (reference §9).

use super::answer::Answer;
use super::body::Fields;
use super::error::{ApiError, Code};
use super::workspace_fields::SEARCH_MODES;
use super::{Call, js, numbers};
use crate::chat::with_header;
use crate::model::SearchMode;
use crate::retrieve::search::{self, Found, Query, Searched};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Chunks of one answer, and of one question to a model.
pub(super) const TOP_N_MAX: u64 = 1000;

/// The chunks nearest to a query; needs no language model.
pub async fn vector_search(call: Call) -> Result<Answer, ApiError> {
    let workspace = call.workspace().await?;
    let longest = call.engine.settings().lengths.query;
    longest.check_body("query", call.request.body.len())?;
    let fields = Fields::of_body(&call.request)?;
    let text = fields.string("query")?.filter(|query| !query.is_empty());
    let text = text.ok_or_else(|| ApiError::new(Code::InvalidField, "Query parameter cannot be empty."))?;
    longest.check("query", text.len())?;
    let top_n = numbers::whole(&fields, "topN", 1..=TOP_N_MAX)?;
    let threshold = numbers::fraction(&fields, "scoreThreshold", 0.0..=1.0)?;
    let Some(index) = call.engine.indexes().load(&call.cx, workspace.id).await? else {
        let message = "No embeddings found for this workspace.";
        return Ok(Answer::ok(&json!({ "results": [], "message": message })));
    };
    let mode = match fields.string("searchMode")? {
        None => workspace.search_mode,
        Some(name) => SearchMode::parse(name).ok_or_else(|| ApiError::field("searchMode", SEARCH_MODES))?,
    };
    let query = Query {
        text,
        mode,
        top_n: top_n.unwrap_or(workspace.top_n),
        threshold: threshold.unwrap_or(workspace.similarity_threshold),
        without: &BTreeSet::new(),
    };
    let searched = search::search(&call.cx, &call.engine, workspace.id, index, query).await?;
    let Searched { found, below, .. } = &searched;
    let mut body = json!({ "results": found.iter().map(row).collect::<Vec<Value>>() });
    // Nothing at all is often a threshold too high for the embedder: say so.
    if let (true, Some(best)) = (found.is_empty(), below.first()) {
        let score = best.score;
        body["message"] = format!(
            "The nearest chunk has a score of {score:.3}, which is below the threshold of {}. \
             Send a lower scoreThreshold to see it.",
            query.threshold
        )
        .into();
    }
    if js::truthy(fields.get("explain")) {
        body["explain"] = explain(mode, &searched);
    }
    Ok(Answer::ok(&body))
}

/// How the results came about.
fn explain(mode: SearchMode, searched: &Searched) -> Value {
    let Searched { found, below, exact } = searched;
    let candidate = |one: &Found, kept: bool| {
        json!({
            "id": one.chunk.id,
            "vectorScore": one.score,
            "lexicalScore": one.lexical,
            "fusedScore": one.fused,
            "kept": kept,
        })
    };
    let kept = found.iter().map(|one| candidate(one, true));
    let candidates: Vec<Value> = kept.chain(below.iter().map(|one| candidate(one, false))).collect();
    json!({
        "searchMode": mode.name(),
        "exact": exact,
        "candidates": candidates,
        "removedByThreshold": below.len(),
        "removed": below.iter().map(row).collect::<Vec<Value>>(),
    })
}

fn row(found: &Found) -> Value {
    let Found { placement, chunk, distance, score, .. } = found;
    let document = &placement.document;
    json!({
        "id": chunk.id,
        "text": with_header(document, &chunk.text),
        "metadata": {
            "url": document.url,
            "title": document.title,
            "author": document.author,
            "description": document.description,
            "docSource": document.source,
            "chunkSource": document.chunk_source,
            "published": document.published,
            "wordCount": document.word_count,
            "tokenCount": document.token_count_estimate,
            "docId": placement.doc_id,
            "docpath": document.path(),
            "page": chunk.page,
            "headings": chunk.headings,
            "start": chunk.start,
            "end": chunk.end,
        },
        "distance": f64::from(*distance),
        "score": score,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::TestHost;
    use serde_json::{Value, json};

    /// A workspace `docs` of four short documents; the paths of them.
    fn host(vars: &[(&str, &str)]) -> (TestHost, Vec<String>) {
        let mut host = TestHost::new(vars);
        host.workspace("Docs");
        let texts = [
            ("otters", "Otters swim in the river and sleep on its banks."),
            ("errors", "If the pump reports E4711, close the valve and call the harbour."),
            ("pumps", "A pump moves water. Pumps are old."),
            ("kettles", "A kettle of copper stands on the stove."),
        ];
        let paths: Vec<String> = texts.iter().map(|(title, text)| host.raw_text(title, text)).collect();
        host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": paths })).ok();
        (host, paths)
    }

    fn ask(host: &mut TestHost, more: Value) -> Value {
        let mut body = json!({ "query": "e4711 pumps", "topN": 4, "scoreThreshold": 0 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        host.call("POST", "/v1/workspace/docs/vector-search", &body).ok()
    }

    fn titles(reply: &Value) -> Vec<&str> {
        let rows = reply["results"].as_array().unwrap().iter();
        rows.map(|row| row["metadata"]["title"].as_str().unwrap().trim_end_matches(".txt")).collect()
    }

    #[test]
    fn words_are_found_whatever_their_endings() {
        let (mut host, paths) = host(&[]);
        let reply = ask(&mut host, json!({ "searchMode": "lexical" }));
        assert_eq!(titles(&reply), ["errors", "pumps"]);
        let body = json!({ "deletes": [paths[1]] });
        host.call("POST", "/v1/workspace/docs/update-embeddings", &body).ok();
        assert_eq!(titles(&ask(&mut host, json!({ "searchMode": "lexical" }))), ["pumps"]);
    }

    #[test]
    fn both_ways_together_find_everything_and_say_why() {
        let (mut host, _) = host(&[]);
        let reply = ask(&mut host, json!({ "searchMode": "hybrid", "explain": true, "scoreThreshold": 1 }));
        // Nothing is that near, but words were found.
        let mut found = titles(&reply);
        found.sort_unstable();
        assert_eq!(found, ["errors", "pumps"]);
        let explain = &reply["explain"];
        assert_eq!((&explain["searchMode"], &explain["exact"]), (&json!("hybrid"), &json!(true)));
        assert_eq!(explain["removedByThreshold"], 2);
        let candidates = explain["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), 4);
        assert!(candidates[0]["fusedScore"].as_f64() > candidates[1]["fusedScore"].as_f64());
        assert_eq!(candidates[0]["vectorScore"], reply["results"][0]["score"]);
        assert!(candidates[2]["lexicalScore"].is_null() && candidates[2]["kept"] == false);
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused_with_what_does() {
        let (mut host, _) = host(&[]);
        let (whole, part) = ("a whole number from 1 to 1000", "a number from 0 to 1");
        for (name, value, range) in [
            ("topN", json!(0), whole),
            ("topN", json!(-1), whole),
            ("topN", json!(2.5), whole),
            ("topN", json!(1e18), whole),
            ("topN", json!("NaN"), whole),
            ("scoreThreshold", json!(1.01), part),
            ("scoreThreshold", json!(-1), part),
            ("scoreThreshold", json!("high"), part),
        ] {
            let body = json!({ "query": "otters", name: value });
            let refused = host.call("POST", "/v1/workspace/docs/vector-search", &body);
            let said = format!("`{name}` must be {range}.");
            assert_eq!((refused.status, &refused.json()["error"]), (400, &json!(said)), "{body}");
        }
        for (name, value) in [
            ("topN", json!(1001)),
            ("topN", json!("1e9")),
            ("openAiHistory", json!(1e18)),
            ("openAiTemp", json!(1e300)),
        ] {
            for path in ["/v1/workspace/docs/update", "/v1/workspace/new"] {
                let body = json!({ "name": "x", name: value });
                let refused = host.call("POST", path, &body);
                assert_eq!(refused.status, 400, "{path} {body}");
                assert!(refused.json()["error"].as_str().unwrap().starts_with(&format!("`{name}` must be")));
            }
        }
        assert_eq!(titles(&ask(&mut host, json!({ "topN": "1" }))).len(), 1);
    }

    #[test]
    fn plain_search_is_as_it_was() {
        let (mut host, _) = host(&[]);
        let plain = ask(&mut host, json!({}));
        assert_eq!(ask(&mut host, json!({ "searchMode": "vector" })), plain);
        let keys: Vec<&String> = plain["results"][0].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "text", "metadata", "distance", "score"]);
    }

    #[test]
    fn a_workspace_has_a_mode_of_its_own() {
        let (mut host, _) = host(&[]);
        let body = json!({ "searchMode": "lexical" });
        let made = host.call("POST", "/v1/workspace/docs/update", &body).ok();
        assert_eq!(made["workspace"]["searchMode"], "lexical");
        assert_eq!(titles(&ask(&mut host, json!({}))), ["errors", "pumps"]);
        let wrong = json!({ "query": "x", "name": "x", "searchMode": "magic" });
        for path in ["docs/vector-search", "docs/update", "new"] {
            let refused = host.call("POST", &format!("/v1/workspace/{path}"), &wrong);
            assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("invalid_field")), "{path}");
        }
        let kept = host.call("GET", "/v1/workspace/docs", &json!(null)).ok();
        assert_eq!(kept["workspace"][0]["searchMode"], "lexical");
        // Nothing is what clients expect, and what they are shown.
        let made = host.call("POST", "/v1/workspace/docs/update", &json!({ "searchMode": null })).ok();
        assert_eq!(made["workspace"].get("searchMode"), None);
    }

    #[test]
    fn a_large_workspace_is_searched_through_its_codes() {
        let (mut small, _) = host(&[]);
        let (mut large, paths) = host(&[("HAVERSACK_EXACT_CHUNKS", "3")]);
        let found = ask(&mut large, json!({ "explain": true }));
        assert_eq!(found["explain"]["exact"], false);
        // Of few rows, all are compared.
        assert_eq!(found["results"], ask(&mut small, json!({}))["results"]);
        let body = json!({ "deletes": [paths[0]] });
        large.call("POST", "/v1/workspace/docs/update-embeddings", &body).ok();
        assert_eq!(ask(&mut large, json!({ "explain": true }))["explain"]["exact"], true);
        large.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [paths[0]] })).ok();
        assert_eq!(titles(&ask(&mut large, json!({}))).len(), 4);
        // What an older program has written has no codes.
        large.store.retain(|key, _| !key.as_str().starts_with("code/"));
        large.engine = large.engine.cold();
        let found = ask(&mut large, json!({ "explain": true }));
        assert_eq!((titles(&found).len(), &found["explain"]["exact"]), (4, &json!(true)));
    }
}
