//! Connections that do not keep to the manners of a client.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection on which bytes are written as they are.
pub struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

/// A request's head. `more` are further lines, each with its end.
pub fn head(method: &str, path: &str, key: Option<&str>, more: &str) -> String {
    let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
    format!("{method} {path} HTTP/1.1\r\nhost: otter.example\r\n{key}{more}\r\n")
}

impl Wire {
    /// Connects, and sends `text`.
    pub fn open(address: SocketAddr, text: &str) -> io::Result<Wire> {
        let mut wire = Wire { stream: TcpStream::connect(address)?, read: Vec::new() };
        wire.stream.set_nodelay(true)?;
        wire.send(text.as_bytes())?;
        Ok(wire)
    }

    /// Sends more. An error says that the other end has closed.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The status of the next answer, if it begins within `patience`. Its head is taken; `None` as well if the
    /// connection ended without one.
    pub fn status(&mut self, patience: Duration) -> io::Result<Option<u16>> {
        self.stream.set_read_timeout(Some(patience))?;
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.read.drain(..end + 4).collect();
                let line = String::from_utf8_lossy(&head).into_owned();
                return Ok(line.split(' ').nth(1).and_then(|status| status.parse().ok()));
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(count) => self.read.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the other end has closed, or closes within `patience`. What it says before that is read and left.
    pub fn closed(&mut self, patience: Duration) -> bool {
        let started = std::time::Instant::now();
        let mut buffer = [0; 4096];
        while started.elapsed() < patience {
            let _ = self.stream.set_read_timeout(Some(Duration::from_millis(200)));
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                }
                Err(_) => return true,
            }
        }
        false
    }
}

/// Lets this process open as many connections as the system allows at most.
pub fn raise_open_files() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}
