//! Making a fold of segments and of other folds.

use super::map::{FoldMap, SMALL_ROWS};
use super::sink::Sink;
use super::view::View;
use crate::api::ApiError;
use crate::lexical::folded::{self, Terms};
use crate::lexical::postings::{self, Posting};
use crate::lexical::terms::Term;
use crate::retrieve::head::put_head;
use crate::retrieve::index::{part_rows, rows_in_part};
use crate::retrieve::{Fold, IndexChange, IndexHead, staging};
use crate::seam::{Cx, Key, Slices, Work, Write};
use crate::store::{self, StoreError, key, retry};
use crate::vector::code::Codes;
use crate::vector::segment::SegmentVectors;
use bytes::Bytes;

/// What goes into a fold.
pub enum Input {
    /// A segment that is in none.
    Segment {
        /// Its number.
        segment: u64,
        /// Its rows.
        rows: u64,
    },
    /// Another fold, which goes.
    Fold(View),
}

/// Values that are read at once.
const READ: usize = 256;

/// Bytes of a bucket in one value.
const PIECE_BYTES: usize = 512 << 10;

/// Bytes in front of a bucket: the number of values it takes.
const PIECES_BYTES: usize = 4;

/// Writes one fold of all `inputs`, which were found under `head`, and makes it part of the index instead of them. False
/// if the index has changed so that it cannot be.
pub async fn merge(cx: &Cx, workspace: u64, head: &IndexHead, inputs: Vec<Input>) -> Result<bool, ApiError> {
    let fold = staging::next_number(cx).await?;
    let merging = Merging { cx, workspace, fold, head, inputs: &inputs };
    let mut sink = Sink::new(cx, workspace, fold);
    let done = match merging.write(&mut sink).await {
        Ok(Some(map)) => merging.commit(&sink, &map).await,
        Ok(None) => Ok(false),
        Err(error) => Err(error),
    };
    if !matches!(done, Ok(true)) {
        sink.discard().await;
    }
    done
}

struct Merging<'a> {
    cx: &'a Cx,
    workspace: u64,
    fold: u64,
    head: &'a IndexHead,
    inputs: &'a [Input],
}

/// Rows `from..to` of a source, and the number that the first of them has in the fold.
#[derive(Clone, Copy)]
struct Shift {
    from: u32,
    to: u32,
    start: u32,
}

/// Where terms are read.
struct Source {
    of: Origin,
    level: u8,
    /// By ascending `from`. Rows of none are gone.
    shifts: Vec<Shift>,
}

#[derive(Clone, Copy)]
enum Origin {
    Part { segment: u64, part: u64 },
    Fold { id: u64 },
}

