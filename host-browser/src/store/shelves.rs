//! Many small records in one.
//!
//! A record costs IndexedDB a message to another process and a search for what it replaces, so that one kilobyte takes
//! almost as long as ten. The records that [`key::shelf`] names are stored by tens; all others by themselves. With more
//! in one, a search reads more bytes than it saves messages; values of more than 64 kB become files in Chromium, of which
//! each read takes half a millisecond. What a commit changes on a shelf it does not fill is read first, in the same
//! transaction.
//!
//! A shelf is an array of values, with holes where nothing is. If all of them are bytes, which is so of vectors, it is one
//! row of bytes: the lengths of all (u32, little-endian; the largest where nothing is), then the values. Taking one out
//! of that is much faster than taking all apart.

use super::indexed_db::outcome;
use super::value;
use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, Write};
use haversack_engine::store::key::{self, SHELF_PLACES as PLACES};
use js_sys::{Array, Uint8Array};
use std::collections::{BTreeMap, BTreeSet};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbObjectStore, IdbRequest};

/// Records that were read in a transaction, and the shelves that it is changing.
pub struct Shelves {
    /// By their names in the store, in order; `undefined` where nothing is.
    found: Vec<(Key, JsValue)>,
    changed: BTreeMap<Key, Places>,
}

/// What is on a shelf.
type Places = [Option<Bytes>; PLACES];

/// Bytes in front of the values of a shelf in one row.
const LENGTHS: usize = 4 * PLACES;

impl Shelves {
    /// Reads where `keys` are and what else is named, all from one moment, asked for together.
    pub async fn read<'a>(
        store: &IdbObjectStore,
        keys: impl Iterator<Item = &'a Key>,
        mut names: BTreeSet<Key>,
    ) -> Result<Shelves, JsValue> {
        names.extend(keys.map(name));
        let ask = |name: Key| {
            let request = store.get(&name.as_str().into())?;
            Ok((name, request))
        };
        let requests: Vec<(Key, IdbRequest)> = names.into_iter().map(ask).collect::<Result<_, JsValue>>()?;
        // Requests of a transaction settle in order: once the last has, so have all.
        if let Some((_, last)) = requests.last() {
            outcome(last).await?;
        }
        let found = requests.into_iter().map(|(name, request)| Ok((name, request.result()?)));
        Ok(Shelves { found: found.collect::<Result<_, JsValue>>()?, changed: BTreeMap::new() })
    }

    /// What is stored under a name that was read, if anything.
    fn found(&self, name: &Key) -> Option<&JsValue> {
        let at = self.found.binary_search_by(|(known, _)| known.cmp(name)).ok()?;
        self.found.get(at).map(|(_, value)| value).filter(|value| !value.is_undefined())
    }

    /// The value of a key that was read.
    pub fn get(&self, key: &Key) -> Result<Option<Blob>, JsValue> {
        let Some(found) = self.found(&name(key)) else { return Ok(None) };
        match key::shelf(key) {
            None => value::from_js(found),
            Some((_, place)) => one(found, place),
        }
    }

    /// Does a write, except for what it changes on shelves.
    pub fn write(&mut self, store: &IdbObjectStore, write: &Write) -> Result<(), JsValue> {
        match write {
            Write::Put(key, value) => match key::shelf(key) {
                None => store.put_with_key(&value::to_js(value), &key.as_str().into()).map(drop),
                Some((shelf, place)) => {
                    self.change(shelf)?[place] = Some(value.clone());
                    Ok(())
                }
            },
            Write::Delete(key) => match key::shelf(key) {
                None => store.delete(&key.as_str().into()).map(drop),
                Some((shelf, place)) => {
                    self.change(shelf)?[place] = None;
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
                for (shelf, places) in &mut self.changed {
                    for (place, key) in keys(shelf) {
                        if range.start <= key && key < range.end {
                            places[place] = None;
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
            match places.iter().all(Option::is_none) {
                true => store.delete(&name)?,
                false => store.put_with_key(&to_js(places), &name)?,
            };
        }
        Ok(())
    }

    /// A shelf as this commit leaves it.
    fn change(&mut self, shelf: Key) -> Result<&mut Places, JsValue> {
        if !self.changed.contains_key(&shelf) {
            let places = self.found(&shelf).map(from_js).transpose()?.unwrap_or_default();
            self.changed.insert(shelf.clone(), places);
        }
        self.changed.get_mut(&shelf).ok_or_else(|| js_sys::Error::new("a shelf is gone").into())
    }
}

/// The shelves that `writes` change without filling them.
pub fn touched(writes: &[Write]) -> BTreeSet<Key> {
    let mut filled: BTreeMap<Key, usize> = BTreeMap::new();
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
                touched.extend(bounds.into_iter().filter_map(key::shelf_at).map(|(shelf, _)| shelf));
            }
        }
    }
    touched
        .extend(filled.into_iter().filter(|(_, places)| *places + 1 != 1 << PLACES).map(|(shelf, _)| shelf));
    touched
}

/// The records of a shelf that are there, in order.
pub fn records(shelf: &Key, value: &JsValue) -> Result<Vec<(Key, Blob)>, JsValue> {
    let places = keys(shelf).zip(from_js(value)?);
    Ok(places.filter_map(|((_, key), value)| Some((key, Blob(value?)))).collect())
}

fn keys(shelf: &Key) -> impl Iterator<Item = (usize, Key)> + '_ {
    (0..PLACES).filter_map(move |place| Some((place, key::on_shelf(shelf, place)?)))
}

