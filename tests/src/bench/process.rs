//! The server as a process: started, timed, weighed, stopped.

use super::client::Client;
use crate::target::process::{component, spin_host};
use crate::target::usage;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Key of every server that tests start.
pub const KEY: &str = "BENCH00-0000000-0000000-0000000";

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    /// Where it listens on loopback.
    pub port: u16,
    /// From its start to the first answer with status 200.
    pub cold_start: Duration,
}

/// The binary of this build's profile, beside the running program.
pub fn binary() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let candidates = own.ancestors().skip(1).take(2).map(|dir| dir.join("haversack"));
    let found = candidates.into_iter().find(|path| path.is_file());
    found.ok_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "build it first: cargo build --package haversack")
    })
}

/// A port that was free a moment ago.
pub fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

impl Server {
    /// Starts the binary on `data` and waits until it answers.
    pub fn start(data: &Path, vars: &[(&str, &str)]) -> io::Result<Server> {
        let port = free_port()?;
        let mut command = Command::new(binary()?);
        command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
        command.env("HAVERSACK_API_KEY", KEY).envs(vars.iter().copied());
        Server::launch(command, data, port)
    }

    /// Starts the Spin component under its test host, with settings `vars` and `options` of the host.
    pub fn start_spin(data: &Path, vars: &[(&str, &str)], options: &[(&str, &str)]) -> io::Result<Server> {
        let port = free_port()?;
        let mut command = Command::new(spin_host()?);
        command.arg(component()).arg(data).arg(format!("127.0.0.1:{port}"));
        let lines: String = vars.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        command.env("SPIN_VARIABLE_HAVERSACK_ENV", lines).env("SPIN_VARIABLE_HAVERSACK_API_KEY", KEY);
        command.envs(options.iter().copied());
        Server::launch(command, data, port)
    }

    fn launch(mut command: Command, data: &Path, port: u16) -> io::Result<Server> {
        let start = Instant::now();
        let child = command
            .current_dir(data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Server { child, port, cold_start: Duration::ZERO };
        loop {
            let ready = Client::connect(port, KEY).and_then(|mut c| c.get("/api/ping"));
            if ready.is_ok_and(|response| response.status == 200) {
                server.cold_start = start.elapsed();
                return Ok(server);
            }
            if start.elapsed() > Duration::from_secs(30) || server.child.try_wait()?.is_some() {
                return Err(io::Error::other("the server did not start"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A connection with the key.
    pub fn client(&self) -> io::Result<Client> {
        Client::connect(self.port, KEY)
    }

    /// Resident memory in MB, and its high-water mark.
    pub fn memory_mb(&self) -> io::Result<(f64, f64)> {
        let memory = usage::memory(self.child.id())?;
        Ok((memory.resident, memory.highest))
    }

    /// Processor time used so far, all threads, user and system.
    pub fn cpu(&self) -> io::Result<Duration> {
        usage::cpu(self.child.id())
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
