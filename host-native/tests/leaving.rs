//! Clients that leave before the first word, over sockets: the model and the embedder are let go.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod upstream;

use haversack::config::{Config, Flags};
use haversack::instance::Instance;
use haversack::server::{Server, router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use upstream::Upstream;

const KEY: &str = "0123456-789ABCD";

/// A server over sockets with a workspace `w`, whose language model is at `model` and whose embedder at `embedder`.
async fn served(dir: &TempDir, model: &Upstream, embedder: &Upstream) -> (SocketAddr, Instance) {
    let vars = [
        ("LLM_PROVIDER", "generic-openai".to_owned()),
        ("GENERIC_OPEN_AI_BASE_PATH", model.url("/v1")),
        ("GENERIC_OPEN_AI_MODEL_PREF", "m".to_owned()),
        ("EMBEDDING_ENGINE", "generic-openai".to_owned()),
        ("EMBEDDING_BASE_PATH", embedder.url("/v1")),
        ("EMBEDDING_MODEL_PREF", "e".to_owned()),
    ];
    let vars: BTreeMap<String, String> = vars.map(|(name, value)| (name.to_owned(), value)).into();
    let flags = Flags { data: Some(dir.path().to_owned()), ..Flags::default() };
    let config = Config::load(&flags, vars, dir.path()).unwrap();
    let instance = Instance::open(&config).unwrap();
    instance.maintain().await.unwrap();
    let made = json!({ "name": "w" });
    instance.call("POST", "/api/v1/workspace/new", Some(made)).await.unwrap();
    instance.call("POST", "/api/v1/workspace/w/thread/new", Some(json!({ "slug": "t" }))).await.unwrap();
    instance.call("POST", "/api/system/generate-api-key", Some(json!({ "secret": KEY }))).await.unwrap();
    let router = router(instance.host.clone(), config.server.clone());
    let server = Server::bind(([127, 0, 0, 1], 0).into(), router, &[]).await.unwrap();
    let address = server.address().unwrap();
    tokio::spawn(server.run(std::future::pending(), Duration::ZERO));
    (address, instance)
}

/// Sends a request and reads nothing.
async fn ask(address: SocketAddr, path: &str, body: &Value) -> TcpStream {
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all((head + &body).as_bytes()).await.unwrap();
    client
}

/// Whether the other end hangs up. It would wait ten minutes for an answer.
async fn is_let_go(upstream: &mut Upstream) -> bool {
    tokio::time::timeout(Duration::from_secs(30), upstream.hung_up()).await.is_ok()
}

fn chats() -> Vec<(&'static str, Value)> {
    let chat = json!({ "message": "stall", "mode": "chat" });
    let completion = |stream: bool| json!({ "model": "w", "stream": stream, "messages": [{ "role": "user", "content": "x" }] });
    vec![
        ("/api/v1/workspace/w/chat", chat.clone()),
        ("/api/v1/workspace/w/stream-chat", chat.clone()),
        ("/api/v1/workspace/w/thread/t/chat", chat.clone()),
        ("/api/v1/workspace/w/thread/t/stream-chat", chat),
        ("/v1/chat/completions", completion(false)),
        ("/api/v1/openai/chat/completions", completion(true)),
    ]
}

#[tokio::test]
async fn a_model_that_has_not_answered_is_let_go_with_the_client() {
    let dir = TempDir::new().unwrap();
    let (mut silent, embedder) = (Upstream::never_answers().await, Upstream::never_answers().await);
    let (address, instance) = served(&dir, &silent, &embedder).await;
    for (path, body) in chats() {
        let client = ask(address, path, &body).await;
        silent.accepted().await;
        silent.request().await;
        drop(client);
        assert!(is_let_go(&mut silent).await, "{path}");
    }
    let kept = instance.call("GET", "/api/v1/workspace/w/chats", None).await.unwrap();
    assert_eq!(kept["history"], json!([]));
    assert!(instance.close(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn a_model_that_has_begun_and_said_nothing_is_let_go_with_the_client() {
    let dir = TempDir::new().unwrap();
    let (mut begun, embedder) = (Upstream::never_ends().await, Upstream::never_answers().await);
    let (address, instance) = served(&dir, &begun, &embedder).await;
    for (path, body) in chats() {
        let client = ask(address, path, &body).await;
        begun.accepted().await;
        begun.request().await;
        drop(client);
        assert!(is_let_go(&mut begun).await, "{path}");
    }
    assert!(instance.close(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn an_embedder_is_let_go_with_the_client() {
    let dir = TempDir::new().unwrap();
    let (model, mut silent) = (Upstream::never_answers().await, Upstream::never_answers().await);
    let (address, instance) = served(&dir, &model, &silent).await;
    for (path, body) in [
        ("/v1/embeddings", json!({ "input": ["a", "b"] })),
        ("/api/system/test-model", json!({ "kind": "embedder" })),
    ] {
        let client = ask(address, path, &body).await;
        silent.accepted().await;
        silent.request().await;
        drop(client);
        assert!(is_let_go(&mut silent).await, "{path}");
    }
    assert!(instance.close(Duration::from_secs(10)).await);
}
