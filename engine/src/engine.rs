//! The engine: settings and caches, shared by its runs.

use crate::api::{self, ApiError, Code};
use crate::embed::Embedder;
use crate::model::Instance;
use crate::retrieve::IndexCache;
#[cfg(target_arch = "wasm32")]
use crate::seam::Asset;
use crate::seam::{ApiRequest, Cx, Origin, Run};
use crate::settings::Settings;
use crate::store::StoreError;
use crate::tokens::Tokenizer;
use serde_json::json;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Starts runs. Clones share settings and caches.
#[derive(Clone)]
pub struct Engine {
    settings: Arc<Settings>,
    shared: Arc<Shared>,
}

struct Shared {
    /// As the host set it up.
    base: Arc<Settings>,
    /// The settings that followed from the instance's record when it was last seen to change.
    effective: Mutex<Option<(Instance, Arc<Settings>)>>,
    indexes: IndexCache,
    tokenizer: OnceLock<Tokenizer>,
}

impl Engine {
    /// An engine with empty caches.
    pub fn new(settings: Settings) -> Engine {
        Engine::with(Arc::new(settings))
    }

    fn with(settings: Arc<Settings>) -> Engine {
        let indexes = IndexCache::new(settings.index_cache_bytes, settings.exact_rows_max);
        let (base, effective) = (settings.clone(), Mutex::default());
        Engine { settings, shared: Arc::new(Shared { base, effective, indexes, tokenizer: OnceLock::new() }) }
    }

    /// The same settings with empty caches: what a transcript is recorded and replayed on.
    pub fn cold(&self) -> Engine {
        Engine::with(self.shared.base.clone())
    }

    /// How the instance is set up.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The engine as `instance` changes its settings. Worked out again only when that has changed.
    pub(crate) fn set_up_by(&self, instance: &Instance) -> Engine {
        let base = &self.shared.base;
        if instance.env.is_empty() && instance.preferences.is_empty() {
            return Engine { settings: base.clone(), shared: self.shared.clone() };
        }
        let mut effective = self.shared.effective.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = match &*effective {
            Some((known, settings)) if known == instance => settings.clone(),
            _ => {
                let settings = Arc::new(base.set_up_by(instance));
                *effective = Some((instance.clone(), settings.clone()));
                settings
            }
        };
        Engine { settings, shared: self.shared.clone() }
    }

    pub(crate) fn indexes(&self) -> &IndexCache {
        &self.shared.indexes
    }

    /// The token counter. Inside the build on a native host; elsewhere its table is an asset, fetched
    /// when it is first needed.
    pub(crate) async fn tokenizer(&self, cx: &Cx) -> Result<Tokenizer, ApiError> {
        if let Some(ready) = self.shared.tokenizer.get() {
            return Ok(ready.clone());
        }
        #[cfg(not(target_arch = "wasm32"))]
        let tokenizer = {
            let _ = cx;
            Tokenizer::native()
        };
        #[cfg(target_arch = "wasm32")]
        let tokenizer = {
            let table = cx.call(Asset::Cl100k).await?;
            Tokenizer::from_table(&table).map_err(|e| ApiError::new(Code::Internal, e.to_string()))?
        };
        Ok(self.shared.tokenizer.get_or_init(|| tokenizer).clone())
    }

    /// What embeds documents and questions.
    pub(crate) fn embedder(&self) -> &Embedder {
        &self.settings.embed.embedder
    }

    /// Starts one API call. Nothing happens before the run is polled.
    pub fn start(&self, request: ApiRequest, origin: Origin) -> Run {
        let engine = self.clone();
        let operator = origin.operator;
        Run::new(&origin, move |cx| api::handle(cx, engine, request, operator))
    }

    /// Starts only the question whether `request` may be made at all, for a host that answers a route itself: 204, or the
    /// refusal that [`Engine::start`] would give by the same row of the table of routes. Only method, path and headers
    /// are looked at, so it can be asked before a body is read.
    pub fn authorise(&self, request: ApiRequest, origin: Origin) -> Run {
        let operator = origin.operator;
        Run::new(&origin, move |cx| api::authorise(cx, request, operator))
    }

    /// The route of a request as the API's description spells it, such as `/v1/workspace/import`; `None` if there is no
    /// such route.
    pub fn route(method: &str, path: &str) -> Option<&'static str> {
        api::pattern(method, path)
    }

    /// Starts what a host does once before it serves: brings the layout up to date and sweeps what a
    /// crash left half written. Answers 200, or an error.
    ///
    /// [`Origin::operator`] says that this is the only host of its store, at its start: then all that is
    /// half written is swept. Otherwise another host may be writing it, and only what nobody has touched
    /// for an hour goes.
    pub fn maintain(&self, origin: Origin) -> Run {
        let alone = origin.operator;
        let engine = self.clone();
        Run::new(&origin, move |cx| async move {
            let answer = match crate::maintain::run(&cx, &engine, alone).await {
                Ok(report) => api::Answer::ok(&report),
                Err(error) => error.answer(),
            };
            answer.send(&cx);
        })
    }

    /// Starts what a host that runs for long does once in a while: removes the oldest lines of the event log and the
    /// oldest turns of sessions, as far as they are beyond the settings. Answers 200, or an error.
    pub fn trim(&self, origin: Origin) -> Run {
        let engine = self.clone();
        Run::new(&origin, move |cx| async move {
            let trim = async {
                let events = crate::bounds::events(&cx, &engine).await?;
                let turns = crate::bounds::sessions(&cx, &engine).await?;
                Ok::<_, StoreError>(json!({ "events": events, "turns": turns }))
            };
            let answer = match trim.await {
                Ok(report) => api::Answer::ok(&report),
                Err(error) => ApiError::from(error).answer(),
            };
            answer.send(&cx);
        })
    }

    /// Starts a look at every record, and with `fix` mends what can be mended (see [`crate::repair`]). Answers 200 with
    /// the findings as lines of JSON. Nothing else may use the store meanwhile; it is for [`Origin::operator`] alone.
    pub fn repair(&self, origin: Origin, fix: bool) -> Run {
        let (engine, operator) = (self.clone(), origin.operator);
        Run::new(&origin, move |cx| async move {
            let done = match operator {
                true => crate::repair::run(&cx, &engine, fix).await,
                false => {
                    Err(ApiError::new(Code::Forbidden, "Only the operator at the machine repairs the store."))
                }
            };
            if let Err(error) = done {
                error.answer().send(&cx);
            }
        })
    }
}
