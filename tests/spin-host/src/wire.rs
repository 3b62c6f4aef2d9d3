//! A client of PostgreSQL's protocol, as small as the component's needs: no passwords, no TLS, values as text.

use std::io::{Error, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An open connection.
pub struct Client {
    stream: TcpStream,
}

/// What the server said, if not what was asked for.
pub enum Failed {
    /// An error of its own: code and text.
    Said { code: String, message: String },
    /// The connection broke.
    Broken(Error),
}

/// A column's type, and each row's values as text.
pub struct Table {
    /// Object ids of the columns' types.
    pub types: Vec<u32>,
    /// `None`: null.
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Broken(error)
    }
}

impl Client {
    /// Connects to `host=… port=… user=… dbname=…`.
    pub async fn connect(address: &str) -> std::result::Result<Client, Failed> {
        let field = |name: &str, default: &str| {
            let found =
                address.split_whitespace().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or(default).to_owned()
        };
        let user = field("user", "postgres");
        let place = format!("{}:{}", field("host", "127.0.0.1"), field("port", "5432"));
        let stream = TcpStream::connect(place).await?;
        stream.set_nodelay(true)?;
        let mut client = Client { stream };
        // Version 3.0 of the protocol.
        let mut hello = 196_608_u32.to_be_bytes().to_vec();
        for text in ["user", &user, "database", &field("dbname", &user), "client_encoding", "UTF8"] {
            push_text(&mut hello, text);
        }
        hello.push(0);
        let mut framed = (hello.len() as u32 + 4).to_be_bytes().to_vec();
        framed.extend(hello);
        client.stream.write_all(&framed).await?;
        client.answer().await?;
        Ok(client)
    }

    /// Carries out one statement.
    pub async fn query(
        &mut self,
        statement: &str,
        values: &[Option<String>],
    ) -> std::result::Result<Table, Failed> {
        let mut out = Vec::new();
        let mut parse = vec![0];
        push_text(&mut parse, statement);
        parse.extend(0_u16.to_be_bytes());
        push(&mut out, b'P', &parse);
        // The unnamed portal of the unnamed statement; all formats are text.
        let mut bind = vec![0, 0, 0, 0];
        bind.extend((values.len() as u16).to_be_bytes());
        for value in values {
            match value {
                Some(text) => {
                    bind.extend((text.len() as u32).to_be_bytes());
                    bind.extend(text.as_bytes());
                }
                None => bind.extend((-1_i32).to_be_bytes()),
            }
        }
        bind.extend(0_u16.to_be_bytes());
        push(&mut out, b'B', &bind);
        push(&mut out, b'D', b"P\0");
        push(&mut out, b'E', &[0, 0, 0, 0, 0]);
        push(&mut out, b'S', &[]);
        self.stream.write_all(&out).await?;
        self.answer().await
    }

    /// Everything up to `ReadyForQuery`.
    async fn answer(&mut self) -> std::result::Result<Table, Failed> {
        let (mut table, mut said) = (Table { types: Vec::new(), rows: Vec::new() }, None);
        loop {
            let kind = self.stream.read_u8().await?;
            let len = self.stream.read_u32().await? as usize;
            let mut body = vec![0; len.saturating_sub(4)];
            self.stream.read_exact(&mut body).await?;
            let mut body = Reader(&body);
            match kind {
                b'Z' => break,
                b'R' if body.u32()? != 0 => return Err(Error::other("the server wants a password").into()),
                b'T' => {
                    for _ in 0..body.u16()? {
                        body.text()?;
                        // Table, column; type; length, modifier, format.
                        body.take(6)?;
                        table.types.push(body.u32()?);
                        body.take(8)?;
                    }
                }
                b'D' => {
                    let mut row = Vec::new();
                    for _ in 0..body.u16()? {
                        let len = body.u32()?;
                        row.push(
                            (len != u32::MAX)
                                .then(|| body.take(len as usize).map(<[u8]>::to_vec))
                                .transpose()?,
                        );
                    }
                    table.rows.push(row);
                }
                b'E' => {
                    let (mut code, mut message) = (String::new(), String::new());
                    while let field @ 1.. = body.take(1)?[0] {
                        let text = body.text()?;
                        match field {
                            b'C' => code = text,
                            b'M' => message = text,
                            _ => {}
                        }
                    }
                    said = Some(Failed::Said { code, message });
                }
                _ => {}
            }
        }
        match said {
            Some(failed) => Err(failed),
            None => Ok(table),
        }
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend(text.as_bytes());
    out.push(0);
}

fn push(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.push(kind);
    out.extend((body.len() as u32 + 4).to_be_bytes());
    out.extend(body);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or_else(|| Error::other("a message is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn text(&mut self) -> Result<String> {
        let end =
            self.0.iter().position(|byte| *byte == 0).ok_or_else(|| Error::other("a text has no end"))?;
        let text = String::from_utf8_lossy(self.take(end)?).into_owned();
        self.take(1)?;
        Ok(text)
    }
}
