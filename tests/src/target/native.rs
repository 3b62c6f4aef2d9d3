//! The native host, as its users run it.

use super::process::ServerProcess;
use super::{Answer, Target, settings};
use crate::mock::Asked;
use crate::mock::server::MockServer;
use crate::requests::API_KEY;
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use std::collections::BTreeMap;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The real server on a folder of its own, with the mock on another port.
pub struct NativeTarget {
    // Fields are dropped in this order: the server before its folder, all before the runtime.
    server: ServerProcess,
    mock: MockServer,
    folder: TempDir,
    runtime: Runtime,
}

impl NativeTarget {
    /// A fresh instance with further settings `env`.
    ///
    /// # Panics
    /// If the server cannot be built or started: no test can go on then.
    #[expect(clippy::expect_used, reason = "documented")]
    pub fn new(env: &BTreeMap<String, String>) -> NativeTarget {
        let runtime = Runtime::new().expect("a runtime");
        let folder = TempDir::new().expect("a folder");
        let mock = runtime.block_on(MockServer::start()).expect("the mock");
        let mut vars = settings(mock.url(), env);
        // The recordings fetch pages from the mock, which is on this machine.
        vars.insert("HAVERSACK_ALLOW_PRIVATE_ADDRESSES".into(), "true".into());
        let server = runtime.block_on(ServerProcess::start(folder.path(), &vars)).expect("the server");
        NativeTarget { server, mock, folder, runtime }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The folder of its data.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Target for NativeTarget {
    const NAME: &'static str = "native";

    fn call(&mut self, request: ApiRequest) -> Answer {
        self.runtime.block_on(self.server.call(request)).unwrap_or_else(|error| Answer {
            status: 0,
            headers: vec![],
            body: Bytes::from(format!("no answer: {error}")),
        })
    }

    fn api_key(&self) -> String {
        API_KEY.to_owned()
    }

    fn mock_url(&self) -> String {
        self.mock.url().to_owned()
    }

    fn take_mock_log(&mut self) -> Vec<Asked> {
        self.mock.take_log()
    }
}
