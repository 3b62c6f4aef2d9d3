//! The mock on a loopback port, for hosts that make real connections.

use super::{Asked, Mock};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

const BODY_BYTES_MAX: usize = 64 << 20;

/// Where a `POST` lets answers that are held go on.
const RELEASE: &str = "/__mock/release";

/// A running mock; it stops when dropped.
pub struct MockServer {
    shared: Arc<Shared>,
    url: String,
    task: JoinHandle<()>,
}

struct Shared {
    mock: Mutex<Mock>,
    /// Changes whenever answers that are held may go on.
    releases: watch::Sender<()>,
    /// Requests that were not answered to their end yet, and whose clients are still there.
    open: AtomicUsize,
}

/// Counts a request for as long as somebody waits for its answer.
struct Open(Arc<Shared>);

impl Open {
    fn new(shared: &Arc<Shared>) -> Open {
        shared.open.fetch_add(1, Ordering::SeqCst);
        Open(shared.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl MockServer {
    /// Listens on a free loopback port. Needs a tokio runtime.
    pub async fn start() -> io::Result<MockServer> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let releases = watch::Sender::new(());
        let shared = Arc::new(Shared { mock: Mutex::default(), releases, open: AtomicUsize::new(0) });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move {
            // It only ends with the runtime, or with an accept error that would fail every test.
            let _ = axum::serve(listener, router).await;
        });
        Ok(MockServer { shared, url, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was asked since the last call.
    pub fn take_log(&self) -> Vec<Asked> {
        self.shared.mock().take_log()
    }

    /// Requests under way: their clients are there, and wait for the rest of the answer.
    pub fn open(&self) -> usize {
        self.shared.open.load(Ordering::SeqCst)
    }

    /// Lets the answers go on that are held now (`[[mock:hold]]`). Clients say `POST /__mock/release`.
    pub fn release(&self) {
        self.shared.releases.send_replace(());
    }
}

impl Shared {
    fn mock(&self) -> MutexGuard<'_, Mock> {
        self.mock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if request.uri().path() == RELEASE {
        shared.releases.send_replace(());
        return Response::default();
    }
    let open = Open::new(&shared);
    // From here on no release is missed.
    let mut releases = shared.releases.subscribe();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let answer = shared.mock().answer(parts.method.as_str(), &parts.uri.to_string(), &body);
    if answer.held_from == Some(0) {
        // It only fails when the mock is gone.
        let _ = releases.changed().await;
    }
    let held_from = answer.held_from.filter(|from| *from > 0);
    let pause = Duration::from_millis(answer.pause_ms);
    let cut = answer.cut.then(|| Err(io::Error::other("the mock was told to break off")));
    let pieces = answer.pieces.into_iter().map(Ok).chain(cut).enumerate();
    let body = stream::unfold((pieces, releases, open), move |(mut pieces, mut releases, open)| async move {
        let (at, piece): (usize, Result<Bytes, io::Error>) = pieces.next()?;
        if held_from == Some(at) {
            // It only fails when the mock is gone.
            releases.changed().await.ok()?;
        }
        // What was sent before the break must reach the other side first.
        let wait = if piece.is_err() { Duration::from_millis(80) } else { pause };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Some((piece, (pieces, releases, open)))
    });
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = axum::http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let content_type = axum::http::HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert("content-type", content_type);
    response
}
