//! What the system lets this process have.

/// Lets the process open as many files as the system allows at most. A stream takes two sockets, and the usual
/// limit of 1,024 files is there for old programs alone.
#[cfg(unix)]
pub fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "the limit of open files stays as it is");
        }
    }
}

/// How many files this process may have open, connections among them; `None` if any number.
#[cfg(unix)]
pub fn open_files() -> Option<usize> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.and_then(|most| usize::try_from(most).ok())
}

/// There is no such limit here.
#[cfg(not(unix))]
pub fn open_files() -> Option<usize> {
    None
}

/// There is no such limit here.
#[cfg(not(unix))]
pub fn raise_open_files() {}
