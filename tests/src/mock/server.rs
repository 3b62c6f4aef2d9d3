//! The mock on a loopback port, for hosts that make real connections.

use super::{Asked, Mock};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const BODY_BYTES_MAX: usize = 64 << 20;

/// A running mock; it stops when dropped.
pub struct MockServer {
    mock: Arc<Mutex<Mock>>,
    url: String,
    task: JoinHandle<()>,
}

impl MockServer {
    /// Listens on a free loopback port. Needs a tokio runtime.
    pub async fn start() -> io::Result<MockServer> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mock = Arc::new(Mutex::new(Mock::default()));
        let router = Router::new().fallback(answer).with_state(mock.clone());
        let task = tokio::spawn(async move {
            // It only ends with the runtime, or with an accept error that would fail every test.
            let _ = axum::serve(listener, router).await;
        });
        Ok(MockServer { mock, url, task })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was asked since the last call.
    pub fn take_log(&self) -> Vec<Asked> {
        self.mock.lock().unwrap_or_else(PoisonError::into_inner).take_log()
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(mock): State<Arc<Mutex<Mock>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let answer = {
        let mut mock = mock.lock().unwrap_or_else(PoisonError::into_inner);
        mock.answer(parts.method.as_str(), &parts.uri.to_string(), &body)
    };
    let pause = Duration::from_millis(answer.pause_ms);
    let cut = answer.cut.then(|| Err(io::Error::other("the mock was told to break off")));
    let pieces = answer.pieces.into_iter().map(Ok).chain(cut);
    let body = stream::unfold(pieces, move |mut pieces| async move {
        let piece: Result<Bytes, io::Error> = pieces.next()?;
        // What was sent before the break must reach the other side first.
        let wait = if piece.is_err() { Duration::from_millis(80) } else { pause };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Some((piece, pieces))
    });
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = axum::http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let content_type = axum::http::HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert("content-type", content_type);
    response
}
