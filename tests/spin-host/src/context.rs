//! What an instance of the component has.

use crate::shared::{Pooled, Shared};
use rusqlite::Connection;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use wasmtime::component::{HasData, ResourceTable};
use wasmtime::{ResourceLimiter, Result};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// An open database.
pub struct Database(pub Arc<Mutex<Connection>>);

/// An open key-value store.
pub struct Values(pub Arc<Mutex<Connection>>);

/// A connection to a PostgreSQL server, and the address it was opened for.
pub struct Client(pub String, pub Pooled);

/// The options of a connection: there are none here.
pub struct Builder;

/// The interfaces of Spin, as Rust.
pub mod bindings {
    #![allow(missing_docs, reason = "generated")]
    wasmtime::component::bindgen!({
        path: "wit",
        world: "haversack:test-host/host",
        imports: { default: async | trappable },
        with: {
            "spin:key-value/key-value.store": super::Values,
            "spin:postgres/postgres.connection": super::Client,
            "spin:postgres/postgres.connection-builder": super::Builder,
            "spin:sqlite/sqlite.connection": super::Database,
        },
    });
}

/// One instance's own.
pub struct Context {
    pub table: ResourceTable,
    pub shared: Arc<Shared>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
}

impl Context {
    /// A fresh one. Files in `assets` of the state's folder ship with the component.
    pub fn new(shared: Arc<Shared>) -> Result<Context> {
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stderr();
        let assets = shared.state.join("assets");
        if assets.is_dir() {
            wasi.preopened_dir(&assets, "/", wasmtime_wasi::FsPerms::ReadOnly)?;
        }
        Ok(Context { table: ResourceTable::new(), shared, wasi: wasi.build(), http: WasiHttpCtx::new() })
    }
}

impl WasiHttpView for Context {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: Default::default(), table: &mut self.table, ctx: &mut self.http }
    }
}

impl WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl ResourceLimiter for Context {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let fine = desired <= self.shared.options.memory_bytes;
        if fine {
            self.shared.figures.memory_peak.fetch_max(desired as u64, Relaxed);
        }
        Ok(fine)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

/// How the interfaces reach a [`Context`].
pub struct Has;

impl HasData for Has {
    type Data<'a> = &'a mut Context;
}
