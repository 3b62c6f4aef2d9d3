//! Instances of the component, reused as Spin reuses them: up to 128 requests each, 16 at once, gone after a
//! second without any.

use crate::context::Context;
use crate::shared::Shared;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{self, Poll};
use std::time::{Duration, Instant};
use wasmtime::component::GuestTaskId;
use wasmtime::{Engine, Result, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

const REQUESTS_MAX: usize = 128;
const CONCURRENT_MAX: usize = 16;
const IDLE: Duration = Duration::from_secs(1);
/// A request, or what it leaves to do, may take this long.
const PATIENCE: Duration = Duration::from_secs(300);
/// How often time spent computing is looked at.
const TICK: Duration = Duration::from_millis(50);

/// Makes instances.
pub struct Workers {
    engine: Engine,
    pre: ServicePre<Context>,
    shared: Arc<Shared>,
}

impl Workers {
    /// Instances of `pre`.
    pub fn new(engine: Engine, pre: ServicePre<Context>, shared: Arc<Shared>) -> Workers {
        let ticking = engine.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(TICK);
                ticking.increment_epoch();
            }
        });
        Workers { engine, pre, shared }
    }
}

impl HandlerState for Workers {
    type StoreData = Context;
    type WorkerExpiration = Expiration;
    type WorkerState = Limits;

    async fn instantiate(&self) -> Result<Instance<Context, Expiration, Limits>> {
        let started = Instant::now();
        let limits = Limits { shared: self.shared.clone() };
        let mut store = Store::new(&self.engine, Context::new(self.shared.clone())?);
        store.limiter(|context| context);
        store.set_epoch_deadline(limits.epochs());
        store.epoch_deadline_trap();
        if let Some(fuel) = self.shared.options.fuel {
            store.set_fuel(fuel)?;
        }
        let proxy = Proxy::P3(self.pre.instantiate_async(&mut store).await?);
        let figures = &self.shared.figures;
        figures.instances.fetch_add(1, Relaxed);
        figures.instantiate_us.store(started.elapsed().as_micros() as u64, Relaxed);
        Ok(Instance { store, proxy, view: Context::http, expiration: Expiration::default(), state: limits })
    }
}

/// When an instance ends.
#[derive(Default)]
pub struct Expiration {
    timer: Option<(Instant, Pin<Box<tokio::time::Sleep>>)>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut task::Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let at = start + if status == WorkerStatus::Idle { IDLE } else { PATIENCE };
        if self.timer.as_ref().is_none_or(|(until, _)| *until != at) {
            self.timer = Some((at, Box::pin(tokio::time::sleep_until(at.into()))));
        }
        match &mut self.timer {
            Some((_, sleep)) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

/// How much an instance does.
pub struct Limits {
    shared: Arc<Shared>,
}

impl Limits {
    /// Ticks that an instance may compute without a pause.
    fn epochs(&self) -> u64 {
        self.shared.options.cpu_ms.div_ceil(TICK.as_millis() as u64).max(1)
    }
}

impl WorkerState for Limits {
    type StoreData = Context;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        match (concurrent, total) {
            (_, 1..) if self.shared.options.fresh => ShouldAccept::Never,
            (_, REQUESTS_MAX..) => ShouldAccept::Never,
            (CONCURRENT_MAX.., _) => ShouldAccept::No,
            _ => ShouldAccept::Yes,
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, Context>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        store.set_epoch_deadline(self.epochs());
        Box::pin(std::future::pending())
    }

    fn drop(&self, _: Store<Context>, result: Result<()>) {
        if let Err(error) = result {
            self.shared.figures.traps.fetch_add(1, Relaxed);
            eprintln!("an instance ended: {error:?}");
        }
    }
}
