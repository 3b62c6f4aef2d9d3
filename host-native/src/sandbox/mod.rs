//! The parsers in a sandbox: files are read by a WebAssembly module that can reach nothing but its own memory.
//!
//! The module (`extract/module`) is compiled to machine code when the server is built (`build.rs`) and runs under
//! wasmtime, without a compiler in the program. Each file gets an instance with fresh memory. What a hostile file can do
//! ends with that instance: more memory than allowed is refused by `memory`, calls that nest too deeply and panics are
//! traps, and a deadline ends whatever takes too long, so that nothing goes on working for a file that was given up.

mod clock;
mod memory;
mod module;
mod outcome;
#[path = "../../../extract/precompile/src/settings.rs"]
mod settings;

pub use memory::Budget;
pub use outcome::Stopped;

use clock::EpochClock;
use haversack_extract::{Extracted, Limits, OwnedSource};
use memory::Limiter;
use outcome::Interruption;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use wasmtime::{
    Engine, InstancePre, Linker, Memory, PoolingAllocationConfig, Store, TypedFunc, UpdateDeadline,
};

/// The module, ready to be given files. Clones share it.
#[derive(Clone)]
pub struct Sandbox {
    prepared: InstancePre<Guest>,
    clock: Arc<EpochClock>,
    budget: Arc<Budget>,
}

/// What the host keeps beside an instance.
struct Guest {
    limiter: Limiter,
}

/// What one file may use.
pub struct Allowance<'a> {
    /// What a file may hold.
    pub limits: &'a Limits,
    /// When the work ends, done or not.
    pub deadline: Instant,
    /// Set by the caller when nobody waits for the outcome any more.
    pub cancelled: Arc<AtomicBool>,
}

/// The line before the file, as the module reads it.
#[derive(Serialize)]
struct Request<'a> {
    name: &'a str,
    mime: Option<&'a str>,
    limits: &'a Limits,
}

impl Sandbox {
    /// Loads the module. Fails where the machine code is not for this machine.
    pub fn new(budget: Arc<Budget>) -> Result<Sandbox, String> {
        let failed = |what: &str, error: wasmtime::Error| format!("{what}: {error:#}");
        let engine = engine(&budget).map_err(|e| failed("wasmtime cannot be set up", e))?;
        let module = module::load(&engine).map_err(|e| failed("the parsers cannot be loaded", e))?;
        let linker = Linker::new(&engine);
        let prepared =
            linker.instantiate_pre(&module).map_err(|e| failed("the parsers cannot be linked", e))?;
        Ok(Sandbox { prepared, clock: Arc::new(EpochClock::start(&engine)), budget })
    }

    /// Reads one file on this thread. `Ok(Err(why))`: the file is at fault, in words for the person who sent it.
    pub fn read(
        &self,
        file: &OwnedSource,
        allowance: Allowance<'_>,
    ) -> Result<Result<Extracted, String>, Stopped> {
        let engine = self.prepared.module().engine();
        let _ticking = self.clock.tick();
        let mut store = Store::new(engine, Guest { limiter: Limiter::new(self.budget.clone()) });
        store.limiter(|guest| &mut guest.limiter);
        store.set_epoch_deadline(1);
        let Allowance { limits, deadline, cancelled } = allowance;
        store.epoch_deadline_callback(move |_| {
            if cancelled.load(Ordering::Relaxed) {
                Err(Interruption::Cancelled.into())
            } else if Instant::now() >= deadline {
                Err(Interruption::Late.into())
            } else {
                Ok(UpdateDeadline::Continue(1))
            }
        });
        let request = Request { name: &file.name, mime: file.mime.as_deref(), limits };
        let instance = match Instance::new(&self.prepared, &mut store) {
            Ok(instance) => instance,
            Err(error) => return Err(Stopped::from_start(&error, store.data().limiter.refused())),
        };
        instance.read(&mut store, &request, &file.bytes).map_err(|error| {
            let refused = store.data().limiter.refused();
            // The instance is still there; a fresh deadline lets it say why it panicked.
            store.set_epoch_deadline(1);
            let panic = instance.panic_message(&mut store);
            Stopped::from_trap(&error, refused, panic)
        })
    }
}

