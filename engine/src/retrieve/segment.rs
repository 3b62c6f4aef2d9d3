//! One document's segment of a vector index, on its way into the store.

use super::index::part_rows;
use super::staging::{self, COMMIT_BYTES, Staged, Stager};
use crate::api::ApiError;
use crate::api::Code;
use crate::chunk::Chunk;
use crate::lexical::collect::Collected;
use crate::model::{ChunkRecord, Placement};
use crate::seam::{Cx, Slices, Work, Write};
use crate::store::{StoreError, Transaction, key, next_id};
use crate::vector::code::Codes;
use crate::vector::error::VectorError;
use crate::vector::rotation::Rotation;
use crate::vector::segment::{SegmentVectors, encode_f32_row};
use crate::vector::unit::unit;
use serde::Serialize;

/// Collects rows; writes them in pieces once they are more than one commit should hold.
pub struct SegmentWriter {
    cx: Cx,
    slices: Slices,
    workspace: u64,
    /// Taken with the first row, so that an embedder that fails at once uses up no numbers.
    ids: Option<Ids>,
    /// Its words count as said in every chunk.
    title: String,
    part: Option<(SegmentVectors, Codes)>,
    rotation: Option<Rotation>,
    terms: Collected,
    words: u64,
    parts: u64,
    rows: u64,
    dim: usize,
    pending: Vec<Write>,
    pending_bytes: usize,
    stager: Option<Stager>,
}

/// Bytes of text that quantising a row costs as much as.
const ROW_BYTES: usize = 500;

/// The numbers of a placement and its segment.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    /// Of the placement.
    pub placement: u64,
    /// Of its segment.
    pub segment: u64,
}

impl SegmentWriter {
    /// A segment without rows, for a document of this title in `workspace`.
    pub fn new(cx: &Cx, workspace: u64, title: &str) -> SegmentWriter {
        SegmentWriter {
            cx: cx.clone(),
            slices: cx.slices(),
            workspace,
            ids: None,
            title: title.to_owned(),
            part: None,
            rotation: None,
            terms: Collected::default(),
            words: 0,
            parts: 0,
            rows: 0,
            dim: 0,
            pending: Vec::new(),
            pending_bytes: 0,
            stager: None,
        }
    }

