//! The HTTP server: everything under `/api` goes to the engine as it came, and `/` is the app.

mod api;
mod body;
mod compress;
mod page;
mod peer;
mod request_id;
mod serve;

pub(crate) use peer::proxies;
pub use serve::{Server, shutdown_signal};

use crate::host::Host;
use axum::Router;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Limits of the server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Bytes of one request's body. Default 256 MiB.
    pub max_body_bytes: u64,
    /// Bytes of all bodies in memory at once; a body that does not fit waits. Default 512 MiB, and never
    /// less than one body may have.
    pub body_memory_bytes: u64,
    /// How long a client may take for its body, beyond a second for each 4 KiB of it. Default 30 s.
    pub body_idle_time: Duration,
    /// How long an answer may take to begin. Default 15 minutes: embedding a large file is one request.
    pub request_time: Duration,
    /// Requests being answered at once; more are told to come back (503). Default 512.
    pub max_requests: usize,
    /// Streams that have begun and do not count as requests any more: they mostly wait. Those beyond do
    /// count. Default 4096.
    pub max_streams: usize,
    /// Proxies that may say where a request came from (`X-Forwarded-For`). Default none.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            max_body_bytes: 256 << 20,
            body_memory_bytes: 512 << 20,
            body_idle_time: Duration::from_secs(30),
            request_time: Duration::from_secs(900),
            max_requests: 512,
            max_streams: 4096,
            trusted_proxies: Vec::new(),
        }
    }
}

/// What the handlers share.
pub(crate) struct Shared {
    host: Host,
    options: ServerOptions,
    requests: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    bodies: body::Memory,
}

/// The whole server as a service, without a socket.
pub fn router(host: Host, options: ServerOptions) -> Router {
    let bodies = body::Memory::new(options.body_memory_bytes.max(options.max_body_bytes));
    let requests = Arc::new(Semaphore::new(options.max_requests));
    let streams = Arc::new(Semaphore::new(options.max_streams));
    let shared = Arc::new(Shared { host, options, requests, streams, bodies });
    page::routes(Router::new())
        .fallback(api::answer)
        .with_state(shared)
        .layer(axum::middleware::from_fn(compress::compress))
}
