//! The engine and this machine put together, as the configuration says.

use crate::answer::Answer;
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
        let (settings, problems) = Settings::from_vars(&config.variables);
        for problem in problems {
            tracing::warn!("{problem}");
        }
        let effects = Effects {
            store: Store::open(&config.data, config.store)?,
            http: HttpClient::new(config.allow_private_addresses),
            extractor: Extractor::new(haversack_extract::extract, config.extraction.clone()),
        };
        let engine = Engine::new(settings);
        let starter = engine.clone();
        let host = Host::new(Arc::new(move |request, origin| starter.start(request, origin)), effects);
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
