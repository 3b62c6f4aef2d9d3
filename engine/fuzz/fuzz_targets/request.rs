//! The body of a request, up to the first effect it leads to.
#![no_main]

use haversack_engine::seam::{ApiRequest, Origin, Output, UnixMs};
use haversack_engine::{Engine, Settings};

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (kind, body) = input;
    let (path, content_type) = match kind % 4 {
        0 => ("/api/v1/workspace/new", "application/json"),
        1 => ("/api/v1/document/raw-text", "application/x-www-form-urlencoded"),
        2 => ("/api/v1/document/upload", "multipart/form-data; boundary=b"),
        _ => ("/api/v1/workspace/x/chat", "text/plain"),
    };
    let request = ApiRequest {
        method: "POST".into(),
        path: path.into(),
        query: String::new(),
        headers: vec![("content-type".into(), content_type.into())],
        body: body.to_vec().into(),
    };
    let origin = Origin { seed: [1; 32], now: UnixMs(0), utc_offset_minutes: 0, operator: true, peer: None };
    let (settings, _) = Settings::from_vars(&Default::default());
    let mut run = Engine::new(settings).start(request, origin);
    while !matches!(run.poll(), Output::Wait { .. } | Output::Done | Output::Stalled) {}
});
