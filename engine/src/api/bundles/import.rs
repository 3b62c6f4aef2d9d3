//! `POST /v1/workspace/import?name=`: the body is a bundle.

use super::super::Call;
use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::wire;
use super::commit;
use super::contents::{Contents, parse};
use super::inconsistent;
use super::numbers::Numbers;
use crate::lexical::postings::{self, Posting, bucket_at};
use crate::model::{ChunkRecord, Document, Pages};
use crate::retrieve::staging::{self, COMMIT_BYTES, Staged, Stager};
use crate::retrieve::{part_rows, rows_in_part};
use crate::seam::{Cx, Key, Work, Write};
use crate::store::{self, key};
use crate::vector::code::Codes;
use crate::vector::segment::{SegmentVectors, decode_f32_row};
use bytes::Bytes;
use serde_json::json;
use std::collections::BTreeMap;

/// Makes a workspace of a bundle: all of it, or nothing. What it holds is staged under a number of its own; one
/// commit makes it a workspace.
pub async fn import(call: Call) -> Result<Answer, ApiError> {
    let name = Fields::of_query(&call.request).string("name")?.map(str::to_owned);
    let contents = Contents::read(&call.cx, call.request.body.clone()).await?;
    if let Some(message) = contents.manifest.of_other_embedder(call.engine.embedder().model_name()) {
        return Err(ApiError::new(Code::OtherEmbedder, message));
    }
    let numbers = Numbers::take(&call.cx, &contents.placements).await?;
    let documents = commit::plan(&call.cx, &contents, &numbers).await?;
    let of = Staged::Import { workspace: numbers.workspace, documents: numbers.documents.clone() };
    let stager = Stager::begin(&call.cx, numbers.staging, of).await?;
    let mut importing = Importing {
        cx: &call.cx,
        contents: &contents,
        numbers: &numbers,
        documents: &documents,
        stager,
        pending: Vec::new(),
        pending_bytes: 0,
        counts: BTreeMap::new(),
        texts: BTreeMap::new(),
    };
    let done = match importing.stage().await {
        Ok(()) => commit::commit(&call, &contents, &numbers, &documents, &importing.stager, name).await,
        Err(error) => Err(error),
    };
    let workspace = match done {
        Ok(workspace) => workspace,
        Err(error) => {
            importing.stager.discard().await;
            return Err(error);
        }
    };
    Ok(Answer::ok(&json!({
        "workspace": wire::workspace(&workspace),
        "documents": contents.manifest.documents,
        "chunks": contents.manifest.chunks,
        "message": null,
    })))
}

/// What was seen of a segment.
#[derive(Default)]
struct Counts {
    chunks: u64,
    rows: u64,
    vectors: u64,
    parts: u64,
    coded: u64,
    code_parts: u64,
}

struct Importing<'a> {
    cx: &'a Cx,
    contents: &'a Contents,
    numbers: &'a Numbers,
    /// Ids here of the documents that are new here, by their ids in the bundle.
    documents: &'a BTreeMap<String, String>,
    stager: Stager,
    pending: Vec<Write>,
    pending_bytes: usize,
    counts: BTreeMap<u64, Counts>,
    /// Parts and bytes of texts, by id in the bundle.
    texts: BTreeMap<String, (u64, u64)>,
}

