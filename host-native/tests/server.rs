//! The server without and with a socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fake;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use fake::{host, ok};
use haversack::host::Host;
use haversack::server::{Pace, Server, ServerOptions, router};
use haversack_engine::seam::{ApiRequest, Cx, Head};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower::ServiceExt;

/// Says back what it was asked.
fn echo(dir: &TempDir) -> Host {
    host(dir, |cx: Cx, request: ApiRequest| async move {
        if request.path == "/api/stream" {
            cx.head(Head { headers: vec![("content-type".into(), "text/event-stream".into())], ..ok(true) });
            for n in 0..3 {
                cx.body(format!("data: {n} {}\n\n", "x".repeat(2000)).into());
                cx.breathe().await;
            }
            return;
        }
        if request.path == "/api/embed/e/s" {
            cx.head(Head { headers: vec![("vary".into(), "Origin".into())], ..ok(false) });
            return;
        }
        cx.head(ok(false));
        let header = request.header("x-test").unwrap_or("-").to_owned();
        let ApiRequest { method, path, query, body, .. } = request;
        cx.body(format!("{method} {path} {query} {header} {}", String::from_utf8_lossy(&body)).into());
    })
}

async fn send(
    host: &Host,
    options: ServerOptions,
    request: Request<Body>,
) -> (StatusCode, HeaderMap, String) {
    let response: Response<Body> = router(host.clone(), options).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn the_engine_gets_the_request_as_it_came() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let request =
        Request::post("/api/v1/document/a%2Fb%20c/?q=%C3%A9&x").header("X-Test", "yes").body("{}".into());
    let (status, headers, text) = send(&host, ServerOptions::default(), request.unwrap()).await;
    assert_eq!(status, 200);
    assert_eq!(text, "POST /api/v1/document/a%2Fb%20c/ q=%C3%A9&x yes {}");
    assert_eq!(headers["content-length"], text.len().to_string());
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers.contains_key("x-request-id"));
    let (status, _, text) = send(&host, ServerOptions::default(), get("/v1/models")).await;
    assert_eq!((status.as_u16(), text.as_str()), (200, "GET /v1/models  - "));
    for path in ["/nothing", "/apis", "/index.php", "/../etc/passwd"] {
        let (status, _, text) = send(&host, ServerOptions::default(), get(path)).await;
        assert_eq!(status, 404, "{path}");
        assert!(text.starts_with("{\"error\":\"There is nothing at"), "{text}");
    }
}

#[tokio::test]
async fn other_origins_are_answered_as_anythingllm_does() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let request = Request::options("/api/v1/auth")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,x-y");
    let (status, headers, text) =
        send(&host, ServerOptions::default(), request.body(Body::empty()).unwrap()).await;
    assert_eq!((status.as_u16(), text.as_str()), (204, ""));
    assert_eq!(headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(headers["access-control-allow-headers"], "authorization,x-y");
    assert_eq!(headers["access-control-allow-methods"], "GET,HEAD,PUT,PATCH,POST,DELETE");
    assert!(!headers.contains_key("access-control-allow-credentials"));
    assert!(headers.get_all("vary").iter().any(|value| value == "Origin"));
    for path in ["/api/ping", "/api/stream"] {
        let request = Request::get(path).header("origin", "null").body(Body::empty()).unwrap();
        let (_, headers, _) = send(&host, ServerOptions::default(), request).await;
        assert_eq!(headers.get_all("access-control-allow-origin").iter().collect::<Vec<_>>(), ["null"]);
    }
}

#[tokio::test]
async fn who_may_read_an_embeds_answers_is_for_the_engine_to_say() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    for method in ["OPTIONS", "GET"] {
        let request =
            Request::builder().method(method).uri("/api/embed/e/s").header("origin", "https://a.test");
        let request = request.body(Body::empty()).unwrap();
        let (status, headers, _) = send(&host, ServerOptions::default(), request).await;
        assert_eq!(status, 200);
        assert!(!headers.contains_key("access-control-allow-origin"), "{method}");
    }
}

