//! Outbound HTTP by `fetch`.
//!
//! A browser decides itself whom a page may ask (CORS, private network access). What is left to do here: an
//! address that came with a request is not a private one by its spelling, before and after redirects. Names are
//! not resolved, as nothing here can.

use crate::abort::AbortOnDrop;
use crate::error;
use crate::platform::Platform;
use bytes::Bytes;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use haversack_engine::seam::{HostError, HostErrorKind, HttpHead, HttpRequest, Trust, is_public_host};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Response, Url};

/// How requests are sent.
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// [`Trust::Caller`] is treated like [`Trust::Operator`].
    pub allow_private: bool,
}

impl Http {
    /// Sends `request` and waits for the head of the reply.
    pub async fn send(
        &self,
        platform: &Platform,
        request: HttpRequest,
    ) -> Result<(HttpHead, Body), HostError> {
        let checked = request.trust == Trust::Caller && !self.allow_private;
        let place = check(&request.url, checked)?;
        let unreachable = |error: JsValue| unreachable(&place, &error);
        let abort = AbortOnDrop::new().map_err(unreachable)?;
        let init = init(&request, &abort).map_err(unreachable)?;
        let reply = platform.fetch(&request.url, &init).map_err(unreachable)?;
        let reply = within(reply, request.head_timeout_ms, "no answer").await?.map_err(unreachable)?;
        let response: Response =
            reply.dyn_into().map_err(|_| unreachable("fetch gave no Response".into()))?;
        if checked && !response.url().is_empty() {
            check(&response.url(), true)?;
        }
        let head = HttpHead {
            status: response.status(),
            headers: headers(&response),
            url: Some(response.url()).filter(|url| !url.is_empty()).unwrap_or(request.url),
        };
        let reader = response.body().map(|body| body.get_reader().unchecked_into());
        let (max_bytes, idle_timeout_ms) = (request.max_bytes, request.idle_timeout_ms);
        Ok((head, Body { reader, left: max_bytes, max_bytes, idle_timeout_ms, place, _abort: abort }))
    }
}

fn init(request: &HttpRequest, abort: &AbortOnDrop) -> Result<JsValue, JsValue> {
    let pairs: Array = request
        .headers
        .iter()
        .map(|(name, value)| Array::of2(&name.as_str().into(), &value.as_str().into()))
        .collect();
    let init = Object::new();
    let set = |name: &str, value: &JsValue| Reflect::set(&init, &name.into(), value).map(drop);
    set("method", &request.method.as_str().into())?;
    set("headers", &pairs)?;
    set("signal", &abort.signal())?;
    set("credentials", &"omit".into())?;
    set("referrerPolicy", &"no-referrer".into())?;
    set("cache", &"no-store".into())?;
    if !request.body.is_empty() {
        set("body", &Uint8Array::from(&request.body[..]))?;
    }
    Ok(init.into())
}

fn headers(response: &Response) -> Vec<(String, String)> {
    let Ok(Some(pairs)) = js_sys::try_iter(&response.headers()) else { return vec![] };
    let pair = |pair: JsValue| {
        let pair: Array = pair.unchecked_into();
        Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
    };
    pairs.filter_map(|entry| entry.ok().and_then(pair)).collect()
}

/// A reply's body. Dropping it ends the request.
pub struct Body {
    reader: Option<ReadableStreamDefaultReader>,
    left: u64,
    max_bytes: u64,
    idle_timeout_ms: u64,
    place: String,
    _abort: AbortOnDrop,
}

impl Body {
    /// The next piece, never empty; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, HostError> {
        let Some(reader) = &self.reader else { return Ok(None) };
        loop {
            let piece = within(reader.read(), self.idle_timeout_ms, "the answer stopped").await?;
            let piece = piece.map_err(|error| unreachable(&self.place, &error))?;
            let field = |name: &str| Reflect::get(&piece, &name.into()).unwrap_or_default();
            if field("done").is_truthy() {
                return Ok(None);
            }
            let bytes = Uint8Array::new(&field("value"));
            let length = u64::from(bytes.length());
            self.left = self.left.checked_sub(length).ok_or_else(|| {
                let message = format!("the answer is larger than {} bytes", self.max_bytes);
                HostError::new(HostErrorKind::TooLarge, message)
            })?;
            if length > 0 {
                return Ok(Some(bytes.to_vec().into()));
            }
        }
    }
}

async fn within(promise: Promise, ms: u64, what: &str) -> Result<Result<JsValue, JsValue>, HostError> {
    let wait = TimeoutFuture::new(u32::try_from(ms).unwrap_or(u32::MAX).min(1 << 30));
    match select(JsFuture::from(promise), wait).await {
        Either::Left((value, _)) => Ok(value),
        Either::Right(_) => {
            let message = format!("{what} for {} s", ms as f64 / 1e3);
            Err(HostError::new(HostErrorKind::Timeout, message))
        }
    }
}

/// Scheme, host and port of an address that may be fetched: path and query may hold secrets.
fn check(url: &str, checked: bool) -> Result<String, HostError> {
    let malformed =
        |_| HostError::new(HostErrorKind::Rejected, "the address of an outbound request is malformed");
    let url = Url::new(url).map_err(malformed)?;
    if !matches!(url.protocol().as_str(), "http:" | "https:") {
        let message = format!("{} addresses are not fetched; use http or https", url.protocol());
        return Err(HostError::new(HostErrorKind::Refused, message));
    }
    if checked && !is_public_host(&url.hostname()) {
        let message = format!(
            "{} is not a public address; open Haversack with allowPrivateAddresses to allow it",
            url.origin()
        );
        return Err(HostError::new(HostErrorKind::Refused, message));
    }
    Ok(url.origin())
}

fn unreachable(place: &str, error: &JsValue) -> HostError {
    let reason = error::message(error);
    // Browsers say no more than this when a server forbids a page to ask it.
    let hint = match error::name(error).as_str() {
        "TypeError" => " (it does not answer, or it does not allow this page to ask: CORS)",
        _ => "",
    };
    HostError::new(HostErrorKind::Unavailable, format!("{place} cannot be reached: {reason}{hint}"))
}
