//! Importing into a sealed store: the file itself becomes the store.
//!
//! It is the call that imports a workspace on every host, `POST /api/v1/workspace/import`; here it replaces what is
//! there, and is answered without the engine, piece by piece, as the file may be larger than an instance's memory.

use crate::instance::Instance;
use bytes::Bytes;
use futures_util::Stream;
use haversack_engine::seam::{ApiRequest, Head, HostErrorKind, front};
use std::fmt::{Display, Write};

const PATH: &str = "/api/v1/workspace/import";

/// Whether this host answers `request` itself.
pub fn is_for(instance: &Instance, request: &ApiRequest) -> bool {
    request.method == "POST" && request.path == PATH && instance.store().sealed().is_some()
}

/// The answer to an import.
pub async fn answer<E: Display>(
    instance: &Instance,
    request: &ApiRequest,
    file: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> (Head, Bytes) {
    // Who may call is for the engine to say.
    let allowed = ApiRequest {
        method: "GET".to_owned(),
        path: "/api/v1/auth".to_owned(),
        query: String::new(),
        headers: request.headers.clone(),
        body: Bytes::new(),
    };
    let status = match instance.answer(allowed, None).await {
        Ok(response) => response.status().as_u16(),
        Err(message) => return front::refusal(500, &message),
    };
    if status != 200 {
        return front::refusal(status, "No valid api key found.");
    }
    let Some(sealed) = instance.store().sealed() else {
        return front::refusal(500, "The store is not a sealed one.");
    };
    let mut name = String::with_capacity(16);
    for byte in crate::clock::random_bytes(8) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    match sealed.replace(name, file).await {
        Ok(()) => {
            let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
            (Head { status: 200, headers, streaming: false }, Bytes::from_static(b"{\"success\":true}"))
        }
        Err(error) => {
            let status = match error.kind {
                HostErrorKind::Rejected => 422,
                HostErrorKind::Full => 507,
                _ => 500,
            };
            front::refusal(status, &error.message)
        }
    }
}
