//! The index of a workspace follows from its documents: a segment that is not whole is made again from the text.

use super::walk::{Census, Segment};
use super::{Repair, put};
use crate::api::ApiError;
use crate::model::{Document, Placement, Workspace};
use crate::retrieve::staging::segment_ranges;
use crate::retrieve::{IndexHead, ingest, lexical, placement};
use crate::seam::Write;
use crate::store::key;
use std::collections::BTreeSet;

/// Checks the index of each workspace.
pub async fn run(repair: &mut Repair<'_>, census: &Census) -> Result<(), ApiError> {
    let mut owned = BTreeSet::new();
    for (_, workspace) in repair.all_of::<Workspace>(key::workspaces()).await? {
        owned.extend(check(repair, census, &workspace).await?);
    }
    let staged: BTreeSet<u64> = crate::store::scan_keys(repair.cx, key::stagings())
        .await?
        .iter()
        .filter_map(key::trailing_id)
        .collect();
    for (at, segment) in &census.segments {
        if owned.contains(at) || staged.contains(&at.1) {
            continue;
        }
        if repair.fix {
            remove(repair, at.0, at.1, segment).await?;
        } else if segment.bad {
            repair.wrong(format!("A part of the index of workspace number {} cannot be read.", at.0));
        }
    }
    Ok(())
}

/// Removes all there is of a segment.
async fn remove(repair: &Repair<'_>, workspace: u64, number: u64, segment: &Segment) -> Result<(), ApiError> {
    let mut writes: Vec<Write> =
        segment_ranges(workspace, number).into_iter().map(Write::DeleteRange).collect();
    writes.extend(lexical::all_keys(workspace, number, segment.parts.max(1)).into_iter().map(Write::Delete));
    Ok(repair.write(writes).await?)
}

/// Checks the index of a workspace; its segments, as they were when they were counted.
async fn check(
    repair: &mut Repair<'_>,
    census: &Census,
    workspace: &Workspace,
) -> Result<Vec<(u64, u64)>, ApiError> {
    let (id, slug) = (workspace.id, &workspace.slug);
    let mut places = Vec::new();
    for (_, place) in repair.all_of::<Placement>(key::placements(id)).await? {
        let at = key::document(&place.document.folder, &place.document.name);
        match repair.peek::<Document>(at).await?.filter(|found| found.id == place.document.id) {
            Some(document) => places.push((place, document)),
            None if !repair.fix => {
                repair.wrong(format!(
                    "The document {} of workspace {slug} is not there.",
                    place.document.path()
                ));
            }
            None => {
                let Document { folder, name, .. } = &place.document;
                let keys = placement::keys(id, place.id, folder, name);
                repair.write(keys.into_iter().map(Write::Delete).collect()).await?;
                repair.lost(format!("The place of {} in workspace {slug}.", place.document.path()));
            }
        }
    }
    let mut head = repair.peek::<IndexHead>(key::index_head(id)).await?;
    if head.is_none() && !places.is_empty() {
        if !repair.fix {
            repair.wrong(format!("The index of workspace {slug} is not there."));
            return Ok(places.iter().map(|(place, _)| (id, place.segment)).collect());
        }
        head = Some(empty_head(repair, id).await?);
        for (place, _) in &mut places {
            place.chunks = 0;
            place.words = 0;
            super::documents::keep(repair, place).await?;
        }
    }
    let mut owned = Vec::new();
    for (place, document) in &places {
        let found = census.segments.get(&(id, place.segment)).copied().unwrap_or_default();
        if is_whole(&found, place) {
            owned.push((id, place.segment));
            continue;
        }
        if !repair.fix {
            repair.wrong(format!("The index of {} in workspace {slug} is not whole.", document.path()));
            owned.push((id, place.segment));
            continue;
        }
        let made =
            ingest::index_again(repair.cx, repair.engine, workspace, document, place, found.parts).await;
        match made {
            Ok(()) => repair.mended(format!("The index of {} in workspace {slug}.", document.path())),
            Err(error) => {
                owned.push((id, place.segment));
                repair.failed(format!(
                    "The index of {} in workspace {slug} could not be made again: {} Mend that and repair once more.",
                    document.path(),
                    error.message
                ));
            }
        }
    }
    count(repair, workspace, head.is_some()).await?;
    Ok(owned)
}

/// Whether everything of a segment is there.
fn is_whole(found: &Segment, place: &Placement) -> bool {
    // Older builds wrote neither codes nor words.
    let coded = found.codes == place.chunks || found.codes == 0;
    let worded = found.buckets > 0 || place.words == 0;
    let counted = [found.vectors, found.rows, found.chunks].iter().all(|count| *count == place.chunks);
    !found.bad && place.chunks > 0 && counted && coded && worded
}

/// A head for an index whose rows are all to be made again.
async fn empty_head(repair: &Repair<'_>, workspace: u64) -> Result<IndexHead, ApiError> {
    let log = crate::store::scan_keys(repair.cx, key::index_logs(workspace)).await?;
    let version = log.iter().filter_map(key::trailing_id).max().unwrap_or(0) + 1;
    let embedder = repair.engine.embedder().model_name().to_owned();
    let head = IndexHead { version, embedder, dim: 0, rows: 0, words: 0 };
    repair.write(vec![put(key::index_head(workspace), &head)?]).await?;
    Ok(head)
}

/// Compares the counts of the head with what the placements say.
async fn count(repair: &mut Repair<'_>, workspace: &Workspace, has_index: bool) -> Result<(), ApiError> {
    let places = repair.all_of::<Placement>(key::placements(workspace.id)).await?;
    let rows: u64 = places.iter().map(|(_, place)| place.chunks).sum();
    let words: u64 = places.iter().map(|(_, place)| place.words).sum();
    let Some(head) = repair.peek::<IndexHead>(key::index_head(workspace.id)).await? else { return Ok(()) };
    if !has_index || (head.rows, head.words) == (rows, words) {
        return Ok(());
    }
    match repair.fix {
        true => repair.mended(format!("The counts of the index of workspace {}.", workspace.slug)),
        false => repair.wrong(format!("The counts of the index of workspace {} are wrong.", workspace.slug)),
    }
    // Readers that have an older version in memory read the whole index again, as the log says nothing of this one.
    let head = IndexHead { version: head.version + 1, rows, words, ..head };
    let log = key::index_log(workspace.id, head.version);
    Ok(repair.write(vec![put(key::index_head(workspace.id), &head)?, Write::Delete(log)]).await?)
}
