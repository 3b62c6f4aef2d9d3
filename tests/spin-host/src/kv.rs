//! `spin:key-value`: one table in a file, no value above 1 MB, as managed hosts have it.

use crate::context::bindings::spin::key_value::key_value::{Error, Host, HostStore, HostStoreWithStore};
use crate::context::{Context, Has, Values};
use crate::shared::Shared;
use rusqlite::{Connection, OptionalExtension};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wasmtime::Result;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

const VALUE_BYTES_MAX: usize = 1 << 20;

type Opened = (Arc<Mutex<Connection>>, Arc<Shared>);
type Listed = (StreamReader<String>, FutureReader<Result<(), Error>>);

impl Host for Context {}

impl HostStore for Context {
    async fn drop(&mut self, store: Resource<Values>) -> Result<()> {
        self.table.delete(store)?;
        Ok(())
    }
}

impl<T: Send> HostStoreWithStore<T> for Has {
    async fn open(accessor: &Accessor<T, Self>, label: String) -> Result<Result<Resource<Values>, Error>> {
        if label != "default" {
            return Ok(Err(Error::AccessDenied));
        }
        accessor.with(|mut store| {
            let context = store.get();
            match connect(&context.shared) {
                Ok(connection) => Ok(Ok(context.table.push(Values(Arc::new(Mutex::new(connection))))?)),
                Err(error) => Ok(Err(other(error))),
            }
        })
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        of: Resource<Values>,
        key: String,
    ) -> Result<Result<Option<Vec<u8>>, Error>> {
        let (values, shared) = values(accessor, &of)?;
        if let Err(why) = shared.statement() {
            return Ok(Err(Error::Other(why)));
        }
        let read = values.lock().unwrap().query_row("SELECT v FROM kv WHERE k = ?", [key], |row| row.get(0));
        let read: rusqlite::Result<Option<Vec<u8>>> = read.optional();
        if let Ok(Some(bytes)) = &read {
            shared.figures.bytes_read.fetch_add(bytes.len() as u64, Relaxed);
        }
        Ok(read.map_err(other))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        of: Resource<Values>,
        key: String,
        value: Vec<u8>,
    ) -> Result<Result<(), Error>> {
        let (values, shared) = values(accessor, &of)?;
        if let Err(why) = shared.statement() {
            return Ok(Err(Error::Other(why)));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Ok(Err(Error::Other(format!("a value has {VALUE_BYTES_MAX} bytes at most"))));
        }
        let sql = "INSERT OR REPLACE INTO kv VALUES (?, ?)";
        Ok(values.lock().unwrap().execute(sql, (key, value)).map(drop).map_err(other))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        of: Resource<Values>,
        key: String,
    ) -> Result<Result<(), Error>> {
        let (values, _) = values(accessor, &of)?;
        let deleted = values.lock().unwrap().execute("DELETE FROM kv WHERE k = ?", [key]);
        Ok(deleted.map(drop).map_err(other))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        of: Resource<Values>,
        key: String,
    ) -> Result<Result<bool, Error>> {
        let (values, _) = values(accessor, &of)?;
        let sql = "SELECT EXISTS (SELECT 1 FROM kv WHERE k = ?)";
        let exists = values.lock().unwrap().query_row(sql, [key], |row| row.get(0));
        Ok(exists.map_err(other))
    }

    async fn get_keys(accessor: &Accessor<T, Self>, of: Resource<Values>) -> Result<Listed> {
        let (values, _) = values(accessor, &of)?;
        let keys = {
            let connection = values.lock().unwrap();
            let mut statement = connection.prepare("SELECT k FROM kv ORDER BY k")?;
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?
        };
        accessor.with(|mut store| {
            let end = FutureReader::new(&mut store, async { wasmtime::error::Ok(Ok(())) })?;
            Ok((StreamReader::new(&mut store, keys)?, end))
        })
    }
}

fn connect(shared: &Shared) -> rusqlite::Result<Connection> {
    let connection = Connection::open(shared.state.join("sqlite_key_value.db"))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute("CREATE TABLE IF NOT EXISTS kv (k TEXT PRIMARY KEY, v BLOB NOT NULL)", [])?;
    Ok(connection)
}

fn values<T: Send>(accessor: &Accessor<T, Has>, of: &Resource<Values>) -> Result<Opened> {
    accessor.with(|mut store| {
        let context = store.get();
        Ok((context.table.get(of)?.0.clone(), context.shared.clone()))
    })
}

fn other(error: rusqlite::Error) -> Error {
    Error::Other(error.to_string())
}
