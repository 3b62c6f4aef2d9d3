//! Ten small records in one.
//!
//! IndexedDB takes about as long for a kilobyte as for a hundred of them: a record costs a message to another process.
//! So the records that [`key::shelf`] names are stored by tens, as arrays; all others by themselves. What a commit
//! changes on a shelf it does not fill is read first, in the same transaction.

use super::indexed_db::outcome;
use super::value;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, Write};
use haversack_engine::store::key;
use js_sys::Array;
use std::collections::{BTreeMap, BTreeSet};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbObjectStore, IdbRequest};

/// Records on a shelf.
pub const PLACES: usize = 10;

/// Records that were read in a transaction, and the shelves that it is changing.
pub struct Shelves {
    /// By their names in the store; `undefined` where nothing is.
    found: BTreeMap<String, JsValue>,
    changed: BTreeMap<String, Array>,
}

impl Shelves {
    /// Reads where `keys` are and what else is named, all from one moment, asked for together.
    pub async fn read<'a>(
        store: &IdbObjectStore,
        keys: impl Iterator<Item = &'a Key>,
        mut names: BTreeSet<&'a str>,
    ) -> Result<Shelves, JsValue> {
        names.extend(keys.map(name));
        let ask = |name: &str| Ok((name.to_owned(), store.get(&name.into())?));
        let requests: Vec<(String, IdbRequest)> =
            names.into_iter().map(ask).collect::<Result<_, JsValue>>()?;
        // Requests of a transaction settle in order: once the last has, so have all.
        if let Some((_, last)) = requests.last() {
            outcome(last).await?;
        }
        let found = requests.into_iter().map(|(name, request)| Ok((name, request.result()?)));
        Ok(Shelves { found: found.collect::<Result<_, JsValue>>()?, changed: BTreeMap::new() })
    }

    /// The value of a key that was read.
    pub fn get(&self, key: &Key) -> Result<Option<Blob>, JsValue> {
        let Some(found) = self.found.get(name(key)).filter(|found| !found.is_undefined()) else {
            return Ok(None);
        };
        match key::shelf(key) {
            None => value::from_js(found),
            Some((_, place)) => value::from_js(&taken(found)?.get(place as u32)),
        }
    }

    /// Does a write, except for what it changes on shelves.
    pub fn write(&mut self, store: &IdbObjectStore, write: &Write) -> Result<(), JsValue> {
        match write {
            Write::Put(key, value) => match key::shelf(key) {
                None => store.put_with_key(&value::to_js(value), &key.as_str().into()).map(drop),
                Some((shelf, place)) => {
                    self.change(shelf)?.set(place as u32, value::to_js(value));
                    Ok(())
                }
            },
            Write::Delete(key) => match key::shelf(key) {
                None => store.delete(&key.as_str().into()).map(drop),
                Some((shelf, place)) => {
                    self.change(shelf)?.set(place as u32, JsValue::UNDEFINED);
                    Ok(())
                }
            },
            Write::DeleteRange(range) => {
                let Some(all) = value::range(range.start.as_str(), false, range)? else { return Ok(()) };
                for bound in [&range.start, &range.end] {
                    if let Some((shelf, _)) = key::shelf_at(bound) {
                        self.change(shelf)?;
                    }
                }
                for (shelf, places) in &self.changed {
                    for (place, key) in keys(shelf) {
                        if range.start <= key && key < range.end {
                            places.set(place, JsValue::UNDEFINED);
                        }
                    }
                }
                store.delete(&all).map(drop)
            }
        }
    }

    /// Stores the shelves that were changed. The last part of a commit: a range that was deleted took them along.
    pub fn put_back(&self, store: &IdbObjectStore) -> Result<(), JsValue> {
        for (shelf, places) in &self.changed {
            let name = shelf.as_str().into();
            match places.iter().all(|value| value.is_undefined()) {
                true => store.delete(&name)?,
                false => store.put_with_key(places, &name)?,
            };
        }
        Ok(())
    }

    /// A shelf as this commit leaves it.
    fn change(&mut self, shelf: &str) -> Result<&Array, JsValue> {
        if !self.changed.contains_key(shelf) {
            let places = match self.found.get(shelf).filter(|found| !found.is_undefined()) {
                Some(found) => taken(found)?.clone(),
                None => Array::new_with_length(PLACES as u32),
            };
            self.changed.insert(shelf.to_owned(), places);
        }
        self.changed.get(shelf).ok_or_else(|| js_sys::Error::new("a shelf is gone").into())
    }
}

