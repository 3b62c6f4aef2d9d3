//! A run's answer on its way to the client.

use bytes::Bytes;
use haversack_engine::seam::Head;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A client that takes no piece for so long has left.
const STALLED: Duration = Duration::from_secs(120);

/// What a run answered.
#[derive(Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: Head,
    /// The body.
    pub body: AnswerBody,
}

/// The body of an [`Answer`].
#[derive(Debug)]
pub enum AnswerBody {
    /// All of it.
    Whole(Bytes),
    /// Pieces over time.
    Stream(Pieces),
}

/// The pieces of a body. Dropping it tells the run that the client has gone.
#[derive(Debug)]
pub struct Pieces(mpsc::Receiver<Piece>);

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    End,
}

/// The run broke off in the middle of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for BrokenOff {}

impl Pieces {
    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, BrokenOff>> {
        match self.0.recv().await {
            Some(Piece::Bytes(bytes)) => Some(Ok(bytes)),
            Some(Piece::End) => {
                self.0.close();
                None
            }
            None => Some(Err(BrokenOff)),
        }
    }
}

impl Answer {
    /// The whole body, however it comes.
    pub async fn bytes(self) -> Result<Bytes, BrokenOff> {
        match self.body {
            AnswerBody::Whole(bytes) => Ok(bytes),
            AnswerBody::Stream(mut pieces) => {
                let mut whole = Vec::new();
                while let Some(piece) = pieces.next().await {
                    whole.extend_from_slice(&piece?);
                }
                Ok(whole.into())
            }
        }
    }
}

/// The run's end of an answer. Bodies that are not streamed are kept until the run is done, so that they
/// have a length and can be compressed.
pub struct Outlet {
    reply: Option<oneshot::Sender<Answer>>,
    head: Option<Head>,
    queue: VecDeque<Bytes>,
    stream: Option<mpsc::Sender<Piece>>,
    gone: bool,
}

impl Outlet {
    /// Both ends of an answer. If nothing arrives at the receiver, the run failed.
    pub fn new() -> (Outlet, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        (Outlet { reply: Some(reply), head: None, queue: VecDeque::new(), stream: None, gone: false }, answer)
    }

    /// Takes status and headers.
    pub fn head(&mut self, head: Head) {
        if !head.streaming {
            self.head = Some(head);
            return;
        }
        // One piece in the channel and one at the client: the rest of the stream waits at its source.
        let (sender, receiver) = mpsc::channel(1);
        self.stream = Some(sender);
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(Answer { head, body: AnswerBody::Stream(Pieces(receiver)) });
        }
    }

    /// Takes a piece of the body.
    pub fn body(&mut self, bytes: Bytes) {
        if !self.gone {
            self.queue.push_back(bytes);
        }
    }

    /// Whether the client has yet to take what there is of a stream.
    pub fn is_behind(&self) -> bool {
        self.stream.is_some() && !self.queue.is_empty()
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Waits until the client took a piece of a stream, if it is behind, or has left.
    pub async fn turn(&mut self) {
        let left = match (&self.stream, &mut self.reply) {
            (Some(stream), _) if !self.queue.is_empty() => {
                // A client that reads nothing for so long is as good as gone, and holds our memory.
                match tokio::time::timeout(STALLED, stream.reserve()).await {
                    Ok(Ok(permit)) => {
                        if let Some(bytes) = self.queue.pop_front() {
                            permit.send(Piece::Bytes(bytes));
                        }
                        false
                    }
                    Ok(Err(_)) | Err(_) => true,
                }
            }
            (Some(stream), _) => {
                stream.closed().await;
                true
            }
            (None, Some(reply)) => {
                reply.closed().await;
                true
            }
            (None, None) => true,
        };
        if left {
            self.gone = true;
            self.queue.clear();
        }
    }

    /// The run is over: hands over the rest. Without a head nothing is sent, which the other end sees.
    pub async fn finish(mut self) {
        while self.is_behind() {
            self.turn().await;
        }
        if let Some(stream) = self.stream {
            let _ = tokio::time::timeout(STALLED, stream.send(Piece::End)).await;
        } else if let (Some(reply), Some(head)) = (self.reply, self.head) {
            let body = AnswerBody::Whole(joined(self.queue));
            let _ = reply.send(Answer { head, body });
        }
    }
}

fn joined(mut pieces: VecDeque<Bytes>) -> Bytes {
    match pieces.len() {
        0 => Bytes::new(),
        1 => pieces.pop_front().unwrap_or_default(),
        _ => {
            let mut whole = Vec::with_capacity(pieces.iter().map(Bytes::len).sum());
            pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
            whole.into()
        }
    }
}
