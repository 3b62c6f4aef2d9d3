//! Vector indexes in memory, by workspace, each as of one version of its head; and the float rows read lately.

use super::floats::{Buckets, FloatRows};
use super::fold::{Folding, View, views};
use super::head::{IndexChange, IndexHead};
use crate::api::{ApiError, Code};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key, KeyRange, Work};
use crate::store::{self, StoreError, key};
use crate::vector::code::Codes;
use crate::vector::error::VectorError;
use crate::vector::index::VectorIndex;
use crate::vector::segment::SegmentVectors;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows in a stored part of a segment, at most, for vectors of `dim` values: 2,048, or what fits into 1 MB, as some
/// stores take no larger values. A part is the index's unit: it knows parts as segments.
pub fn part_rows(dim: usize) -> usize {
    (((1 << 20) - 64) / (dim + 8)).clamp(1, 2048)
}

/// Rows in part `part` of a segment of `rows` rows.
pub fn rows_in_part(rows: u64, dim: usize, part: u64) -> u64 {
    let full = part_rows(dim) as u64;
    rows.saturating_sub(part.saturating_mul(full)).min(full)
}

/// Parts a segment may have: more than 2 billion rows.
const PART_BITS: u32 = 20;

/// How the index calls part `part` of segment `segment`. Order by this name is order by both.
pub fn part_name(segment: u64, part: u64) -> u64 {
    (segment << PART_BITS) | (part & ((1 << PART_BITS) - 1))
}

/// The segment and the row in it, of row `n` of a part, where rows have `dim` values.
pub fn locate(name: u64, n: u32, dim: usize) -> (u64, u64) {
    let part = name & ((1 << PART_BITS) - 1);
    (name >> PART_BITS, part * part_rows(dim) as u64 + u64::from(n))
}

/// An index as of one version.
#[derive(Clone)]
pub struct Loaded {
    /// The head it was read for.
    pub head: IndexHead,
    /// Its rows.
    pub index: Arc<VectorIndex>,
    /// What they are.
    pub rows: Rows,
    /// Its folds.
    pub folds: Arc<Vec<View>>,
    /// Float rows at hand.
    pub floats: Arc<FloatRows>,
    /// Buckets of words at hand.
    pub postings: Arc<Buckets>,
}

impl Loaded {
    /// Memory that it takes.
    fn bytes(&self) -> usize {
        self.index.bytes() + self.folds.iter().map(View::bytes).sum::<usize>()
    }
}

/// What the rows of an index are. It follows from what is stored alone, so that every host finds the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// int8 rows: the search is exact.
    Whole,
    /// [Codes](crate::vector::code), of a workspace too large to be read whole.
    Codes,
}

/// Indexes of the workspaces asked last, within a bound of bytes.
pub struct IndexCache {
    bytes_max: usize,
    exact_rows_max: u64,
    entries: Mutex<Entries>,
    floats: Arc<FloatRows>,
    postings: Arc<Buckets>,
    folding: Arc<Folding>,
}

/// The part of the bytes that float rows may take, and that words may take: 1 of so many.
const FLOATS_SHARE: usize = 8;
const POSTINGS_SHARE: usize = 4;

/// How often an index is read anew that changes while it is read.
const ATTEMPTS: usize = 8;

#[derive(Default)]
struct Entries {
    by_workspace: BTreeMap<u64, (u64, Loaded)>,
    clock: u64,
}

impl IndexCache {
    /// An empty cache. Workspaces of up to `exact_rows_max` rows are searched exactly. What is to be folded is noted in
    /// `folding`.
    pub fn new(bytes_max: usize, exact_rows_max: u64, folding: Arc<Folding>) -> IndexCache {
        let floats = Arc::new(FloatRows::new(bytes_max / FLOATS_SHARE));
        let postings = Arc::new(Buckets::new(bytes_max / POSTINGS_SHARE));
        let bytes_max = bytes_max - bytes_max / FLOATS_SHARE - bytes_max / POSTINGS_SHARE;
        IndexCache { bytes_max, exact_rows_max, entries: Mutex::default(), floats, postings, folding }
    }

