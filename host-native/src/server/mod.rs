//! The HTTP server: everything under `/api` goes to the engine as it came, and `/` is the app.

mod api;
mod body;
mod compress;
mod connections;
mod memory;
mod page;
mod peer;
mod request_id;
mod serve;

pub use body::{Pace, SMALL as LOOK_AFTER_BYTES};
pub(crate) use peer::proxies;
pub use serve::{Server, shutdown_signal};

use crate::host::Host;
use crate::places::Places;
use axum::Router;
use memory::BodyMemory;
use std::sync::Arc;
use std::time::Duration;

/// Limits of the server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Bytes of one request's body. Default 256 MiB.
    pub max_body_bytes: u64,
    /// Bytes of all bodies in memory at once; a body that does not fit waits. One caller has half of it. Default
    /// 512 MiB, and never less than one body may have.
    pub body_memory_bytes: u64,
    /// How fast a body must come. Default 16 KiB a second on average after 30 s, and something every 30 s; it waits
    /// 30 s for memory.
    pub pace: Pace,
    /// How long an answer may take to begin. Default 15 minutes: embedding a large file is one request.
    pub request_time: Duration,
    /// Reads being answered at once, and as many other requests; more are told to come back (503). One caller has half of
    /// each (429). Default 512.
    pub max_requests: usize,
    /// Requests that wait for a model, and streams. They do not count as requests any more, unless there are more than
    /// this, or more than half of this from one caller. Default 10,240: half of it is 5,120.
    pub max_streams: usize,
    /// Proxies that may say where a request came from (`X-Forwarded-For`). Default none.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            max_body_bytes: 256 << 20,
            body_memory_bytes: 512 << 20,
            pace: Pace {
                patience: Duration::from_secs(30),
                bytes_per_second: 16 << 10,
                wait: Duration::from_secs(30),
            },
            request_time: Duration::from_secs(900),
            max_requests: 512,
            max_streams: 10_240,
            trusted_proxies: Vec::new(),
        }
    }
}

/// What the handlers share.
pub(crate) struct Shared {
    host: Host,
    options: ServerOptions,
    places: Arc<Places>,
    bodies: Arc<BodyMemory>,
}

/// The whole server as a service, without a socket.
pub fn router(host: Host, options: ServerOptions) -> Router {
    // A caller has half, and room for one body in any case.
    let total = options.body_memory_bytes.max(options.max_body_bytes);
    let bodies = Arc::new(BodyMemory::new(total, (total / 2).max(options.max_body_bytes)));
    let places = Arc::new(Places::new(options.max_requests, options.max_streams));
    let shared = Arc::new(Shared { host, options, places, bodies });
    page::routes(Router::new())
        .fallback(api::answer)
        .with_state(shared)
        .layer(axum::middleware::from_fn(compress::compress))
}
