//! From a question to the chunks that matter: cosine similarity over a workspace, exact up to some thousand chunks.

use super::index::{Loaded, Rows, locate};
use super::lexical::{self, Place};
use crate::Engine;
use crate::api::{ApiError, Code};
use crate::embed::{self, Purpose};
use crate::lexical::fusion::{DEPTH, fuse, share_of_vectors};
use crate::model::{ChunkRecord, Placement, SearchMode};
use crate::seam::{Cx, Work};
use crate::store::{self, key};
use crate::vector::code;
use crate::vector::rotation::rotate;
use crate::vector::search::{Candidate, Hit, Rescore, Scan};
use crate::vector::segment::decode_f32_row;
use crate::vector::unit::unit;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What to look for.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// The question.
    pub text: &'a str,
    /// By what.
    pub mode: SearchMode,
    /// At most so many chunks.
    pub top_n: u64,
    /// Chunks with a lower score are dropped, unless their words were found; 0 to 1.
    pub threshold: f64,
    /// `docId`s of documents whose chunks are dropped after the search, so that fewer than `top_n` may
    /// remain (reference §7.7).
    pub without: &'a BTreeSet<String>,
}

/// A chunk that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where it is from.
    pub placement: Placement,
    /// The chunk.
    pub chunk: ChunkRecord,
    /// Cosine distance to the question, 0 to 2.
    pub distance: f32,
    /// Similarity as clients know it, 0 to 1.
    pub score: f64,
    /// BM25, if its words were looked for and found.
    pub lexical: Option<f64>,
    /// Both together, 0 to 1, where both were looked at.
    pub fused: Option<f64>,
}

/// What a search brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// Best first.
    pub found: Vec<Found>,
    /// Chunks that the threshold dropped, best first.
    pub below: Vec<Found>,
    /// Every vector was compared.
    pub exact: bool,
}

/// A row on its way to the answer.
#[derive(Clone, Copy)]
struct Ranked {
    hit: Hit,
    lexical: Option<f64>,
    fused: Option<f64>,
}

/// Bytes of rows that are scanned in one step.
const STEP_BYTES: usize = 4 << 20;

/// Values that count as one row of work.
const ROW_VALUES: usize = 256;

/// Float rows read at first, and at most four times as many whenever those did not settle it: a store may answer a
/// hundred reads as soon as one.
const ROWS_READ: usize = 32;

/// Rows that are compared in float at most where codes have to find them. Most searches need far fewer: once no row is
/// likely to be among the best, no more are read.
fn shortlist(top_n: usize) -> usize {
    top_n.saturating_mul(4).saturating_add(256)
}

/// The chunks nearest to the question, nearest first; equal ones in the order they were added.
pub(crate) async fn search(
    cx: &Cx,
    engine: &Engine,
    workspace: u64,
    loaded: Loaded,
    query: Query<'_>,
) -> Result<Searched, ApiError> {
    let embedder = engine.embedder();
    let vectors = embed::embed(cx, embedder, &[query.text.to_owned()], Purpose::Query).await?;
    let vector = vectors.into_iter().next().unwrap_or_default();
    if vector.len() != loaded.head.dim || embedder.model_name() != loaded.head.embedder {
        return Err(other_embedder(&loaded, embedder.model_name(), vector.len()));
    }
    let top_n = usize::try_from(query.top_n).unwrap_or(usize::MAX).min(loaded.index.len());
    let ranked = match query.mode {
        SearchMode::Vector => {
            let hits = nearest(cx, workspace, &loaded, &vector, top_n).await?;
            hits.into_iter().map(|hit| Ranked { hit, lexical: None, fused: None }).collect()
        }
        mode => by_words(cx, workspace, &loaded, &vector, query.text, mode, top_n).await?,
    };
    let (mut kept, mut below) = (Vec::new(), Vec::new());
    for one in fetch(cx, workspace, ranked, loaded.head.dim).await? {
        if one.score < query.threshold && one.lexical.is_none() {
            below.push(one);
        } else if !query.without.contains(&one.placement.doc_id) {
            kept.push(one);
        }
    }
    Ok(Searched { found: kept, below, exact: loaded.rows == Rows::Whole })
}

