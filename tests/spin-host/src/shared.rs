//! What all instances share: options, figures, and the faults that a test asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

/// How to run, from the environment.
pub struct Options {
    /// `SPIN_HOST_FRESH`: an instance answers one request only.
    pub fresh: bool,
    /// `SPIN_HOST_FUEL`: what an instance may do in its life, in wasmtime's units of fuel.
    pub fuel: Option<u64>,
    /// `SPIN_HOST_CPU_MS`: a request may compute so long without a pause. Default a minute.
    pub cpu_ms: u64,
    /// `SPIN_HOST_MEMORY_BYTES`: memory of an instance. Default 512 MiB.
    pub memory_bytes: usize,
    /// `SPIN_HOST_SQLITE_PAGES`: the database has so many pages at most.
    pub sqlite_pages: Option<u64>,
    /// `SPIN_HOST_LLM`: Spin's models answer; else there are none.
    pub llm: bool,
}

impl Options {
    /// As the environment says.
    pub fn from_env() -> Options {
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let flag = |name: &str| std::env::var_os(name).is_some();
        Options {
            fresh: flag("SPIN_HOST_FRESH"),
            fuel: number("SPIN_HOST_FUEL"),
            cpu_ms: number("SPIN_HOST_CPU_MS").unwrap_or(60_000),
            memory_bytes: number("SPIN_HOST_MEMORY_BYTES").unwrap_or(512 << 20) as usize,
            sqlite_pages: number("SPIN_HOST_SQLITE_PAGES"),
            llm: flag("SPIN_HOST_LLM"),
        }
    }
}

/// What was done since the figures were last read.
#[derive(Default)]
pub struct Figures {
    /// Statements of all stores.
    pub statements: AtomicU64,
    /// Bytes of the values that stores returned.
    pub bytes_read: AtomicU64,
    /// Instances made.
    pub instances: AtomicU64,
    /// How long the last one took, in microseconds.
    pub instantiate_us: AtomicU64,
    /// Most memory that any instance had, in bytes.
    pub memory_peak: AtomicU64,
    /// Instances that ended by a trap.
    pub traps: AtomicU64,
}

impl Figures {
    /// As JSON; then they start from nothing.
    pub fn take(&self) -> String {
        let all = [
            ("statements", &self.statements),
            ("bytes_read", &self.bytes_read),
            ("instances", &self.instances),
            ("instantiate_us", &self.instantiate_us),
            ("memory_peak", &self.memory_peak),
            ("traps", &self.traps),
        ];
        let mut text = String::from("{");
        for (n, (name, figure)) in all.into_iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}\"{name}\":{}", figure.swap(0, Relaxed));
        }
        text + "}"
    }
}

/// Statements that are to fail.
#[derive(Default)]
pub struct Faults {
    /// So many go well before.
    pub after: u64,
    /// So many fail then.
    pub count: u64,
    /// What is said of it.
    pub message: String,
}

/// A connection to PostgreSQL.
pub type Pooled = Arc<tokio::sync::Mutex<crate::wire::Client>>;

/// Shared by all instances.
pub struct Shared {
    pub state: PathBuf,
    pub options: Options,
    pub figures: Figures,
    pub faults: Mutex<Faults>,
    /// Connections that nobody uses now, by address.
    pub postgres: Mutex<BTreeMap<String, Vec<Pooled>>>,
}

impl Shared {
    /// With files in `state`.
    pub fn new(state: &Path, options: Options) -> Shared {
        let (figures, faults, postgres) = Default::default();
        Shared { state: state.to_owned(), options, figures, faults, postgres }
    }

    /// To be asked before a store carries out a statement: why it shall fail, if it shall.
    pub fn statement(&self) -> Result<(), String> {
        self.figures.statements.fetch_add(1, Relaxed);
        let mut faults = self.faults.lock().unwrap();
        if faults.after > 0 {
            faults.after -= 1;
        } else if faults.count > 0 {
            faults.count -= 1;
            return Err(faults.message.clone());
        }
        Ok(())
    }

    /// What a test asks of this host itself, at `/.spin-host/…`: `figures`, or `faults?AFTER,COUNT,MESSAGE`.
    pub fn control(&self, path: &str, query: &str) -> Option<String> {
        match path.strip_prefix("/.spin-host/")? {
            "figures" => Some(self.figures.take()),
            "faults" => {
                let mut parts = query.splitn(3, ',');
                let mut number = || parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
                let (after, count) = (number(), number());
                let message = parts.next().unwrap_or("a fault").replace('+', " ");
                *self.faults.lock().unwrap() = Faults { after, count, message };
                Some("{}".to_owned())
            }
            _ => None,
        }
    }
}
