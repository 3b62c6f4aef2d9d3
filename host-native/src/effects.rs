//! Each effect of the engine, carried out: one arm each.

use crate::caller::Caller;
use crate::extraction::Extractor;
use crate::http::{Body, HttpClient};
use crate::places::Place;
use crate::store::Store;
use futures_util::future::BoxFuture;
use haversack_engine::seam::{Effect, EffectId, HostError, HostErrorKind, Input, Reply};
use std::sync::Arc;

/// Everything this host can do for a run. Clones share it.
#[derive(Clone)]
pub struct Effects {
    /// For `Kv`.
    pub store: Store,
    /// For `Http`.
    pub http: HttpClient,
    /// For `Extract`.
    pub extractor: Extractor,
    /// For whom: files of one caller wait for each other sooner than for those of others.
    pub caller: Caller,
    /// The place of the request that the run answers, if it has one.
    pub place: Option<Arc<Place>>,
}

/// A report to the run, and what may follow it.
pub struct Report {
    /// Which effect reports.
    pub id: EffectId,
    /// What it says.
    pub input: Input,
    /// Set when more will come: pass it to [`Effects::more`].
    pub rest: Option<Body>,
}

/// A report that is on its way.
pub type Reporting = BoxFuture<'static, Report>;

impl Effects {
    /// The outcome of an effect that takes no time worth waiting for.
    pub fn at_once(&self, effect: &Effect) -> Option<Result<Reply, HostError>> {
        match effect {
            Effect::Kv(op) => Some(self.store.execute_now(op)?.map(Reply::Kv)),
            Effect::Complete(_) => Some(Err(unsupported(
                "this server has no language model of its own; configure a provider (LLM_PROVIDER)",
            ))),
            Effect::Embed(_) => Some(Err(unsupported(
                "this server has no other embedder of its own; configure one (EMBEDDING_ENGINE)",
            ))),
            Effect::Asset(_) => Some(Err(unsupported("every asset is inside the engine on this server"))),
            Effect::Http(_) | Effect::Extract(_) | Effect::Breathe => None,
        }
    }

    /// Starts an effect that [`Effects::at_once`] had no answer to.
    pub fn start(&self, id: EffectId, effect: Effect) -> Reporting {
        let this = self.clone();
        Box::pin(async move {
            if let Effect::Http(request) = effect {
                if let Some(place) = &this.place {
                    place.wait_for_others();
                }
                return match this.http.send(request).await {
                    Ok((head, body)) => Report { id, input: Input::Head { id, head }, rest: Some(body) },
                    Err(error) => settled(id, Err(error)),
                };
            }
            let result = match effect {
                Effect::Kv(op) => this.store.execute(op).await.map(Reply::Kv),
                Effect::Extract(request) => {
                    this.extractor.extract(this.caller, request).await.map(Reply::Extract)
                }
                Effect::Breathe => {
                    tokio::task::yield_now().await;
                    Ok(Reply::Breathe)
                }
                Effect::Http(_) | Effect::Complete(_) | Effect::Embed(_) | Effect::Asset(_) => {
                    Err(unsupported("this effect is answered elsewhere"))
                }
            };
            settled(id, result)
        })
    }

    /// Waits for the next piece of a streaming reply.
    pub fn more(id: EffectId, mut body: Body) -> Reporting {
        Box::pin(async move {
            match body.next().await {
                Ok(Some(bytes)) => Report { id, input: Input::Chunk { id, bytes }, rest: Some(body) },
                Ok(None) => settled(id, Ok(Reply::Http)),
                Err(error) => settled(id, Err(error)),
            }
        })
    }
}

fn settled(id: EffectId, result: Result<Reply, HostError>) -> Report {
    Report { id, input: Input::Settled { id, result }, rest: None }
}

fn unsupported(message: &str) -> HostError {
    HostError::new(HostErrorKind::Unsupported, message)
}
