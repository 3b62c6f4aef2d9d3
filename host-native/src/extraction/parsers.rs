//! The parsers, loaded with the first file: a server that only answers questions starts without them.

use crate::sandbox::{Budget, Sandbox};
use std::sync::{Arc, OnceLock};

/// The sandbox with the parsers, once it was needed.
pub struct Parsers {
    budget: Arc<Budget>,
    sandbox: OnceLock<Result<Sandbox, String>>,
}

impl Parsers {
    /// Parsers that are not loaded yet, and the memory that files may have.
    pub fn new(budget: Budget) -> Parsers {
        Parsers { budget: Arc::new(budget), sandbox: OnceLock::new() }
    }

    /// The sandbox. The first call loads it, which takes some 10 ms; calls that come meanwhile wait.
    ///
    /// # Errors
    /// Why the parsers cannot be loaded: their machine code is not for this machine.
    pub fn sandbox(&self) -> Result<&Sandbox, String> {
        let loaded = self.sandbox.get_or_init(|| {
            let loaded = Sandbox::new(self.budget.clone());
            if let Err(why) = &loaded {
                tracing::error!(why, "no file can be read");
            }
            loaded
        });
        loaded.as_ref().map_err(String::clone)
    }
}
