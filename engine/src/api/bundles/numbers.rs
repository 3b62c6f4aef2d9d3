//! New numbers for what comes from another store, in the old order: equal scores are ranked by them.

use super::super::error::ApiError;
use super::inconsistent;
use crate::model::Placement;
use crate::seam::Cx;
use crate::store;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Numbers that a bundle uses, and what stands for them here.
pub struct Numbers {
    pub workspace: u64,
    /// Of the marker under which it is staged.
    pub staging: u64,
    pub placements: BTreeMap<u64, u64>,
    pub segments: BTreeMap<u64, u64>,
    /// Whose segment it is, both as in the bundle.
    owners: BTreeMap<u64, u64>,
    /// Chunks in a segment, by its number in the bundle.
    chunks: BTreeMap<u64, u64>,
    /// What the ids of all documents begin with that come from this bundle: nothing else begins so.
    pub documents: String,
}

impl Numbers {
    /// Takes numbers for all of them.
    pub async fn take(cx: &Cx, placements: &[Placement]) -> Result<Numbers, ApiError> {
        let workspace = store::next_id(cx, "ws").await?;
        let count = u32::try_from(placements.len())
            .ok()
            .and_then(|count| count.checked_add(1))
            .ok_or_else(|| inconsistent("it has too many documents"))?;
        // One more, for the marker.
        let first_segment = store::next_ids(cx, "segment", count).await?;
        let mut places = BTreeMap::new();
        if !placements.is_empty() {
            let first = store::next_ids(cx, "placement", count - 1).await?;
            places = numbered(placements.iter().map(|placement| placement.id), first);
        }
        let segments = numbered(placements.iter().map(|placement| placement.segment), first_segment + 1);
        let mut documents = cx.uuid().to_string();
        documents.truncate(PREFIX);
        let owners = store::by_id(placements.iter().map(|placement| (placement.segment, placement.id)));
        let chunks = store::by_id(placements.iter().map(|placement| (placement.segment, placement.chunks)));
        let staging = first_segment;
        Ok(Numbers { workspace, staging, placements: places, segments, owners, chunks, documents })
    }

    /// The id of another document of this bundle.
    pub fn document(&self, cx: &Cx) -> String {
        let rest: Uuid = cx.uuid();
        format!("{}{}", self.documents, rest.to_string().get(PREFIX..).unwrap_or_default())
    }

    /// A segment's number here.
    pub fn segment(&self, theirs: u64) -> Result<u64, ApiError> {
        let ours = self.segments.get(&theirs).copied();
        ours.ok_or_else(|| inconsistent(format!("segment {theirs} belongs to no document")))
    }

    /// Whether a placement has this segment, both by their numbers in the bundle.
    pub fn owns(&self, placement: u64, segment: u64) -> bool {
        self.owners.get(&segment) == Some(&placement)
    }

    /// Chunks in a segment, by its number in the bundle.
    pub fn chunks(&self, segment: u64) -> u64 {
        self.chunks.get(&segment).copied().unwrap_or(0)
    }

    /// A placement's number here.
    pub fn placement(&self, theirs: u64) -> Result<u64, ApiError> {
        let ours = self.placements.get(&theirs).copied();
        ours.ok_or_else(|| inconsistent(format!("a chunk belongs to document {theirs}, which is not there")))
    }
}

/// Characters of a version 4 UUID in front of its variant: 60 random bits.
const PREFIX: usize = "00000000-0000-4000-".len();

fn numbered(theirs: impl Iterator<Item = u64>, first: u64) -> BTreeMap<u64, u64> {
    let mut theirs: Vec<u64> = theirs.collect();
    theirs.sort_unstable();
    store::by_id(theirs.into_iter().zip(first..))
}