    /// A segment to take the place of the one that this placement has.
    pub async fn again(cx: &Cx, placement: &Placement, title: &str) -> Result<SegmentWriter, StoreError> {
        let mut writer = SegmentWriter::new(cx, placement.workspace, title);
        writer.ids = Some(Ids { placement: placement.id, segment: staging::next_number(cx).await? });
        Ok(writer)
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Words so far.
    pub fn words(&self) -> u64 {
        self.words
    }

    /// Values in a row; 0 before the first.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The segment's numbers.
    pub async fn ids(&mut self) -> Result<Ids, StoreError> {
        if let Some(ids) = self.ids {
            return Ok(ids);
        }
        let segment = staging::next_number(&self.cx).await?;
        let ids = Ids { placement: next_id(&self.cx, "placement").await?, segment };
        self.ids = Some(ids);
        Ok(ids)
    }

    /// Adds chunks of `text` and their vectors, which need not be normalised.
    pub async fn push(&mut self, text: &str, chunks: &[Chunk], vectors: &[Vec<f32>]) -> Result<(), ApiError> {
        if chunks.len() != vectors.len() {
            let (wanted, came) = (chunks.len(), vectors.len());
            let message = format!("The embedder gave {came} vectors for {wanted} texts.");
            return Err(ApiError::new(Code::EmbedderFailed, message));
        }
        let ids = self.ids().await?;
        for (chunk, vector) in chunks.iter().zip(vectors) {
            self.push_row(ids, text, chunk, vector)?;
            let said = chunk.span.len() + self.title.len();
            self.slices.spend(Work::Words(said + ROW_BYTES)).await;
        }
        if self.pending_bytes > COMMIT_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    fn push_row(&mut self, ids: Ids, text: &str, chunk: &Chunk, vector: &[f32]) -> Result<(), ApiError> {
        let row = unit(vector).map_err(unusable)?;
        if self.rows == 0 {
            self.dim = row.len();
        }
        let (part, codes) = match &mut self.part {
            Some(part) => part,
            None => {
                let rows = SegmentVectors::new(ids.segment, self.dim).map_err(unusable)?;
                self.part.insert((rows, Codes::new(self.dim).map_err(unusable)?))
            }
        };
        part.push(&row).map_err(unusable)?;
        let rotation = self.rotation.get_or_insert_with(|| Rotation::new(row.len()));
        codes.push(rotation, &row).map_err(unusable)?;
        let full = part.len() >= part_rows(self.dim);
        let record = ChunkRecord {
            id: self.cx.uuid().to_string(),
            placement: ids.placement,
            text: text.get(chunk.span.clone()).unwrap_or_default().to_owned(),
            start: chunk.span.start as u64,
            end: chunk.span.end as u64,
            page: chunk.page,
            headings: chunk.headings.clone(),
        };
        let headings = record.headings.iter().map(String::as_str);
        let said: Vec<&str> = [record.text.as_str(), &self.title].into_iter().chain(headings).collect();
        let words = self.terms.push(&said);
        self.words += u64::from(words);
        let row_key = key::row(self.workspace, ids.segment, self.rows);
        self.put(Write::Put(row_key, encode_f32_row(&row).into()));
        let chunk_key = key::chunk(self.workspace, ids.segment, self.rows);
        let record = json(&record).map_err(|why| StoreError::Damaged(chunk_key.clone(), why))?;
        self.put(Write::Put(chunk_key, record.into()));
        self.rows += 1;
        if full {
            self.close_part(ids);
        }
        Ok(())
    }

    fn put(&mut self, write: Write) {
        self.pending_bytes += staging::size(&write);
        self.pending.push(write);
    }

    fn close_part(&mut self, ids: Ids) {
        if let Some((part, codes)) = self.part.take() {
            let place = key::vectors(self.workspace, ids.segment, self.parts);
            self.put(Write::Put(place, part.encode().into()));
            let place = key::codes(self.workspace, ids.segment, self.parts);
            self.put(Write::Put(place, codes.encode().into()));
            let (level, buckets) = std::mem::take(&mut self.terms).encode();
            for (bucket, bytes) in buckets {
                let place = key::terms(self.workspace, level, bucket, ids.segment, self.parts);
                self.put(Write::Put(place, bytes.into()));
            }
            self.parts += 1;
        }
    }

    /// Writes what is pending, under a marker, in commits of bounded size.
    async fn flush(&mut self) -> Result<(), StoreError> {
        let ids = self.ids().await?;
        if self.stager.is_none() {
            let of = Staged::Segment { workspace: self.workspace };
            self.stager = Some(Stager::begin(&self.cx, ids.segment, of).await?);
        }
        let Some(stager) = &mut self.stager else { return Ok(()) };
        self.pending_bytes = 0;
        for piece in staging::pieces(std::mem::take(&mut self.pending)) {
            stager.write(piece).await?;
        }
        Ok(())
    }

    /// No more rows come: after this, [`SegmentWriter::write_into`] may be called as often as needed.
    pub async fn close(&mut self) -> Result<Ids, ApiError> {
        let ids = self.ids().await?;
        self.close_part(ids);
        if self.stager.is_some() || self.pending_bytes > COMMIT_BYTES {
            self.flush().await?;
        }
        Ok(ids)
    }

    /// Puts the segment into `tx`, or what makes the staged one real.
    pub async fn write_into(&self, tx: &mut Transaction) -> Result<(), StoreError> {
        if let Some(stager) = &self.stager {
            stager.seal(tx).await?;
        }
        for write in &self.pending {
            if let Write::Put(key, value) = write {
                tx.put_raw(key.clone(), value.clone());
            }
        }
        Ok(())
    }

    /// Removes what was written, if anything was and no commit has made it real.
    pub async fn discard(self) {
        if let Some(stager) = self.stager {
            stager.discard().await;
        }
    }
}

fn unusable(error: VectorError) -> ApiError {
    ApiError::new(Code::EmbedderFailed, format!("The embedder gave a vector that cannot be used: {error}."))
}

fn json<T: Serialize>(record: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(record).map_err(|error| error.to_string())
}
