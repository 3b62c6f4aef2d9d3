//! Records in IndexedDB: one object store, keys as strings, values as strings where they are text and as bytes where
//! not, so that a person with the browser's tools can see what is there.
//!
//! Every operation is one transaction. The browser runs transactions that write one after the other, over all tabs,
//! and undoes those that fail: that is the whole contract. Keys are ASCII, so its order of strings is ours of bytes.

use super::memory::number;
use crate::error;
use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KeyRange, KvOp, KvReply, Write};
use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbCursor, IdbCursorWithValue, IdbDatabase, IdbFactory, IdbKeyRange, IdbObjectStore, IdbOpenDbRequest,
    IdbRequest, IdbTransaction,
};

const RECORDS: &str = "records";
const VERSION: u32 = 1;

/// An open database.
pub struct IndexedDb {
    name: String,
    durable: bool,
    database: RefCell<IdbDatabase>,
    closed: Cell<bool>,
}

/// Whether a transaction may write, and whether the disk has to have it.
#[derive(Clone, Copy)]
enum Mode {
    Read,
    /// A number lost in a crash is no harm: the commit that uses it is on the disk, and what is before it, too.
    Count,
    Write,
}

impl IndexedDb {
    /// Opens or makes it.
    pub async fn open(name: &str, durable: bool) -> Result<IndexedDb, HostError> {
        let database = connect(name).await.map_err(|error| error::stored(&error))?;
        Ok(IndexedDb { name: name.to_owned(), durable, database: database.into(), closed: Cell::new(false) })
    }

    /// Performs an operation.
    pub async fn execute(&self, op: &KvOp) -> Result<KvReply, HostError> {
        let result = match op {
            KvOp::Get { keys } => self.get(keys).await.map(KvReply::Values),
            KvOp::Scan { range, reverse, limit, keys_only } => {
                self.scan(range, *reverse, *limit, *keys_only).await.map(KvReply::Entries)
            }
            KvOp::Next { key, count } => self.next(key, *count).await.map(KvReply::Next),
            KvOp::Commit { expect, writes } => self.commit(expect, writes).await,
        };
        result.map_err(|error| match self.closed.get() {
            true => HostError::new(HostErrorKind::Unavailable, "Haversack was closed; open it again."),
            false => error::stored(&error),
        })
    }

    /// Lets go of it once what is under way has ended.
    pub fn close(&self) {
        self.closed.set(true);
        self.database.borrow().close();
    }

    async fn begin(&self, mode: Mode) -> Result<(IdbTransaction, IdbObjectStore), JsValue> {
        let attempt = self.try_begin(mode);
        let transaction = match attempt {
            // The browser closes connections by itself, when site data are cleared for instance.
            Err(error) if error::name(&error) == "InvalidStateError" && !self.closed.get() => {
                let fresh = connect(&self.name).await?;
                self.database.replace(fresh);
                self.try_begin(mode)?
            }
            other => other?,
        };
        let store = transaction.object_store(RECORDS)?;
        Ok((transaction, store))
    }

    fn try_begin(&self, mode: Mode) -> Result<IdbTransaction, JsValue> {
        let (mode, durability) = match mode {
            Mode::Read => ("readonly", "default"),
            Mode::Count => ("readwrite", "relaxed"),
            Mode::Write => ("readwrite", if self.durable { "strict" } else { "relaxed" }),
        };
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &durability.into())?;
        let database = self.database.borrow();
        // The binding of web-sys has no place for options.
        let transaction: Function = Reflect::get(&database, &"transaction".into())?.dyn_into()?;
        transaction.call3(&database, &RECORDS.into(), &mode.into(), &options)?.dyn_into::<IdbTransaction>()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Blob>>, JsValue> {
        let (_, store) = self.begin(Mode::Read).await?;
        read(&store, keys.iter()).await
    }

    async fn scan(
        &self,
        range: &KeyRange,
        reverse: bool,
        limit: u32,
        keys_only: bool,
    ) -> Result<Vec<(Key, Blob)>, JsValue> {
        let (Some(range), 1..) = (key_range(range)?, limit) else { return Ok(vec![]) };
        let (_, store) = self.begin(Mode::Read).await?;
        if reverse {
            return scan_back(&store, &range, limit, keys_only).await;
        }
        let keys = store.get_all_keys_with_key_and_limit(&range, limit)?;
        let values = match keys_only {
            true => None,
            false => Some(store.get_all_with_key_and_limit(&range, limit)?),
        };
        let keys: Array = outcome(&keys).await?.dyn_into()?;
        let Some(values) = values else {
            return keys.iter().map(|key| Ok((key_of(&key)?, Blob(Bytes::new())))).collect();
        };
        let values: Array = outcome(&values).await?.dyn_into()?;
        keys.iter()
            .zip(values.iter())
            .map(|(key, value)| Ok((key_of(&key)?, Blob(bytes_of(&value)?))))
            .collect()
    }

    async fn next(&self, key: &Key, count: u32) -> Result<u64, JsValue> {
        let (transaction, store) = self.begin(Mode::Count).await?;
        let found = read(&store, [key].into_iter()).await?.pop().flatten();
        let last = found.map_or(0, |Blob(digits)| number(&digits)) + u64::from(count);
        store.put_with_key(&last.to_string().into(), &key.as_str().into())?;
        completed(&transaction).await?;
        Ok(last)
    }