    /// The index of a workspace as of its current head; `None` if it never had one or it has no rows.
    pub(crate) async fn load(&self, cx: &Cx, workspace: u64) -> Result<Option<Loaded>, ApiError> {
        for _ in 0..ATTEMPTS {
            let head = store::get::<IndexHead>(cx, key::index_head(workspace)).await?;
            let Some(head) = head.filter(|head| head.rows > 0) else {
                self.forget(workspace);
                return Ok(None);
            };
            self.folding.note(workspace, &head);
            if let Some(loaded) = self.load_as_of(cx, workspace, head).await? {
                return Ok(Some(loaded));
            }
        }
        Err(StoreError::Contended.into())
    }

    /// The index as of a head; `None` if it has moved on so far that it can no longer be read.
    async fn load_as_of(&self, cx: &Cx, workspace: u64, head: IndexHead) -> Result<Option<Loaded>, ApiError> {
        let mut wanted = if head.rows > self.exact_rows_max { Rows::Codes } else { Rows::Whole };
        if let Some(known) = self.touch(workspace) {
            if known.head == head {
                return Ok(Some(known));
            }
            let follows = known.head.dim == head.dim && known.head.version < head.version;
            if follows
                && known.rows == wanted
                && let Some((index, removed)) = catch_up(cx, workspace, &known, &head).await?
            {
                let folds = views(cx, workspace, &head, &known.folds, &removed).await?;
                let Some(folds) = folds else { return Ok(None) };
                return Ok(Some(self.keep(workspace, self.loaded(head, index, wanted, folds))));
            }
        }
        let Some(folds) = views(cx, workspace, &head, &[], &[]).await? else { return Ok(None) };
        let Some(mut index) = read_all(cx, workspace, &head, &folds, wanted).await? else { return Ok(None) };
        if wanted == Rows::Codes && (index.len() as u64) < head.rows {
            // Rows of an older build have no codes.
            wanted = Rows::Whole;
            let Some(whole) = read_all(cx, workspace, &head, &folds, wanted).await? else { return Ok(None) };
            index = whole;
        }
        Ok(Some(self.keep(workspace, self.loaded(head, index, wanted, folds))))
    }

    fn loaded(&self, head: IndexHead, index: VectorIndex, rows: Rows, folds: Vec<View>) -> Loaded {
        let (floats, postings) = (Arc::clone(&self.floats), Arc::clone(&self.postings));
        Loaded { head, index: Arc::new(index), rows, folds: Arc::new(folds), floats, postings }
    }

    /// Drops a workspace's index.
    pub fn forget(&self, workspace: u64) {
        self.lock().by_workspace.remove(&workspace);
    }

    fn touch(&self, workspace: u64) -> Option<Loaded> {
        let mut entries = self.lock();
        entries.clock += 1;
        let clock = entries.clock;
        let (used, loaded) = entries.by_workspace.get_mut(&workspace)?;
        *used = clock;
        Some(loaded.clone())
    }

