//! Figures of the Spin component under its test host, with the native server beside it. Run by
//! `cargo xtask bench spin`.
//!
//! Cold means: an instance that has answered nothing yet, of a component that was compiled before; natively, a
//! process that has just started.
//!
//! Every request has a connection of its own. On one that is kept, Spin's server, and so the test host, which set no
//! TCP_NODELAY, wait with the body for the acknowledgement of the head: 40 ms that are not the component's.

use flate2::Compression;
use flate2::write::GzEncoder;
use haversack_tests::bench::client::{Client, Response};
use haversack_tests::bench::corpus::Corpus;
use haversack_tests::bench::process::Server;
use haversack_tests::mock::server::MockServer;
use haversack_tests::target::process::component;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Chunks that 1 MB of the corpus makes.
const CHUNKS_A_MEGABYTE: usize = 1615;
/// Each figure of a cold instance is the middle one of so many.
const TIMES: usize = 21;
/// Starting a process takes longer.
const STARTS: usize = 5;

fn main() -> io::Result<()> {
    let sizes: Vec<usize> = match std::env::args().nth(1) {
        Some(text) => text.split(',').filter_map(|size| size.parse().ok()).collect(),
        None => vec![1_000, 10_000, 100_000],
    };
    size()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mock = runtime.block_on(MockServer::start())?;
    let base = format!("{}/v1", mock.url());
    let vars = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", base.as_str()),
        ("GENERIC_OPEN_AI_MODEL_PREF", "mock-model"),
        ("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT", "32768"),
    ];
    first_byte(&vars)?;
    for chunks in sizes {
        let spin = tempfile::tempdir()?;
        let native = tempfile::tempdir()?;
        println!("\n{chunks} chunks");
        let loaded = Server::start_spin(spin.path(), &vars, &[])?;
        ingest("spin", &loaded, chunks)?;
        warm("spin", &loaded)?;
        drop(loaded);
        let loaded = Server::start(native.path(), &vars)?;
        ingest("native", &loaded, chunks)?;
        warm("native", &loaded)?;
        drop(loaded);
        cold_spin(spin.path(), &vars)?;
        cold_native(native.path(), &vars)?;
    }
    Ok(())
}

/// The components, and what of them is the embedder's table.
fn size() -> io::Result<()> {
    let component = component();
    size_of("component", &std::fs::read(&component)?)?;
    size_of("lean component (no parsers)", &std::fs::read(component.with_file_name("haversack-lean.wasm"))?)
}

fn size_of(name: &str, component: &[u8]) -> io::Result<()> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/assets/static-minilm-256");
    let mut without = component.to_vec();
    for table in ["model.safetensors", "vocab.txt"] {
        let table = std::fs::read(assets.join(table))?;
        // It stands in the component as it is.
        let at = without.windows(table.len()).position(|bytes| bytes == table);
        let at = at.ok_or_else(|| io::Error::other("the embedder's table is not in the component"))?;
        without.drain(at..at + table.len());
    }
    let show = |what: &str, bytes: &[u8]| -> io::Result<()> {
        println!("{what:<34}{:>7.2} MB, {:.2} MB gzip", bytes.len() as f64 / 1e6, gzip(bytes)? as f64 / 1e6);
        Ok(())
    };
    show(name, component)?;
    show("  without the embedder's table", &without)
}

fn gzip(bytes: &[u8]) -> io::Result<usize> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes)?;
    Ok(packed.finish()?.len())
}

/// `GET /api/v1/auth` on an instance made for it.
fn first_byte(vars: &[(&str, &str)]) -> io::Result<()> {
    let data = tempfile::tempdir()?;
    drop(Server::start_spin(data.path(), vars, &[])?);
    let server = Server::start_spin(data.path(), vars, &[("SPIN_HOST_FRESH", "1")])?;
    let mut client = server.client()?;
    let (mut times, mut instantiate) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let answer = server.client()?.get("/api/v1/auth")?;
        expect_ok(&answer);
        times.push(answer.total);
        instantiate.push(Duration::from_micros(figures(&mut client)?.instantiate_us));
    }
    let figures = {
        server.client()?.get("/api/v1/auth")?;
        figures(&mut client)?
    };
    println!(
        "GET /api/v1/auth, cold instance    {} (instantiating {}), {} statements",
        spread(&times),
        spread(&instantiate),
        figures.statements
    );
    println!("{:<34} {:.1} MB of the instance", "  memory", figures.memory_peak as f64 / 1e6);
    let starts: Vec<Duration> = (0..STARTS)
        .map(|_| Ok(Server::start(tempfile::tempdir()?.path(), vars)?.cold_start))
        .collect::<io::Result<_>>()?;
    println!("native: start to first answer      {}", spread(&starts));
    Ok(())
}

