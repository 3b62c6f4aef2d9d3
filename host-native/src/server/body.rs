//! Reading a request's body into memory, within bounds.

use super::ServerOptions;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is handed out in units of so many bytes.
const UNIT: u64 = 64 << 10;
/// Bodies up to here do not wait for memory: they are what chats are made of.
const SMALL: u64 = UNIT;
/// Bytes a second below which a body is too slow; else a few patient clients could hold every place.
const SLOWEST: u64 = 4 << 10;
/// How long a refused body is still read, so that the client gets to see why instead of a reset.
const LINGER: Duration = Duration::from_secs(10);

/// Memory for bodies.
pub struct Memory(Arc<Semaphore>);

impl Memory {
    /// So many bytes.
    pub fn new(bytes: u64) -> Memory {
        Memory(Arc::new(Semaphore::new(units(bytes) as usize)))
    }

    async fn take(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        self.0.clone().acquire_many_owned(units(bytes)).await.ok()
    }
}

/// A body in memory; the memory is free for others once this is gone.
pub struct Held {
    /// The body.
    pub bytes: Bytes,
    _memory: Option<OwnedSemaphorePermit>,
}

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Larger than allowed.
    TooLarge,
    /// The client stopped sending.
    TooSlow,
    /// The connection broke, or the framing is wrong.
    Broken,
}

/// Reads all of `body`, up to `limit` bytes.
///
/// Memory for it is taken in one piece before the first byte beyond [`SMALL`]: were it taken bit by bit,
/// two bodies could wait for each other for ever.
pub async fn read(
    body: Body,
    headers: &HeaderMap,
    limit: u64,
    options: &ServerOptions,
    memory: &Memory,
) -> Result<Held, Refused> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        drain(body).await;
        return Err(Refused::TooLarge);
    }
    let mut held = match announced {
        Some(length) if length > SMALL => memory.take(length).await,
        _ => None,
    };
    let mut body = body;
    let mut read = BytesMut::new();
    let mut waited = Duration::ZERO;
    loop {
        let patience = options.body_idle_time + Duration::from_secs(read.len() as u64 / SLOWEST);
        let asked = Instant::now();
        let frame = tokio::time::timeout(patience.saturating_sub(waited), body.frame());
        let frame = frame.await.map_err(|_| Refused::TooSlow)?;
        waited += asked.elapsed();
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|_| Refused::Broken)?.into_data() else { continue };
        let length = (read.len() + data.len()) as u64;
        if length > limit {
            drop((read, held));
            drain(body).await;
            return Err(Refused::TooLarge);
        }
        if length > SMALL && held.is_none() {
            held = memory.take(limit).await;
        }
        if read.is_empty() {
            read.reserve(usize::try_from(announced.unwrap_or(0)).unwrap_or(0).max(data.len()));
        }
        read.extend_from_slice(&data);
    }
    Ok(Held { bytes: read.freeze(), _memory: held })
}

async fn drain(mut body: Body) {
    let all = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(LINGER, all).await;
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX >> 4)
}
