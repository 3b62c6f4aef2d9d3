//! `spin:postgres` against a real server, over connections that are kept for whoever comes next, as Spin keeps them. Only the asynchronous functions, and
//! only texts, numbers, truths and bytes, which is what the component uses.

use crate::context::bindings::spin::postgres::postgres::{
    Column, DbDataType, DbError, DbValue, Error, Host, HostConnection, HostConnectionBuilder,
    HostConnectionBuilderWithStore, HostConnectionWithStore, ParameterValue, QueryError, RowSet,
};
use crate::context::{Builder, Client, Context, Has};
use crate::shared::{Pooled, Shared};
use crate::wire::{self, Failed, Table};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use wasmtime::component::{Accessor, FutureReader, Resource, StreamReader};
use wasmtime::{Result, format_err};

type Streamed = (Vec<Column>, StreamReader<Vec<DbValue>>, FutureReader<Result<(), Error>>);

impl Host for Context {}

impl HostConnectionBuilder for Context {
    async fn new(&mut self, _: String) -> Result<Resource<Builder>> {
        Err(format_err!("this test host has no connection builder"))
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> Result<Result<(), Error>> {
        Ok(Err(absent()))
    }

    async fn build(&mut self, _: Resource<Builder>) -> Result<Result<Resource<Client>, Error>> {
        Ok(Err(absent()))
    }

    async fn drop(&mut self, builder: Resource<Builder>) -> Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl<T: Send> HostConnectionBuilderWithStore<T> for Has {
    async fn build_async(
        _: &Accessor<T, Self>,
        _: Resource<Builder>,
    ) -> Result<Result<Resource<Client>, Error>> {
        Ok(Err(absent()))
    }
}

impl HostConnection for Context {
    async fn open(&mut self, _: String) -> Result<Result<Resource<Client>, Error>> {
        Ok(Err(absent()))
    }

    async fn query(
        &mut self,
        _: Resource<Client>,
        _: String,
        _: Vec<ParameterValue>,
    ) -> Result<Result<RowSet, Error>> {
        Ok(Err(absent()))
    }

    async fn execute(
        &mut self,
        _: Resource<Client>,
        _: String,
        _: Vec<ParameterValue>,
    ) -> Result<Result<u64, Error>> {
        Ok(Err(absent()))
    }

    async fn drop(&mut self, client: Resource<Client>) -> Result<()> {
        let Client(address, client) = self.table.delete(client)?;
        self.shared.postgres.lock().unwrap().entry(address).or_default().push(client);
        Ok(())
    }
}

impl<T: Send> HostConnectionWithStore<T> for Has {
    async fn open_async(
        accessor: &Accessor<T, Self>,
        address: String,
    ) -> Result<Result<Resource<Client>, Error>> {
        let shared = accessor.with(|mut store| store.get().shared.clone());
        let kept = shared.postgres.lock().unwrap().get_mut(&address).and_then(Vec::pop);
        let client = match kept {
            Some(client) => client,
            None => match wire::Client::connect(&address).await {
                Ok(client) => Arc::new(tokio::sync::Mutex::new(client)),
                Err(Failed::Said { message, .. }) => return Ok(Err(Error::ConnectionFailed(message))),
                Err(Failed::Broken(error)) => return Ok(Err(Error::ConnectionFailed(error.to_string()))),
            },
        };
        accessor.with(|mut store| Ok(Ok(store.get().table.push(Client(address, client))?)))
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        of: Resource<Client>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<Result<Streamed, Error>> {
        let (client, shared) = found(accessor, &of)?;
        let (columns, rows) = match query(&client, &shared, &statement, parameters).await {
            Ok(rows) => rows,
            Err(error) => return Ok(Err(error)),
        };
        accessor.with(|mut store| {
            let rows = StreamReader::new(&mut store, rows)?;
            let end = FutureReader::new(&mut store, async { wasmtime::error::Ok(Ok(())) })?;
            Ok(Ok((columns, rows, end)))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        of: Resource<Client>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<Result<u64, Error>> {
        let (client, shared) = found(accessor, &of)?;
        Ok(query(&client, &shared, &statement, parameters).await.map(|(_, rows)| rows.len() as u64))
    }
}

fn found<T: Send>(accessor: &Accessor<T, Has>, of: &Resource<Client>) -> Result<(Pooled, Arc<Shared>)> {
    accessor.with(|mut store| {
        let context = store.get();
        Ok((context.table.get(of)?.1.clone(), context.shared.clone()))
    })
}

async fn query(
    client: &Pooled,
    shared: &Shared,
    statement: &str,
    parameters: Vec<ParameterValue>,
) -> Result<(Vec<Column>, Vec<Vec<DbValue>>), Error> {
    shared.statement().map_err(Error::Other)?;
    let parameters = parameters.into_iter().map(text).collect::<Result<Vec<_>, &str>>();
    let parameters = parameters.map_err(|why| Error::BadParameter(why.to_owned()))?;
    let table = client.lock().await.query(statement, &parameters).await.map_err(failed)?;
    let Table { types, rows } = table;
    let bytes: usize = rows.iter().flatten().flatten().map(Vec::len).sum();
    shared.figures.bytes_read.fetch_add(bytes as u64, Relaxed);
    let columns =
        types.iter().map(|oid| Column { name: String::new(), data_type: DbDataType::Other(oid.to_string()) });
    let columns = columns.collect();
    let row =
        |row: Vec<Option<Vec<u8>>>| types.iter().zip(row).map(|(oid, text)| value(*oid, text)).collect();
    Ok((columns, rows.into_iter().map(row).collect()))
}

/// A value of a type, by PostgreSQL's number for it.
fn value(oid: u32, text: Option<Vec<u8>>) -> DbValue {
    let Some(bytes) = text else { return DbValue::DbNull };
    let text = String::from_utf8_lossy(&bytes);
    match oid {
        16 => DbValue::Boolean(text == "t"),
        20 => text.parse().map_or(DbValue::Unsupported(Vec::new()), DbValue::Int64),
        25 => DbValue::Str(text.into_owned()),
        // Hexadecimal behind `\\x`.
        17 => DbValue::Binary(bytes.get(2..).unwrap_or_default().chunks(2).map(byte).collect()),
        _ => DbValue::Unsupported(bytes),
    }
}

fn byte(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |byte, digit| byte << 4 | (*digit as char).to_digit(16).unwrap_or(0) as u8)
}

/// A parameter as PostgreSQL writes it.
fn text(parameter: ParameterValue) -> Result<Option<String>, &'static str> {
    Ok(Some(match parameter {
        ParameterValue::DbNull => return Ok(None),
        ParameterValue::Boolean(truth) => truth.to_string(),
        ParameterValue::Int64(number) => number.to_string(),
        ParameterValue::Str(text) => text,
        ParameterValue::ArrayStr(texts) => {
            let one = |text: Option<String>| match text {
                Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
                None => "NULL".to_owned(),
            };
            format!("{{{}}}", texts.into_iter().map(one).collect::<Vec<_>>().join(","))
        }
        _ => return Err("this test host does not know the type"),
    }))
}

fn failed(error: Failed) -> Error {
    match error {
        Failed::Said { code, message } => Error::QueryFailed(QueryError::DbError(DbError {
            as_text: message.clone(),
            severity: "ERROR".to_owned(),
            code,
            message,
            detail: None,
            extras: Vec::new(),
        })),
        Failed::Broken(error) => Error::QueryFailed(QueryError::Text(error.to_string())),
    }
}

fn absent() -> Error {
    Error::Other("this test host has only the asynchronous functions".to_owned())
}
