//! The hosts as their users run them: a process behind a socket.

use super::process::{ServerProcess, component};
use super::{Answer, Target, settings};
use crate::mock::Asked;
use crate::mock::server::MockServer;
use crate::requests::API_KEY;
use bytes::Bytes;
use haversack_engine::seam::ApiRequest;
use std::collections::BTreeMap;
use std::io::Result;
use std::marker::PhantomData;
use std::path::Path;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Values by their names.
type Vars = BTreeMap<String, String>;

/// A kind of server.
pub trait Kind {
    /// Names it in `differences.toml`.
    const NAME: &'static str;

    /// Starts one on `data`. `vars` are its settings, `options` those of what it runs on.
    #[allow(async_fn_in_trait, reason = "awaited where it is called")]
    async fn start(data: &Path, vars: &Vars, options: &Vars) -> Result<ServerProcess>;
}

/// `haversack serve`.
pub struct Native;

/// The Spin component, in instances that answer many requests.
pub struct Spin;

/// The Spin component, in a fresh instance for each request.
pub struct SpinFresh;

/// The npm package in Node.
pub struct Node;

/// The npm package in a tab of Chromium.
pub struct Chromium;

impl Kind for Native {
    const NAME: &'static str = "native";

    async fn start(data: &Path, vars: &Vars, _: &Vars) -> Result<ServerProcess> {
        ServerProcess::start(data, vars).await
    }
}

impl Kind for Spin {
    const NAME: &'static str = "spin";

    async fn start(data: &Path, vars: &Vars, options: &Vars) -> Result<ServerProcess> {
        ServerProcess::start_spin(&component(), data, vars, options).await
    }
}

impl Kind for SpinFresh {
    const NAME: &'static str = "spin";

    async fn start(data: &Path, vars: &Vars, options: &Vars) -> Result<ServerProcess> {
        let mut options = options.clone();
        options.insert("SPIN_HOST_FRESH".into(), "1".into());
        ServerProcess::start_spin(&component(), data, vars, &options).await
    }
}

impl Kind for Node {
    const NAME: &'static str = "browser";

    async fn start(data: &Path, vars: &Vars, _: &Vars) -> Result<ServerProcess> {
        ServerProcess::start_package(data, vars, "node").await
    }
}

impl Kind for Chromium {
    const NAME: &'static str = "browser";

    async fn start(data: &Path, vars: &Vars, _: &Vars) -> Result<ServerProcess> {
        ServerProcess::start_package(data, vars, "chromium").await
    }
}

/// A real server on a folder of its own, with the mock on another port.
pub struct RealTarget<K> {
    // Fields are dropped in this order: the server before its folder, all before the runtime.
    server: ServerProcess,
    mock: MockServer,
    folder: TempDir,
    runtime: Runtime,
    kind: PhantomData<K>,
}

/// The native server.
pub type NativeTarget = RealTarget<Native>;

/// The Spin component under its test host.
pub type SpinTarget = RealTarget<Spin>;

/// The same, with a fresh instance for each request.
pub type SpinFreshTarget = RealTarget<SpinFresh>;

/// The npm package in Node.
pub type NodeTarget = RealTarget<Node>;

/// The npm package in Chromium.
pub type ChromiumTarget = RealTarget<Chromium>;

impl<K: Kind> RealTarget<K> {
    /// A fresh instance with further settings `env`.
    ///
    /// # Panics
    /// If the server cannot be built or started: no test can go on then.
    pub fn new(env: &BTreeMap<String, String>) -> RealTarget<K> {
        RealTarget::with(env, &[])
    }

    /// The same on a host with `options`.
    ///
    /// # Panics
    /// As [`RealTarget::new`].
    #[expect(clippy::expect_used, reason = "documented")]
    pub fn with(env: &BTreeMap<String, String>, options: &[(&str, &str)]) -> RealTarget<K> {
        let runtime = Runtime::new().expect("a runtime");
        let folder = TempDir::new().expect("a folder");
        let mock = runtime.block_on(MockServer::start()).expect("the mock");
        let mut vars = settings(mock.url(), env);
        // The recordings fetch pages from the mock, which is on this machine.
        vars.insert("HAVERSACK_ALLOW_PRIVATE_ADDRESSES".into(), "true".into());
        let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let server = runtime.block_on(K::start(folder.path(), &vars, &options)).expect("the server");
        RealTarget { server, mock, folder, runtime, kind: PhantomData }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Lets the mock's answers go on that are held now.
    pub fn release(&self) {
        self.mock.release();
    }
}

impl<K: Kind> Target for RealTarget<K> {
    const NAME: &'static str = K::NAME;

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