impl Merging<'_> {
    /// Writes everything but the head. `None` if something has gone meanwhile.
    async fn write(&self, sink: &mut Sink) -> Result<Option<FoldMap>, ApiError> {
        let mut packer = Packer::new(self, sink)?;
        let mut sources = Vec::new();
        let mut segments = Vec::new();
        for input in self.inputs {
            match input {
                Input::Segment { segment, rows } => segments.push((*segment, *rows)),
                Input::Fold(view) => {
                    if !packer.segments(&mut segments, &mut sources).await? {
                        return Ok(None);
                    }
                    let Some(source) = packer.fold(view).await? else { return Ok(None) };
                    sources.push(source);
                }
            }
        }
        if !packer.segments(&mut segments, &mut sources).await? {
            return Ok(None);
        }
        let mut map = packer.finish().await?;
        map.level = folded::level(u64::from(map.rows()));
        if !self.terms(sink, &sources, map.level).await? {
            return Ok(None);
        }
        sink.put(Write::Put(key::fold(self.workspace, self.fold), map.encode().into())).await?;
        Ok(Some(map))
    }

    /// Writes the terms of all sources, group by group: a group is a bucket of the source with the fewest.
    async fn terms(&self, sink: &mut Sink, sources: &[Source], level: u8) -> Result<bool, ApiError> {
        let least = sources.iter().map(|source| source.level).min().unwrap_or(0).min(level);
        let groups = 1u32 << least;
        let each: usize = sources.iter().map(|source| 1usize << (source.level - least)).sum();
        let step = u32::try_from((READ / each.max(1)).max(1)).unwrap_or(1);
        let mut slices = self.cx.slices();
        let mut from = 0;
        while from < groups {
            let to = from.saturating_add(step).min(groups);
            let mut terms = Terms::new();
            for some in self.keys(sources, least, from..to).chunks(READ) {
                let keys = some.iter().map(|(_, _, key)| key.clone()).collect();
                for ((source, bucket, key), value) in some.iter().zip(store::get_bytes(self.cx, keys).await?)
                {
                    let Some(bytes) = value else {
                        match source.of {
                            // A bucket without terms.
                            Origin::Part { .. } => continue,
                            Origin::Fold { .. } => return Ok(false),
                        }
                    };
                    slices.spend(Work::Json(bytes.len())).await;
                    if !self.take(source, *bucket, key, bytes, &mut terms).await? {
                        return Ok(false);
                    }
                }
            }
            for bucket in from << (level - least)..to << (level - least) {
                let bytes = folded::encode(bucket_of(&terms, bucket, level));
                slices.spend(Work::Json(bytes.len())).await;
                for (piece, bytes) in pieces(bytes).into_iter().enumerate() {
                    let place = key::fold_terms(self.workspace, self.fold, bucket, piece as u32);
                    sink.put(Write::Put(place, bytes)).await?;
                }
            }
            from = to;
        }
        Ok(true)
    }

    /// The values with the terms of some groups, in the order of the rows.
    fn keys<'s>(
        &self,
        sources: &'s [Source],
        least: u8,
        groups: std::ops::Range<u32>,
    ) -> Vec<(&'s Source, u32, Key)> {
        let mut keys = Vec::new();
        for source in sources {
            let wider = source.level - least;
            for bucket in groups.start << wider..groups.end << wider {
                let key = match source.of {
                    Origin::Part { segment, part } => {
                        key::terms(self.workspace, source.level, bucket as u8, segment, part)
                    }
                    Origin::Fold { id } => key::fold_terms(self.workspace, id, bucket, 0),
                };
                keys.push((source, bucket, key));
            }
        }
        keys
    }

    /// Adds the terms in a value. False if the rest of it is gone.
    async fn take(
        &self,
        source: &Source,
        bucket: u32,
        key: &Key,
        bytes: Bytes,
        terms: &mut Terms,
    ) -> Result<bool, ApiError> {
        let mut moved = Moved { shifts: &source.shifts, at: 0, terms, term: None, postings: Vec::new() };
        let read = match source.of {
            Origin::Part { .. } => {
                postings::read(&bytes, |_| true, |term, posting| moved.posting(term, posting))
            }
            Origin::Fold { id } => {
                let Some(bytes) = join(self.cx, self.workspace, id, bucket, bytes).await? else {
                    return Ok(false);
                };
                folded::read(&bytes, |_| true).and_then(|lists| {
                    for (term, list) in lists {
                        for block in list.blocks() {
                            list.postings(block, |posting| moved.posting(term, posting))?;
                        }
                    }
                    Ok(())
                })
            }
        };
        moved.end();
        match read {
            Ok(()) => Ok(true),
            Err(why) => Err(store::damaged(self.cx, key, format!("its bytes {}", why.0)).await.into()),
        }
    }

    /// Makes the fold part of the index instead of its inputs.
    async fn commit(&self, sink: &Sink, map: &FoldMap) -> Result<bool, ApiError> {
        let (cx, workspace) = (self.cx, self.workspace);
        let mut attempts = retry(cx);
        loop {
            let mut tx = attempts.next().await?;
            let found = tx.get::<IndexHead>(key::index_head(workspace)).await?;
            let Some(mut head) = found.filter(|head| head.dim == self.head.dim) else { return Ok(false) };
            let mut has_rows = false;
            for input in self.inputs {
                let Input::Fold(view) = input else { continue };
                let before = head.folds.len();
                head.folds.retain(|fold| fold.id != view.id);
                if head.folds.len() == before {
                    return Ok(false);
                }
                tx.delete(key::fold(workspace, view.id));
                tx.delete_range(key::all_fold_terms(workspace, view.id));
                tx.delete_range(key::all_fold_vectors(workspace, view.id));
                tx.delete_range(key::all_fold_codes(workspace, view.id));
                for segment in view.map.segments() {
                    if view.is_gone(segment) {
                        tx.delete(key::dead(workspace, segment.segment));
                        head.dead = head.dead.saturating_sub(u64::from(segment.rows));
                    } else {
                        has_rows = true;
                    }
                }
            }
            let segments: Vec<(u64, u64)> = self.inputs.iter().filter_map(Input::segment).collect();
            for some in segments.chunks(500) {
                // Whatever changes these moves the head.
                let rows = some.iter().map(|(segment, _)| key::row(workspace, *segment, 0)).collect();
                let rows = store::get_bytes(cx, rows).await?;
                let listed = some.iter().map(|(segment, _)| key::loose(workspace, *segment)).collect();
                let listed = store::get_bytes(cx, listed).await?;
                for ((row, listed), (segment, rows)) in rows.into_iter().zip(listed).zip(some) {
                    if row.is_none() {
                        // It left while it was folded.
                        tx.put(key::dead(workspace, *segment), rows)?;
                        head.dead = head.dead.saturating_add(*rows);
                        continue;
                    }
                    has_rows = true;
                    if listed.is_some() {
                        tx.delete(key::loose(workspace, *segment));
                        if let Some(loose) = &mut head.loose {
                            loose.segments = loose.segments.saturating_sub(1);
                            loose.rows = loose.rows.saturating_sub(*rows);
                        }
                    }
                }
            }
            if !has_rows && !segments.is_empty() {
                return Ok(false);
            }
            sink.write_into(&mut tx).await?;
            if map.rows() > 0 {
                let (rows, segments) = (u64::from(map.rows()), map.segments().len() as u64);
                head.folds.push(Fold { id: self.fold, rows, segments });
            } else {
                tx.delete(key::fold(workspace, self.fold));
                tx.delete_range(key::all_fold_terms(workspace, self.fold));
            }
            put_head(&mut tx, workspace, &mut head, &IndexChange::default())?;
            if tx.commit().await? {
                return Ok(true);
            }
        }
    }
}

