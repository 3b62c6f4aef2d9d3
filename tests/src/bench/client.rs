//! A plain HTTP/1.1 client on one kept-alive connection: cheap, so that the server is what is measured.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One connection to the server.
pub struct Client {
    port: u16,
    key: String,
    stream: BufReader<TcpStream>,
}

/// What came back.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
    /// Until the first byte of the body.
    pub first_byte: Duration,
    /// Until the last.
    pub total: Duration,
}

impl Client {
    /// Connects to loopback.
    pub fn connect(port: u16, key: &str) -> io::Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(600)))?;
        Ok(Client { port, key: key.to_owned(), stream: BufReader::with_capacity(64 * 1024, stream) })
    }

    /// A GET.
    pub fn get(&mut self, path: &str) -> io::Result<Response> {
        self.send("GET", path, "application/json", b"")
    }

    /// A POST of JSON.
    pub fn post(&mut self, path: &str, json: &str) -> io::Result<Response> {
        self.send("POST", path, "application/json", json.as_bytes())
    }

    /// Uploads a file, into a workspace if one is named.
    pub fn upload(&mut self, name: &str, file: &[u8], workspace: Option<&str>) -> io::Result<Response> {
        const B: &str = "haversackbenchboundary";
        let disposition = "Content-Disposition: form-data; name=";
        let mut body = Vec::with_capacity(file.len() + 512);
        if let Some(workspace) = workspace {
            body.extend(format!("--{B}\r\n{disposition}\"addToWorkspaces\"\r\n\r\n{workspace}\r\n").bytes());
        }
        // The name says what it is.
        body.extend(format!("--{B}\r\n{disposition}\"file\"; filename=\"{name}\"\r\n\r\n").bytes());
        body.extend_from_slice(file);
        body.extend(format!("\r\n--{B}--\r\n").bytes());
        let content_type = format!("multipart/form-data; boundary={B}");
        self.send("POST", "/api/v1/document/upload", &content_type, &body)
    }

    fn send(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> io::Result<Response> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.port,
            self.key,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        let start = Instant::now();
        self.stream.get_mut().write_all(&request)?;
        self.receive(start)
    }

    fn receive(&mut self, start: Instant) -> io::Result<Response> {
        let odd = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| odd(&line))?;
        let (mut length, mut chunked) = (None, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok();
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
        }
        let mut body = Vec::new();
        let mut first_byte = None;
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line)?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(|_| odd(&line))?;
                first_byte.get_or_insert_with(|| start.elapsed());
                let from = body.len();
                body.resize(from + size, 0);
                self.stream.read_exact(&mut body[from..])?;
                line.clear();
                self.stream.read_line(&mut line)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            body.resize(length.unwrap_or(0), 0);
            self.stream.read_exact(&mut body)?;
        }
        let total = start.elapsed();
        Ok(Response { status, body, first_byte: first_byte.unwrap_or(total), total })
    }
}
