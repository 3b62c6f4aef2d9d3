//! The browser host: the npm package as `cargo xtask build browser` made it, in Node with its store in memory, or in
//! Chromium with its store in IndexedDB.

use super::{Answer, Target, settings};
use crate::client;
use crate::mock::Asked;
use crate::mock::server::MockServer;
use crate::requests::API_KEY;
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Error, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tokio::runtime::Runtime;

/// The package behind a port, with the mock on another one.
pub struct BrowserTarget {
    // Fields are dropped in this order: the server before all, the mock before the runtime.
    server: NodeServer,
    mock: MockServer,
    runtime: Runtime,
}

impl BrowserTarget {
    /// A fresh instance in Node with further settings `env`.
    ///
    /// # Panics
    /// If the package is not built, or node is missing: no test can go on then.
    pub fn in_node(env: &BTreeMap<String, String>) -> BrowserTarget {
        BrowserTarget::start(env, "node")
    }

    /// A fresh instance in a tab of Chromium.
    ///
    /// # Panics
    /// As [`BrowserTarget::in_node`], and if there is no Chromium.
    pub fn in_chromium(env: &BTreeMap<String, String>) -> BrowserTarget {
        BrowserTarget::start(env, "chromium")
    }

    #[expect(clippy::expect_used, reason = "documented where it is public")]
    fn start(env: &BTreeMap<String, String>, place: &str) -> BrowserTarget {
        let runtime = Runtime::new().expect("a runtime");
        let mock = runtime.block_on(MockServer::start()).expect("the mock");
        let server = NodeServer::start(&settings(mock.url(), env), place)
            .expect("node with the package of `cargo xtask build browser`");
        BrowserTarget { server, mock, runtime }
    }
}

impl Target for BrowserTarget {
    const NAME: &'static str = "browser";

    fn call(&mut self, request: ApiRequest) -> Answer {
        self.runtime.block_on(client::send(self.server.address, request)).unwrap_or_else(|error| Answer {
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

struct NodeServer {
    child: Child,
    address: SocketAddr,
}

impl NodeServer {
    fn start(vars: &BTreeMap<String, String>, place: &str) -> Result<NodeServer> {
        let mut child = Command::new("node")
            .arg(root().join("tests/browser/server.mjs"))
            .arg(place)
            .env("HAVERSACK_SETTINGS", serde_json::to_string(vars)?)
            .env("HAVERSACK_API_KEY", API_KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim().parse().map_err(|_| Error::other(format!("it said {line:?}")))?;
        Ok(NodeServer { child, address })
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        // At the end of its input it ends, and takes its browser with it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