fn ingest(host: &str, server: &Server, chunks: usize) -> io::Result<()> {
    let mut client = server.client()?;
    let settings = r#"{"name":"w","chatMode":"chat","similarityThreshold":0}"#;
    expect_ok(&client.post("/api/v1/workspace/new", settings)?);
    let bytes = chunks * 1_000_000 / CHUNKS_A_MEGABYTE;
    let start = Instant::now();
    for n in 0..bytes.div_ceil(1_000_000) {
        let text = Corpus::new(n as u64).text((bytes - n * 1_000_000).min(1_000_000));
        expect_ok(&client.upload(&format!("corpus-{n}.txt"), text.as_bytes(), Some("w"))?);
    }
    let seconds = start.elapsed().as_secs_f64();
    let count = client.get("/api/v1/system/vector-count")?;
    let count = String::from_utf8_lossy(&count.body).into_owned();
    println!("  {host:<7} ingest           {:.2} MB/s, {count}", bytes as f64 / 1e6 / seconds);
    Ok(())
}

fn question(n: usize) -> String {
    Corpus::new(900 + n as u64).sentence()
}

fn search(client: &mut Client, n: usize) -> io::Result<Response> {
    let body = format!(r#"{{"query":"{}","topN":4}}"#, question(n));
    client.post("/api/v1/workspace/w/vector-search", &body)
}

fn chat(client: &mut Client, n: usize) -> io::Result<Response> {
    let body = format!(r#"{{"message":"{}","mode":"chat","sessionId":"s{n}"}}"#, question(n));
    client.post("/api/v1/workspace/w/chat", &body)
}

type Ask = fn(&mut Client, usize) -> io::Result<Response>;

const ASKED: [(&str, Ask); 2] = [("vector-search", search), ("chat", chat)];

fn warm(host: &str, server: &Server) -> io::Result<()> {
    for (what, ask) in ASKED {
        expect_ok(&ask(&mut server.client()?, 0)?);
        let mut times = Vec::new();
        for n in 1..=TIMES {
            let answer = ask(&mut server.client()?, n)?;
            expect_ok(&answer);
            times.push(answer.total);
        }
        println!("  {host:<7} {what:<14} warm  {}", spread(&times));
    }
    Ok(())
}

fn cold_spin(data: &Path, vars: &[(&str, &str)]) -> io::Result<()> {
    let server = Server::start_spin(data, vars, &[("SPIN_HOST_FRESH", "1")])?;
    for (what, ask) in ASKED {
        let mut client = server.client()?;
        let (mut times, mut read, mut statements, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for n in 0..TIMES {
            figures(&mut client)?;
            let answer = ask(&mut server.client()?, n)?;
            expect_ok(&answer);
            times.push(answer.total);
            let figures = figures(&mut client)?;
            read.push(figures.bytes_read);
            statements.push(figures.statements);
            peak = peak.max(figures.memory_peak);
        }
        println!(
            "  spin    {what:<14} cold  {}; {:.1} kB read from the store in {} statements; memory {:.1} MB at most",
            spread(&times),
            middle(read) as f64 / 1e3,
            middle(statements),
            peak as f64 / 1e6
        );
    }
    Ok(())
}

fn cold_native(data: &Path, vars: &[(&str, &str)]) -> io::Result<()> {
    for (what, ask) in ASKED {
        let (mut times, mut memory) = (Vec::new(), 0.0_f64);
        for n in 0..STARTS {
            let server = Server::start(data, vars)?;
            let answer = ask(&mut server.client()?, n)?;
            expect_ok(&answer);
            times.push(answer.total);
            memory = memory.max(server.memory_mb()?.1);
        }
        println!("  native  {what:<14} cold  {}; memory {memory:.1} MiB at most", spread(&times));
    }
    Ok(())
}

/// What the test host counted since it was last asked.
struct Figures {
    statements: u64,
    bytes_read: u64,
    instantiate_us: u64,
    memory_peak: u64,
}

fn figures(client: &mut Client) -> io::Result<Figures> {
    let answer = client.get("/.spin-host/figures")?;
    let all: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let figure = |name: &str| all[name].as_u64().unwrap_or(0);
    Ok(Figures {
        statements: figure("statements"),
        bytes_read: figure("bytes_read"),
        instantiate_us: figure("instantiate_us"),
        memory_peak: figure("memory_peak"),
    })
}

fn expect_ok(response: &Response) {
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
}

fn middle(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

fn spread(times: &[Duration]) -> String {
    let mut ms: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    ms.sort_by(f64::total_cmp);
    let (low, high) = (ms.first().copied().unwrap_or(0.0), ms.last().copied().unwrap_or(0.0));
    format!("{:.2} ms median ({low:.2} to {high:.2})", ms.get(ms.len() / 2).copied().unwrap_or(0.0))
}
