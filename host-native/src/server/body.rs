//! Reading a request's body into memory, within bounds.

use super::memory::{BodyMemory, Reserved};
use crate::caller::Caller;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Bodies up to here take no shared memory, and are read before anybody looks at their key: they are what chats are
/// made of, and a connection costs about as much.
pub const SMALL: u64 = 64 << 10;
/// Memory is taken in steps of so many bytes.
const STEP: u64 = 1 << 20;
/// How long a refused body is still read, so that the client gets to see why instead of a reset.
const LINGER: Duration = Duration::from_secs(2);
/// How much of it.
const LINGER_BYTES: usize = 8 << 20;

/// How fast a body must come.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a client may take for its body beyond what the rate allows.
    pub patience: Duration,
    /// Bytes a second that a body must have on average, else a few slow clients could hold what there is of memory.
    pub bytes_per_second: u64,
    /// How long a body may wait for memory.
    pub wait: Duration,
}

/// A body in memory; the memory is free for others once this is gone.
pub struct Held {
    /// The body.
    pub bytes: Bytes,
    _memory: Option<Reserved>,
}

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Larger than allowed.
    TooLarge,
    /// The client stopped sending, or sends too slowly.
    TooSlow,
    /// The connection broke, or the framing is wrong.
    Broken,
    /// Other bodies have the memory.
    NoRoom,
}

/// What the head says of the body.
pub struct Announced {
    /// Its length, if that was sent.
    pub length: Option<u64>,
    /// The client waits for a word before it sends the body.
    pub asks: bool,
}

impl Announced {
    /// From the head of a request.
    pub fn new(headers: &HeaderMap) -> Announced {
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        let asks =
            headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        Announced { length, asks }
    }
}

/// A body that is being read.
pub struct Reading {
    body: Body,
    read: BytesMut,
    limit: u64,
    pace: Pace,
    started: Instant,
    /// Time spent waiting for memory, which is not the client's fault.
    excused: Duration,
    memory: Option<Reserved>,
    over: bool,
}

impl Reading {
    /// Nothing is read yet: a client that asks first is told to send with the first byte that is wanted.
    pub fn new(body: Body, limit: u64, pace: Pace) -> Reading {
        let (read, started) = (BytesMut::new(), Instant::now());
        Reading { body, read, limit, pace, started, excused: Duration::ZERO, memory: None, over: false }
    }

    /// Reads the first bytes, up to [`SMALL`] and the frame that exceeds it. Returns whether that was all.
    pub async fn begin(&mut self) -> Result<bool, Refused> {
        while !self.over && self.read.len() as u64 <= SMALL {
            self.frame().await?;
        }
        Ok(self.over)
    }

    /// Reads the rest, in memory of `caller`.
    pub async fn finish(
        &mut self,
        announced: Option<u64>,
        memory: &Arc<BodyMemory>,
        caller: Caller,
    ) -> Result<(), Refused> {
        if !self.over {
            self.memory = Some(memory.reserve(caller));
            self.grow().await?;
            // Address space only; its pages are there when they are written to.
            let announced = usize::try_from(announced.unwrap_or(0)).unwrap_or(0);
            self.read.reserve(announced.saturating_sub(self.read.len()));
        }
        while !self.over {
            self.frame().await?;
            self.grow().await?;
        }
        Ok(())
    }

    /// What was read.
    pub fn into_held(self) -> Held {
        Held { bytes: self.read.freeze(), _memory: self.memory }
    }

    async fn grow(&mut self) -> Result<(), Refused> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        let asked = Instant::now();
        let wanted = (self.read.len() as u64).next_multiple_of(STEP).min(self.limit);
        memory.grow_to(wanted, self.pace.wait).await.map_err(|_| Refused::NoRoom)?;
        self.excused += asked.elapsed();
        Ok(())
    }

    async fn frame(&mut self) -> Result<(), Refused> {
        let earned = Duration::from_secs(self.read.len() as u64 / self.pace.bytes_per_second.max(1));
        let deadline = self.started + self.excused + self.pace.patience + earned;
        // A client that sends nothing at all is given up sooner than the average of what it sent would have it.
        let frame = timeout_at(deadline, timeout(self.pace.patience, self.body.frame())).await;
        match frame.map_err(|_| Refused::TooSlow)?.map_err(|_| Refused::TooSlow)? {
            None => self.over = true,
            Some(frame) => {
                let Ok(data) = frame.map_err(|_| Refused::Broken)?.into_data() else { return Ok(()) };
                if (self.read.len() + data.len()) as u64 > self.limit {
                    return Err(Refused::TooLarge);
                }
                self.read.extend_from_slice(&data);
            }
        }
        Ok(())
    }

    /// Reads on for a moment while the refusal is sent, and keeps nothing: a connection that is closed with bytes unread
    /// may lose the answer on its way. A client that asked first and was told nothing has sent nothing.
    pub fn drain(self, asked: bool) {
        let Reading { mut body, read, memory, .. } = self;
        if asked && read.is_empty() {
            return;
        }
        drop((read, memory));
        tokio::spawn(timeout(LINGER, async move {
            let mut left = LINGER_BYTES;
            while let Some(Ok(frame)) = body.frame().await {
                left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
                if left == 0 {
                    return;
                }
            }
        }));
    }
}
