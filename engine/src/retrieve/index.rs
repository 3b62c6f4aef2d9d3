//! Vector indexes in memory, by workspace, each as of one version of its head.

use super::head::{IndexChange, IndexHead};
use crate::api::{ApiError, Code};
use crate::seam::text_or_base64::Blob;
use crate::seam::{Cx, Key};
use crate::store::{self, key};
use crate::vector::index::VectorIndex;
use crate::vector::segment::SegmentVectors;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows in a stored part of a segment, at most. A part is the index's unit: it knows parts as segments.
pub const PART_ROWS: usize = 2048;

/// Parts a segment may have: more than 2 billion rows.
const PART_BITS: u32 = 20;

/// How the index calls part `part` of segment `segment`. Order by this name is order by both.
pub fn part_name(segment: u64, part: u64) -> u64 {
    (segment << PART_BITS) | (part & ((1 << PART_BITS) - 1))
}

/// The segment and the row in it, of row `n` of a part.
pub fn locate(name: u64, n: u32) -> (u64, u64) {
    let part = name & ((1 << PART_BITS) - 1);
    (name >> PART_BITS, part * PART_ROWS as u64 + u64::from(n))
}

/// An index as of one version.
#[derive(Clone)]
pub struct Loaded {
    /// The head it was read for.
    pub head: IndexHead,
    /// Its rows.
    pub index: Arc<VectorIndex>,
}

/// Indexes of the workspaces asked last, within a bound of bytes.
pub struct IndexCache {
    bytes_max: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_workspace: BTreeMap<u64, (u64, Loaded)>,
    clock: u64,
}

impl IndexCache {
    /// An empty cache.
    pub fn new(bytes_max: usize) -> IndexCache {
        IndexCache { bytes_max, entries: Mutex::default() }
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
        let known = self.touch(workspace);
        let loaded = match known {
            Some(known) if known.head == head => known,
            Some(known) if known.head.dim == head.dim && known.head.version < head.version => {
                match catch_up(cx, workspace, known, &head).await? {
                    Some(index) => Loaded { head, index: Arc::new(index) },
                    None => Loaded { index: Arc::new(read_all(cx, workspace, head.dim).await?), head },
                }
            }
            _ => Loaded { index: Arc::new(read_all(cx, workspace, head.dim).await?), head },
        };
        self.keep(workspace, &loaded);
        Ok(Some(loaded))
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

    fn keep(&self, workspace: u64, loaded: &Loaded) {
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
            read_range(cx, key::segment_vectors(workspace, segment), &mut index).await?;
        }
    }
    Ok(Some(index))
}

async fn read_all(cx: &Cx, workspace: u64, dim: usize) -> Result<VectorIndex, ApiError> {
    let mut index = VectorIndex::new(dim).map_err(|e| ApiError::new(Code::StoreFailed, e.to_string()))?;
    read_range(cx, key::all_vectors(workspace), &mut index).await?;
    Ok(index)
}

/// Parts read at once: at most 32 MB at 256 dimensions.
const PAGE: u32 = 64;

async fn read_range(cx: &Cx, range: crate::seam::KeyRange, index: &mut VectorIndex) -> Result<(), ApiError> {
    let mut rest = range;
    loop {
        let entries = store::scan(cx, rest.clone(), false, PAGE, false).await?;
        let full = entries.len() >= PAGE as usize;
        let last = entries.last().map(|(key, _)| key.clone());
        for (key, Blob(bytes)) in entries {
            insert(index, &key, &bytes)?;
        }
        match last {
            Some(last) if full => rest.start = key::after(&last),
            _ => return Ok(()),
        }
        cx.breathe().await;
    }
}

fn insert(index: &mut VectorIndex, key: &Key, bytes: &[u8]) -> Result<(), ApiError> {
    let damaged =
        |why: String| ApiError::new(Code::StoreFailed, format!("record {key} cannot be read: {why}"));
    let mut numbers = key.as_str().rsplit('/').map(str::parse::<u64>);
    let (Some(Ok(part)), Some(Ok(segment))) = (numbers.next(), numbers.next()) else {
        return Err(damaged("its key names no segment".to_owned()));
    };
    let rows = SegmentVectors::decode(part_name(segment, part), bytes).map_err(|e| damaged(e.to_string()))?;
    index.insert(rows).map_err(|e| damaged(e.to_string()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_the_order_of_segments_and_rows() {
        assert!(part_name(1, 9) < part_name(2, 0) && part_name(1, 0) < part_name(1, 1));
        assert_eq!(locate(part_name(7, 3), 5), (7, 3 * PART_ROWS as u64 + 5));
    }
}