    fn keep(&self, workspace: u64, loaded: Loaded) -> Loaded {
        let mut entries = self.lock();
        entries.clock += 1;
        let clock = entries.clock;
        // Another run may have read a later version meanwhile.
        let newer = entries
            .by_workspace
            .get(&workspace)
            .is_some_and(|(_, other)| other.head.version > loaded.head.version);
        if !newer {
            entries.by_workspace.insert(workspace, (clock, loaded.clone()));
        }
        let mut bytes: usize = entries.by_workspace.values().map(|(_, e)| e.bytes()).sum();
        while bytes > self.bytes_max {
            let oldest = entries.by_workspace.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            let Some((_, gone)) = oldest.and_then(|id| entries.by_workspace.remove(&id)) else { break };
            bytes -= gone.bytes();
        }
        loaded
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Applies what changed since `known`, and says which segments went; `None` if the log no longer reaches back so far.
async fn catch_up(
    cx: &Cx,
    workspace: u64,
    known: &Loaded,
    head: &IndexHead,
) -> Result<Option<(VectorIndex, Vec<u64>)>, ApiError> {
    let versions = known.head.version + 1..=head.version;
    if versions.end() - versions.start() > 500 {
        return Ok(None);
    }
    let keys: Vec<Key> = versions.map(|version| key::index_log(workspace, version)).collect();
    let changes = store::get_many::<IndexChange>(cx, keys).await?;
    let mut index = (*known.index).clone();
    let mut gone = Vec::new();
    for change in changes {
        let Some(change) = change else { return Ok(None) };
        for segment in change.removed {
            let parts = (0..).map(|part| part_name(segment, part));
            for part in parts.take_while(|part| index.contains(*part)).collect::<Vec<_>>() {
                index.remove(part);
            }
            gone.push(segment);
        }
        for segment in change.added {
            // A segment that went again meanwhile is simply not there.
            let range = match known.rows {
                Rows::Whole => key::segment_vectors(workspace, segment),
                Rows::Codes => key::segment_codes(workspace, segment),
            };
            read_range(cx, range, known.rows, &mut index).await?;
        }
    }
    Ok(Some((index, gone)))
}

/// All rows; `None` if the index has changed so that some were missed.
async fn read_all(
    cx: &Cx,
    workspace: u64,
    head: &IndexHead,
    folds: &[View],
    rows: Rows,
) -> Result<Option<VectorIndex>, ApiError> {
    let (index, range) = match rows {
        Rows::Whole => (VectorIndex::new(head.dim), key::all_vectors(workspace)),
        Rows::Codes => (VectorIndex::of_codes(head.dim), key::all_codes(workspace)),
    };
    let mut index = index.map_err(|e| ApiError::new(Code::StoreFailed, e.to_string()))?;
    if head.loose.is_none() {
        // Written by an older program, and not yet folded.
        read_range(cx, range, rows, &mut index).await?;
        return Ok(Some(index));
    }
    for view in folds {
        if !read_packs(cx, workspace, view, rows, &mut index).await? {
            return Ok(None);
        }
    }
    let apart = |view: &View| {
        let all = view.map.segments().iter().filter(|segment| !segment.packed && !view.is_gone(segment));
        all.map(|segment| (segment.segment, u64::from(segment.rows))).collect::<Vec<_>>()
    };
    let mut segments: Vec<(u64, u64)> = folds.iter().flat_map(apart).collect();
    if head.loose.is_some_and(|loose| loose.segments > 0) {
        let loose = store::all::<u64>(cx, key::all_loose(workspace)).await?;
        segments.extend(loose.iter().filter_map(|(at, rows)| Some((key::trailing_id(at)?, *rows))));
    }
    read_segments(cx, workspace, head.dim, &segments, rows, &mut index).await?;
    // What was loose may have become part of a fold meanwhile.
    let now = store::get::<IndexHead>(cx, key::index_head(workspace)).await?;
    Ok(now.is_some_and(|now| now.folds == head.folds).then_some(index))
}

/// Reads the small segments of a fold. False if it is gone.
async fn read_packs(
    cx: &Cx,
    workspace: u64,
    view: &View,
    rows: Rows,
    index: &mut VectorIndex,
) -> Result<bool, ApiError> {
    let packs = view.map.packs();
    let place = |part: usize| match rows {
        Rows::Whole => key::fold_vectors(workspace, view.id, part as u64),
        Rows::Codes => key::fold_codes(workspace, view.id, part as u64),
    };
    let keys: Vec<Key> = (0..packs.len()).map(place).collect();
    let each = part_rows(index.dim()) * bytes_of_row(index.dim(), rows);
    let mut slices = cx.slices();
    for (keys, packs) in fitting(each, &keys).zip(fitting(each, &packs)) {
        let values = store::get_bytes(cx, keys.to_vec()).await?;
        for ((key, pack), bytes) in keys.iter().zip(packs).zip(values) {
            let Some(bytes) = bytes else { return Ok(false) };
            let (mut names, mut start) = (Vec::with_capacity(pack.len()), 0);
            for segment in pack.iter().filter_map(|at| view.map.segments().get(*at)) {
                if !view.is_gone(segment) {
                    names.push((part_name(segment.segment, 0), start, segment.rows));
                }
                start += segment.rows;
            }
            let read = decode(0, &bytes, rows).and_then(|rows| index.insert_many(rows, &names));
            if let Err(why) = read {
                return Err(store::damaged(cx, key, why.to_string()).await.into());
            }
            slices.spend(Work::Bytes(bytes.len() + 100 * names.len())).await;
        }
    }
    Ok(true)
}

/// Reads segments by their own records: each with its rows.
async fn read_segments(
    cx: &Cx,
    workspace: u64,
    dim: usize,
    segments: &[(u64, u64)],
    rows: Rows,
    index: &mut VectorIndex,
) -> Result<(), ApiError> {
    let mut slices = cx.slices();
    let (mut keys, mut bytes) = (Vec::new(), 0);
    for (n, (segment, count)) in segments.iter().enumerate() {
        for part in 0..count.div_ceil(part_rows(dim) as u64) {
            keys.push(match rows {
                Rows::Whole => key::vectors(workspace, *segment, part),
                Rows::Codes => key::codes(workspace, *segment, part),
            });
            bytes += rows_in_part(*count, dim, part) as usize * bytes_of_row(dim, rows);
            let is_last = n + 1 == segments.len() && (part + 1) * part_rows(dim) as u64 >= *count;
            if bytes < PAGE_BYTES && keys.len() < PAGE_MAX as usize && !is_last {
                continue;
            }
            bytes = 0;
            let some = std::mem::take(&mut keys);
            for (key, value) in some.iter().zip(store::get_bytes(cx, some.clone()).await?) {
                // A segment that went meanwhile is simply not there.
                let Some(value) = value else { continue };
                if let Err(why) = insert(index, key, &value, rows) {
                    return Err(store::damaged(cx, key, why).await.into());
                }
                slices.spend(Work::Bytes(value.len())).await;
            }
        }
    }
    Ok(())
}

fn bytes_of_row(dim: usize, rows: Rows) -> usize {
    match rows {
        Rows::Whole => dim + 8,
        Rows::Codes => dim.div_ceil(4) + 4,
    }
}

/// As many as a page should have, where one has about so many bytes.
fn fitting<T>(each: usize, all: &[T]) -> std::slice::Chunks<'_, T> {
    all.chunks((PAGE_BYTES / each.max(1)).max(1))
}

fn decode(name: u64, bytes: &[u8], rows: Rows) -> Result<SegmentVectors, VectorError> {
    match rows {
        Rows::Whole => SegmentVectors::decode(name, bytes),
        Rows::Codes => Codes::decode(bytes).map(|codes| codes.segment(name)),
    }
}

/// Parts read at once at first, and at most: those of small documents are small.
const PAGE: u32 = 16;
const PAGE_MAX: u32 = 2048;

/// Bytes that a page should have, about.
const PAGE_BYTES: usize = 2 << 20;

async fn read_range(cx: &Cx, range: KeyRange, rows: Rows, index: &mut VectorIndex) -> Result<(), ApiError> {
    let mut rest = range;
    let mut page = PAGE;
    let mut slices = cx.slices();
    loop {
        let entries = store::scan(cx, rest.clone(), false, page, false).await?;
        let full = entries.len() >= page as usize;
        let last = entries.last().map(|(key, _)| key.clone());
        let bytes: usize = entries.iter().map(|(_, Blob(bytes))| bytes.len()).sum();
        for (key, Blob(bytes)) in entries {
            if let Err(why) = insert(index, &key, &bytes, rows) {
                return Err(store::damaged(cx, &key, why).await.into());
            }
            slices.spend(Work::Bytes(bytes.len())).await;
        }
        match last {
            Some(last) if full => rest.start = key::after(&last),
            _ => return Ok(()),
        }
        let fit = page as usize * PAGE_BYTES / bytes.max(1);
        page = u32::try_from(fit).unwrap_or(PAGE_MAX).clamp(PAGE / 4, PAGE_MAX);
    }
}

/// Adds a part to the index; what is wrong with it, if it cannot be read.
fn insert(index: &mut VectorIndex, key: &Key, bytes: &[u8], rows: Rows) -> Result<(), String> {
    let mut numbers = key.as_str().rsplit('/').map(str::parse::<u64>);
    let (Some(Ok(part)), Some(Ok(segment))) = (numbers.next(), numbers.next()) else {
        return Err("its key names no segment".to_owned());
    };
    let rows = decode(part_name(segment, part), bytes, rows).map_err(|e| e.to_string())?;
    index.insert(rows).map_err(|e| e.to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_the_order_of_segments_and_rows() {
        assert!(part_name(1, 9) < part_name(2, 0) && part_name(1, 0) < part_name(1, 1));
        assert_eq!(locate(part_name(7, 3), 5, 256), (7, 3 * part_rows(256) as u64 + 5));
    }

    #[test]
    fn a_part_is_no_larger_than_every_store_takes() {
        for dim in [1, 256, 384, 512, 1024, 4096, crate::vector::DIM_MAX] {
            let bytes = part_rows(dim) * (dim + 8) + 20;
            assert!(bytes <= 1 << 20, "{dim} dimensions: {bytes} bytes");
        }
        assert_eq!(part_rows(384), 2048);
    }
}