impl Input {
    fn segment(&self) -> Option<(u64, u64)> {
        match self {
            Input::Segment { segment, rows } => Some((*segment, *rows)),
            Input::Fold(_) => None,
        }
    }
}

/// Postings on their way from a source into the fold.
struct Moved<'a> {
    shifts: &'a [Shift],
    at: usize,
    terms: &'a mut Terms,
    term: Option<Term>,
    postings: Vec<Posting>,
}

impl Moved<'_> {
    fn posting(&mut self, term: Term, posting: Posting) {
        if self.term != Some(term) {
            self.end();
            (self.term, self.at) = (Some(term), 0);
        }
        while self.shifts.get(self.at).is_some_and(|shift| shift.to <= posting.row) {
            self.at += 1;
        }
        if let Some(shift) = self.shifts.get(self.at).filter(|shift| shift.from <= posting.row) {
            self.postings.push(Posting { row: posting.row - shift.from + shift.start, ..posting });
        }
    }

    fn end(&mut self) {
        if let Some(term) = self.term.take()
            && !self.postings.is_empty()
        {
            self.terms.entry(term).or_default().append(&mut self.postings);
        }
    }
}

/// The terms of one bucket.
fn bucket_of(terms: &Terms, bucket: u32, level: u8) -> impl Iterator<Item = (&Term, &Vec<Posting>)> {
    let first = folded::first_of(bucket, level);
    terms.range(first..).take_while(move |(term, _)| folded::bucket_at(**term, level) == bucket)
}

/// A bucket as the values it takes.
fn pieces(bytes: Vec<u8>) -> Vec<Bytes> {
    let count = bytes.len().div_ceil(PIECE_BYTES).max(1) as u32;
    let mut whole = count.to_le_bytes().to_vec();
    whole.extend_from_slice(&bytes);
    let whole = Bytes::from(whole);
    let first = whole.len().min(PIECES_BYTES + PIECE_BYTES);
    let rest = whole.slice(first..);
    let starts = (0..rest.len()).step_by(PIECE_BYTES);
    let rest = starts.map(|at| rest.slice(at..rest.len().min(at + PIECE_BYTES)));
    std::iter::once(whole.slice(..first)).chain(rest).collect()
}

/// A bucket of a fold, whose first value is `first`. `None` if the others are gone.
pub async fn join(
    cx: &Cx,
    workspace: u64,
    fold: u64,
    bucket: u32,
    first: Bytes,
) -> Result<Option<Bytes>, StoreError> {
    let Some(count) = first.first_chunk::<PIECES_BYTES>().map(|count| u32::from_le_bytes(*count)) else {
        return Err(store::damaged(cx, &key::fold_terms(workspace, fold, bucket, 0), "it is cut short").await);
    };
    let bytes = first.slice(PIECES_BYTES..);
    if count <= 1 {
        return Ok(Some(bytes));
    }
    let keys: Vec<Key> = (1..count).map(|piece| key::fold_terms(workspace, fold, bucket, piece)).collect();
    let mut whole = bytes.to_vec();
    for some in keys.chunks(16) {
        for value in store::get_bytes(cx, some.to_vec()).await? {
            let Some(value) = value else { return Ok(None) };
            whole.extend_from_slice(&value);
        }
    }
    Ok(Some(whole.into()))
}

