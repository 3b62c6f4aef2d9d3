//! `spin:sqlite`: one file, a connection of its own for whoever opens one.

use crate::context::bindings::spin::sqlite::sqlite::{
    Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
};
use crate::context::{Context, Database, Has};
use crate::shared::Shared;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wasmtime::Result;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};

type Rows = (Vec<String>, Vec<RowResult>);
type Streamed = (Vec<String>, StreamReader<RowResult>, FutureReader<Result<(), Error>>);

impl Context {
    fn open(&mut self, name: &str) -> Result<Result<Resource<Database>, Error>> {
        if name != "default" {
            return Ok(Err(Error::AccessDenied));
        }
        match connect(self) {
            Ok(connection) => Ok(Ok(self.table.push(Database(Arc::new(Mutex::new(connection))))?)),
            Err(error) => Ok(Err(Error::Io(error.to_string()))),
        }
    }

    fn database(&self, of: &Resource<Database>) -> Result<Arc<Mutex<Connection>>> {
        Ok(self.table.get(of)?.0.clone())
    }
}

fn connect(context: &Context) -> rusqlite::Result<Connection> {
    let connection = Connection::open(context.shared.state.join("sqlite_db.db"))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    if let Some(pages) = context.shared.options.sqlite_pages {
        connection.pragma_update(None, "max_page_count", pages.cast_signed())?;
    }
    Ok(connection)
}

fn query(connection: &Connection, sql: &str, parameters: Vec<Value>) -> rusqlite::Result<Rows> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let parameters = parameters.into_iter().map(|value| match value {
        Value::Integer(number) => Sql::Integer(number),
        Value::Real(number) => Sql::Real(number),
        Value::Text(text) => Sql::Text(text),
        Value::Blob(bytes) => Sql::Blob(bytes),
        Value::Null => Sql::Null,
    });
    let count = columns.len();
    let row = |row: &Row<'_>| {
        let values =
            (0..count).map(|column| row.get_ref(column).map(value)).collect::<rusqlite::Result<_>>()?;
        Ok(RowResult { values })
    };
    let rows = statement.query_map(params_from_iter(parameters), row)?.collect::<rusqlite::Result<_>>()?;
    Ok((columns, rows))
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

fn run(
    shared: &Shared,
    connection: &Mutex<Connection>,
    sql: &str,
    parameters: Vec<Value>,
) -> Result<Rows, Error> {
    shared.statement().map_err(Error::Io)?;
    let ran = query(&connection.lock().unwrap(), sql, parameters);
    let rows = ran.map_err(|error| Error::Io(error.to_string()))?;
    let bytes = rows.1.iter().flat_map(|row| &row.values).map(|value| match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Integer(_) | Value::Real(_) => 8,
        Value::Null => 0,
    });
    shared.figures.bytes_read.fetch_add(bytes.sum::<usize>() as u64, Relaxed);
    Ok(rows)
}

impl Host for Context {}

impl HostConnection for Context {
    async fn open(&mut self, name: String) -> Result<Result<Resource<Database>, Error>> {
        Context::open(self, &name)
    }

    async fn execute(
        &mut self,
        of: Resource<Database>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Result<QueryResult, Error>> {
        let connection = self.database(&of)?;
        Ok(run(&self.shared, &connection, &sql, parameters)
            .map(|(columns, rows)| QueryResult { columns, rows }))
    }

    async fn last_insert_rowid(&mut self, of: Resource<Database>) -> Result<i64> {
        Ok(self.database(&of)?.lock().unwrap().last_insert_rowid())
    }

    async fn changes(&mut self, of: Resource<Database>) -> Result<u64> {
        Ok(self.database(&of)?.lock().unwrap().changes())
    }

    async fn drop(&mut self, of: Resource<Database>) -> Result<()> {
        self.table.delete(of)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionWithStore<T> for Has {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        name: String,
    ) -> Result<Result<Resource<Database>, Error>> {
        accessor.with(|mut store| store.get().open(&name))
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        of: Resource<Database>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Result<Streamed, Error>> {
        let (connection, shared) = accessor.with(|mut store| {
            let context = store.get();
            context.database(&of).map(|connection| (connection, context.shared.clone()))
        })?;
        let ran = tokio::task::spawn_blocking(move || run(&shared, &connection, &sql, parameters)).await;
        let (columns, rows) = match ran.map_err(|error| wasmtime::format_err!("{error}"))? {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut store| {
            let rows = StreamReader::new(&mut store, rows)?;
            let end = FutureReader::new(&mut store, async { wasmtime::error::Ok(Ok(())) })?;
            Ok(Ok((columns, rows, end)))
        })
    }

    async fn last_insert_rowid_async(accessor: &Accessor<T, Self>, of: Resource<Database>) -> Result<i64> {
        accessor.with(|mut store| Ok(store.get().database(&of)?.lock().unwrap().last_insert_rowid()))
    }

    async fn changes_async(accessor: &Accessor<T, Self>, of: Resource<Database>) -> Result<u64> {
        accessor.with(|mut store| Ok(store.get().database(&of)?.lock().unwrap().changes()))
    }
}
