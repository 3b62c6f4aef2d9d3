//! Importing into a sealed store: the file itself becomes the store.
//!
//! It is the call that imports a workspace on every host, `POST /api/v1/workspace/import`; here it replaces what is
//! there, and is answered without the engine, piece by piece, as the file may be larger than an instance's memory. Who
//! may call is for the engine to say, by the row of its table for this route.

use crate::instance::Instance;
use crate::whole;
use bytes::Bytes;
use futures_util::Stream;
use haversack_engine::Engine;
use haversack_engine::seam::{ApiRequest, Head, HostError, HostErrorKind, front};
use spin_sdk::http::{BoxBody, Response};
use std::fmt::{Display, Write};

/// The route, as the engine's table has it: every spelling of its path counts.
const ROUTE: &str = "/v1/workspace/import";

/// Bytes of a file, unless `HAVERSACK_MAX_IMPORT_BYTES` says otherwise.
pub const BYTES_MAX: u64 = 1 << 30;

/// Whether this host answers `request` itself.
pub fn is_for(instance: &Instance, request: &ApiRequest) -> bool {
    let asked = request.method == "POST" && instance.store().sealed().is_some();
    asked && Engine::route(&request.method, &request.path) == Some(ROUTE)
}

/// The answer to an import. `page` is the request's `origin` header.
pub async fn answer<E: Display>(
    instance: &Instance,
    request: &ApiRequest,
    page: Option<String>,
    file: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Response<BoxBody> {
    match instance.authorise(request, page.clone()).await {
        Ok(response) if response.status().as_u16() == 204 => {}
        Ok(refused) => return refused,
        Err(message) => return refuse(500, &message, page.as_deref()),
    }
    match replace(instance, request, file).await {
        Ok(()) => {
            let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
            let mut head = Head { status: 200, headers, streaming: false };
            front::complete(&mut head, page.as_deref());
            whole(&head, Bytes::from_static(b"{\"success\":true}"))
        }
        Err((status, message)) => refuse(status, &message, page.as_deref()),
    }
}

/// Makes the file of a request the store, or says why not.
async fn replace<E: Display>(
    instance: &Instance,
    request: &ApiRequest,
    file: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<(), (u16, String)> {
    let Some(sealed) = instance.store().sealed() else {
        return Err((500, "The store is not a sealed one.".to_owned()));
    };
    let most = instance.import_bytes_max();
    let announced = request.header("content-length").and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > most) {
        return Err(too_large(most));
    }
    let mut name = String::with_capacity(16);
    for byte in crate::clock::random_bytes(8) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    let failed = |error: HostError| match error.kind {
        HostErrorKind::TooLarge => too_large(most),
        HostErrorKind::Rejected => (422, error.message),
        HostErrorKind::Refused => (403, error.message),
        HostErrorKind::Full => (507, error.message),
        _ => (500, error.message),
    };
    let staged = sealed.stage(name, most, file).await.map_err(failed)?;
    let refusal = match staged.manifest().await {
        Ok(manifest) => manifest.of_other_embedder(instance.embedder()).map(|message| (409, message)),
        Err(error) => Some(failed(error)),
    };
    match refusal {
        Some(refusal) => {
            staged.discard().await;
            Err(refusal)
        }
        None => sealed.replace(staged).await.map_err(failed),
    }
}

fn too_large(most: u64) -> (u16, String) {
    (
        413,
        format!(
            "A workspace has at most {most} bytes here. Raise HAVERSACK_MAX_IMPORT_BYTES to import a larger one."
        ),
    )
}

fn refuse(status: u16, message: &str, page: Option<&str>) -> Response<BoxBody> {
    let (mut head, body) = front::refusal(status, message);
    front::complete(&mut head, page);
    whole(&head, body)
}
