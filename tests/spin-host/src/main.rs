//! `spin-host COMPONENT STATE_DIR ADDRESS`: runs the Spin component under wasmtime.
//!
//! A test tool. It gives the component what Spin gives it: SQLite and key-value stores in files of `STATE_DIR`,
//! PostgreSQL where there is a server, variables from `SPIN_VARIABLE_*`, outbound HTTP, and instances that are
//! reused and answer several requests at once, with Spin's own limits. [`shared::Options`] can be set in its environment; what it counted, and faults of the
//! store, are had at `/.spin-host/`, which the component never sees.
//!
//! What it does not do: check `allowed_outbound_hosts`, run models (with `SPIN_HOST_LLM` some that only echo
//! answer), serve TLS, or know of applications with several components.

#![allow(clippy::unwrap_used, reason = "a lock is poisoned only after a panic, which ends the test anyway")]

mod compile;
mod context;
mod kv;
mod llm;
mod postgres;
mod serve;
mod shared;
mod sqlite;
mod variables;
mod wire;
mod workers;

use context::{Context, Has, bindings};
use shared::{Options, Shared};
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::Linker;
use wasmtime::{Config, Engine, Result, format_err};
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::p3::{self, bindings::ServicePre};

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [component, state, address] = args.as_slice() else {
        return Err(format_err!("spin-host COMPONENT STATE_DIR ADDRESS"));
    };
    std::fs::create_dir_all(state)?;
    let shared = Arc::new(Shared::new(Path::new(state), Options::from_env()));
    let workers = workers(Path::new(component), shared.clone())?;
    serve::serve(address, shared, ProxyHandler::new(workers)).await
}

fn workers(component: &Path, shared: Arc<Shared>) -> Result<workers::Workers> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config.consume_fuel(shared.options.fuel.is_some());
    let engine = Engine::new(&config)?;
    let kind = if shared.options.fuel.is_some() { "fuel" } else { "plain" };
    let component = compile::compiled(&engine, component, kind)?;
    let mut linker: Linker<Context> = Linker::new(&engine);
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    p3::add_to_linker(&mut linker)?;
    bindings::spin::key_value::key_value::add_to_linker::<_, Has>(&mut linker, |context| context)?;
    bindings::spin::postgres::postgres::add_to_linker::<_, Has>(&mut linker, |context| context)?;
    bindings::spin::sqlite::sqlite::add_to_linker::<_, Has>(&mut linker, |context| context)?;
    bindings::spin::variables::variables::add_to_linker::<_, Has>(&mut linker, |context| context)?;
    bindings::fermyon::spin::llm::add_to_linker::<_, Has>(&mut linker, |context| context)?;
    let pre = ServicePre::new(linker.instantiate_pre(&component)?)?;
    Ok(workers::Workers::new(engine, pre, shared))
}
