//! Vector indexes in memory, by workspace, each as of one version of its head; and the float rows read lately.

use super::floats::FloatRows;
use super::head::{IndexChange, IndexHead};
use crate::api::{ApiError, Code};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key, KeyRange, Work};
use crate::store::{self, key};
use crate::vector::code::Codes;
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
    /// Float rows at hand.
    pub floats: Arc<FloatRows>,
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
}

/// The part of the bytes that float rows may take: 1 of so many.
const FLOATS_SHARE: usize = 8;

#[derive(Default)]
struct Entries {
    by_workspace: BTreeMap<u64, (u64, Loaded)>,
    clock: u64,
}

impl IndexCache {
    /// An empty cache. Workspaces of up to `exact_rows_max` rows are searched exactly.
    pub fn new(bytes_max: usize, exact_rows_max: u64) -> IndexCache {
        let floats = Arc::new(FloatRows::new(bytes_max / FLOATS_SHARE));
        let bytes_max = bytes_max - bytes_max / FLOATS_SHARE;
        IndexCache { bytes_max, exact_rows_max, entries: Mutex::default(), floats }
    }

    /// The index of a workspace as of its current head; `None` if it never had one or it has no rows.
    pub(crate) async fn load(&self, cx: &Cx, workspace: u64) -> Result<Option<Loaded>, ApiError> {
        let Some(head) = store::get::<IndexHead>(cx, key::index_head(workspace)).await? else {
            self.forget(workspace);
            return Ok(None);
        };
        if head.rows == 0 {
            self.forget(workspace);
            return Ok(None);
        }
        let mut wanted = if head.rows > self.exact_rows_max { Rows::Codes } else { Rows::Whole };
        let known = self.touch(workspace);
        if let Some(known) = known {
            if known.head == head {
                return Ok(Some(known));
            }
            let follows = known.head.dim == head.dim && known.head.version < head.version;
            if follows
                && known.rows == wanted
                && let Some(index) = catch_up(cx, workspace, known, &head).await?
            {
                return Ok(Some(self.keep(workspace, self.loaded(head, index, wanted))));
            }
        }
        let mut index = read_all(cx, workspace, head.dim, wanted).await?;
        if wanted == Rows::Codes && (index.len() as u64) < head.rows {
            // Rows of an older build have no codes.
            wanted = Rows::Whole;
            index = read_all(cx, workspace, head.dim, wanted).await?;
        }
        Ok(Some(self.keep(workspace, self.loaded(head, index, wanted))))
    }

    fn loaded(&self, head: IndexHead, index: VectorIndex, rows: Rows) -> Loaded {
        Loaded { head, index: Arc::new(index), rows, floats: Arc::clone(&self.floats) }
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
        let mut bytes: usize = entries.by_workspace.values().map(|(_, e)| e.index.bytes()).sum();
        while bytes > self.bytes_max {
            let oldest = entries.by_workspace.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| *id);
            let Some((_, gone)) = oldest.and_then(|id| entries.by_workspace.remove(&id)) else { break };
            bytes -= gone.index.bytes();
        }
        loaded
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Applies what changed since `known`; `None` if the log no longer reaches back so far.
async fn catch_up(
    cx: &Cx,
    workspace: u64,
    known: Loaded,
    head: &IndexHead,
) -> Result<Option<VectorIndex>, ApiError> {
    let versions = known.head.version + 1..=head.version;
    if versions.end() - versions.start() > 500 {
        return Ok(None);
    }
    let keys: Vec<Key> = versions.map(|version| key::index_log(workspace, version)).collect();
    let changes = store::get_many::<IndexChange>(cx, keys).await?;
    let mut index = (*known.index).clone();
    for change in changes {
        let Some(change) = change else { return Ok(None) };
        for segment in change.removed {
            let parts = (0..).map(|part| part_name(segment, part));
            for part in parts.take_while(|part| index.contains(*part)).collect::<Vec<_>>() {
                index.remove(part);
            }
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
    Ok(Some(index))
}

async fn read_all(cx: &Cx, workspace: u64, dim: usize, rows: Rows) -> Result<VectorIndex, ApiError> {
    let (index, range) = match rows {
        Rows::Whole => (VectorIndex::new(dim), key::all_vectors(workspace)),
        Rows::Codes => (VectorIndex::of_codes(dim), key::all_codes(workspace)),
    };
    let mut index = index.map_err(|e| ApiError::new(Code::StoreFailed, e.to_string()))?;
    read_range(cx, range, rows, &mut index).await?;
    Ok(index)
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
    let name = part_name(segment, part);
    let rows = match rows {
        Rows::Whole => SegmentVectors::decode(name, bytes),
        Rows::Codes => Codes::decode(bytes).map(|codes| codes.segment(name)),
    };
    index.insert(rows.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
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
