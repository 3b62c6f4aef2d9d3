//! The keys under which a placement is found.

use crate::model::Placement;
use crate::seam::{Cx, Key};
use crate::store::{self, StoreError, Transaction, key};

/// Keys read at once.
const READ_AT_ONCE: usize = 500;

/// Sets `placement` and all that points to it.
pub fn put(tx: &mut Transaction, placement: &Placement) -> Result<(), StoreError> {
    let (workspace, id, document) = (placement.workspace, placement.id, &placement.document);
    tx.put(key::placement(workspace, id), placement)?;
    tx.put(key::placement_path(workspace, &document.folder, &document.name, id), &())?;
    // Listings of documents show who pinned them; so they need not read the placement.
    tx.put(key::placement_in(&document.folder, &document.name, workspace, id), &placement.pinned)?;
    match placement.pinned {
        true => tx.put(key::placement_pin(workspace, id), &())?,
        false => tx.delete(key::placement_pin(workspace, id)),
    }
    Ok(())
}

/// Removes `placement` and all that points to it, but not its segment.
pub fn delete(tx: &mut Transaction, placement: &Placement) {
    let document = &placement.document;
    keys(placement.workspace, placement.id, &document.folder, &document.name)
        .into_iter()
        .for_each(|key| tx.delete(key));
}

/// The keys of a placement and of all that points to it.
pub fn keys(workspace: u64, id: u64, folder: &str, name: &str) -> [Key; 4] {
    [
        key::placement(workspace, id),
        key::placement_path(workspace, folder, name, id),
        key::placement_in(folder, name, workspace, id),
        key::placement_pin(workspace, id),
    ]
}

/// Places of a document in a workspace by id: more than one only where duplicates are allowed.
pub async fn in_workspace(
    cx: &Cx,
    workspace: u64,
    folder: &str,
    name: &str,
) -> Result<Vec<Placement>, StoreError> {
    let found = store::scan_keys(cx, key::placements_path(workspace, folder, name)).await?;
    let ids = found.iter().filter_map(key::trailing_id);
    read(cx, ids.map(|id| key::placement(workspace, id)).collect()).await
}

/// Places of a document in all workspaces, by workspace and id.
pub async fn of_document(cx: &Cx, folder: &str, name: &str) -> Result<Vec<Placement>, StoreError> {
    let found = store::scan_keys(cx, key::placements_in(folder, name)).await?;
    let places = found.iter().filter_map(place);
    read(cx, places.map(|(workspace, id)| key::placement(workspace, id)).collect()).await
}

/// Workspace and id at the end of a key `wsdoc.in/FOLDER/NAME/WS/ID`.
pub fn place(key: &Key) -> Option<(u64, u64)> {
    let mut parts = key.as_str().rsplit('/');
    let id = parts.next()?.parse().ok()?;
    Some((parts.next()?.parse().ok()?, id))
}

async fn read(cx: &Cx, keys: Vec<Key>) -> Result<Vec<Placement>, StoreError> {
    let mut placements = Vec::with_capacity(keys.len());
    for some in keys.chunks(READ_AT_ONCE) {
        placements.extend(store::get_many(cx, some.to_vec()).await?.into_iter().flatten());
    }
    Ok(placements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_where_the_document_is() {
        assert_eq!(place(&key::placement_in("a/b", "c.json", 7, 12)), Some((7, 12)));
        assert_eq!(place(&key::folder("x")), None);
    }
}
