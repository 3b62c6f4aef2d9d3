//! A server to attack, and a client for it.

use haversack_engine::seam::ApiRequest;
use haversack_tests::client;
use haversack_tests::mock::server::MockServer;
use haversack_tests::requests::{get, json, upload};
use haversack_tests::target::process::ServerProcess;
use haversack_tests::target::usage::{self, Memory};
use haversack_tests::target::{Answer, settings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Generous: a server that is well gets there in a moment, also on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What takes less was answered at once. It takes milliseconds; the rest is for machines that are busy.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A real server whose model is the mock.
pub struct Stage {
    server: ServerProcess,
    pub mock: MockServer,
    data: TempDir,
    vars: BTreeMap<String, String>,
    runtime: Runtime,
}

/// Its model is the mock; texts are embedded by the server itself.
fn vars(mock: &MockServer, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut vars = settings(mock.url(), &BTreeMap::new());
    vars.retain(|name, _| !name.starts_with("EMBEDDING"));
    vars.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    vars
}

impl Stage {
    pub fn new(more: &[(&str, &str)]) -> Stage {
        Stage::with(more, None)
    }

    /// With so many GB of address space: what would take the whole machine ends the server instead.
    pub fn bounded(more: &[(&str, &str)], gigabytes: u64) -> Stage {
        Stage::with(more, Some(gigabytes << 30))
    }

    fn with(more: &[(&str, &str)], bytes: Option<u64>) -> Stage {
        let (runtime, data) = (Runtime::new().unwrap(), TempDir::new().unwrap());
        let mock = runtime.block_on(MockServer::start()).unwrap();
        let vars = vars(&mock, more);
        let server = runtime.block_on(async {
            match bytes {
                Some(bytes) => ServerProcess::start_bounded(data.path(), &vars, bytes).await,
                None => ServerProcess::start(data.path(), &vars).await,
            }
        });
        Stage { server: server.unwrap(), mock, data, vars, runtime }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn folder(&self) -> &Path {
        self.data.path()
    }

    /// Status 0 if there was no answer.
    pub fn call(&self, request: ApiRequest) -> Answer {
        self.runtime.block_on(answered(self.address(), request))
    }

    /// The body of an answer that has to be 200.
    pub fn ok(&self, request: ApiRequest) -> Value {
        let called = format!("{} {}", request.method, request.path);
        let answer = self.call(request);
        assert_eq!(answer.status, 200, "{called}: {:?}", answer.body);
        answer.json()
    }

    /// Sends all of them at once.
    pub fn at_once(&self, requests: Vec<ApiRequest>) -> Vec<Answer> {
        let address = self.address();
        self.runtime.block_on(async {
            let calls: Vec<_> =
                requests.into_iter().map(|request| tokio::spawn(answered(address, request))).collect();
            let mut answers = Vec::new();
            for call in calls {
                answers.push(call.await.unwrap());
            }
            answers
        })
    }

    /// Sends `request` as often as can be worked on at the same time, and meanwhile asks for a ping and a list again and
    /// again: these have to be answered before it is. Its answers, without those that say there is no room for it now.
    pub fn while_others_ask(&self, request: &ApiRequest) -> Vec<Answer> {
        let what = format!("{} {}", request.method, request.path);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let address = self.address();
        let mut answers = self.runtime.block_on(async {
            let (began, mut longest) = (Instant::now(), Duration::ZERO);
            let senders = (0..=cores.min(8)).map(|_| tokio::spawn(answered(address, request.clone())));
            let senders: Vec<_> = senders.collect();
            while !senders.iter().all(|sender| sender.is_finished()) {
                for path in ["/ping", "/v1/workspaces"] {
                    let started = Instant::now();
                    let answer = answered(address, get(path)).await;
                    assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
                    longest = longest.max(started.elapsed());
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // Who holds the others holds them for about as long as the work takes.
            let total = began.elapsed();
            assert!(
                longest < AT_ONCE || longest < total / 4,
                "{what} took {total:?} and held others for {longest:?}"
            );
            let mut answers = Vec::new();
            for sender in senders {
                answers.push(sender.await.unwrap());
            }
            answers
        });
        answers.retain(|answer| !(answer.status == 503 && answer.header("retry-after").is_some()));
        assert!(!answers.is_empty(), "{what}: there was room for none");
        answers
    }

    pub fn workspace(&self, name: &str) {
        self.ok(json("POST", "/v1/workspace/new", &json!({"name": name})));
    }

    /// Adds a note, which has to work.
    pub fn note(&self, name: &str) {
        let answer = self.call(upload(
            "/v1/document/upload",
            name,
            b"Otters hold hands.",
            &[("addToWorkspaces", "w")],
        ));
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        assert_eq!(answer.json()["success"], true);
    }

    /// The secret of a new key.
    pub fn key(&self, fields: &Value) -> String {
        let made = self.ok(json("POST", "/system/generate-api-key", fields));
        made["apiKey"]["secret"].as_str().unwrap().to_owned()
    }

    pub fn running(&mut self) -> bool {
        self.server.running()
    }

    pub fn memory(&self) -> Memory {
        usage::memory(self.server.id()).unwrap()
    }

    pub fn cpu(&self) -> Duration {
        usage::cpu(self.server.id()).unwrap()
    }

    /// Whether it comes to rest: uses next to nothing of a processor for a second.
    pub fn rests(&self) -> bool {
        until(|| {
            let before = self.cpu();
            std::thread::sleep(Duration::from_secs(1));
            self.cpu() - before < Duration::from_millis(200)
        })
    }

    /// Ends it in good order. What is done with its data then is up to the caller.
    pub fn stop(&mut self) {
        self.server.stop().unwrap();
    }

    /// Starts another one on `data`, with the same settings.
    pub fn start_on(&mut self, data: &Path) -> std::io::Result<()> {
        // The one before is gone by then, or is killed here.
        self.server = self.runtime.block_on(ServerProcess::start(data, &self.vars))?;
        Ok(())
    }
}

async fn answered(address: SocketAddr, request: ApiRequest) -> Answer {
    client::send(address, request).await.unwrap_or_else(|error| Answer {
        status: 0,
        headers: vec![],
        body: format!("no answer: {error}").into(),
    })
}

/// Whether `good` comes true.
pub fn until(mut good: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !good() {
        if started.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    true
}

/// The request with another key, or with none.
pub fn by(key: Option<&str>, mut request: ApiRequest) -> ApiRequest {
    request.headers.retain(|(name, _)| name != "authorization");
    request.headers.extend(key.map(|key| ("authorization".to_owned(), format!("Bearer {key}"))));
    request
}
