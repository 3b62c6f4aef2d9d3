//! A small HTTP client that sends a call as it is: no clean-up of paths, no redirects, no pool.

use crate::target::Answer;
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// No answer takes longer, unless the server hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends `request` on a connection of its own and waits for the whole answer.
pub async fn send(server: SocketAddr, request: ApiRequest) -> Result<Answer> {
    let hung = || Error::new(std::io::ErrorKind::TimedOut, "the server hangs");
    tokio::time::timeout(PATIENCE, exchange(server, request)).await.map_err(|_| hung())?
}

async fn exchange(server: SocketAddr, request: ApiRequest) -> Result<Answer> {
    let stream = TcpStream::connect(server).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(message(server, request)?).await.map_err(Error::other)?;
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(Error::other)?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    connection.abort();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(Answer { status: head.status.as_u16(), headers, body: bytes.into() })
}

fn message(server: SocketAddr, request: ApiRequest) -> Result<Request<Full<Bytes>>> {
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let mut message = Request::builder()
        .method(request.method.as_str())
        .uri(format!("{}{query}", request.path))
        .header("host", server.to_string());
    for (name, value) in &request.headers {
        message = message.header(name, value.as_bytes());
    }
    message.body(Full::new(request.body)).map_err(Error::other)
}
