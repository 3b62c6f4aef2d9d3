//! The engine and this machine put together, as the configuration says.

use crate::answer::Answer;
use crate::caller::Caller;
use crate::config::Config;
use crate::effects::Effects;
use crate::extraction::Extractor;
use crate::host::Host;
use crate::http::HttpClient;
use crate::store::Store;
use haversack_engine::seam::{ApiRequest, HostError};
use haversack_engine::{Engine, Settings};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How often what grows with use is looked at.
const TRIM_EVERY: Duration = Duration::from_secs(60 * 60);

/// An open instance: the host, and the engine behind it.
#[derive(Clone)]
pub struct Instance {
    /// Answers requests.
    pub host: Host,
    /// The engine.
    pub engine: Engine,
}

impl Instance {
    /// Opens the data directory and sets up the engine; nothing is asked of it yet.
    pub fn open(config: &Config) -> Result<Instance, HostError> {
        Instance::over(config, Store::open(&config.data, config.store)?)
    }

    /// Sets up the engine over a store.
    pub fn over(config: &Config, store: Store) -> Result<Instance, HostError> {
        let (settings, problems) = Settings::from_vars(&config.variables);
        for problem in problems {
            tracing::warn!("{problem}");
        }
        let effects = Effects {
            store,
            http: HttpClient::new(config.allow_private_addresses),
            extractor: Extractor::new(config.extraction.clone())?,
            caller: Caller::Operator,
            place: None,
        };
        let engine = Engine::new(settings);
        let starter = engine.clone();
        let guard = engine.clone();
        let host = Host::new(
            Arc::new(move |request, origin| starter.start(request, origin)),
            Arc::new(move |request, origin| guard.authorise(request, origin)),
            effects,
        );
        Ok(Instance { host, engine })
    }

    /// Brings the stored data up to date and sweeps what a crash left behind. Must come before the first
    /// request.
    pub async fn maintain(&self) -> Result<(), String> {
        let engine = self.engine.clone();
        let answer = self.host.answer(true, move |origin| engine.maintain(origin)).await;
        let (status, body) = json(answer).await;
        if status == 200 { Ok(()) } else { Err(error_of(status, &body)) }
    }

    /// Removes what is beyond the bounds of the event log and of sessions, every hour until the instance is dropped.
    pub async fn trim_now_and_then(&self) {
        loop {
            tokio::time::sleep(TRIM_EVERY).await;
            let engine = self.engine.clone();
            let (status, body) = json(self.host.answer(true, move |origin| engine.trim(origin)).await).await;
            if status != 200 {
                tracing::warn!("the oldest records were not removed: {}", error_of(status, &body));
            }
        }
    }

    /// Calls the API as the operator. An answer of 400 and more is an error in the API's words.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let (status, body) = json(self.host.call_as_operator(request(method, path, body)).await).await;
        if status < 400 { Ok(body) } else { Err(error_of(status, &body)) }
    }

    /// Lets everything under way finish, and closes the store.
    pub async fn close(&self, grace: Duration) -> bool {
        self.host.shutdown(grace).await
    }
}

/// A JSON request.
pub fn request(method: &str, path: &str, body: Option<Value>) -> ApiRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    ApiRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.map_or_else(Default::default, |body| body.to_string().into()),
    }
}

/// Status and body of an answer; a body that is no JSON is a string.
pub async fn json(answer: Answer) -> (u16, Value) {
    let status = answer.head.status;
    let bytes = answer.bytes().await.unwrap_or_default();
    let value = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    (status, value)
}

/// What an answer says is wrong; the API has several places for it.
pub fn error_of(status: u16, body: &Value) -> String {
    ["error", "message"]
        .iter()
        .find_map(|field| body.get(field)?.as_str())
        .or(body.as_str())
        .filter(|text| !text.is_empty())
        .map_or_else(|| format!("the API answered {status}"), str::to_owned)
}
