//! The folds of an index as a search sees them.

use super::map::{FoldMap, Folded, Gone};
use crate::retrieve::IndexHead;
use crate::seam::{Cx, Work};
use crate::store::{self, StoreError, key};
use std::sync::Arc;

/// A fold, and which of its rows are gone.
#[derive(Clone, Debug)]
pub struct View {
    /// Its number.
    pub id: u64,
    /// Its segments.
    pub map: Arc<FoldMap>,
    /// Segments by number, and their places in the map.
    places: Arc<Vec<(u64, u32)>>,
    /// Rows that are gone.
    pub gone: Arc<Gone>,
}

impl View {
    fn new(id: u64, map: FoldMap) -> View {
        let segments = map.segments().iter().zip(0..);
        let mut places: Vec<(u64, u32)> = segments.map(|(segment, at)| (segment.segment, at)).collect();
        places.sort_unstable();
        View { id, map: Arc::new(map), places: Arc::new(places), gone: Arc::default() }
    }

    /// A segment of the fold.
    pub fn find(&self, segment: u64) -> Option<&Folded> {
        let at = self.places.binary_search_by_key(&segment, |(segment, _)| *segment).ok()?;
        self.map.segments().get(self.places.get(at)?.1 as usize)
    }

    /// Marks a segment as gone, if it is here.
    pub fn leave(&mut self, segment: u64) {
        if let Some(found) = self.find(segment).copied() {
            Arc::make_mut(&mut self.gone).add(&found);
        }
    }

    /// Whether a segment at this place is gone.
    pub fn is_gone(&self, segment: &Folded) -> bool {
        segment.rows == 0 || self.gone.has(segment.start)
    }

    /// Memory that it takes.
    pub fn bytes(&self) -> usize {
        self.map.bytes() + self.gone.bytes() + self.places.capacity() * size_of::<(u64, u32)>()
    }
}

/// The folds that `head` lists; those that are `known` need not be read, and lose the segments `removed` since. `None` if
/// one of them is gone: then the head has moved on.
pub async fn views(
    cx: &Cx,
    workspace: u64,
    head: &IndexHead,
    known: &[View],
    removed: &[u64],
) -> Result<Option<Vec<View>>, StoreError> {
    let known = |id| known.iter().find(|view| view.id == id).cloned();
    let mut found: Vec<(u64, Option<View>)> =
        head.folds.iter().map(|fold| (fold.id, known(fold.id))).collect();
    for view in found.iter_mut().filter_map(|(_, view)| view.as_mut()) {
        removed.iter().for_each(|segment| view.leave(*segment));
    }
    let missing: Vec<_> = found.iter().filter(|(_, view)| view.is_none()).map(|(id, _)| *id).collect();
    if missing.is_empty() {
        return Ok(Some(found.into_iter().filter_map(|(_, view)| view).collect()));
    }
    let keys: Vec<_> = missing.iter().map(|id| key::fold(workspace, *id)).collect();
    let mut slices = cx.slices();
    let mut values = store::get_bytes(cx, keys).await?.into_iter();
    let dead: Vec<u64> = match head.dead {
        0 => Vec::new(),
        _ => {
            let keys = store::scan_keys(cx, key::all_dead(workspace)).await?;
            keys.iter().filter_map(key::trailing_id).collect()
        }
    };
    let mut views = Vec::with_capacity(found.len());
    for (id, view) in found {
        if let Some(view) = view {
            views.push(view);
            continue;
        }
        let Some(bytes) = values.next().flatten() else { return Ok(None) };
        let map = match FoldMap::decode(&bytes) {
            Ok(map) => map,
            Err(why) => return Err(store::damaged(cx, &key::fold(workspace, id), why).await),
        };
        slices.spend(Work::Records(map.segments().len() / 4 + dead.len() / 4)).await;
        let mut view = View::new(id, map);
        dead.iter().chain(removed).for_each(|segment| view.leave(*segment));
        views.push(view);
    }
    Ok(Some(views))
}
