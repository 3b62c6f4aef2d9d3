//! The simulated host, in calm weather.

use super::{Answer, Target, settings};
use crate::mock::Asked;
use crate::sim::faults::{Plan, Profile};
use crate::sim::{Program, SimHost};
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use haversack_engine::{Engine, Settings};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::requests::API_KEY;

/// The engine on a simulated host.
pub struct SimTarget {
    host: SimHost,
}

impl SimTarget {
    /// A fresh instance with further settings `env` and the key [`API_KEY`].
    pub fn new(env: &BTreeMap<String, String>) -> SimTarget {
        let mut host = SimHost::new(engine(env), 1, Plan::Random(Profile::CALM));
        prepare(&mut host);
        SimTarget { host }
    }
}

/// The engine with the suite's settings.
pub fn engine(env: &BTreeMap<String, String>) -> Arc<dyn Program> {
    let (settings, problems) = Settings::from_vars(&settings(crate::sim::MOCK_URL, env));
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(Engine::new(settings))
}

/// Does what a host does before it serves, and makes [`API_KEY`] valid.
pub fn prepare(host: &mut SimHost) {
    let upkeep = host.start_maintenance();
    let upkeep = host.run_to_end(upkeep).answer;
    assert_eq!(upkeep.status, 200, "{:?}", upkeep.body);
    let key = host.call(create_key(API_KEY), true).answer;
    assert_eq!(key.status, 200, "{:?}", key.body);
}

/// The operator's call that makes `secret` a valid key.
pub fn create_key(secret: &str) -> ApiRequest {
    ApiRequest {
        method: "POST".into(),
        path: "/api/system/generate-api-key".into(),
        query: String::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: Bytes::from(json!({"name": "suite", "secret": secret}).to_string()),
    }
}

impl Target for SimTarget {
    const NAME: &'static str = "sim";

    fn call(&mut self, request: ApiRequest) -> Answer {
        let head = request.method == "HEAD";
        let answer = self.host.call(request, false).answer;
        // Every HTTP stack does this by itself.
        if head { Answer { body: Bytes::new(), ..answer } } else { answer }
    }

    fn api_key(&self) -> String {
        API_KEY.to_owned()
    }

    fn mock_url(&self) -> String {
        self.host.mock_url().to_owned()
    }

    fn take_mock_log(&mut self) -> Vec<Asked> {
        self.host.take_mock_log()
    }
}
