//! Records in IndexedDB, in one object store.
//!
//! Every operation is one transaction. The browser runs transactions that write one after the other, over all tabs,
//! and undoes those that fail: that is the whole contract. Keys are ASCII, so its order of strings is ours of bytes.

use super::memory::number;
use super::scan;
use super::shelves::{self, Shelves};
use crate::error;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KvOp, KvReply, Write};
use js_sys::{Function, Object, Promise, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction};

const RECORDS: &str = "records";
const VERSION: u32 = 1;

/// An open database.
pub struct IndexedDb {
    name: String,
    durable: bool,
    database: RefCell<IdbDatabase>,
    /// Of the last read. It takes further requests until the turn in which that was answered is over.
    reading: RefCell<Option<IdbObjectStore>>,
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
        let (database, reading) = (RefCell::new(database), RefCell::default());
        Ok(IndexedDb { name: name.to_owned(), durable, database, reading, closed: Cell::new(false) })
    }

    /// Performs an operation.
    pub async fn execute(&self, op: &KvOp) -> Result<KvReply, HostError> {
        let result = match op {
            KvOp::Get { .. } | KvOp::Scan { .. } => self.read(op).await,
            KvOp::Next { key, count } => self.next(key, *count).await.map(KvReply::Next),
            KvOp::Commit { expect, writes } => self.commit(expect, writes).await,
            // Nothing repairs a store here: the document is removed and added again, which has to be written.
            KvOp::Damaged { .. } => Ok(KvReply::Noted),
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

    /// Reads that follow each other at once share a transaction: beginning one takes longer than the read.
    async fn read(&self, op: &KvOp) -> Result<KvReply, JsValue> {
        let last = self.reading.borrow().clone();
        if let Some(store) = last {
            match read(&store, op).await {
                Err(error) if error::name(&error) == "TransactionInactiveError" => {}
                other => return other,
            }
        }
        let (_, store) = self.begin(Mode::Read).await?;
        self.reading.replace(Some(store.clone()));
        read(&store, op).await
    }

    async fn next(&self, key: &Key, count: u32) -> Result<u64, JsValue> {
        let (transaction, store) = self.begin(Mode::Count).await?;
        let found = store.get(&key.as_str().into())?;
        let found = outcome(&found).await?;
        let last = found.as_string().map_or(0, |digits| number(digits.as_bytes())) + u64::from(count);
        store.put_with_key(&last.to_string().into(), &key.as_str().into())?;
        completed(&transaction).await?;
        Ok(last)
    }

    async fn commit(&self, expect: &[(Key, Option<Blob>)], writes: &[Write]) -> Result<KvReply, JsValue> {
        let (transaction, store) = self.begin(Mode::Write).await?;
        let done = completed(&transaction);
        let expected = expect.iter().map(|(key, _)| key);
        let mut shelves = Shelves::read(&store, expected, shelves::touched(writes)).await?;
        for (key, value) in expect {
            if shelves.get(key)? != *value {
                transaction.abort()?;
                return Ok(KvReply::Conflict);
            }
        }
        let written = writes.iter().try_for_each(|write| shelves.write(&store, write));
        if let Err(error) = written.and_then(|()| shelves.put_back(&store)) {
            // It may have ended already, for the same reason.
            let _ = transaction.abort();
            return Err(error);
        }
        done.await?;
        Ok(KvReply::Committed)
    }
}

async fn read(store: &IdbObjectStore, op: &KvOp) -> Result<KvReply, JsValue> {
    match op {
        KvOp::Get { keys } => {
            let shelves = Shelves::read(store, keys.iter(), BTreeSet::new()).await?;
            keys.iter().map(|key| shelves.get(key)).collect::<Result<_, _>>().map(KvReply::Values)
        }
        KvOp::Scan { range, reverse, limit, keys_only } => {
            let limit = usize::try_from(*limit).unwrap_or(usize::MAX);
            scan::run(store, range, *reverse, limit, *keys_only).await.map(KvReply::Entries)
        }
        KvOp::Next { .. } | KvOp::Commit { .. } | KvOp::Damaged { .. } => {
            Err(js_sys::Error::new("this is no read").into())
        }
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

/// What a request gives. Its handlers are those of a promise, so nothing has to be kept alive for it.
pub(super) async fn outcome(request: &IdbRequest) -> Result<JsValue, JsValue> {
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