/// Puts the vectors of small segments side by side.
struct Packer<'a, 's> {
    merging: &'a Merging<'a>,
    sink: &'s mut Sink,
    slices: Slices,
    map: FoldMap,
    vectors: SegmentVectors,
    codes: Codes,
    part: u64,
}

impl<'a, 's> Packer<'a, 's> {
    fn new(merging: &'a Merging<'a>, sink: &'s mut Sink) -> Result<Packer<'a, 's>, ApiError> {
        let dim = merging.head.dim;
        let vectors = SegmentVectors::new(0, dim).map_err(internal)?;
        let codes = Codes::new(dim).map_err(internal)?;
        let slices = merging.cx.slices();
        Ok(Packer { merging, sink, slices, map: FoldMap::new(dim), vectors, codes, part: 0 })
    }

    /// Takes segments that are in no fold. False if the fold has no place for them.
    async fn segments(
        &mut self,
        segments: &mut Vec<(u64, u64)>,
        sources: &mut Vec<Source>,
    ) -> Result<bool, ApiError> {
        let (workspace, dim) = (self.merging.workspace, self.merging.head.dim);
        let full = part_rows(dim) as u64;
        let segments = std::mem::take(segments);
        for some in segments.chunks(READ / 2) {
            let is_small = |rows: u64| rows <= SMALL_ROWS.min(full);
            let mut keys = Vec::new();
            for (segment, _) in some.iter().filter(|(_, rows)| is_small(*rows)) {
                keys.push(key::vectors(workspace, *segment, 0));
                keys.push(key::codes(workspace, *segment, 0));
            }
            let values = store::get_bytes(self.merging.cx, keys.clone()).await?;
            let (mut values, mut keys) = (values.into_iter(), keys.iter());
            for (segment, rows) in some {
                let mut packed = false;
                if is_small(*rows)
                    && let (Some(at), Some(code_at)) = (keys.next(), keys.next())
                    && let (Some(Some(vectors)), Some(Some(codes))) = (values.next(), values.next())
                {
                    let vectors = self.vectors_of(at, &vectors).await?;
                    let codes = self.codes_of(code_at, &codes).await?;
                    let of = 0..*rows as usize;
                    packed = [vectors.len(), codes.len()] == [of.len(); 2]
                        && self.pack(&vectors, &codes, of).await?;
                }
                let start = self.map.rows();
                if !self.map.push(*segment, *rows, packed) {
                    return Ok(false);
                }
                for part in 0..rows.div_ceil(full) {
                    let rows = rows_in_part(*rows, dim, part);
                    let shift = Shift { from: 0, to: rows as u32, start: start + (part * full) as u32 };
                    let of = Origin::Part { segment: *segment, part };
                    let now = postings::level(rows);
                    sources.push(Source { of, level: now, shifts: vec![shift] });
                    let before = postings::level_before_folds(rows);
                    if self.merging.head.loose.is_none() && before != now {
                        sources.push(Source { of, level: before, shifts: vec![shift] });
                    }
                }
            }
        }
        Ok(true)
    }

    /// Takes what is left of another fold; `None` if it is gone.
    async fn fold(&mut self, view: &View) -> Result<Option<Source>, ApiError> {
        let workspace = self.merging.workspace;
        let packs = view.map.packs();
        let (mut pack, mut left, mut row) = (0, 0, 0);
        let mut at_hand = None;
        let mut shifts: Vec<Shift> = Vec::new();
        for segment in view.map.segments() {
            if segment.packed && left == 0 {
                left = packs.get(pack).map_or(0, Vec::len);
                let keys = vec![
                    key::fold_vectors(workspace, view.id, pack as u64),
                    key::fold_codes(workspace, view.id, pack as u64),
                ];
                let values = store::get_bytes(self.merging.cx, keys.clone()).await?;
                let [Some(vectors), Some(codes)] = &values[..] else { return Ok(None) };
                let vectors = self.vectors_of(&keys[0], vectors).await?;
                at_hand = Some((vectors, self.codes_of(&keys[1], codes).await?));
                (pack, row) = (pack + 1, 0);
            }
            let rows = row..row + segment.rows as usize;
            if segment.packed {
                (left, row) = (left.saturating_sub(1), rows.end);
            }
            if view.is_gone(segment) {
                continue;
            }
            let packed = match &at_hand {
                Some((vectors, codes)) if segment.packed => self.pack(vectors, codes, rows).await?,
                _ => false,
            };
            let start = self.map.rows();
            if !self.map.push(segment.segment, u64::from(segment.rows), packed) {
                return Ok(None);
            }
            let (from, to) = (segment.start, segment.start + segment.rows);
            match shifts.last_mut() {
                Some(last) if last.to == from && last.start + (last.to - last.from) == start => last.to = to,
                _ => shifts.push(Shift { from, to, start }),
            }
        }
        Ok(Some(Source { of: Origin::Fold { id: view.id }, level: view.map.level, shifts }))
    }

