//! Each effect of the engine, carried out: one arm each.

use crate::outbound::{self, Body};
use crate::store::Store;
use crate::{assets, models};
use futures_util::future::LocalBoxFuture;
use haversack_engine::seam::{Effect, EffectId, ExtractRequest, HostError, HostErrorKind, Input, Reply};
use haversack_extract::{Extracted, Limits, OwnedSource};
use std::rc::Rc;

/// Everything this host can do for a run. Clones share it.
#[derive(Clone)]
pub struct Effects {
    /// For `Kv`.
    pub store: Rc<Store>,
    /// Callers may reach private addresses too.
    pub allow_private: bool,
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

/// What is left of a streaming reply.
pub struct Rest(pub Body);

/// A report that is on its way.
pub type Reporting = LocalBoxFuture<'static, Report>;

impl Effects {
    /// Starts an effect.
    pub fn start(&self, id: EffectId, effect: Effect) -> Reporting {
        let this = self.clone();
        Box::pin(async move {
            let result = match effect {
                Effect::Http(request) => {
                    return match outbound::send(request, this.allow_private).await {
                        Ok((head, body)) => {
                            Report { id, input: Input::Head { id, head }, rest: Some(Rest(body)) }
                        }
                        Err(error) => settled(id, Err(error)),
                    };
                }
                Effect::Kv(op) => this.store.execute(op).await.map(Reply::Kv),
                Effect::Complete(request) => {
                    return match models::complete(&request) {
                        Ok((text, reply)) => {
                            let rest = Some(Rest(Body::said(Reply::Complete(reply))));
                            Report { id, input: Input::Chunk { id, bytes: text.into() }, rest }
                        }
                        Err(error) => settled(id, Err(error)),
                    };
                }
                Effect::Embed(request) => models::embed(&request).map(Reply::Embed),
                Effect::Extract(request) => extract(request).map(Reply::Extract),
                Effect::Asset(asset) => assets::get(asset).map(Reply::Asset),
                Effect::Breathe => {
                    spin_sdk::time::sleep(std::time::Duration::ZERO).await;
                    Ok(Reply::Breathe)
                }
            };
            settled(id, result)
        })
    }

    /// Waits for the next piece of a streaming reply.
    pub fn more(id: EffectId, mut body: Body) -> Reporting {
        Box::pin(async move {
            match body.next().await {
                Ok(Some(bytes)) => Report { id, input: Input::Chunk { id, bytes }, rest: Some(Rest(body)) },
                Ok(None) => settled(id, Ok(body.reply())),
                Err(error) => settled(id, Err(error)),
            }
        })
    }
}

fn settled(id: EffectId, result: Result<Reply, HostError>) -> Report {
    Report { id, input: Input::Settled { id, result }, rest: None }
}

/// The component is the sandbox: a parser that goes wild takes this instance with it and no more.
fn extract(request: ExtractRequest) -> Result<Extracted, HostError> {
    let source = OwnedSource { name: request.name, mime: request.mime, bytes: request.bytes };
    haversack_extract::extract(source.as_source(), &Limits::default())
        .map_err(|error| HostError::new(HostErrorKind::Rejected, error.to_string()))
}