/// The shelves that `writes` change without filling them.
pub fn touched(writes: &[Write]) -> BTreeSet<&str> {
    let mut filled: BTreeMap<&str, usize> = BTreeMap::new();
    let mut touched = BTreeSet::new();
    for write in writes {
        match write {
            Write::Put(key, _) => {
                if let Some((shelf, place)) = key::shelf(key) {
                    *filled.entry(shelf).or_insert(0) |= 1 << place;
                }
            }
            Write::Delete(key) => touched.extend(key::shelf(key).map(|(shelf, _)| shelf)),
            Write::DeleteRange(range) => {
                let bounds = [&range.start, &range.end];
                touched.extend(
                    bounds.into_iter().filter_map(|bound| key::shelf_at(bound)).map(|(shelf, _)| shelf),
                );
            }
        }
    }
    touched
        .extend(filled.into_iter().filter(|(_, places)| *places + 1 != 1 << PLACES).map(|(shelf, _)| shelf));
    touched
}

/// Whether a stored record is a shelf.
pub fn is_shelf(name: &Key) -> bool {
    keys(name.as_str()).next().is_some_and(|(_, key)| key::shelf(&key).is_some())
}

/// The records of a shelf that are there, in order.
pub fn records(shelf: &Key, value: &JsValue) -> Result<Vec<(Key, Blob)>, JsValue> {
    let places = taken(value)?;
    let mut records = Vec::with_capacity(PLACES);
    for (place, key) in keys(shelf.as_str()) {
        records.extend(value::from_js(&places.get(place))?.map(|value| (key, value)));
    }
    Ok(records)
}

fn keys(shelf: &str) -> impl Iterator<Item = (u32, Key)> + '_ {
    (0..PLACES as u32).map(move |place| (place, Key::new(format!("{shelf}{place}"))))
}

/// Under which name a record is stored.
fn name(key: &Key) -> &str {
    key::shelf(key).map_or(key.as_str(), |(shelf, _)| shelf)
}

fn taken(shelf: &JsValue) -> Result<&Array, JsValue> {
    shelf.dyn_ref::<Array>().ok_or_else(|| js_sys::Error::new("a shelf is no array").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn put(n: u64) -> Write {
        Write::Put(key::row(1, 2, n), Bytes::new())
    }

    #[test]
    fn a_shelf_that_a_commit_fills_need_not_be_read() {
        let all: Vec<Write> = (0..20).map(put).collect();
        assert!(touched(&all).is_empty());
        assert_eq!(touched(&all[1..]), BTreeSet::from(["row/000000000001/000000000002/00000000000"]));
        let other = Write::Put(key::workspace(10), Bytes::new());
        assert!(touched(&[other]).is_empty());
    }

    #[test]
    fn what_is_deleted_on_a_shelf_is_read_before() {
        let delete = Write::Delete(key::chunk(1, 2, 3));
        assert_eq!(touched(&[delete]).len(), 1);
        let mut range = key::segment_rows(1, 2);
        assert!(touched(&[Write::DeleteRange(range.clone())]).is_empty());
        range.start = key::row(1, 2, 15);
        assert_eq!(
            touched(&[Write::DeleteRange(range)]),
            BTreeSet::from(["row/000000000001/000000000002/00000000001"])
        );
    }

    #[test]
    fn shelves_are_told_from_records() {
        assert!(is_shelf(&Key::new("row/000000000001/000000000002/00000000001")));
        assert!(!is_shelf(&key::row(1, 2, 3)) && !is_shelf(&key::workspace(1)));
    }
}