/// The rows nearest to a vector.
async fn nearest(
    cx: &Cx,
    workspace: u64,
    loaded: &Loaded,
    vector: &[f32],
    top_n: usize,
) -> Result<Vec<Hit>, ApiError> {
    let candidates = match loaded.rows {
        Rows::Whole => scan(cx, loaded, vector, top_n).await?,
        Rows::Codes => scan_codes(cx, loaded, vector, top_n).await?,
    };
    rescore(cx, workspace, loaded, vector, candidates, top_n).await
}

/// The rows whose words, or words and vectors, match best.
async fn by_words(
    cx: &Cx,
    workspace: u64,
    loaded: &Loaded,
    vector: &[f32],
    text: &str,
    mode: SearchMode,
    top_n: usize,
) -> Result<Vec<Ranked>, ApiError> {
    let depth = top_n.max(DEPTH);
    let words = lexical::search(cx, workspace, &loaded.head, text, depth).await?;
    let hits = match mode {
        SearchMode::Hybrid => nearest(cx, workspace, loaded, vector, depth.min(loaded.index.len())).await?,
        _ => Vec::new(),
    };
    let place = |hit: &Hit| (hit.segment, hit.n);
    let vectors: Vec<(Place, f64)> = hits.iter().map(|hit| (place(hit), f64::from(hit.cosine))).collect();
    let ranked: Vec<(Place, Option<f64>)> = match mode {
        SearchMode::Hybrid => {
            let share = share_of_vectors(&loaded.head.embedder, embed::BUILTIN_MODEL);
            fuse(&vectors, &words, share).into_iter().map(|(place, fused)| (place, Some(fused))).collect()
        }
        _ => words.iter().map(|(place, _)| (*place, None)).collect(),
    };
    let ranked = &ranked[..ranked.len().min(top_n)];
    let mut known = store::by_id(hits.iter().map(|hit| (place(hit), *hit)));
    let missing: Vec<Place> =
        ranked.iter().map(|(place, _)| *place).filter(|p| !known.contains_key(p)).collect();
    let compared = compare(cx, workspace, loaded, vector, &missing).await?;
    known.extend(compared.iter().map(|hit| (place(hit), *hit)));
    let lexical = store::by_id(words);
    let whole = ranked.iter().filter_map(|(place, fused)| {
        Some(Ranked { hit: *known.get(place)?, lexical: lexical.get(place).copied(), fused: *fused })
    });
    Ok(whole.collect())
}

/// How near some rows are.
async fn compare(
    cx: &Cx,
    workspace: u64,
    loaded: &Loaded,
    vector: &[f32],
    places: &[Place],
) -> Result<Vec<Hit>, ApiError> {
    let candidate =
        |(segment, n): &Place| Candidate { segment: *segment, n: *n, approx: 0.0, upper: f32::INFINITY };
    let all: Vec<Candidate> = places.iter().map(candidate).collect();
    rescore(cx, workspace, loaded, vector, all, places.len()).await
}

async fn scan(cx: &Cx, loaded: &Loaded, vector: &[f32], top_n: usize) -> Result<Vec<Candidate>, ApiError> {
    let mut scan = Scan::new(&loaded.index, vector, top_n, None).map_err(internal)?;
    let (dim, mut slices) = (loaded.head.dim.max(1), cx.slices());
    let step = (STEP_BYTES / dim).max(1);
    while scan.step(step) {
        slices.spend(Work::Rows(step * dim.div_ceil(ROW_VALUES))).await;
    }
    Ok(scan.finish())
}

/// The rows whose codes are most like the query, most promising first.
async fn scan_codes(
    cx: &Cx,
    loaded: &Loaded,
    vector: &[f32],
    top_n: usize,
) -> Result<Vec<Candidate>, ApiError> {
    let turned = rotate(&unit(vector).map_err(internal)?);
    let most = shortlist(top_n).min(loaded.index.len());
    let mut candidates = scan(cx, loaded, &turned, most).await?;
    let dim = loaded.head.dim;
    candidates.iter_mut().for_each(|candidate| candidate.upper = code::likely_at_most(candidate.approx, dim));
    candidates.sort_by(most_promising);
    candidates.truncate(most);
    Ok(candidates)
}

fn most_promising(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.upper.total_cmp(&a.upper).then((a.segment, a.n).cmp(&(b.segment, b.n)))
}

