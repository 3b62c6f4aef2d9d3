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

/// There is no such limit here.
#[cfg(not(unix))]
pub fn raise_open_files() {}
