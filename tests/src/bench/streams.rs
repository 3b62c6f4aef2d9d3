//! Many streams at once that wait for the model.

use super::process::{KEY, Server};
use crate::mock::server::MockServer;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Of a stream's client: enough for a few events.
const BUFFER_BYTES: usize = 1024;

/// What waiting costs, and how it ended.
pub struct Report {
    /// The server's memory for each stream in kB (resident, over what it had before).
    pub kb_each: f64,
    /// From the model's going on until the last stream was at its end.
    pub finished: Duration,
    /// Streams that lost a word or did not end.
    pub starved: usize,
}

/// Opens `count` streams of which each has said one word and waits, weighs the server, lets the model go on and
/// reads all to their end, which is `words` further.
pub fn run(
    server: &Server,
    mock: &MockServer,
    (path, body): (&str, &str),
    words: usize,
    count: usize,
) -> io::Result<Report> {
    // Both ends of the model's connections and one of the clients' are in this process.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit })?;
    let before = server.memory_mb()?.0;
    let mut streams: Vec<_> = (0..count).map(|_| open(server, path, body)).collect::<io::Result<_>>()?;
    let kb_each = (server.memory_mb()?.0 - before) * 1024.0 / count as f64;
    let start = Instant::now();
    mock.release();
    let mut starved = 0;
    for stream in &mut streams {
        let mut rest = String::new();
        let read = stream.read_to_string(&mut rest).is_ok();
        let whole = rest.matches(r#""content":"#).count() == words && rest.contains("data: [DONE]");
        starved += usize::from(!(read && whole));
    }
    Ok(Report { kb_each, finished: start.elapsed(), starved })
}

/// A stream that has begun: its first event was read.
fn open(server: &Server, path: &str, body: &str) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut stream = BufReader::with_capacity(BUFFER_BYTES, stream);
    let mut line = String::new();
    while !line.starts_with("data: ") {
        line.clear();
        if stream.read_line(&mut line)? == 0 || line.starts_with("HTTP/1.1 ") && !line.contains(" 200 ") {
            return Err(io::Error::other(format!("no stream: {line}")));
        }
    }
    Ok(stream)
}
