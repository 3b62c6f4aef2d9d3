//! Names for requests, to find them again in the log.

use axum::http::HeaderMap;
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The header that carries it, in and out.
pub const HEADER: &str = "x-request-id";

/// The name that a proxy in front of us gave, if it is harmless, or else a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    headers
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|text| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        .map_or_else(fresh, str::to_owned)
}

/// A prefix that tells this process from the last one, and a count.
fn fresh() -> String {
    static PROCESS: OnceLock<u32> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let process = PROCESS.get_or_init(|| getrandom::u32().unwrap_or_else(|_| std::process::id()));
    let mut id = String::with_capacity(16);
    let _ = write!(id, "{process:08x}-{:x}", COUNT.fetch_add(1, Ordering::Relaxed));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_name_is_kept_unless_it_could_forge_a_log_line() {
        let with =
            |value: &'static str| HeaderMap::from_iter([(HEADER.parse().unwrap(), value.parse().unwrap())]);
        assert_eq!(request_id(&with("abc-123")), "abc-123");
        for bad in ["", "a b", "status=200", "é"] {
            assert_ne!(request_id(&with(bad)), bad);
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