fn to_js(places: &Places) -> JsValue {
    if places.iter().flatten().all(|value| std::str::from_utf8(value).is_err()) {
        return Uint8Array::from(&joined(places)[..]).into();
    }
    let array = Array::new_with_length(PLACES as u32);
    for (place, value) in (0..).zip(places) {
        if let Some(value) = value {
            array.set(place, value::to_js(value));
        }
    }
    array.into()
}

fn from_js(shelf: &JsValue) -> Result<Places, JsValue> {
    if let Some(row) = shelf.dyn_ref::<Uint8Array>() {
        return apart(&row.to_vec().into());
    }
    let array: &Array = shelf.dyn_ref().ok_or_else(damaged)?;
    let mut places = Places::default();
    for (at, place) in (0..).zip(&mut places) {
        *place = value::from_js(&array.get(at))?.map(|Blob(value)| value);
    }
    Ok(places)
}

/// The value at one place.
fn one(shelf: &JsValue, place: usize) -> Result<Option<Blob>, JsValue> {
    let Some(row) = shelf.dyn_ref::<Uint8Array>() else {
        let array: &Array = shelf.dyn_ref().ok_or_else(damaged)?;
        return value::from_js(&array.get(place as u32));
    };
    let lengths = row.subarray(0, LENGTHS as u32).to_vec();
    let Some((start, end)) = bounds(&lengths, place).ok_or_else(damaged)? else { return Ok(None) };
    Ok(Some(Blob(row.subarray(start as u32, end as u32).to_vec().into())))
}

fn joined(places: &Places) -> Vec<u8> {
    let length = |value: &Option<Bytes>| value.as_ref().map_or(u32::MAX, |value| value.len() as u32);
    let mut row: Vec<u8> = places.iter().flat_map(|value| length(value).to_le_bytes()).collect();
    places.iter().flatten().for_each(|value| row.extend_from_slice(value));
    row
}

fn apart(row: &Bytes) -> Result<Places, JsValue> {
    let mut places = Places::default();
    for (at, place) in places.iter_mut().enumerate() {
        if let Some((start, end)) =
            bounds(row, at).filter(|b| b.is_none_or(|(_, end)| end <= row.len())).ok_or_else(damaged)?
        {
            *place = Some(row.slice(start..end));
        }
    }
    Ok(places)
}

/// Where the value of a place is in a row; `None` inside if there is none, outside if the row is too short.
fn bounds(lengths: &[u8], place: usize) -> Option<Option<(usize, usize)>> {
    let mut lengths = lengths.get(..LENGTHS)?.chunks_exact(4).map(|bytes| {
        let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        (length != u32::MAX).then_some(length as usize)
    });
    let start = LENGTHS + lengths.by_ref().take(place).flatten().sum::<usize>();
    Some(lengths.next()?.map(|length| (start, start + length)))
}

fn damaged() -> JsValue {
    js_sys::Error::new("a shelf is neither an array nor a row of bytes").into()
}

/// Under which name a record is stored.
fn name(key: &Key) -> Key {
    key::shelf(key).map_or_else(|| key.clone(), |(shelf, _)| shelf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(n: u64) -> Write {
        Write::Put(key::row(1, 2, n), Bytes::new())
    }

    #[test]
    fn a_shelf_that_a_commit_fills_need_not_be_read() {
        let all: Vec<Write> = (0..40).map(put).collect();
        assert!(touched(&all).is_empty());
        assert_eq!(touched(&all[1..]), BTreeSet::from([key::row(1, 2, 0)]));
        let other = Write::Put(key::workspace(10), Bytes::new());
        assert!(touched(&[other]).is_empty());
    }

    #[test]
    fn what_is_deleted_on_a_shelf_is_read_before() {
        let delete = Write::Delete(key::chunk(1, 2, 3));
        assert_eq!(touched(&[delete]), BTreeSet::from([key::chunk(1, 2, 0)]));
        let mut range = key::segment_rows(1, 2);
        assert!(touched(&[Write::DeleteRange(range.clone())]).is_empty());
        range.start = key::row(1, 2, 25);
        assert_eq!(touched(&[Write::DeleteRange(range)]), BTreeSet::from([key::row(1, 2, 20)]));
    }

    #[test]
    fn values_in_a_row_come_apart_again() {
        let mut places = Places::default();
        places[2] = Some(Bytes::from_static(&[0xff; 3]));
        places[7] = Some(Bytes::new());
        places[9] = Some(Bytes::from_static(&[0xfe]));
        let row = Bytes::from(joined(&places));
        assert_eq!(row.len(), LENGTHS + 4);
        assert_eq!(apart(&row).unwrap(), places);
        assert_eq!((bounds(&row, 0), bounds(&row, 2)), (Some(None), Some(Some((LENGTHS, LENGTHS + 3)))));
        let last = Some(Some((LENGTHS + 3, LENGTHS + 4)));
        assert_eq!((bounds(&row, 9), bounds(&row[..LENGTHS - 1], 0)), (last, None));
    }
}