#[tokio::test]
async fn who_names_no_key_sends_little() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let upload = || Request::post("/api/v1/document/upload");
    let body = || Body::from(vec![b'x'; (1 << 20) + 1]);
    let (status, _, text) = send(&host, ServerOptions::default(), upload().body(body()).unwrap()).await;
    assert_eq!(status, 413);
    assert!(text.contains("Without a key"), "{text}");
    let keyed = upload().header("authorization", "Bearer x").body(body()).unwrap();
    assert_eq!(send(&host, ServerOptions::default(), keyed).await.0, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_the_limit_named() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let options = ServerOptions { max_body_bytes: 100_000, ..ServerOptions::default() };
    let stream = |length: usize| {
        let pieces = (0..length / 1000).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1000]));
        Body::from_stream(futures_util::stream::iter(pieces))
    };
    for (body, announced) in [(stream(101_000), None), (stream(101_000), Some(101_000))] {
        let mut request = Request::post("/api/v1/document/upload").body(body).unwrap();
        if let Some(length) = announced {
            request.headers_mut().insert("content-length", length.into());
        }
        let (status, _, text) = send(&host, options.clone(), request).await;
        assert_eq!(status, 413);
        assert!(text.contains("100000") && text.contains("HAVERSACK_MAX_BODY_BYTES"), "{text}");
    }
    let request = Request::post("/api/v1/document/upload").body(stream(100_000)).unwrap();
    let (status, _, text) = send(&host, options, request).await;
    assert_eq!((status.as_u16(), text.len()), (200, "POST /api/v1/document/upload  - ".len() + 100_000));
}

#[tokio::test]
async fn a_made_up_key_is_refused_before_the_body_is_read() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counting = asked.clone();
    let endless = futures_util::stream::unfold((), move |()| {
        counting.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async { Some((Ok::<_, std::io::Error>(vec![b'x'; 1000]), ())) }
    });
    let request = Request::post("/api/v1/document/upload").header("authorization", "Bearer made-up");
    let request = request.body(Body::from_stream(futures_util::StreamExt::take(endless, 100_000))).unwrap();
    // A length is not announced: the key is looked at after the first bytes.
    let (status, headers, _) = send(&host, ServerOptions::default(), request).await;
    assert_eq!((status.as_u16(), &headers["connection"]), (403, &"close".parse().unwrap()));
    let unread =
        Request::post("/api/x").header("authorization", "Bearer made-up").header("expect", "100-continue");
    let body = Body::from_stream(futures_util::stream::once(async {
        panic!("nobody asked for the body") as Result<Vec<u8>, std::io::Error>
    }));
    assert_eq!(send(&host, ServerOptions::default(), unread.body(body).unwrap()).await.0, 403);
}