    /// Adds rows of a segment. False if they are no such rows.
    async fn pack(
        &mut self,
        vectors: &SegmentVectors,
        codes: &Codes,
        rows: std::ops::Range<usize>,
    ) -> Result<bool, ApiError> {
        let dim = self.merging.head.dim;
        if rows.is_empty() || vectors.dim() != dim || codes.dim() != dim {
            return Ok(false);
        }
        if !self.vectors.is_empty() && self.vectors.len() + rows.len() > part_rows(dim) {
            self.close().await?;
        }
        self.slices.spend(Work::Bytes(rows.len() * dim)).await;
        self.vectors.append(vectors, rows.clone()).map_err(internal)?;
        self.codes.append(codes, rows).map_err(internal)?;
        Ok(true)
    }

    /// Writes the rows at hand.
    async fn close(&mut self) -> Result<(), ApiError> {
        let Merging { workspace, fold, head, .. } = self.merging;
        let vectors =
            std::mem::replace(&mut self.vectors, SegmentVectors::new(0, head.dim).map_err(internal)?);
        let codes = std::mem::replace(&mut self.codes, Codes::new(head.dim).map_err(internal)?);
        let place = key::fold_vectors(*workspace, *fold, self.part);
        self.sink.put(Write::Put(place, vectors.encode().into())).await?;
        let place = key::fold_codes(*workspace, *fold, self.part);
        self.sink.put(Write::Put(place, codes.encode().into())).await?;
        self.part += 1;
        Ok(())
    }

    async fn finish(mut self) -> Result<FoldMap, ApiError> {
        if !self.vectors.is_empty() {
            self.close().await?;
        }
        Ok(self.map)
    }

    async fn vectors_of(&self, key: &Key, bytes: &[u8]) -> Result<SegmentVectors, ApiError> {
        match SegmentVectors::decode(0, bytes) {
            Ok(vectors) => Ok(vectors),
            Err(error) => Err(store::damaged(self.merging.cx, key, error.to_string()).await.into()),
        }
    }

    async fn codes_of(&self, key: &Key, bytes: &[u8]) -> Result<Codes, ApiError> {
        match Codes::decode(bytes) {
            Ok(codes) => Ok(codes),
            Err(error) => Err(store::damaged(self.merging.cx, key, error.to_string()).await.into()),
        }
    }
}

fn internal(error: crate::vector::error::VectorError) -> ApiError {
    ApiError::new(crate::api::Code::StoreFailed, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_bucket_takes_several_values() {
        for len in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES] {
            let pieces = pieces(vec![7; len]);
            assert_eq!(pieces.len(), len.div_ceil(PIECE_BYTES).max(1));
            assert_eq!(pieces[0][..4], (pieces.len() as u32).to_le_bytes());
            assert_eq!(pieces.iter().map(Bytes::len).sum::<usize>(), len + 4);
        }
    }

    #[test]
    fn postings_move_with_their_segments_and_go_with_them() {
        let mut terms = Terms::new();
        let shifts = [Shift { from: 2, to: 4, start: 10 }, Shift { from: 6, to: 9, start: 12 }];
        let mut moved = Moved { shifts: &shifts, at: 0, terms: &mut terms, term: None, postings: Vec::new() };
        let (a, b) = (Term { bucket: 0, mark: 1 }, Term { bucket: 0, mark: 2 });
        for (term, row) in [(a, 0), (a, 3), (a, 5), (a, 6), (b, 2), (b, 8), (b, 9)] {
            moved.posting(term, Posting { row, count: 1, length: 1 });
        }
        moved.end();
        let rows = |term| terms[&term].iter().map(|posting| posting.row).collect::<Vec<_>>();
        assert_eq!((rows(a), rows(b)), (vec![11, 12], vec![10, 14]));
    }
}
