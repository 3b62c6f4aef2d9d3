//! A PostgreSQL server, for Spin hosts without SQLite, and for several hosts on one store.
//!
//! A commit is one call of a function in the database: it takes a lock, compares, and writes. In a single SQL
//! statement it could not be done, as a statement sees the moment before it waited for the lock.

use super::pg::{Connection, DbValue, Error, ParameterValue, QueryError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{HostError, HostErrorKind, Key, KvOp, KvReply, Write};

/// Tables and functions; each may be there already. `C` is the order of bytes.
const SCHEMA: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS haversack_kv (k text COLLATE \"C\" PRIMARY KEY, v bytea NOT NULL)",
    // What changes rarely is compressed by default, which vectors are not worth.
    "ALTER TABLE haversack_kv ALTER COLUMN v SET STORAGE EXTERNAL",
    "CREATE OR REPLACE FUNCTION haversack_next(key text, count bigint) RETURNS bigint LANGUAGE sql AS $$
       INSERT INTO haversack_kv AS kv (k, v) VALUES (key, convert_to(count::text, 'UTF8'))
       ON CONFLICT (k) DO UPDATE
         SET v = convert_to((convert_from(kv.v, 'UTF8')::bigint + count)::text, 'UTF8')
       RETURNING convert_from(v, 'UTF8')::bigint $$",
    // `kinds`: p put, d delete, r delete from the key to the value.
    "CREATE OR REPLACE FUNCTION haversack_commit(
       expect_keys text[], expect_values text[], kinds text[], keys text[], vals text[]) RETURNS boolean
     LANGUAGE plpgsql AS $$
     BEGIN
       PERFORM pg_advisory_xact_lock(4849453331);
       IF EXISTS (
         SELECT 1 FROM unnest(expect_keys, expect_values) AS e(k, v)
         LEFT JOIN haversack_kv kv ON kv.k = e.k COLLATE \"C\"
         WHERE kv.v IS DISTINCT FROM decode(e.v, 'base64')
       ) THEN RETURN false; END IF;
       FOR i IN 1 .. coalesce(array_length(kinds, 1), 0) LOOP
         IF kinds[i] = 'p' THEN
           INSERT INTO haversack_kv (k, v) VALUES (keys[i], decode(vals[i], 'base64'))
           ON CONFLICT (k) DO UPDATE SET v = excluded.v;
         ELSIF kinds[i] = 'd' THEN
           DELETE FROM haversack_kv WHERE k = keys[i];
         ELSE
           DELETE FROM haversack_kv WHERE k >= keys[i] AND k < vals[i];
         END IF;
       END LOOP;
       RETURN true;
     END $$",
];

/// The store. Spin pools the connections behind it.
pub struct Postgres {
    address: String,
}

impl Postgres {
    /// A store on the server at `address`, as PostgreSQL writes it (`host=… dbname=…` or a URL).
    pub fn open(address: &str) -> Result<Postgres, HostError> {
        if address.is_empty() {
            let message = "HAVERSACK_STORE=postgres needs HAVERSACK_POSTGRES, the address of the database";
            return Err(HostError::new(HostErrorKind::Unsupported, message));
        }
        Ok(Postgres { address: address.to_owned() })
    }

    /// Carries out `op`.
    pub async fn execute(&self, op: KvOp) -> Result<KvReply, HostError> {
        match op {
            KvOp::Get { keys } => self.get(keys).await,
            KvOp::Scan { range, reverse, limit, keys_only } => {
                let value = if keys_only { "''::bytea" } else { "v" };
                let order = if reverse { "DESC" } else { "ASC" };
                let sql = format!(
                    "SELECT k, {value} FROM haversack_kv WHERE k >= $1 AND k < $2 ORDER BY k {order} LIMIT $3"
                );
                let values = vec![text(&range.start), text(&range.end), ParameterValue::Int64(limit.into())];
                let rows = self.rows(&sql, values).await?;
                Ok(KvReply::Entries(rows.into_iter().map(entry).collect::<Result<_, _>>()?))
            }
            KvOp::Next { key, count } => {
                let values = vec![text(&key), ParameterValue::Int64(count.into())];
                let rows = self.rows("SELECT haversack_next($1, $2)", values).await?;
                match rows.first().and_then(|row| row.first()) {
                    Some(DbValue::Int64(number)) => Ok(KvReply::Next(number.cast_unsigned())),
                    _ => Err(damaged()),
                }
            }
            KvOp::Commit { expect, writes } => self.commit(expect, writes).await,
            KvOp::Damaged { .. } => Ok(KvReply::Noted),
        }
    }

