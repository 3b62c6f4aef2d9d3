//! Runs driven against a real store and a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fake;
mod upstream;

use bytes::Bytes;
use fake::{host, ok, request};
use haversack::answer::{Answer, AnswerBody, Pieces};
use haversack::host::Host;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{
    ApiRequest, ExtractRequest, HostErrorKind, HttpRequest, Key, KvOp, KvReply, Trust, Write,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use upstream::Upstream;

fn fetch(url: String) -> HttpRequest {
    HttpRequest {
        method: "GET".into(),
        url,
        headers: vec![],
        body: Bytes::new(),
        trust: Trust::Operator,
        max_bytes: 1 << 20,
        head_timeout_ms: 10_000,
        idle_timeout_ms: 10_000,
    }
}

fn put(key: &str, value: &str) -> KvOp {
    KvOp::Commit {
        expect: vec![],
        writes: vec![Write::Put(Key::new(key), Bytes::copy_from_slice(value.as_bytes()))],
    }
}

fn get(key: &str) -> KvOp {
    KvOp::Get { keys: vec![Key::new(key)] }
}

fn pieces(answer: Answer) -> Pieces {
    match answer.body {
        AnswerBody::Stream(pieces) => pieces,
        AnswerBody::Whole(bytes) => panic!("not a stream but {bytes:?}"),
    }
}

async fn stored(host: &Host, key: &str) -> Option<Bytes> {
    match host.effects().store.execute(get(key)).await.unwrap() {
        KvReply::Values(mut values) => values.remove(0).map(|Blob(bytes)| bytes),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn effects_are_carried_out_and_the_answer_comes_whole() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, request| async move {
        cx.call(put("name", "Ada")).await.unwrap();
        let KvReply::Values(values) = cx.call(get("name")).await.unwrap() else { panic!() };
        let big = KvOp::Get { keys: vec![Key::new("name"); 100] };
        let KvReply::Values(many) = cx.call(big).await.unwrap() else { panic!() };
        cx.breathe().await;
        cx.sleep(5).await;
        cx.head(ok(false));
        cx.body(request.path.into());
        cx.body(format!(" {:?} {}", values[0], many.len()).into());
    });
    let answer = host.call(request()).await;
    assert_eq!(answer.head, ok(false));
    assert_eq!(answer.bytes().await.unwrap(), "/api/ping Some(Blob(b\"Ada\")) 100");
}

#[tokio::test]
async fn what_a_host_cannot_do_it_says() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, _| async move {
        let file = ExtractRequest { name: "a.txt".into(), mime: None, bytes: Bytes::new() };
        let extract = cx.call(file).await.unwrap_err();
        let asset = cx.call(haversack_engine::seam::Asset::Cl100k).await.unwrap_err();
        cx.head(ok(false));
        cx.body(format!("{:?}: {extract}; {:?}", extract.kind, asset.kind).into());
    });
    let text = host.call(request()).await.bytes().await.unwrap();
    assert_eq!(text, "Rejected: No text content found in a.txt.; Unsupported");
}

#[tokio::test]
async fn a_streamed_reply_is_read_no_faster_than_the_client_takes_it() {
    const PIECES: u64 = 50;
    let dir = TempDir::new().unwrap();
    let upstream = Upstream::sends(vec!["0123456789".into(); PIECES as usize]).await;
    let url = upstream.url("/stream");
    let seen = Arc::new(AtomicU64::new(0));
    let counter = seen.clone();
    let host = host(&dir, move |cx, _| {
        let (url, seen) = (url.clone(), counter.clone());
        async move {
            let mut reply = cx.stream(fetch(url));
            assert_eq!(reply.head().await.unwrap().status, 200);
            cx.head(ok(true));
            while let Ok(Ok(bytes)) = reply.next().await {
                seen.fetch_add(1, Ordering::SeqCst);
                cx.body(bytes);
            }
        }
    });
    let mut pieces = pieces(host.call(request()).await);
    let (mut taken, mut length) = (0, 0);
    while let Some(piece) = pieces.next().await {
        taken += 1;
        length += piece.unwrap().len();
        tokio::time::sleep(Duration::from_millis(2)).await;
        // One in the channel, one waiting for it, one about to be handed over.
        assert!(seen.load(Ordering::SeqCst) <= taken + 3, "{seen:?} of {taken}");
    }
    assert_eq!(length as u64, PIECES * 10);
}

#[tokio::test]
async fn a_run_that_breathes_goes_no_faster_than_the_client() {
    let dir = TempDir::new().unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    let host = host(&dir, move |cx, _| {
        let sent = counter.clone();
        async move {
            cx.head(ok(true));
            for _ in 0..50 {
                sent.fetch_add(1, Ordering::SeqCst);
                cx.body(Bytes::from_static(b"0123456789"));
                cx.breathe().await;
            }
        }
    });
    let mut pieces = pieces(host.call(request()).await);
    let mut taken = 0;
    while let Some(piece) = pieces.next().await {
        assert_eq!(piece.unwrap().len(), 10);
        taken += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert!(sent.load(Ordering::SeqCst) <= taken + 3, "{sent:?} of {taken}");
    }
    assert_eq!(taken, 50);
}

