//! Keys and values as the browser's database has them: strings where they are text, bytes where not, so that a person
//! with the browser's tools can see what is there.

use bytes::Bytes;
use haversack_engine::seam::text_or_base64::Blob;
use haversack_engine::seam::{Key, KeyRange};
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::IdbKeyRange;

/// A value to be stored.
pub fn to_js(value: &[u8]) -> JsValue {
    match std::str::from_utf8(value) {
        Ok(text) => JsValue::from_str(text),
        Err(_) => Uint8Array::from(value).into(),
    }
}

/// A stored value; `None` for what is not there.
pub fn from_js(value: &JsValue) -> Result<Option<Blob>, JsValue> {
    if value.is_undefined() {
        return Ok(None);
    }
    if let Some(text) = value.as_string() {
        return Ok(Some(Blob(text.into())));
    }
    let bytes = value
        .dyn_ref::<Uint8Array>()
        .ok_or_else(|| js_sys::Error::new("a value is neither text nor bytes"))?;
    Ok(Some(Blob(Bytes::from(bytes.to_vec()))))
}

/// A stored key.
pub fn key(key: &JsValue) -> Result<Key, JsValue> {
    key.as_string().map(Key::new).ok_or_else(|| js_sys::Error::new("a key is no string").into())
}

/// What lies from `start` (or behind it) to before the end of `range`; `None` if that is nothing, which IndexedDB takes
/// for a mistake.
pub fn range(start: &str, behind: bool, range: &KeyRange) -> Result<Option<JsValue>, JsValue> {
    if start >= range.end.as_str() {
        return Ok(None);
    }
    let (start, end) = (start.into(), range.end.as_str().into());
    let range = IdbKeyRange::bound_with_lower_open_and_upper_open(&start, &end, behind, true)?;
    Ok(Some(range.into()))
}
