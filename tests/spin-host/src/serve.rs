//! Sockets in, requests to the instances. Like Spin's, the server sets no TCP_NODELAY.

use crate::shared::Shared;
use crate::workers::Workers;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use wasmtime::Result;
use wasmtime_wasi_http::handler::{ProxyHandler, Response};

/// Serves at `address` for good.
pub async fn serve(address: &str, shared: Arc<Shared>, handler: ProxyHandler<Workers>) -> Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (socket, peer) = listener.accept().await?;
        let (handler, shared) = (handler.clone(), shared.clone());
        tokio::spawn(async move {
            let service = service_fn(|request: http::Request<Incoming>| {
                let (handler, shared) = (handler.clone(), shared.clone());
                async move {
                    let uri = request.uri();
                    let told = shared.control(uri.path(), uri.query().unwrap_or(""));
                    Ok::<_, Infallible>(match told {
                        Some(text) => whole(http::StatusCode::OK, text),
                        None => answer(&handler, peer, request).await,
                    })
                }
            });
            // A client that breaks off is no concern of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(
    handler: &ProxyHandler<Workers>,
    peer: SocketAddr,
    request: http::Request<Incoming>,
) -> Response {
    let answered = match prepare(peer, request) {
        Ok(request) => handler.handle((), request).await,
        Err(error) => Err(error),
    };
    answered.unwrap_or_else(|error| {
        eprintln!("a request failed: {error:?}");
        whole(http::StatusCode::INTERNAL_SERVER_ERROR, String::new())
    })
}

fn whole(status: http::StatusCode, text: String) -> Response {
    let body =
        http_body_util::Full::new(bytes::Bytes::from(text)).map_err(|never| match never {}).boxed_unsync();
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    response
}

/// The request as a component sees it: an absolute address, and Spin's header with that of the client.
fn prepare(
    peer: SocketAddr,
    request: http::Request<Incoming>,
) -> Result<wasmtime_wasi_http::handler::Request> {
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("http://{host}{path}").parse()?;
    parts.headers.insert("spin-client-addr", peer.to_string().parse()?);
    let body = body.map_err(wasmtime_wasi_http::Error::Hyper).boxed_unsync();
    Ok(http::Request::from_parts(parts, body))
}