/// Memory of an instance that stays with its place for the next one, which finds it zeroed: most files need little more.
const WARM_BYTES: usize = 2 << 20;

/// An engine with a warm place for each file that is read at the same time. Where the system does not let a process have
/// that much address space, memory is asked for with each file.
fn engine(budget: &Budget) -> wasmtime::Result<Engine> {
    let places = u32::try_from(budget.slots())?;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(places).total_memories(places).total_tables(places);
    pool.max_memory_size(budget.file_bytes()).linear_memory_keep_resident(WARM_BYTES);
    let mut config = settings::config();
    config.allocation_strategy(pool);
    Engine::new(&config).or_else(|error| {
        tracing::info!(error = format!("{error:#}"), "no warm memory for reading files");
        Engine::new(&settings::config())
    })
}

/// The exports of one instance, see `extract/module`.
struct Instance {
    memory: Memory,
    buffer: TypedFunc<u32, u32>,
    extract_apart: TypedFunc<(), u32>,
    text_address: TypedFunc<u32, u32>,
    text_length: TypedFunc<u32, u32>,
    panic_address: TypedFunc<(), u32>,
    panic_length: TypedFunc<(), u32>,
}

impl Instance {
    fn new(prepared: &InstancePre<Guest>, store: &mut Store<Guest>) -> wasmtime::Result<Instance> {
        let instance = prepared.instantiate(&mut *store)?;
        let memory = instance
            .get_memory(&mut *store, "memory")
            .ok_or_else(|| wasmtime::Error::msg("the module exports no memory"))?;
        Ok(Instance {
            memory,
            buffer: instance.get_typed_func(&mut *store, "buffer")?,
            extract_apart: instance.get_typed_func(&mut *store, "extract_apart")?,
            text_address: instance.get_typed_func(&mut *store, "text_address")?,
            text_length: instance.get_typed_func(&mut *store, "text_length")?,
            panic_address: instance.get_typed_func(&mut *store, "panic_address")?,
            panic_length: instance.get_typed_func(&mut *store, "panic_length")?,
        })
    }

    fn read(
        &self,
        store: &mut Store<Guest>,
        request: &Request<'_>,
        file: &[u8],
    ) -> wasmtime::Result<Result<Extracted, String>> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let length = u32::try_from(line.len() + file.len())?;
        let address = self.buffer.call(&mut *store, length)? as usize;
        self.memory.write(&mut *store, address, &line)?;
        self.memory.write(&mut *store, address + line.len(), file)?;
        let length = self.extract_apart.call(&mut *store, ())?;
        let address = self.buffer.call(&mut *store, length)?;
        let outcome = serde_json::from_slice(self.bytes(store, address, length)?)?;
        let mut extracted: Extracted = match outcome {
            Ok(extracted) => extracted,
            Err(why) => return Ok(Err(why)),
        };
        for (index, document) in (0..).zip(&mut extracted.documents) {
            let address = self.text_address.call(&mut *store, index)?;
            let length = self.text_length.call(&mut *store, index)?;
            document.text = String::from_utf8(self.bytes(store, address, length)?.to_vec())?;
        }
        Ok(Ok(extracted))
    }

    fn bytes<'a>(&self, store: &'a Store<Guest>, address: u32, length: u32) -> wasmtime::Result<&'a [u8]> {
        let (start, length) = (address as usize, length as usize);
        let all = self.memory.data(store);
        all.get(start..start + length).ok_or_else(|| wasmtime::Error::msg("an outcome outside of the memory"))
    }

    fn panic_message(&self, store: &mut Store<Guest>) -> Option<String> {
        let address = self.panic_address.call(&mut *store, ()).ok()?;
        let length = self.panic_length.call(&mut *store, ()).ok()?;
        let bytes = self.bytes(store, address, length).ok()?;
        (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned())
    }
}

#[cfg(test)]
mod tests;
