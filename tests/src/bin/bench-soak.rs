//! A server under mixed load, without and with hostile files. Run by `cargo xtask bench soak [MINUTES]`.

use haversack_tests::bench::corpus::Corpus;
use haversack_tests::bench::process::{KEY, Server};
use haversack_tests::hostile::{self, wire::raise_open_files};
use haversack_tests::mock::server::MockServer;
use haversack_tests::soak::figures::Figures;
use haversack_tests::soak::{load, senders};
use std::io;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// For one file: so that those without end come to theirs many times in a soak.
const EXTRACT_SECONDS: u64 = 10;
/// Files that wait for a place are answered after this at the latest.
const WAIT_SECONDS: u64 = 30;
/// The part of the time before the hostile files come.
const CALM: u32 = 4;

fn main() -> io::Result<ExitCode> {
    let minutes: f64 = match std::env::args().nth(1).map(|text| text.parse()) {
        None => 10.0,
        Some(Ok(minutes)) if minutes > 0.0 => minutes,
        Some(_) => {
            eprintln!("how many minutes? For example: cargo xtask bench soak 10");
            return Ok(ExitCode::FAILURE);
        }
    };
    raise_open_files()?;
    let figures = soak(Duration::from_secs_f64(minutes * 60.0))?;
    println!("{}", figures.table());
    let faults = figures.faults();
    faults.iter().for_each(|fault| println!("FAIL {fault}"));
    if faults.is_empty() {
        println!("ok: every limit was kept");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn soak(time: Duration) -> io::Result<Figures> {
    // The mock model runs in this process and answers without delay.
    let runtime = tokio::runtime::Runtime::new()?;
    let mock = runtime.block_on(MockServer::start())?;
    let data = tempfile::tempdir()?;
    let base = format!("{}/v1", mock.url());
    let (extract, wait) = (EXTRACT_SECONDS.to_string(), WAIT_SECONDS.to_string());
    let vars = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", base.as_str()),
        ("GENERIC_OPEN_AI_MODEL_PREF", "mock-model"),
        ("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT", "32768"),
        ("HAVERSACK_EXTRACT_TIMEOUT_SECONDS", extract.as_str()),
        ("HAVERSACK_EXTRACT_WAIT_SECONDS", wait.as_str()),
    ];
    let server = Server::start(data.path(), &vars)?;
    let stranger = fill(&server)?;
    // Made before anything is measured.
    let files: Vec<_> = hostile::names().iter().filter_map(|name| hostile::file(name)).collect();
    let start = Instant::now();
    let over = AtomicBool::new(false);
    let ended = AtomicBool::new(false);
    let highest = Mutex::new(0.0_f64);
    let samples = Mutex::new(Vec::new());
    let calm = time / CALM;
    let (before, during, hostile) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                match server.memory_mb() {
                    Ok((resident, most)) if resident > 0.0 => {
                        if let (Ok(mut samples), Ok(mut highest)) = (samples.lock(), highest.lock()) {
                            samples.push((start.elapsed().as_secs(), resident));
                            *highest = most;
                        }
                    }
                    // A process without memory is none.
                    _ => ended.store(true, Ordering::Relaxed),
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        let before = load::run(&server, calm, 0);
        let until = Instant::now() + (time - calm);
        // Those that were not answered yet have this long.
        let last = until + Duration::from_secs(4 * (EXTRACT_SECONDS + WAIT_SECONDS));
        let times = senders::Times { start: Instant::now(), until, last };
        let (port, files, stranger) = (server.port, &files, &stranger);
        let senders = scope.spawn(move || senders::run(port, stranger, files, times));
        let during = load::run(&server, until.saturating_duration_since(Instant::now()), 1_000_000);
        let hostile = senders.join().unwrap_or_default();
        over.store(true, Ordering::Relaxed);
        (before, during, hostile)
    });
    std::thread::sleep(Duration::from_secs(3));
    let used = server.cpu().unwrap_or_default();
    std::thread::sleep(Duration::from_secs(5));
    let cores_after = server.cpu().unwrap_or_default().saturating_sub(used).as_secs_f64() / 5.0;
    Ok(Figures {
        minutes: time.as_secs_f64() / 60.0,
        machine: machine(),
        before,
        during,
        hostile,
        memory: samples.into_inner().unwrap_or_default(),
        memory_highest: highest.into_inner().unwrap_or_default(),
        memory_cap: hostile::MEMORY_MB,
        // Nobody starts it again here: once it has ended, it stays so.
        restarts: usize::from(ended.load(Ordering::Relaxed)),
        cores_after,
    })
}

/// A workspace to search in, and the key of who sends the hostile files.
fn fill(server: &Server) -> io::Result<String> {
    let mut client = server.client()?;
    let good = |status: u16, body: &[u8]| match status {
        200 => Ok(()),
        _ => Err(io::Error::other(String::from_utf8_lossy(body).into_owned())),
    };
    let made =
        client.post("/api/v1/workspace/new", r#"{"name":"w","chatMode":"chat","similarityThreshold":0}"#)?;
    good(made.status, &made.body)?;
    for n in 0..2 {
        let added = client.upload(
            &format!("corpus-{n}.txt"),
            Corpus::new(n).text(1_000_000).as_bytes(),
            Some("w"),
        )?;
        good(added.status, &added.body)?;
    }
    let key = client.post("/api/system/generate-api-key", r#"{"name":"stranger","scopes":["write"]}"#)?;
    good(key.status, &key.body)?;
    let key: serde_json::Value = serde_json::from_slice(&key.body)?;
    Ok(key["apiKey"]["secret"].as_str().unwrap_or(KEY).to_owned())
}

/// Its processor, and how many cores it has.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map(|(_, name)| name.trim());
    format!("{cores} cores of {}", model.unwrap_or(std::env::consts::ARCH))
}
