//! Ordinary clients: who pings, reads, searches, asks and uploads.

use super::figures::{Phase, Times};
use crate::bench::client::{Client, Response};
use crate::bench::corpus::Corpus;
use crate::bench::process::Server;
use std::io;
use std::time::{Duration, Instant};

/// One kind of client.
struct Kind {
    name: &'static str,
    clients: usize,
    /// Between an answer and the next request: the load is to be the same in both phases, and below what the machine can do.
    pause: Duration,
    ask: fn(&mut Client, usize) -> io::Result<Response>,
}

const KINDS: [Kind; 5] = [
    Kind { name: "ping", clients: 2, pause: Duration::from_millis(20), ask: ping },
    Kind { name: "reads", clients: 1, pause: Duration::from_millis(50), ask: read },
    Kind { name: "vector-search", clients: 2, pause: Duration::from_millis(50), ask: search },
    Kind { name: "chat, streamed", clients: 2, pause: Duration::from_millis(100), ask: chat },
    Kind { name: "uploads of 20 kB", clients: 1, pause: Duration::from_millis(1000), ask: upload },
];

fn ping(client: &mut Client, _: usize) -> io::Result<Response> {
    client.get("/api/ping")
}

fn read(client: &mut Client, n: usize) -> io::Result<Response> {
    client.get(
        ["/api/v1/workspaces", "/api/v1/workspace/w", "/api/v1/documents/folder/custom-documents?limit=20"]
            [n % 3],
    )
}

fn search(client: &mut Client, n: usize) -> io::Result<Response> {
    let question = Corpus::new(700 + n as u64 % 64).sentence();
    client.post("/api/v1/workspace/w/vector-search", &format!(r#"{{"query":"{question}","topN":4}}"#))
}

fn chat(client: &mut Client, n: usize) -> io::Result<Response> {
    let body = format!(r#"{{"message":"What about the river?","mode":"chat","sessionId":"soak-{n}"}}"#);
    client.post("/api/v1/workspace/w/stream-chat", &body)
}

fn upload(client: &mut Client, n: usize) -> io::Result<Response> {
    client.upload(&format!("note-{n}.txt"), Corpus::new(5000 + n as u64).text(20_000).as_bytes(), Some("w"))
}

/// Runs all of them for `time`. `offset` keeps what is sent different from what was sent before.
pub fn run(server: &Server, time: Duration, offset: usize) -> Phase {
    let until = Instant::now() + time;
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for kind in &KINDS {
            for worker in 0..kind.clients {
                workers.push((kind.name, scope.spawn(move || client(server, kind, until, offset + worker))));
            }
        }
        let mut phase = Phase::new();
        for (name, worker) in workers {
            phase.entry(name).or_default().merge(worker.join().unwrap_or_default());
        }
        phase
    })
}

fn client(server: &Server, kind: &Kind, until: Instant, first: usize) -> Times {
    let (mut times, mut connection, mut n) = (Times::default(), None, first);
    while Instant::now() < until {
        let started = Instant::now();
        let answer = match connection.take() {
            Some(client) => Ok(client),
            None => server.client(),
        }
        .and_then(|mut client| Ok(((kind.ask)(&mut client, n)?, client)));
        match answer {
            Ok((response, client)) => {
                times.add(response.total, response.status);
                // A server that refuses may close the connection behind its answer.
                connection = (response.status < 400).then_some(client);
            }
            Err(_) => {
                times.add(started.elapsed(), 0);
                // A server that is gone is asked again, but not as fast as this loop turns.
                std::thread::sleep(Duration::from_millis(200));
            }
        }
        n += kind.clients;
        std::thread::sleep(kind.pause);
    }
    times
}
