//! The real server: the program itself, on a loopback port, with a folder of its own.

use crate::client;
use crate::requests::{API_KEY, get};
use crate::target::Answer;
use haversack_engine::seam::ApiRequest;
use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A server that has not answered after this time will not.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A running server; it is killed when dropped.
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts the server on `data` and waits until it answers. `vars` are its environment; the suite's
    /// key is valid.
    pub async fn start(data: &Path, vars: &BTreeMap<String, String>) -> Result<ServerProcess> {
        let address = free_address()?;
        let child = Command::new(program()?)
            .arg("serve")
            .args(["--listen", &address.to_string()])
            .arg("--data")
            .arg(data)
            .current_dir(data)
            .env_clear()
            .envs(vars)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", data)
            .env("TZ", "UTC")
            .env("HAVERSACK_API_KEY", API_KEY)
            .env("HAVERSACK_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()?;
        let mut server = ServerProcess { child, address };
        server.wait().await?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a call and waits for the whole answer.
    pub async fn call(&self, request: ApiRequest) -> Result<Answer> {
        client::send(self.address, request).await
    }

    /// Ends it without a warning, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    async fn wait(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < START_TIME_MAX {
            if let Some(status) = self.child.try_wait()? {
                return Err(Error::other(format!("the server ended at once: {status}")));
            }
            if self.call(get("/ping")).await.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(Error::other("the server does not answer"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

/// An address nobody listens on at this moment.
fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// The program, built if need be, once for all tests.
pub fn program() -> Result<&'static Path> {
    static PROGRAM: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| build().map_err(|error| error.to_string()));
    built.as_deref().map_err(|error| Error::other(error.clone()))
}

fn build() -> Result<PathBuf> {
    // …/target/PROFILE/deps/suite-0123456789abcdef, or …/target/PROFILE/with-server
    let own = std::env::current_exe()?;
    let mut folders = own.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
    let profile = folders.next().ok_or_else(|| Error::other("no target folder"))?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "haversack", "--bin", "haversack"]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?;
    if !status.success() {
        return Err(Error::other("the server does not build"));
    }
    Ok(profile.join(format!("haversack{}", std::env::consts::EXE_SUFFIX)))
}