    async fn commit(&self, expect: &[(Key, Option<Blob>)], writes: &[Write]) -> Result<KvReply, JsValue> {
        let (transaction, store) = self.begin(Mode::Write).await?;
        let done = completed(&transaction);
        let found = read(&store, expect.iter().map(|(key, _)| key)).await?;
        if found.iter().zip(expect).any(|(found, (_, expected))| found != expected) {
            transaction.abort()?;
            return Ok(KvReply::Conflict);
        }
        if let Err(error) = writes.iter().try_for_each(|write| change(&store, write)) {
            // It may have ended already, for the same reason.
            let _ = transaction.abort();
            return Err(error);
        }
        done.await?;
        Ok(KvReply::Committed)
    }
}

async fn connect(name: &str) -> Result<IdbDatabase, JsValue> {
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into())?;
    let Ok(factory) = factory.dyn_into::<IdbFactory>() else {
        let error = js_sys::Error::new("there is no indexedDB here");
        error.set_name("SecurityError");
        return Err(error.into());
    };
    let request = factory.open_with_u32(name, VERSION)?;
    let making: wasm_bindgen::closure::Closure<dyn FnMut(JsValue)> = {
        let request: IdbOpenDbRequest = request.clone();
        wasm_bindgen::closure::Closure::once(move |_: JsValue| {
            if let Ok(database) = request.result().and_then(JsCast::dyn_into::<IdbDatabase>) {
                // Fails only where it is there already.
                let _ = database.create_object_store(RECORDS);
            }
        })
    };
    request.set_onupgradeneeded(Some(making.as_ref().unchecked_ref()));
    let database: IdbDatabase = outcome(&request).await?.dyn_into()?;
    // A later version in another tab wants to change the database: make way, calls open it again.
    let let_go: Function = Reflect::get(&database, &"close".into())?.dyn_into::<Function>()?.bind0(&database);
    database.set_onversionchange(Some(&let_go));
    Ok(database)
}

/// All from one moment, asked for together.
async fn read<'a>(
    store: &IdbObjectStore,
    keys: impl Iterator<Item = &'a Key>,
) -> Result<Vec<Option<Blob>>, JsValue> {
    let requests =
        keys.map(|key| store.get(&key.as_str().into())).collect::<Result<Vec<IdbRequest>, JsValue>>()?;
    // Requests of a transaction settle in order: once the last has, so have all.
    if let Some(last) = requests.last() {
        outcome(last).await?;
    }
    requests
        .iter()
        .map(|request| {
            let value = request.result()?;
            if value.is_undefined() { Ok(None) } else { bytes_of(&value).map(|bytes| Some(Blob(bytes))) }
        })
        .collect()
}

async fn scan_back(
    store: &IdbObjectStore,
    range: &JsValue,
    limit: u32,
    keys_only: bool,
) -> Result<Vec<(Key, Blob)>, JsValue> {
    let direction = web_sys::IdbCursorDirection::Prev;
    let request = match keys_only {
        true => store.open_key_cursor_with_range_and_direction(range, direction)?,
        false => store.open_cursor_with_range_and_direction(range, direction)?,
    };
    let mut entries = Vec::new();
    loop {
        let found = outcome(&request).await?;
        if found.is_null() {
            return Ok(entries);
        }
        let cursor: IdbCursor = found.unchecked_into();
        let key = key_of(&cursor.key()?)?;
        let value = match keys_only {
            true => Bytes::new(),
            false => bytes_of(&cursor.unchecked_ref::<IdbCursorWithValue>().value()?)?,
        };
        entries.push((key, Blob(value)));
        if entries.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Ok(entries);
        }
        cursor.continue_()?;
    }
}

fn change(store: &IdbObjectStore, write: &Write) -> Result<(), JsValue> {
    match write {
        Write::Put(key, value) => {
            let value = match std::str::from_utf8(value) {
                Ok(text) => JsValue::from_str(text),
                Err(_) => Uint8Array::from(&value[..]).into(),
            };
            store.put_with_key(&value, &key.as_str().into()).map(drop)
        }
        Write::Delete(key) => store.delete(&key.as_str().into()).map(drop),
        Write::DeleteRange(range) => match key_range(range)? {
            Some(range) => store.delete(&range).map(drop),
            None => Ok(()),
        },
    }
}

/// `None` for a range without a key in it, which IndexedDB takes for a mistake.
fn key_range(range: &KeyRange) -> Result<Option<JsValue>, JsValue> {
    if range.start >= range.end {
        return Ok(None);
    }
    let (start, end) = (range.start.as_str().into(), range.end.as_str().into());
    IdbKeyRange::bound_with_lower_open_and_upper_open(&start, &end, false, true)
        .map(|range| Some(range.into()))
}

fn key_of(key: &JsValue) -> Result<Key, JsValue> {
    key.as_string().map(Key::new).ok_or_else(|| js_sys::Error::new("a key is no string").into())
}

fn bytes_of(value: &JsValue) -> Result<Bytes, JsValue> {
    if let Some(text) = value.as_string() {
        return Ok(text.into());
    }
    let bytes = value
        .dyn_ref::<Uint8Array>()
        .ok_or_else(|| js_sys::Error::new("a value is neither text nor bytes"))?;
    Ok(bytes.to_vec().into())
}

/// What a request gives. Its handlers are those of a promise, so nothing has to be kept alive for it.
async fn outcome(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    match JsFuture::from(settled).await {
        Ok(_) => request.result(),
        Err(event) => Err(match request.error() {
            Ok(Some(error)) => error.into(),
            _ => event,
        }),
    }
}

/// Waits until a transaction has ended well. It listens from now on, not only when first awaited.
fn completed(transaction: &IdbTransaction) -> impl Future<Output = Result<(), JsValue>> + use<> {
    let settled = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    let transaction = transaction.clone();
    let settled = JsFuture::from(settled);
    async move {
        match settled.await {
            Ok(_) => Ok(()),
            Err(event) => Err(transaction.error().map_or(event, JsValue::from)),
        }
    }
}
