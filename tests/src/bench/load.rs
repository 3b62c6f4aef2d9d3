//! Closed-loop load: each connection sends its next request when it has the answer to the last.

use super::client::{Client, Response};
use super::process::Server;
use std::io;
use std::time::{Duration, Instant};

/// What one load did.
pub struct Report {
    /// Requests in a second, all connections together.
    pub per_second: f64,
    /// Half of the requests took less.
    pub p50: Duration,
    /// All but one in a hundred took less.
    pub p99: Duration,
    /// The server's processor time for each request.
    pub cpu: Duration,
    /// Answers whose status was not 200.
    pub failed: usize,
}

/// Sends requests over `connections` for `time`. `measure` says which duration of a response counts.
pub fn run(
    server: &Server,
    connections: usize,
    time: Duration,
    request: &(dyn Fn(&mut Client, usize) -> io::Result<Response> + Sync),
    measure: fn(&Response) -> Duration,
) -> io::Result<Report> {
    let cpu_before = server.cpu()?;
    let start = Instant::now();
    let results: Vec<io::Result<(Vec<Duration>, usize)>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|worker| {
                scope.spawn(move || {
                    let mut client = server.client()?;
                    let (mut times, mut failed) = (Vec::new(), 0);
                    let mut n = worker;
                    while start.elapsed() < time {
                        let response = request(&mut client, n)?;
                        failed += usize::from(response.status != 200);
                        times.push(measure(&response));
                        n += connections;
                    }
                    Ok((times, failed))
                })
            })
            .collect();
        let joined = workers.into_iter().map(|w| w.join());
        joined.map(|r| r.unwrap_or_else(|_| Err(io::Error::other("a connection's thread died")))).collect()
    });
    let elapsed = start.elapsed();
    let cpu = server.cpu()?.saturating_sub(cpu_before);
    let (mut times, mut failed) = (Vec::new(), 0);
    for result in results {
        let (some, bad) = result?;
        times.extend(some);
        failed += bad;
    }
    times.sort();
    let at =
        |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)));
    let count = u32::try_from(times.len().max(1)).unwrap_or(u32::MAX);
    Ok(Report {
        per_second: times.len() as f64 / elapsed.as_secs_f64(),
        p50: at(0.5).copied().unwrap_or_default(),
        p99: at(0.99).copied().unwrap_or_default(),
        cpu: cpu / count,
        failed,
    })
}
