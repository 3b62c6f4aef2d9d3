//! Each effect of the engine, carried out: one arm each.

use crate::abort::AbortOnDrop;
use crate::error;
use crate::http::{Body, Http};
use crate::model::{self, Words};
use crate::platform::Platform;
use crate::store::Store;
use futures_util::future::LocalBoxFuture;
use haversack_engine::seam::{
    Asset, Effect, EffectId, ExtractRequest, HostError, HostErrorKind, Input, Reply,
};
use haversack_extract::Extracted;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// Everything this host can do for a run. Clones share it.
#[derive(Clone)]
pub struct Effects {
    /// For `Kv`.
    pub store: Store,
    /// For `Http`.
    pub http: Http,
    /// For the others.
    pub platform: Platform,
}

/// A report to the run, and what may follow it.
pub struct Report {
    /// Which effect reports.
    pub id: EffectId,
    /// What it says.
    pub input: Input,
    /// Set when more will come: pass it to [`Effects::more`].
    pub rest: Option<Rest>,
}

/// What a stream still has.
pub enum Rest {
    /// The body of a reply.
    Http(Body),
    /// The words of a model.
    Complete(Words),
}

/// A report that is on its way.
pub type Reporting = LocalBoxFuture<'static, Report>;

impl Effects {
    /// The outcome of an effect that needs no waiting.
    pub fn at_once(&self, effect: &Effect) -> Option<Result<Reply, HostError>> {
        match effect {
            Effect::Kv(op) => self.store.execute_now(op).map(|reply| Ok(Reply::Kv(reply))),
            _ => None,
        }
    }

    /// Starts an effect that [`Effects::at_once`] had no answer to.
    pub fn start(&self, id: EffectId, effect: Effect) -> Reporting {
        let this = self.clone();
        Box::pin(async move {
            let result = match effect {
                Effect::Http(request) => match this.http.send(&this.platform, request).await {
                    Ok((head, body)) => {
                        return Report { id, input: Input::Head { id, head }, rest: Some(Rest::Http(body)) };
                    }
                    Err(error) => Err(error),
                },
                Effect::Complete(request) => match Words::ask(&this.platform, &request) {
                    Ok(words) => return next_words(id, words).await,
                    Err(error) => Err(error),
                },
                Effect::Kv(op) => this.store.execute(op).await.map(Reply::Kv),
                Effect::Embed(request) => model::embed(&this.platform, &request).await.map(Reply::Embed),
                Effect::Extract(request) => extract(&this.platform, &request).await.map(Reply::Extract),
                Effect::Asset(asset) => read_asset(&this.platform, asset).await,
                Effect::Breathe => {
                    // One that fails to breathe has only been impolite.
                    let _ = JsFuture::from(this.platform.breathe()).await;
                    Ok(Reply::Breathe)
                }
            };
            settled(id, result)
        })
    }

    /// Waits for the next piece of a streaming reply.
    pub fn more(id: EffectId, rest: Rest) -> Reporting {
        match rest {
            Rest::Complete(words) => Box::pin(next_words(id, words)),
            Rest::Http(mut body) => Box::pin(async move {
                match body.next().await {
                    Ok(Some(bytes)) => {
                        Report { id, input: Input::Chunk { id, bytes }, rest: Some(Rest::Http(body)) }
                    }
                    Ok(None) => settled(id, Ok(Reply::Http)),
                    Err(error) => settled(id, Err(error)),
                }
            }),
        }
    }
}

/// The name of an effect, for whoever watches.
pub fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::Kv(_) => "kv",
        Effect::Http(_) => "http",
        Effect::Complete(_) => "complete",
        Effect::Embed(_) => "embed",
        Effect::Extract(_) => "extract",
        Effect::Asset(_) => "asset",
        Effect::Breathe => "breathe",
    }
}

async fn next_words(id: EffectId, mut words: Words) -> Report {
    match words.next().await {
        Ok(Ok(bytes)) => Report { id, input: Input::Chunk { id, bytes }, rest: Some(Rest::Complete(words)) },
        Ok(Err(reply)) => settled(id, Ok(Reply::Complete(reply))),
        Err(error) => settled(id, Err(error)),
    }
}

fn settled(id: EffectId, result: Result<Reply, HostError>) -> Report {
    Report { id, input: Input::Settled { id, result }, rest: None }
}

async fn read_asset(platform: &Platform, asset: Asset) -> Result<Reply, HostError> {
    let name = asset.file_name();
    let failed =
        |error| error::thrown(&format!("{name}, which belongs to Haversack, cannot be read"), &error);
    let bytes = JsFuture::from(platform.asset(name).map_err(failed)?).await.map_err(failed)?;
    let bytes: Uint8Array = bytes.dyn_into().map_err(|_| failed("it is no Uint8Array".into()))?;
    Ok(Reply::Asset(bytes.to_vec().into()))
}

async fn extract(platform: &Platform, request: &ExtractRequest) -> Result<Extracted, HostError> {
    let broke = |error| error::thrown(&format!("Error processing {}", request.name), &error);
    let abort = AbortOnDrop::new().map_err(broke)?;
    let bytes = Uint8Array::from(&request.bytes[..]);
    let json =
        platform.extract(&request.name, request.mime.as_deref(), bytes, &abort.signal()).map_err(broke)?;
    let json = JsFuture::from(json).await.map_err(broke)?;
    let json: Uint8Array = json.dyn_into().map_err(|_| broke("the reader gave no bytes".into()))?;
    let outcome: Result<Extracted, String> =
        serde_json::from_slice(&json.to_vec()).map_err(|e| broke(e.to_string().into()))?;
    outcome.map_err(|error| HostError::new(HostErrorKind::Rejected, error))
}
