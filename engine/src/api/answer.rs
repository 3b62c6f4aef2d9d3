//! What a handler gives back.

use crate::seam::{Cx, Head, Slices, Work};
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
        /// More headers, names in lower case.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Bytes,
    },
    /// The handler has written head and body itself.
    Streamed,
}

/// A list in JSON whose length others decide, written in slices.
pub async fn list<T: Serialize>(slices: &mut Slices, items: impl Iterator<Item = T>) -> Vec<u8> {
    let mut json = vec![b'['];
    for (n, item) in items.enumerate() {
        if n > 0 {
            json.push(b',');
        }
        let before = json.len();
        // Rows are maps of strings, numbers and lists: writing them into memory cannot fail.
        if serde_json::to_writer(&mut json, &item).is_err() {
            json.truncate(before);
            json.extend_from_slice(b"null");
        }
        slices.spend(Work::Json(json.len() - before)).await;
    }
    json.push(b']');
    json
}

const JSON: &str = "application/json; charset=utf-8";

impl Answer {
    /// JSON with a status.
    pub fn json<T: Serialize>(status: u16, value: &T) -> Answer {
        match serde_json::to_vec(value) {
            Ok(body) => Answer::whole(status, JSON, body),
            Err(error) => Answer::text(500, format!("the answer could not be written as JSON: {error}")),
        }
    }

    /// JSON that was written already, with status 200.
    pub fn written(json: Vec<u8>) -> Answer {
        Answer::whole(200, JSON, json)
    }

    /// JSON with status 200.
    pub fn ok<T: Serialize>(value: &T) -> Answer {
        Answer::json(200, value)
    }

    /// Plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Answer {
        Answer::whole(status, "text/plain; charset=utf-8", text.into())
    }

    /// Bytes of a content type.
    pub fn whole(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
        Answer::Whole { status, content_type, headers: Vec::new(), body: body.into() }
    }

    /// The same with one more header, its name in lower case. Nothing to add to what is under way.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        if let Answer::Whole { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    /// Sends it.
    pub fn send(self, cx: &Cx) {
        if let Answer::Whole { status, content_type, headers: more, body } = self {
            let mut headers = vec![("content-type".to_owned(), content_type.to_owned())];
            headers.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
            cx.head(Head { status, headers, streaming: false });
            cx.body(body);
        }
    }
}
