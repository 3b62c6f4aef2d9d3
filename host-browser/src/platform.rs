//! What this host needs of the JavaScript around it, as one object.

use js_sys::{AsyncIterator, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// An object with these methods; `pkg/src/platform.js` makes it.
    #[derive(Clone)]
    pub type Platform;

    /// Milliseconds since 1970.
    #[wasm_bindgen(method)]
    pub fn now(this: &Platform) -> f64;

    /// So many bytes of secure randomness.
    #[wasm_bindgen(method)]
    pub fn random(this: &Platform, length: u32) -> Uint8Array;

    /// Local time minus UTC, in minutes.
    #[wasm_bindgen(method, js_name = utcOffset)]
    pub fn utc_offset(this: &Platform) -> i32;

    /// Resolves after everything else that waits had its turn.
    #[wasm_bindgen(method)]
    pub fn breathe(this: &Platform) -> Promise;

    /// The bytes of a file that ships beside this module, as a `Uint8Array`.
    #[wasm_bindgen(method, catch)]
    pub fn asset(this: &Platform, name: &str) -> Result<Promise, JsValue>;

    /// Turns a file into text: the JSON of a `Result<Extracted, String>`, as a `Uint8Array`.
    #[wasm_bindgen(method, catch)]
    pub fn extract(
        this: &Platform,
        name: &str,
        mime: Option<&str>,
        bytes: Uint8Array,
        signal: &web_sys::AbortSignal,
    ) -> Result<Promise, JsValue>;

    /// Asks the application's model: pieces of text, then what it counted.
    #[wasm_bindgen(method, catch)]
    pub fn complete(
        this: &Platform,
        request: JsValue,
        signal: &web_sys::AbortSignal,
    ) -> Result<AsyncIterator, JsValue>;

    /// Asks the application's embedder: an array of `Float32Array`s or arrays of numbers.
    #[wasm_bindgen(method, catch)]
    pub fn embed(
        this: &Platform,
        request: JsValue,
        signal: &web_sys::AbortSignal,
    ) -> Result<Promise, JsValue>;

    /// As `globalThis.fetch`.
    #[wasm_bindgen(method, catch)]
    pub fn fetch(this: &Platform, url: &str, init: &JsValue) -> Result<Promise, JsValue>;

    /// For the person who develops: `error`, `warn`.
    #[wasm_bindgen(method)]
    pub fn log(this: &Platform, level: &str, message: &str);

    /// An effect began: `kv`, `http`, `complete`, `embed`, `extract`, `asset` or `breathe`.
    #[wasm_bindgen(method)]
    pub fn began(this: &Platform, call: u32, effect: &str);
}
