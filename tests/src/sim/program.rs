//! What a simulated host runs.

use haversack_engine::Engine;
use haversack_engine::seam::{ApiRequest, Origin, Run};
use std::sync::Arc;

/// Starts runs: the engine, or something with a planted defect to test the simulator by.
pub trait Program {
    /// Starts one call.
    fn start(&self, request: ApiRequest, origin: Origin) -> Run;
    /// Starts the upkeep of a host's start.
    fn maintain(&self, origin: Origin) -> Run;
    /// The same with empty caches, as after a restart.
    fn cold(&self) -> Arc<dyn Program>;
}

impl Program for Engine {
    fn start(&self, request: ApiRequest, origin: Origin) -> Run {
        Engine::start(self, request, origin)
    }

    fn maintain(&self, origin: Origin) -> Run {
        Engine::maintain(self, origin)
    }

    fn cold(&self) -> Arc<dyn Program> {
        Arc::new(Engine::cold(self))
    }
}
