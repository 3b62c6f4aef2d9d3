//! Calls about the instance as a whole, over a host in memory.

mod exporting;
mod logging;
mod security;
mod trying;
mod updating;

use crate::testing::{Replied, TestHost};
use serde_json::{Value, json};

/// Changes settings; the answer.
#[track_caller]
fn update(host: &mut TestHost, body: &Value) -> Value {
    host.call("POST", "/v1/system/update-env", body).ok()
}

/// The settings as they are shown.
#[track_caller]
fn shown(host: &mut TestHost) -> Value {
    host.call("GET", "/v1/system", &Value::Null).ok()["settings"].take()
}

/// A host with one embedded document.
fn embedded() -> TestHost {
    let mut host = TestHost::new(&[]);
    host.workspace("Docs");
    let path = host.raw_text("otter", "Otters hold hands while they sleep.");
    host.call("POST", "/v1/workspace/docs/update-embeddings", &json!({ "adds": [path] })).ok();
    host
}

fn text(replied: &Replied) -> String {
    String::from_utf8_lossy(&replied.body).into_owned()
}
