//! Real servers: programs on a loopback port, each with a folder of its own.

use crate::client;
use crate::requests::{API_KEY, get};
use crate::target::Answer;
use haversack_engine::seam::ApiRequest;
use rustix::process::{Pid, Signal};
use std::collections::BTreeMap;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A server that has not answered after this time will not.
const START_TIME_MAX: Duration = Duration::from_secs(180);

/// A running server; it is killed when dropped.
pub struct ServerProcess {
    child: Child,
    address: SocketAddr,
}

impl ServerProcess {
    /// Starts the native server on `data` and waits until it answers. `vars` are its environment; the suite's
    /// key is valid.
    pub async fn start(data: &Path, vars: &BTreeMap<String, String>) -> Result<ServerProcess> {
        ServerProcess::start_with(Command::new(program()?), data, vars).await
    }

    /// The same with at most so many bytes of address space: what would take all of the machine's memory fails instead.
    pub async fn start_bounded(
        data: &Path,
        vars: &BTreeMap<String, String>,
        address_space: u64,
    ) -> Result<ServerProcess> {
        let mut command = Command::new("sh");
        let script = format!("ulimit -v {} && exec \"$0\" \"$@\"", address_space >> 10);
        command.args(["-c", &script]).arg(program()?);
        ServerProcess::start_with(command, data, vars).await
    }

    async fn start_with(
        mut command: Command,
        data: &Path,
        vars: &BTreeMap<String, String>,
    ) -> Result<ServerProcess> {
        let address = free_address()?;
        command.arg("serve").args(["--listen", &address.to_string()]).arg("--data").arg(data);
        bare(&mut command, data);
        command.envs(vars).env("TZ", "UTC").env("HAVERSACK_API_KEY", API_KEY).env("HAVERSACK_LOG", "error");
        ServerProcess::launch(command, address).await
    }

    /// Starts a Spin component on `data`, under the test host (`tests/spin-host`). `vars` are its settings, `options`
    /// those of the host. Files in `data/assets` ship with it.
    pub async fn start_spin(
        component: &Path,
        data: &Path,
        vars: &BTreeMap<String, String>,
        options: &BTreeMap<String, String>,
    ) -> Result<ServerProcess> {
        let address = free_address()?;
        let mut command = Command::new(spin_host()?);
        command.arg(component).arg(data).arg(address.to_string());
        bare(&mut command, data);
        let lines: String = vars.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        command.env("SPIN_VARIABLE_HAVERSACK_ENV", lines);
        command.env("SPIN_VARIABLE_HAVERSACK_API_KEY", API_KEY).envs(options);
        ServerProcess::launch(command, address).await
    }

    /// Starts the npm package as `cargo xtask build browser` made it, on `data`, behind a port of Node: the engine in
    /// Node itself with its store in memory, or in Chromium with its store in IndexedDB (`place`: `node`, `chromium`).
    pub async fn start_package(
        data: &Path,
        vars: &BTreeMap<String, String>,
        place: &str,
    ) -> Result<ServerProcess> {
        let address = free_address()?;
        let mut command = Command::new("node");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/server.mjs"));
        command.arg(place).arg(address.to_string());
        bare(&mut command, data);
        // What a browser that is killed leaves in a temporary folder goes with this one.
        command.env("TMPDIR", data).envs(std::env::var_os("CHROMIUM").map(|chromium| ("CHROMIUM", chromium)));
        command.env("HAVERSACK_SETTINGS", serde_json::to_string(vars)?).env("HAVERSACK_API_KEY", API_KEY);
        ServerProcess::launch(command, address).await
    }

    async fn launch(mut command: Command, address: SocketAddr) -> Result<ServerProcess> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
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

    /// Asks it to end, as a service manager does, and waits until it is gone.
    pub fn stop(&mut self) -> Result<()> {
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        self.child.wait().map(drop)
    }

    /// Whether it is still there.
    pub fn running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
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

/// Nothing of our own environment.
fn bare(command: &mut Command, data: &Path) {
    command.current_dir(data).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", data);
}

/// The component, as `cargo xtask build spin` leaves it.
pub fn component() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-spin/haversack.wasm")
}

/// The test host. The figures of a release use this one too: wasmtime is optimised in it, and takes minutes to build.
pub fn spin_host() -> Result<PathBuf> {
    let host =
        profile_folder()?.with_file_name("debug").join(format!("spin-host{}", std::env::consts::EXE_SUFFIX));
    match host.exists() && component().exists() {
        true => Ok(host),
        false => {
            Err(Error::other("the component or its test host is not built: run `cargo xtask test spin`"))
        }
    }
}

/// …/target/PROFILE of this program, which is …/PROFILE/deps/suite-0123456789abcdef or …/PROFILE/with-server.
fn profile_folder() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let mut folders = own.ancestors().skip(1).filter(|folder| !folder.ends_with("deps"));
    folders.next().map(Path::to_owned).ok_or_else(|| Error::other("no target folder"))
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
    let profile = profile_folder()?;
    // `cargo xtask` and nextest have built it with this program: asking cargo again would only take time.
    if ["NEXTEST", "HAVERSACK_BUILT"].iter().all(|known| std::env::var_os(known).is_none()) {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--package", "haversack", "--bin", "haversack"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?;
        if !status.success() {
            return Err(Error::other("the server does not build"));
        }
    }
    Ok(profile.join(format!("haversack{}", std::env::consts::EXE_SUFFIX)))
}
