//! Telling JavaScript that nobody waits any more.

use wasm_bindgen::JsValue;
use web_sys::{AbortController, AbortSignal};

/// Aborts its signal when dropped.
pub struct AbortOnDrop(AbortController);

impl AbortOnDrop {
    /// A signal that nobody has given yet.
    pub fn new() -> Result<AbortOnDrop, JsValue> {
        AbortController::new().map(AbortOnDrop)
    }

    /// For what should stop.
    pub fn signal(&self) -> AbortSignal {
        self.0.signal()
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
