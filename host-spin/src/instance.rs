//! What the requests of one instance of the component share.

use crate::clock::{self, RunClock};
use crate::config;
use crate::drive::drive;
use crate::effects::Effects;
use crate::import;
use crate::log;
use crate::outlet::Outlet;
use crate::store::Store;
use bytes::Bytes;
use haversack_engine::seam::{ApiRequest, Origin, Run};
use haversack_engine::{Engine, Settings};
use http_body_util::BodyExt;
use spin_sdk::http::{BoxBody, Response, StatusCode};
use spin_sdk::wasip3;
use std::cell::OnceCell;
use std::rc::Rc;

thread_local! {
    static INSTANCE: OnceCell<Rc<Instance>> = const { OnceCell::new() };
}

/// The engine with its caches, and what carries out its effects.
pub struct Instance {
    engine: Engine,
    effects: Effects,
    /// Bytes of a file that is imported into a sealed store.
    import_bytes_max: u64,
}

/// The instance, set up by the first request.
///
/// Two first requests at once may both set one up; that does no harm, and one of them stays.
pub async fn get() -> Result<Rc<Instance>, String> {
    if let Some(ready) = INSTANCE.with(|cell| cell.get().cloned()) {
        return Ok(ready);
    }
    let fresh = Rc::new(Instance::open().await?);
    Ok(INSTANCE.with(|cell| cell.get_or_init(|| fresh).clone()))
}

impl Instance {
    async fn open() -> Result<Instance, String> {
        let vars = config::read().await;
        let (settings, problems) = Settings::from_vars(&vars);
        problems.iter().for_each(|problem| log::warn(problem));
        let store = Rc::new(Store::open(&vars).await.map_err(|error| error.message)?);
        let allow_private = config::flag(&vars, "HAVERSACK_ALLOW_PRIVATE_ADDRESSES");
        let import_bytes_max =
            config::bytes(&vars, "HAVERSACK_MAX_IMPORT_BYTES").unwrap_or(import::BYTES_MAX);
        let effects = Effects { store, allow_private };
        let instance = Instance { engine: Engine::new(settings), effects, import_bytes_max };
        let engine = instance.engine.clone();
        // Other instances may be at work on the same store.
        instance.must(clock::origin(false, None), |origin| engine.maintain(origin)).await?;
        if let Some(secret) = vars.get("HAVERSACK_API_KEY") {
            let request = first_key(secret);
            instance.must(clock::origin(true, None), |origin| engine.start(request, origin)).await?;
        }
        Ok(instance)
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.effects.store
    }

    /// Bytes that a file may have which is imported into a sealed store.
    pub fn import_bytes_max(&self) -> u64 {
        self.import_bytes_max
    }

    /// The name of the embedder that questions are embedded with.
    pub fn embedder(&self) -> &str {
        self.engine.settings().embed.embedder.model_name()
    }

    /// Answers a request. The run goes on when the client leaves. `page` is the request's `origin` header.
    pub async fn answer(
        &self,
        request: ApiRequest,
        page: Option<String>,
    ) -> Result<Response<BoxBody>, String> {
        let peer = peer(&request);
        self.run(clock::origin(false, peer), page, |origin| self.engine.start(request, origin)).await
    }

    /// Whether a request that is answered here may be made: 204, or the engine's refusal. Its body is not looked at.
    pub async fn authorise(
        &self,
        request: &ApiRequest,
        page: Option<String>,
    ) -> Result<Response<BoxBody>, String> {
        let request = ApiRequest { body: Bytes::new(), ..request.clone() };
        let peer = peer(&request);
        self.run(clock::origin(false, peer), page, |origin| self.engine.authorise(request, origin)).await
    }

    async fn run(
        &self,
        origin: Origin,
        page: Option<String>,
        start: impl FnOnce(Origin) -> Run,
    ) -> Result<Response<BoxBody>, String> {
        let clock = RunClock::starting_at(origin.now);
        let (outlet, answer) = Outlet::new(page);
        wasip3::spawn(drive(start(origin), self.effects.clone(), clock, outlet));
        answer.await.map_err(|_| "The component failed while answering.".to_owned())
    }

    /// Carries out a run that must go well.
    async fn must(&self, origin: Origin, start: impl FnOnce(Origin) -> Run) -> Result<(), String> {
        let response = self.run(origin, None, start).await?;
        if response.status() == StatusCode::OK {
            return Ok(());
        }
        let said = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Err(format!("The store could not be made ready: {}", String::from_utf8_lossy(&said)))
    }
}

/// Where a request came from, without a port.
fn peer(request: &ApiRequest) -> Option<String> {
    let address = request.header("spin-client-addr")?;
    // With its port, if the host gives one.
    Some(address.parse().map_or(address.to_owned(), |at: std::net::SocketAddr| at.ip().to_string()))
}

/// Makes the operator's key known; one that is known stays as it is.
fn first_key(secret: &str) -> ApiRequest {
    ApiRequest {
        method: "POST".to_owned(),
        path: "/api/system/generate-api-key".to_owned(),
        query: String::new(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: serde_json::json!({ "name": "HAVERSACK_API_KEY", "secret": secret }).to_string().into(),
    }
}