    async fn get(&self, keys: Vec<Key>) -> Result<KvReply, HostError> {
        let names = keys.iter().map(|key| Some(key.as_str().to_owned())).collect();
        let sql = "SELECT k, v FROM haversack_kv WHERE k = ANY($1)";
        let rows = self.rows(sql, vec![ParameterValue::ArrayStr(names)]).await?;
        let mut found = rows.into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let value = |key: &Key| {
            let at = found.binary_search_by(|(name, _)| name.cmp(key)).ok()?;
            found.get(at).map(|(_, value)| value.clone())
        };
        Ok(KvReply::Values(keys.iter().map(value).collect()))
    }

    async fn commit(
        &self,
        expect: Vec<(Key, Option<Blob>)>,
        writes: Vec<Write>,
    ) -> Result<KvReply, HostError> {
        let (mut expect_keys, mut expect_values) = (Vec::new(), Vec::new());
        for (key, value) in expect {
            expect_keys.push(Some(key.as_str().to_owned()));
            expect_values.push(value.map(|Blob(bytes)| STANDARD.encode(bytes)));
        }
        let (mut kinds, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for write in writes {
            let (kind, key, value) = match write {
                Write::Put(key, value) => ("p", key, Some(STANDARD.encode(value))),
                Write::Delete(key) => ("d", key, None),
                Write::DeleteRange(range) => ("r", range.start, Some(range.end.as_str().to_owned())),
            };
            kinds.push(Some(kind.to_owned()));
            keys.push(Some(key.as_str().to_owned()));
            values.push(value);
        }
        let values = [expect_keys, expect_values, kinds, keys, values].map(ParameterValue::ArrayStr);
        let rows = self.rows("SELECT haversack_commit($1, $2, $3, $4, $5)", values.into()).await?;
        match rows.first().and_then(|row| row.first()) {
            Some(DbValue::Boolean(true)) => Ok(KvReply::Committed),
            Some(DbValue::Boolean(false)) => Ok(KvReply::Conflict),
            _ => Err(damaged()),
        }
    }

    async fn rows(&self, sql: &str, values: Vec<ParameterValue>) -> Result<Vec<Vec<DbValue>>, HostError> {
        match self.run(sql, values.clone()).await {
            // A new database. Looking for the table when an instance starts would cost every one of them.
            Err(error) if is_unknown(&error) => {
                let connection = Connection::open_async(self.address.clone()).await.map_err(failed)?;
                for statement in SCHEMA {
                    // Two instances may be at it at once, and one of them fails.
                    let _ = connection.execute_async(statement.to_owned(), Vec::new()).await;
                }
                self.run(sql, values).await.map_err(failed)
            }
            other => other.map_err(failed),
        }
    }

    async fn run(&self, sql: &str, values: Vec<ParameterValue>) -> Result<Vec<Vec<DbValue>>, Error> {
        let connection = Connection::open_async(self.address.clone()).await?;
        let (_, mut found, ended) = connection.query_async(sql.to_owned(), values).await?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().await {
            rows.push(row);
        }
        ended.await?;
        Ok(rows)
    }
}

fn text(key: &Key) -> ParameterValue {
    ParameterValue::Str(key.as_str().to_owned())
}

fn entry(row: Vec<DbValue>) -> Result<(Key, Blob), HostError> {
    let mut values = row.into_iter();
    match (values.next(), values.next()) {
        (Some(DbValue::Str(key)), Some(DbValue::Binary(value))) => {
            Ok((Key::new(key), Blob(Bytes::from(value))))
        }
        _ => Err(damaged()),
    }
}

fn damaged() -> HostError {
    HostError::new(HostErrorKind::Failed, "the table haversack_kv is not what this host makes")
}

/// `undefined_table` and `undefined_function`.
fn is_unknown(error: &Error) -> bool {
    matches!(error, Error::QueryFailed(QueryError::DbError(error))
        if matches!(error.code.as_str(), "42P01" | "42883"))
}

fn failed(error: Error) -> HostError {
    match error {
        Error::ConnectionFailed(text) => {
            HostError::new(HostErrorKind::Unavailable, format!("the database cannot be reached: {text}"))
        }
        Error::QueryFailed(QueryError::DbError(error)) => {
            // `disk_full` and its kin.
            let kind = if error.code.starts_with("53") { HostErrorKind::Full } else { HostErrorKind::Failed };
            HostError::new(kind, format!("the database says: {}", error.message))
        }
        Error::Other(text)
        | Error::BadParameter(text)
        | Error::ValueConversionFailed(text)
        | Error::QueryFailed(QueryError::Text(text)) => {
            HostError::new(HostErrorKind::Failed, format!("the database failed: {text}"))
        }
    }
}
