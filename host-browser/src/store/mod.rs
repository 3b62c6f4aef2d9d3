//! Where the records are: in memory, or in the browser's database.

mod indexed_db;
mod memory;
mod scan;
mod shelves;
mod value;

use bytes::Bytes;
use haversack_engine::bundle;
use haversack_engine::seam::{HostError, KvOp, KvReply};
use indexed_db::IndexedDb;
use memory::Memory;
use std::cell::RefCell;
use std::rc::Rc;

/// An ordered key-value store. Clones share it.
#[derive(Clone)]
pub enum Store {
    /// Ends with the page.
    Memory(Rc<RefCell<Memory>>),
    /// Stays, and is shared by all tabs of an origin.
    IndexedDb(Rc<IndexedDb>),
}

impl Store {
    /// An empty one in memory.
    pub fn memory() -> Store {
        Store::Memory(Rc::default())
    }

    /// One in memory that begins with an exported workspace, whose values stay where they are in the file.
    pub fn of_bundle(file: Bytes) -> Result<Store, HostError> {
        let memory = Memory::of(bundle::unpack(&file)?);
        Ok(Store::Memory(Rc::new(RefCell::new(memory))))
    }

    /// The database `name`, made if it is not there. With `durable`, a commit is on the disk before it is
    /// acknowledged; without, it survives the browser but perhaps not the machine.
    pub async fn indexed_db(name: &str, durable: bool) -> Result<Store, HostError> {
        IndexedDb::open(name, durable).await.map(|store| Store::IndexedDb(Rc::new(store)))
    }

    /// The reply, if it takes no waiting.
    pub fn execute_now(&self, op: &KvOp) -> Option<KvReply> {
        match self {
            Store::Memory(memory) => Some(memory.borrow_mut().execute(op)),
            Store::IndexedDb(_) => None,
        }
    }

    /// Performs an operation.
    pub async fn execute(&self, op: KvOp) -> Result<KvReply, HostError> {
        match self {
            Store::Memory(memory) => Ok(memory.borrow_mut().execute(&op)),
            Store::IndexedDb(store) => store.execute(&op).await,
        }
    }

    /// Lets go of it.
    pub fn close(&self) {
        if let Store::IndexedDb(store) = self {
            store.close();
        }
    }
}