#[tokio::test]
async fn when_the_client_leaves_the_run_saves_what_it_has_and_ends() {
    let dir = TempDir::new().unwrap();
    let mut upstream = Upstream::never_ends().await;
    let url = upstream.url("/");
    let host = host(&dir, move |cx, _| {
        let url = url.clone();
        async move {
            cx.head(ok(true));
            let reply = cx.stream(fetch(url));
            cx.body("half an ans".into());
            cx.disconnected().await;
            drop(reply);
            cx.call(put("saved", "half an ans")).await.unwrap();
        }
    });
    let mut pieces = pieces(host.call(request()).await);
    assert_eq!(pieces.next().await.unwrap().unwrap(), "half an ans");
    upstream.accepted().await;
    drop(pieces);
    assert!(host.effects().store.path().exists());
    upstream.hung_up().await;
    while stored(&host, "saved").await.is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_noticed_too() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, _| async move {
        cx.disconnected().await;
        cx.call(put("noticed", "yes")).await.unwrap();
    });
    let call = tokio::time::timeout(Duration::from_millis(20), host.call(request())).await;
    assert!(call.is_err());
    while stored(&host, "noticed").await.is_none() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_bug_in_one_run_is_a_500_and_the_next_run_is_served() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, request| async move {
        match request.path.as_str() {
            "/panic" => panic!("as asked"),
            "/stall" => std::future::pending().await,
            "/half" => {
                cx.head(ok(true));
                cx.body("half".into());
                cx.sleep(1).await;
                panic!("as asked");
            }
            _ => {}
        }
        cx.head(ok(false));
        cx.body("fine".into());
    });
    let at = |path: &str| ApiRequest { path: path.into(), ..request() };
    for path in ["/panic", "/stall"] {
        let answer = host.call(at(path)).await;
        assert_eq!(answer.head.status, 500, "{path}");
        assert!(answer.bytes().await.unwrap().starts_with(b"{\"error\":\"The server failed"));
    }
    assert!(host.call(at("/half")).await.bytes().await.is_err(), "a broken stream must not look complete");
    assert_eq!(host.call(at("/")).await.bytes().await.unwrap(), "fine");
}

#[tokio::test]
async fn an_effect_that_is_no_longer_wanted_is_stopped() {
    let dir = TempDir::new().unwrap();
    let mut upstream = Upstream::never_answers().await;
    let url = upstream.url("/");
    let host = host(&dir, move |cx, _| {
        let url = url.clone();
        async move {
            let late = cx.timeout(30, cx.call(fetch(url))).await;
            cx.head(ok(false));
            cx.body(format!("{late:?}").into());
        }
    });
    assert_eq!(host.call(request()).await.bytes().await.unwrap(), "Err(Elapsed)");
    upstream.accepted().await;
    upstream.hung_up().await;
}

#[tokio::test]
async fn a_shutdown_lets_runs_save_and_then_closes_the_store() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, _| async move {
        cx.head(ok(true));
        cx.body("a".into());
        cx.disconnected().await;
        cx.call(put("saved", "yes")).await.unwrap();
        cx.body("b".into());
    });
    let mut pieces = pieces(host.call(request()).await);
    assert_eq!(pieces.next().await.unwrap().unwrap(), "a");
    let reading = tokio::spawn(async move { pieces.next().await });
    assert!(host.shutdown(Duration::from_millis(50)).await);
    assert_eq!(reading.await.unwrap().unwrap().unwrap(), "b");
    assert_eq!(stored(&host, "saved").await.unwrap(), "yes");
    let late = host.effects().store.execute(put("late", "!")).await.unwrap_err();
    assert_eq!(late.kind, HostErrorKind::Failed);
}

/// A request with a body that takes long to read.
fn large_request(path: &str) -> ApiRequest {
    ApiRequest { path: path.into(), body: vec![b'x'; 100 << 10].into(), ..request() }
}

fn here() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

/// All on one thread: a run that computed there would wait for ever.
#[tokio::test]
async fn others_are_answered_while_a_run_computes() {
    let dir = TempDir::new().unwrap();
    let (done, wait) = std::sync::mpsc::channel();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let host = host(&dir, move |cx, request| {
        let (done, wait) = (done.clone(), wait.clone());
        async move {
            match request.body.len() {
                0 => done.send(()).unwrap(),
                _ => wait.lock().unwrap().recv().unwrap(),
            }
            cx.head(ok(false));
            cx.body("answered".into());
        }
    });
    let (long, short) = tokio::join!(host.call(large_request("/")), host.call(request()));
    assert_eq!(long.bytes().await.unwrap(), "answered");
    assert_eq!(short.bytes().await.unwrap(), "answered");
}

#[tokio::test]
async fn a_run_that_breathes_or_takes_long_goes_on_elsewhere() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, request| async move {
        let first = here();
        match request.path.as_str() {
            "/breathes" => cx.breathe().await,
            "/takes-long" => std::thread::sleep(Duration::from_millis(5)),
            _ => {}
        }
        cx.call(get("anything")).await.unwrap();
        cx.head(ok(false));
        cx.body(format!("{} {}", first == "haversack-work", here() == "haversack-work").into());
    });
    for (path, expected) in [("/breathes", "false true"), ("/takes-long", "false true")] {
        let answer = host.call(ApiRequest { path: path.into(), ..request() }).await;
        assert_eq!(answer.bytes().await.unwrap(), expected, "{path}");
    }
    assert_eq!(host.call(large_request("/")).await.bytes().await.unwrap(), "true true");
}

#[tokio::test]
async fn a_run_that_computes_streams_sleeps_and_panics_like_any_other() {
    let dir = TempDir::new().unwrap();
    let host = host(&dir, |cx, request| async move {
        cx.call(put("seen", "yes")).await.unwrap();
        cx.sleep(1).await;
        cx.head(ok(true));
        cx.body("one".into());
        cx.breathe().await;
        assert_ne!(request.path, "/panic");
        cx.body("two".into());
    });
    assert_eq!(host.call(large_request("/")).await.bytes().await.unwrap(), "onetwo");
    assert_eq!(stored(&host, "seen").await.unwrap(), "yes");
    assert!(host.call(large_request("/panic")).await.bytes().await.is_err());
    assert_eq!(host.call(large_request("/")).await.bytes().await.unwrap(), "onetwo");
}
