//! Where a run's answer goes.
//!
//! Head and first piece of a stream go out together: Spin's server sets no TCP_NODELAY, and on a kept-alive
//! connection a head alone would wait for the client's delayed acknowledgement, some 40 ms.

use crate::{whole, with_body};
use bytes::{Bytes, BytesMut};
use futures_channel::mpsc::Sender;
use futures_channel::oneshot;
use futures_util::SinkExt;
use haversack_engine::seam::{Head, front};
use spin_sdk::http::{BoxBody, Response, body, box_body};

/// The run's end of an answer.
pub struct Outlet {
    state: State,
    /// The page that asks, if one does.
    origin: Option<String>,
}

enum State {
    /// Nothing has been sent yet.
    Waiting { reply: oneshot::Sender<Response<BoxBody>>, head: Option<Head>, body: BytesMut },
    /// The head and more are out.
    Streaming(Sender<Bytes>),
    /// The client left, or all is sent.
    Closed,
}

impl Outlet {
    /// An outlet and where the answer appears. `origin` is the request's header of that name.
    pub fn new(origin: Option<String>) -> (Outlet, oneshot::Receiver<Response<BoxBody>>) {
        let (reply, answer) = oneshot::channel();
        (Outlet { state: State::Waiting { reply, head: None, body: BytesMut::new() }, origin }, answer)
    }

    /// Status and headers.
    pub fn head(&mut self, mut given: Head) {
        front::complete(&mut given, self.origin.as_deref());
        if let State::Waiting { head, .. } = &mut self.state {
            *head = Some(given);
        }
    }

    /// The next piece of the body. Waits for the client to take earlier ones.
    pub async fn body(&mut self, bytes: Bytes) {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Waiting { reply, head: Some(head), .. } if head.streaming => {
                let (mut pieces, stream) = body::stream::<Bytes>();
                let response = with_body(&head, box_body(stream));
                // The piece is in the channel before anybody looks at the response.
                if pieces.try_send(bytes).is_ok() && reply.send(response).is_ok() {
                    self.state = State::Streaming(pieces);
                }
            }
            State::Waiting { reply, head, mut body } => {
                body.extend_from_slice(&bytes);
                self.state = State::Waiting { reply, head, body };
            }
            State::Streaming(mut pieces) => {
                if pieces.send(bytes).await.is_ok() {
                    self.state = State::Streaming(pieces);
                }
            }
            State::Closed => {}
        }
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_gone(&self) -> bool {
        match &self.state {
            State::Waiting { reply, .. } => reply.is_canceled(),
            State::Streaming(pieces) => pieces.is_closed(),
            State::Closed => true,
        }
    }

    /// The answer is complete.
    pub fn finish(self) {
        match self.state {
            State::Waiting { reply, head: Some(head), body } => {
                // Nobody may be waiting any more.
                let _ = reply.send(whole(&head, body.freeze()));
            }
            State::Waiting { .. } => self.fail("The engine gave no answer."),
            State::Streaming(_) | State::Closed => {}
        }
    }

    /// The answer cannot be completed. A stream just ends, without its end marker.
    pub fn fail(self, message: &str) {
        if let State::Waiting { reply, .. } = self.state {
            let (mut head, body) = front::refusal(500, message);
            front::complete(&mut head, self.origin.as_deref());
            let _ = reply.send(whole(&head, body));
        }
    }

    /// Ready when the client has gone before the answer began. Later only the next piece tells: a stream that
    /// nothing is written to does not learn of its other end.
    pub async fn gone(&mut self) {
        match &mut self.state {
            State::Waiting { reply, .. } => reply.cancellation().await,
            State::Streaming(_) | State::Closed => std::future::pending().await,
        }
    }
}