impl Importing<'_> {
    /// Writes chunks, vectors and texts, and checks that all are there.
    async fn stage(&mut self) -> Result<(), ApiError> {
        let mut slices = self.cx.slices();
        for n in 0..self.contents.blocks() {
            for entry in self.contents.block(n)?.entries() {
                self.entry(&entry.key, &entry.value)?;
                slices.spend(Work::Json(entry.key.as_str().len() + entry.value.len())).await;
            }
            if self.pending_bytes > COMMIT_BYTES {
                self.flush().await?;
            }
        }
        self.flush().await?;
        self.check()
    }

    async fn flush(&mut self) -> Result<(), ApiError> {
        self.pending_bytes = 0;
        for piece in staging::pieces(std::mem::take(&mut self.pending)) {
            self.stager.write(piece).await?;
        }
        Ok(())
    }

    fn put(&mut self, at: Key, value: Bytes) {
        let write = Write::Put(at, value);
        self.pending_bytes += staging::size(&write);
        self.pending.push(write);
    }

    fn entry(&mut self, at: &Key, value: &Bytes) -> Result<(), ApiError> {
        let parts: Vec<&str> = at.as_str().split('/').collect();
        match parts.as_slice() {
            ["chunk", _, _, _] => self.chunk(at, value),
            ["row", _, _, _] => self.row(at, value),
            ["vec", _, _, _] => self.vectors(at, value),
            ["code", _, _, _] => self.codes(at, value),
            ["term", _, level, bucket, segment, part] => {
                self.terms(at, [level, bucket, segment, part], value)
            }
            ["doc.text", id, _] => self.text(&key::decode(id), at, value),
            ["doc.pages", id] => {
                let Some(ours) = self.documents.get(&key::decode(id)) else { return Ok(()) };
                let pages: Pages = parse(at, value)?;
                self.put(key::document_pages(ours), json_of(at, &pages)?);
                Ok(())
            }
            ["chunk" | "row" | "vec" | "code" | "term" | "doc.text" | "doc.pages", ..] => Err(misplaced(at)),
            _ => Ok(()),
        }
    }

    /// Their segment, and the number at the end of the key, which must be the next one.
    fn place(
        &mut self,
        at: &Key,
        next: impl Fn(&mut Counts) -> &mut u64,
    ) -> Result<(u64, u64, u64), ApiError> {
        let mut numbers = at.as_str().rsplit('/').map(str::parse::<u64>);
        let (Some(Ok(n)), Some(Ok(segment)), Some(Ok(workspace))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(misplaced(at));
        };
        let ours = self.numbers.segment(segment)?;
        let expected = next(self.counts.entry(segment).or_default());
        if workspace != self.contents.workspace.id || n != *expected {
            return Err(misplaced(at));
        }
        *expected += 1;
        Ok((segment, ours, n))
    }

    fn chunk(&mut self, at: &Key, value: &Bytes) -> Result<(), ApiError> {
        let (theirs, segment, n) = self.place(at, |counts| &mut counts.chunks)?;
        let mut chunk: ChunkRecord = parse(at, value)?;
        if !self.numbers.owns(chunk.placement, theirs) {
            return Err(inconsistent(format!("{at} belongs to another document")));
        }
        chunk.placement = self.numbers.placement(chunk.placement)?;
        self.put(key::chunk(self.numbers.workspace, segment, n), json_of(at, &chunk)?);
        Ok(())
    }

    fn row(&mut self, at: &Key, value: &Bytes) -> Result<(), ApiError> {
        let (_, segment, n) = self.place(at, |counts| &mut counts.rows)?;
        decode_f32_row(value, self.dim()).map_err(|error| inconsistent(format!("{at}: {error}")))?;
        self.put(key::row(self.numbers.workspace, segment, n), value.clone());
        Ok(())
    }

    fn vectors(&mut self, at: &Key, value: &Bytes) -> Result<(), ApiError> {
        let (theirs, segment, part) = self.place(at, |counts| &mut counts.parts)?;
        let rows =
            SegmentVectors::decode(0, value).map_err(|error| inconsistent(format!("{at}: {error}")))?;
        let counts = self.counts.entry(theirs).or_default();
        // All parts but the last are full.
        let full = part_rows(rows.dim()) as u64;
        if counts.vectors != part * full || rows.len() as u64 > full || rows.is_empty() {
            return Err(misplaced(at));
        }
        counts.vectors += rows.len() as u64;
        if rows.dim() != self.dim() {
            return Err(inconsistent(format!("{at} has vectors of another length")));
        }
        self.put(key::vectors(self.numbers.workspace, segment, part), value.clone());
        Ok(())
    }

    fn codes(&mut self, at: &Key, value: &Bytes) -> Result<(), ApiError> {
        let (theirs, segment, part) = self.place(at, |counts| &mut counts.code_parts)?;
        let rows = Codes::decode(value).map_err(|error| inconsistent(format!("{at}: {error}")))?;
        let counts = self.counts.entry(theirs).or_default();
        let full = part_rows(rows.dim()) as u64;
        if counts.coded != part * full || rows.len() as u64 > full || rows.is_empty() {
            return Err(misplaced(at));
        }
        counts.coded += rows.len() as u64;
        if rows.dim() != self.dim() {
            return Err(inconsistent(format!("{at} has codes of another length")));
        }
        self.put(key::codes(self.numbers.workspace, segment, part), value.clone());
        Ok(())
    }

    fn terms(&mut self, at: &Key, numbers: [&str; 4], value: &Bytes) -> Result<(), ApiError> {
        let [Ok(level), Ok(bucket), Ok(theirs), Ok(part)] = numbers.map(str::parse::<u64>) else {
            return Err(misplaced(at));
        };
        let (level, bucket) = (u8::try_from(level).unwrap_or(0), u8::try_from(bucket).unwrap_or(u8::MAX));
        let segment = self.numbers.segment(theirs)?;
        let rows = rows_in_part(self.numbers.chunks(theirs), self.dim(), part);
        let place = key::terms(self.contents.workspace.id, level, bucket, theirs, part);
        if rows == 0 || level != postings::level(rows) || *at != place {
            return Err(misplaced(at));
        }
        let mut fits = true;
        let check = |term, posting: Posting| {
            fits &= bucket_at(term, level) == bucket && u64::from(posting.row) < rows;
        };
        postings::read(value, |_| true, check)
            .map_err(|why| inconsistent(format!("{at}: its bytes {}", why.0)))?;
        if !fits {
            return Err(misplaced(at));
        }
        self.put(key::terms(self.numbers.workspace, level, bucket, segment, part), value.clone());
        Ok(())
    }

    fn text(&mut self, id: &str, at: &Key, value: &Bytes) -> Result<(), ApiError> {
        let (parts, bytes) = self.texts.entry(id.to_owned()).or_default();
        let part = *parts;
        *parts += 1;
        *bytes += value.len() as u64;
        if *at != key::document_text(id, part) || std::str::from_utf8(value).is_err() {
            return Err(misplaced(at));
        }
        if let Some(ours) = self.documents.get(id) {
            let place = key::document_text(ours, part);
            self.put(place, value.clone());
        }
        Ok(())
    }

    fn dim(&self) -> usize {
        self.contents.head.as_ref().map_or(0, |head| head.dim)
    }

    fn check(&self) -> Result<(), ApiError> {
        for placement in &self.contents.placements {
            let counts = self.counts.get(&placement.segment);
            let all = counts.is_some_and(|counts| {
                [counts.chunks, counts.rows, counts.vectors, counts.coded]
                    .iter()
                    .all(|count| *count == placement.chunks)
            });
            if !all {
                let path = placement.document.path();
                return Err(inconsistent(format!("not all chunks and vectors of {path} are there")));
            }
        }
        let whole = |document: &Document| {
            let text = self.texts.get(&document.id).copied().unwrap_or_default();
            text == (document.text_parts, document.text_bytes)
        };
        match self.contents.documents.values().find(|document| !whole(document)) {
            Some(document) => {
                Err(inconsistent(format!("not all of the text of {} is there", document.path())))
            }
            None => Ok(()),
        }
    }
}

fn misplaced(at: &Key) -> ApiError {
    inconsistent(format!("{at} is not what belongs there"))
}

fn json_of<T: serde::Serialize>(at: &Key, record: &T) -> Result<Bytes, ApiError> {
    let json = serde_json::to_vec(record);
    json.map(Bytes::from).map_err(|error| store::StoreError::Damaged(at.clone(), error.to_string()).into())
}
