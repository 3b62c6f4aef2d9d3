//! Sockets in, graceful end out.

use super::api::Peer;
use super::connections::Connections;
use crate::limits;
use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a client may take for the head of a request, the first or the next one.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// A connection's read buffer.
const BUFFER_BYTES: usize = 64 << 10;

/// A server with its socket open.
pub struct Server {
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
}

impl Server {
    /// Opens the socket.
    ///
    /// One address may have half of the connections that the system lets this process have; `proxies` any number.
    pub async fn bind(address: SocketAddr, router: Router, proxies: &[IpAddr]) -> io::Result<Server> {
        let most = limits::open_files().unwrap_or(usize::MAX) / 2;
        let connections = Arc::new(Connections::new(most, proxies));
        Ok(Server { listener: TcpListener::bind(address).await?, router, connections })
    }

    /// Where it listens; the port is a real one even if 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is ready, then lets the requests under way finish for `grace`. Returns whether
    /// all of them did.
    pub async fn run(self, stop: impl Future<Output = ()>, grace: Duration) -> bool {
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => self.connect(stream, peer.ip(), &graceful),
                Err(error) => {
                    // Out of file descriptors, most likely: others must close first.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(self.listener);
        tokio::time::timeout(grace, graceful.shutdown()).await.is_ok()
    }

    fn connect(&self, stream: TcpStream, peer: IpAddr, graceful: &GracefulShutdown) {
        let Some(open) = self.connections.enter(peer) else {
            tracing::debug!(%peer, "too many connections from one address");
            return;
        };
        // Tokens of an answer are small packets that must not wait for each other.
        let _ = stream.set_nodelay(true);
        let router = TowerToHyperService::new(self.router.clone());
        // A layer would do the same, but costs each connection a copy of all routes.
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(open);
        });
    }
}

/// Ready when the process is asked to stop (Ctrl-C, or SIGTERM where there is one).
///
/// It listens from the call on, not from the first poll: whoever was told that the server is up may stop it at once.
/// Where a signal cannot be listened for, it keeps its usual effect. Call it inside a runtime.
pub fn shutdown_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            let listener = signal(kind).ok();
            async {
                match listener {
                    Some(mut listener) => _ = listener.recv().await,
                    None => std::future::pending().await,
                }
            }
        };
        let (interrupt, terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
        async {
            tokio::select! {
                () = interrupt => {}
                () = terminate => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
