//! Ranges of records, on shelves or by themselves.

use super::indexed_db::outcome;
use super::shelves;
use super::value;
use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, KeyRange};
use haversack_engine::store::key;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbCursor, IdbCursorDirection, IdbCursorWithValue, IdbObjectStore};

type Entries = Vec<(Key, Blob)>;

/// Up to `limit` records of a range in key order, or backwards.
pub async fn run(
    store: &IdbObjectStore,
    range: &KeyRange,
    reverse: bool,
    limit: usize,
    keys_only: bool,
) -> Result<Entries, JsValue> {
    if limit == 0 {
        return Ok(vec![]);
    }
    let mut entries = match reverse {
        true => backwards(store, range, limit, keys_only).await?,
        false => forwards(store, range, limit, keys_only).await?,
    };
    entries.truncate(limit);
    if keys_only {
        entries.iter_mut().for_each(|(_, value)| *value = Blob(Bytes::new()));
    }
    Ok(entries)
}

/// Where to begin: a shelf is called by the first of its records.
fn start(range: &KeyRange) -> String {
    key::shelf_at(&range.start).map_or_else(|| range.start.clone(), |(shelf, _)| shelf).to_string()
}

async fn forwards(
    store: &IdbObjectStore,
    range: &KeyRange,
    limit: usize,
    keys_only: bool,
) -> Result<Entries, JsValue> {
    let mut entries = Vec::new();
    let mut from = (start(range), false);
    while entries.len() < limit {
        let left = limit - entries.len();
        let page = if key::is_shelved(&range.start) { left / key::SHELF_PLACES + 1 } else { left };
        let page = u32::try_from(page).unwrap_or(u32::MAX);
        let Some(rest) = value::range(&from.0, from.1, range)? else { break };
        let names = store.get_all_keys_with_key_and_limit(&rest, page)?;
        let ask = || store.get_all_with_key_and_limit(&rest, page);
        let values = if keys_only { None } else { Some(ask()?) };
        let names: Array = outcome(&names).await?.dyn_into()?;
        let names: Vec<Key> = names.iter().map(|name| value::key(&name)).collect::<Result<_, _>>()?;
        // What is on a shelf, only the shelf knows.
        let values = match values {
            None if names.iter().any(key::is_shelved) => Some(ask()?),
            values => values,
        };
        let values: Array = match values {
            Some(values) => outcome(&values).await?.dyn_into()?,
            None => Array::new(),
        };
        for (n, name) in (0..).zip(&names) {
            add(&mut entries, name, &values.get(n), range)?;
        }
        match names.last() {
            Some(last) if names.len() >= page as usize => from = (last.to_string(), true),
            _ => break,
        }
    }
    Ok(entries)
}

async fn backwards(
    store: &IdbObjectStore,
    range: &KeyRange,
    limit: usize,
    keys_only: bool,
) -> Result<Entries, JsValue> {
    let mut entries = Vec::new();
    let Some(all) = value::range(&start(range), false, range)? else { return Ok(entries) };
    let direction = IdbCursorDirection::Prev;
    let bare = keys_only && !key::is_shelved(&range.start);
    let request = match bare {
        true => store.open_key_cursor_with_range_and_direction(&all, direction)?,
        false => store.open_cursor_with_range_and_direction(&all, direction)?,
    };
    loop {
        let found = outcome(&request).await?;
        if found.is_null() {
            return Ok(entries);
        }
        let cursor: IdbCursor = found.unchecked_into();
        let value = match bare {
            true => JsValue::UNDEFINED,
            false => cursor.unchecked_ref::<IdbCursorWithValue>().value()?,
        };
        let mut some = Vec::new();
        add(&mut some, &value::key(&cursor.key()?)?, &value, range)?;
        entries.extend(some.into_iter().rev());
        if entries.len() >= limit {
            return Ok(entries);
        }
        cursor.continue_()?;
    }
}

/// Adds what a stored record holds of the range. A value that was not asked for is empty.
fn add(entries: &mut Entries, name: &Key, value: &JsValue, range: &KeyRange) -> Result<(), JsValue> {
    if !key::is_shelved(name) {
        entries.push((name.clone(), value::from_js(value)?.unwrap_or(Blob(Bytes::new()))));
        return Ok(());
    }
    let records = shelves::records(name, value)?;
    entries.extend(records.into_iter().filter(|(key, _)| range.start <= *key && *key < range.end));
    Ok(())
}
