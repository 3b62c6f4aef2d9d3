//! A host whose runs are a closure instead of the engine.

#![allow(dead_code)]

use bytes::Bytes;
use haversack::effects::Effects;
use haversack::extraction::{ExtractionOptions, Extractor};
use haversack::host::Host;
use haversack::http::HttpClient;
use haversack::store::{Store, StoreOptions};
use haversack_engine::seam::{ApiRequest, Cx, Head, Run};
use haversack_extract::{ExtractError, Extracted, Limits, Source};
use std::sync::Arc;
use tempfile::TempDir;

/// A host whose every run is `body`, with a store in `dir`.
pub fn host<F, Fut>(dir: &TempDir, body: F) -> Host
where
    F: Fn(Cx, ApiRequest) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn unreadable(source: Source<'_>, _: &Limits) -> Result<Extracted, ExtractError> {
        Err(ExtractError::Empty { name: source.name.into() })
    }
    let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
    let extractor = Extractor::new(unreadable, ExtractionOptions::default());
    let effects = Effects { store, http: HttpClient::new(false), extractor };
    Host::new(Arc::new(move |request, origin| Run::new(&origin, |cx| body(cx, request))), effects)
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
