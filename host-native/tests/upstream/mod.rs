//! A tiny HTTP server on loopback that behaves, or misbehaves, as told.

#![allow(dead_code)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What happened to a connection.
#[derive(Debug, PartialEq, Eq)]
enum Happening {
    Accepted,
    HungUp,
}

pub struct Upstream {
    port: u16,
    happenings: mpsc::UnboundedReceiver<Happening>,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Upstream {
    /// Answers each connection with `pieces`, one write each.
    pub async fn sends(pieces: Vec<String>) -> Upstream {
        Upstream::start(move |mut stream| {
            let pieces = pieces.clone();
            async move {
                let head =
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: text/plain\r\n\r\n";
                let _ = stream.write_all(head.as_bytes()).await;
                for piece in pieces {
                    let _ = stream.write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes()).await;
                    let _ = stream.flush().await;
                    tokio::task::yield_now().await;
                }
                let _ = stream.write_all(b"0\r\n\r\n").await;
                wait_for_end(stream).await;
            }
        })
        .await
    }

    /// Answers each request with these bytes, as they are.
    pub async fn says(answer: String) -> Upstream {
        Upstream::start(move |mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        })
        .await
    }

    /// Begins an answer and leaves it at that.
    pub async fn never_ends() -> Upstream {
        Upstream::start(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            wait_for_end(stream).await;
        })
        .await
    }

    /// Takes the request and says nothing.
    pub async fn never_answers() -> Upstream {
        Upstream::start(wait_for_end).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for a connection.
    pub async fn accepted(&mut self) {
        self.wait_for(Happening::Accepted).await;
    }

    /// Waits for the client to close a connection.
    pub async fn hung_up(&mut self) {
        self.wait_for(Happening::HungUp).await;
    }

    /// The head of the next request.
    pub async fn request(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }

    async fn wait_for(&mut self, wanted: Happening) {
        while self.happenings.recv().await.unwrap() != wanted {}
    }

    async fn start<F, Fut>(answer: F) -> Upstream
    where
        F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (happening, happenings) = mpsc::unbounded_channel();
        let (heard, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = happening.send(Happening::Accepted);
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                let _ = heard.send(String::from_utf8_lossy(&head).into_owned());
                let (answering, happening) = (answer(stream), happening.clone());
                tokio::spawn(async move {
                    answering.await;
                    let _ = happening.send(Happening::HungUp);
                });
            }
        });
        Upstream { port, happenings, requests }
    }
}

async fn wait_for_end(mut stream: TcpStream) {
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest).await, Ok(n) if n > 0) {}
}
