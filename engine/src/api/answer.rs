//! What a handler gives back.

use crate::seam::{Cx, Head};
use bytes::Bytes;
use serde::Serialize;

/// An answer, whole or already under way.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Status, content type and body.
    Whole {
        /// HTTP status.
        status: u16,
        /// Value of `content-type`.
        content_type: &'static str,
        /// The body.
        body: Bytes,
    },
    /// The handler has written head and body itself.
    Streamed,
}

const JSON: &str = "application/json; charset=utf-8";

impl Answer {
    /// JSON with a status.
    pub fn json<T: Serialize>(status: u16, value: &T) -> Answer {
        match serde_json::to_vec(value) {
            Ok(body) => Answer::Whole { status, content_type: JSON, body: body.into() },
            Err(error) => Answer::text(500, format!("the answer could not be written as JSON: {error}")),
        }
    }

    /// JSON with status 200.
    pub fn ok<T: Serialize>(value: &T) -> Answer {
        Answer::json(200, value)
    }

    /// Plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Answer {
        Answer::Whole { status, content_type: "text/plain; charset=utf-8", body: text.into().into() }
    }

    /// Sends it.
    pub fn send(self, cx: &Cx) {
        if let Answer::Whole { status, content_type, body } = self {
            let headers = vec![("content-type".to_owned(), content_type.to_owned())];
            cx.head(Head { status, headers, streaming: false });
            cx.body(body);
        }
    }
}