async fn rescore(
    cx: &Cx,
    workspace: u64,
    loaded: &Loaded,
    vector: &[f32],
    mut candidates: Vec<Candidate>,
    top_n: usize,
) -> Result<Vec<Hit>, ApiError> {
    let mut best = Rescore::new(vector, top_n).map_err(internal)?;
    let mut rest: &[Candidate] = {
        // Most promising first: once the best are found, the others need not be read.
        candidates.sort_by(most_promising);
        &candidates
    };
    let mut count = ROWS_READ.max(top_n);
    let mut slices = cx.slices();
    loop {
        // Once a row is not wanted, none behind it is, and none of them will be.
        let wanted = rest.iter().take(count).take_while(|candidate| best.wants(candidate)).count();
        if wanted == 0 {
            return Ok(best.finish());
        }
        let (batch, later) = rest.split_at(wanted);
        (rest, count) = (later, count.saturating_mul(4));
        slices.spend(Work::Rows(batch.len() * loaded.head.dim.div_ceil(ROW_VALUES))).await;
        for (candidate, row) in batch.iter().zip(float_rows(cx, workspace, loaded, batch).await?) {
            // A row that is gone was deleted since the index was read.
            let Some(row) = row else { continue };
            best.push(candidate.segment, candidate.n, &row).map_err(internal)?;
        }
    }
}

/// The float rows of candidates: those at hand, and the others from the store.
async fn float_rows(
    cx: &Cx,
    workspace: u64,
    loaded: &Loaded,
    candidates: &[Candidate],
) -> Result<Vec<Option<Arc<[f32]>>>, ApiError> {
    let dim = loaded.head.dim;
    let name = |candidate: &Candidate| {
        let (segment, n) = locate(candidate.segment, candidate.n, dim);
        (workspace, segment, n)
    };
    let names: Vec<_> = candidates.iter().map(name).collect();
    let mut rows = loaded.floats.get(&names);
    let (mut keys, mut places) = (Vec::new(), Vec::new());
    for (((_, segment, n), row), name) in names.iter().zip(&mut rows).zip(&names) {
        if row.is_none() {
            keys.push(key::row(workspace, *segment, *n));
            places.push((row, *name));
        }
    }
    if keys.is_empty() {
        return Ok(rows);
    }
    let found = store::get_bytes(cx, keys.clone()).await?;
    for (((row, name), bytes), key) in places.into_iter().zip(found).zip(&keys) {
        let Some(bytes) = bytes else { continue };
        let values: Arc<[f32]> = match decode_f32_row(&bytes, dim) {
            Ok(values) => values.into(),
            Err(error) => return Err(store::damaged(cx, key, error.to_string()).await.into()),
        };
        loaded.floats.put(name, Arc::clone(&values));
        *row = Some(values);
    }
    Ok(rows)
}

async fn fetch(cx: &Cx, workspace: u64, ranked: Vec<Ranked>, dim: usize) -> Result<Vec<Found>, ApiError> {
    let keys = ranked.iter().map(|Ranked { hit, .. }| {
        let (segment, n) = locate(hit.segment, hit.n, dim);
        key::chunk(workspace, segment, n)
    });
    let chunks: Vec<Option<ChunkRecord>> = store::get_many(cx, keys.collect()).await?;
    let wanted: BTreeSet<u64> = chunks.iter().flatten().map(|chunk| chunk.placement).collect();
    let keys = wanted.iter().map(|id| key::placement(workspace, *id)).collect();
    let placements: Vec<Option<Placement>> = store::get_many(cx, keys).await?;
    let placements = store::by_id(placements.into_iter().flatten().map(|p| (p.id, p)));
    let found = ranked.into_iter().zip(chunks).filter_map(|(Ranked { hit, lexical, fused }, chunk)| {
        let chunk = chunk?;
        let placement = placements.get(&chunk.placement)?.clone();
        Some(Found { placement, chunk, distance: hit.distance(), score: hit.score(), lexical, fused })
    });
    Ok(found.collect())
}

/// The index was made by another embedder than the one that is configured now.
pub(crate) fn other_embedder(loaded: &Loaded, model: &str, dim: usize) -> ApiError {
    let head = &loaded.head;
    ApiError::new(
        Code::EmbedderFailed,
        format!(
            "This workspace was embedded with {} ({} dimensions), but the embedder is now {model} ({dim}). \
             Configure the former again, or remove the workspace's documents and add them anew.",
            head.embedder, head.dim
        ),
    )
}

fn internal(error: crate::vector::error::VectorError) -> ApiError {
    ApiError::new(Code::EmbedderFailed, format!("The embedder gave a vector that cannot be used: {error}."))
}
