//! The engine's ordered key-value store on what Spin offers.

mod file;
mod overlay;
mod pg;
mod pieces;
mod postgres;
mod sealed;
mod sqlite;
mod statement;

use haversack_engine::seam::{HostError, HostErrorKind, KvOp, KvReply};
use postgres::Postgres;
pub use sealed::Sealed;
use sqlite::Sqlite;
use std::collections::BTreeMap;

/// One of the stores.
pub enum Store {
    /// Spin's SQLite.
    Sqlite(Sqlite),
    /// A PostgreSQL server.
    Postgres(Box<Postgres>),
    /// A sealed workspace, in Spin's key-value store or in a file of the component.
    Sealed(Box<Sealed>),
}

impl Store {
    /// The store that the settings name: `HAVERSACK_STORE` is `sqlite` (default), `postgres` or `sealed`; with
    /// `:LABEL` behind it, the database or key-value store of that label; or `bundle:FILE`, a file of the component.
    pub async fn open(settings: &BTreeMap<String, String>) -> Result<Store, HostError> {
        let text = settings.get("HAVERSACK_STORE").map_or("sqlite", |text| text.trim());
        let (kind, label) = text.split_once(':').unwrap_or((text, "default"));
        match kind {
            "" | "sqlite" => Ok(Store::Sqlite(Sqlite::open(label).await?)),
            "postgres" => {
                let address = settings.get("HAVERSACK_POSTGRES").map_or("", |text| text.trim());
                Ok(Store::Postgres(Box::new(Postgres::open(address)?)))
            }
            "sealed" => Ok(Store::Sealed(Box::new(Sealed::open(label).await?))),
            "bundle" => Ok(Store::Sealed(Box::new(Sealed::bundle(label).await?))),
            other => Err(HostError::new(
                HostErrorKind::Unsupported,
                format!("HAVERSACK_STORE={other}: the stores are sqlite, postgres, sealed and bundle:FILE"),
            )),
        }
    }

    /// Carries out `op`.
    pub async fn execute(&self, op: KvOp) -> Result<KvReply, HostError> {
        match self {
            Store::Sqlite(store) => store.execute(op).await,
            Store::Postgres(store) => store.execute(op).await,
            Store::Sealed(store) => store.execute(op).await,
        }
    }

    /// The sealed store, if it is one.
    pub fn sealed(&self) -> Option<&Sealed> {
        match self {
            Store::Sealed(store) => Some(store),
            Store::Sqlite(_) | Store::Postgres(_) => None,
        }
    }
}
