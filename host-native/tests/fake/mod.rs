//! A host whose runs are a closure instead of the engine.

#![allow(dead_code)]

use bytes::Bytes;
use haversack::caller::Caller;
use haversack::effects::Effects;
use haversack::extraction::{ExtractionOptions, Extractor};
use haversack::host::Host;
use haversack::http::HttpClient;
use haversack::store::{Store, StoreOptions};
use haversack_engine::seam::{ApiRequest, Cx, Head, Origin, Run};
use std::sync::Arc;
use tempfile::TempDir;

/// A host whose every run is `body`, with a store in `dir`.
pub fn host<F, Fut>(dir: &TempDir, body: F) -> Host
where
    F: Fn(Cx, ApiRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
    let extractor = Extractor::new(ExtractionOptions::default()).unwrap();
    let effects =
        Effects { store, http: HttpClient::new(false), extractor, caller: Caller::Unknown, place: None };
    let start = move |request, origin| Run::new(&origin, |cx| body(cx, request));
    Host::new(Arc::new(start), Arc::new(guard), effects)
}

/// Lets everybody in but the holders of the key `made-up`.
fn guard(request: ApiRequest, origin: Origin) -> Run {
    let known = request.header("authorization") != Some("Bearer made-up");
    Run::new(&origin, move |cx| async move {
        let status = if known { 204 } else { 403 };
        cx.head(Head { status, headers: vec![], streaming: false });
    })
}

pub fn request() -> ApiRequest {
    ApiRequest {
        method: "GET".into(),
        path: "/api/ping".into(),
        query: String::new(),
        headers: vec![],
        body: Bytes::new(),
    }
}

pub fn ok(streaming: bool) -> Head {
    Head { status: 200, headers: vec![("content-type".into(), "text/plain".into())], streaming }
}
