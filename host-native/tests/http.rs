//! The HTTP client against servers on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod upstream;

use bytes::Bytes;
use haversack::http::HttpClient;
use haversack_engine::seam::{HostErrorKind, HttpHead, HttpRequest, Trust};
use upstream::Upstream;

fn request(url: &str, trust: Trust) -> HttpRequest {
    HttpRequest {
        method: "POST".into(),
        url: url.into(),
        headers: vec![
            ("authorization".into(), "Bearer secret".into()),
            ("x-goog-api-key".into(), "secret".into()),
            ("content-type".into(), "application/json".into()),
        ],
        body: Bytes::from_static(b"{}"),
        trust,
        max_bytes: 100,
        head_timeout_ms: 2_000,
        idle_timeout_ms: 2_000,
    }
}

async fn fetch(client: &HttpClient, request: HttpRequest) -> Result<(HttpHead, String), HostErrorKind> {
    let (head, mut body) = client.send(request).await.map_err(|error| error.kind)?;
    let mut text = String::new();
    while let Some(bytes) = body.next().await.map_err(|error| error.kind)? {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    Ok((head, text))
}

#[tokio::test]
async fn a_caller_reaches_no_private_address_however_it_is_spelled() {
    let upstream = Upstream::says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".into()).await;
    let port = upstream.port();
    let client = HttpClient::new(false);
    let hosts = [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "１２７.0.0.1",
    ];
    for host in hosts {
        let result = fetch(&client, request(&format!("http://{host}:{port}/"), Trust::Caller)).await;
        assert_eq!(result.unwrap_err(), HostErrorKind::Refused, "{host}");
    }
    for url in ["file:///etc/passwd", "ftp://127.0.0.1/", "data:,x"] {
        assert_eq!(fetch(&client, request(url, Trust::Caller)).await.unwrap_err(), HostErrorKind::Refused);
    }
    // The operator's own addresses are the operator's business, and so are callers' once allowed.
    let url = upstream.url("/");
    assert_eq!(fetch(&client, request(&url, Trust::Operator)).await.unwrap().1, "hi");
    let client = HttpClient::new(true);
    assert_eq!(fetch(&client, request(&url, Trust::Caller)).await.unwrap().1, "hi");
}

#[tokio::test]
async fn redirects_are_followed_and_secrets_stay_behind() {
    let mut target = Upstream::says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".into()).await;
    let location = target.url("/there?x=1");
    let see_other = format!("HTTP/1.1 303 See Other\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let mut first = Upstream::says(see_other).await;
    let client = HttpClient::new(false);
    let (head, text) = fetch(&client, request(&first.url("/here"), Trust::Operator)).await.unwrap();
    assert_eq!((head.status, head.url, text.as_str()), (200, location, "hi"));
    let asked = first.request().await;
    assert!(asked.starts_with("POST /here ") && asked.contains("Bearer secret"), "{asked}");
    let asked = target.request().await;
    assert!(asked.starts_with("GET /there?x=1 ") && !asked.contains("secret"), "{asked}");
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let upstream =
        Upstream::says("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".into()).await;
    let result = fetch(&HttpClient::new(false), request(&upstream.url("/"), Trust::Operator)).await;
    assert_eq!(result.unwrap_err(), HostErrorKind::Unavailable);
}

#[tokio::test]
async fn an_answer_may_not_be_too_large_whatever_it_announces() {
    let announced = Upstream::says("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n".into()).await;
    let surprising = Upstream::sends(vec!["0123456789".into(); 11]).await;
    let fitting = Upstream::sends(vec!["0123456789".into(); 10]).await;
    let client = HttpClient::new(false);
    for (upstream, kind) in [
        (&announced, Some(HostErrorKind::TooLarge)),
        (&surprising, Some(HostErrorKind::TooLarge)),
        (&fitting, None),
    ] {
        let result = fetch(&client, request(&upstream.url("/"), Trust::Operator)).await;
        assert_eq!(result.err(), kind);
    }
}

#[tokio::test]
async fn slow_and_absent_servers_are_told_apart_and_no_secret_is_repeated() {
    let client = HttpClient::new(false);
    let silent = Upstream::never_answers().await;
    let stuck = Upstream::never_ends().await;
    for upstream in [&silent, &stuck] {
        let hasty = HttpRequest {
            head_timeout_ms: 50,
            idle_timeout_ms: 50,
            ..request(&upstream.url("/"), Trust::Operator)
        };
        assert_eq!(fetch(&client, hasty).await.unwrap_err(), HostErrorKind::Timeout);
    }
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://127.0.0.1:{}/v1?key=secret", listener.local_addr().unwrap().port())
    };
    let error = client.send(request(&closed, Trust::Operator)).await.err().unwrap();
    assert_eq!(error.kind, HostErrorKind::Unavailable);
    assert!(error.message.contains("127.0.0.1") && !error.message.contains("secret"), "{error}");
}