#[tokio::test]
async fn bodies_wait_for_memory_rather_than_take_more_than_there_is() {
    let dir = TempDir::new().unwrap();
    let options =
        ServerOptions { max_body_bytes: 200_000, body_memory_bytes: 200_000, ..ServerOptions::default() };
    let router = router(echo(&dir), options);
    let sends = (0..8).map(|_| {
        let request = Request::post("/api/x").body(Body::from(vec![b'x'; 150_000])).unwrap();
        router.clone().oneshot(request)
    });
    for response in futures_util::future::join_all(sends).await {
        assert_eq!(response.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn a_body_that_trickles_in_is_given_up() {
    let dir = TempDir::new().unwrap();
    let options = ServerOptions {
        pace: Pace { patience: Duration::from_millis(100), ..ServerOptions::default().pace },
        ..ServerOptions::default()
    };
    let trickle = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Some((Ok::<_, std::io::Error>("x"), ()))
    });
    let request = Request::post("/api/x").body(Body::from_stream(trickle)).unwrap();
    let host = echo(&dir);
    let answer = tokio::time::timeout(Duration::from_secs(30), send(&host, options, request)).await;
    assert_eq!(answer.expect("it would trickle for ever").0, 408);
}

#[tokio::test]
async fn too_many_requests_are_told_to_come_back_and_a_late_answer_is_given_up() {
    let dir = TempDir::new().unwrap();
    let options = ServerOptions {
        max_requests: 1,
        request_time: Duration::from_millis(100),
        ..ServerOptions::default()
    };
    let started = Arc::new(Notify::new());
    let starting = started.clone();
    let host = host(&dir, move |cx, request| {
        let starting = starting.clone();
        async move {
            if request.path == "/api/slow" {
                starting.notify_one();
                cx.disconnected().await;
            }
            cx.head(ok(false));
        }
    });
    let router = router(host, options);
    let slow = tokio::spawn(router.clone().oneshot(get("/api/slow")));
    started.notified().await;
    let busy = router.clone().oneshot(get("/api/x")).await.unwrap();
    assert_eq!((busy.status().as_u16(), &busy.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    let work = Request::post("/api/x").body(Body::empty()).unwrap();
    assert_eq!(router.clone().oneshot(work).await.unwrap().status(), 200, "other work has places of its own");
    assert_eq!(router.clone().oneshot(get("/api/ping")).await.unwrap().status(), 200, "a ping needs none");
    assert_eq!(slow.await.unwrap().unwrap().status(), 504);
    assert_eq!(router.oneshot(get("/api/x")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn streams_that_have_begun_leave_room_for_requests() {
    let dir = TempDir::new().unwrap();
    let options = ServerOptions { max_requests: 1, max_streams: 1, ..ServerOptions::default() };
    let host = host(&dir, |cx, request| async move {
        cx.head(ok(request.path == "/api/stream"));
        cx.body("begun".into());
        if request.path == "/api/stream" {
            cx.disconnected().await;
        }
    });
    let router = router(host, options);
    let call = |path: &str| router.clone().oneshot(get(path));
    let first = call("/api/stream").await.unwrap();
    assert_eq!(call("/api/x").await.unwrap().status(), 200, "the only stream is no request");
    let second = call("/api/stream").await.unwrap();
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    assert_eq!(call("/api/x").await.unwrap().status(), 503, "a stream too many is one");
    drop(second);
    // The run gives its place back when it has noticed.
    while call("/api/x").await.unwrap().status() != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_worth_it_is_compressed_but_never_a_stream() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let packed = |path: &str, encoding: &str, body: usize| {
        let request = Request::post(path).header("accept-encoding", encoding);
        let request = request.body(Body::from("x".repeat(body))).unwrap();
        let (host, options) = (host.clone(), ServerOptions::default());
        async move {
            let headers = send(&host, options, request).await.1;
            headers.get("content-encoding").map(|value| value.to_str().unwrap().to_owned())
        }
    };
    assert_eq!(packed("/api/x", "gzip", 5000).await.as_deref(), Some("gzip"));
    assert_eq!(packed("/api/x", "gzip, br", 5000).await.as_deref(), Some("br"));
    assert_eq!(packed("/api/x", "gzip, br", 50).await, None);
    assert_eq!(packed("/api/stream", "gzip, br", 0).await, None);
}

#[tokio::test]
async fn the_page_lets_nothing_in_from_elsewhere() {
    let dir = TempDir::new().unwrap();
    let host = echo(&dir);
    let (_, _, page) = send(&host, ServerOptions::default(), get("/")).await;
    let script = page.split_once("src=\"./assets/").and_then(|(_, rest)| rest.split_once('"'));
    let script = script.map(|(name, _)| format!("/assets/{name}"));
    // Without the app there is its page alone, which says how to build it.
    assert!(script.is_some() || page.contains("cargo xtask serve"), "{page}");
    let files = [Some(("/".to_owned(), "text/html")), script.map(|path| (path, "text/javascript"))];
    for (path, kind) in files.into_iter().flatten() {
        let (status, headers, text) = send(&host, ServerOptions::default(), get(&path)).await;
        assert_eq!(status, 200, "{path}");
        assert!(headers["content-type"].to_str().unwrap().starts_with(kind));
        let lasting = headers["cache-control"].to_str().unwrap().contains("immutable");
        assert_eq!(lasting, path.starts_with("/assets/"), "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
        for inline in ["<style", "style=", " onclick", "javascript:", "http://", "https://"] {
            assert!(path != "/" || !text.contains(inline), "{path} holds {inline}");
        }
        let again =
            Request::get(&path).header("if-none-match", &headers["etag"]).body(Body::empty()).unwrap();
        assert_eq!(send(&host, ServerOptions::default(), again).await.0, 304);
    }
}

#[tokio::test]
async fn over_a_socket_a_stream_arrives_in_pieces_and_a_stop_lets_it_finish() {
    let dir = TempDir::new().unwrap();
    let router = router(echo(&dir), ServerOptions::default());
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), router, &[]).await.unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async { drop(stopped.await) }, Duration::from_secs(5)));

    let mut head = TcpStream::connect(address).await.unwrap();
    head.write_all(b"HEAD /api/ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    head.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\n"), "{text}");

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /api/stream HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stop.send(()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("data: 2") && rest.ends_with("0\r\n\r\n"), "{rest}");
    assert!(serving.await.unwrap());
    assert!(TcpStream::connect(address).await.is_err());
}
