//! Figures of the whole server on this machine. Run by `cargo xtask bench server`.

use haversack_tests::bench::client::{Client, Response};
use haversack_tests::bench::corpus::Corpus;
use haversack_tests::bench::load::{self, Report};
use haversack_tests::bench::process::Server;
use haversack_tests::bench::streams;
use haversack_tests::mock::server::MockServer;
use std::io;
use std::time::{Duration, Instant};

/// How long each load runs.
const TIME: Duration = Duration::from_secs(4);

fn main() -> io::Result<()> {
    // The mock model runs in this process and answers without delay.
    let runtime = tokio::runtime::Runtime::new()?;
    let mock = runtime.block_on(MockServer::start())?;
    let data = tempfile::tempdir()?;

    let cold: Vec<Duration> = (0..5)
        .map(|_| Ok(Server::start(tempfile::tempdir()?.path(), &[])?.cold_start))
        .collect::<io::Result<_>>()?;
    println!("cold start to first 200      {}", spread(&cold));

    let base = format!("{}/v1", mock.url());
    let vars = [
        ("LLM_PROVIDER", "generic-openai"),
        ("GENERIC_OPEN_AI_BASE_PATH", base.as_str()),
        ("GENERIC_OPEN_AI_MODEL_PREF", "mock-model"),
        ("GENERIC_OPEN_AI_MODEL_TOKEN_LIMIT", "32768"),
    ];
    let server = Server::start(data.path(), &vars)?;
    std::thread::sleep(Duration::from_millis(500));
    println!("idle memory (RSS)            {:.1} MB", server.memory_mb()?.0);

    let mut client = server.client()?;
    for name in ["small", "large"] {
        let settings = format!(r#"{{"name":"{name}","chatMode":"chat","similarityThreshold":0}}"#);
        expect_ok(&client.post("/api/v1/workspace/new", &settings)?);
    }
    ingest(&server)?;
    println!(
        "memory after ingest          {:.1} MB (highest {:.1})",
        server.memory_mb()?.0,
        server.memory_mb()?.1
    );

    for connections in [1, 8] {
        let list = |c: &mut _, _| Client::get(c, "/api/v1/workspaces");
        show("GET /v1/workspaces", connections, &load::run(&server, connections, TIME, &list, |r| r.total)?);
    }
    for (workspace, label) in
        [("small", "vector-search, 2,000 chunks"), ("large", "vector-search, 50,000 chunks")]
    {
        for connections in [1, 8] {
            let questions: Vec<String> = (0..64).map(|n| Corpus::new(900 + n).sentence()).collect();
            let path = format!("/api/v1/workspace/{workspace}/vector-search");
            let search = move |c: &mut Client, n: usize| {
                c.post(&path, &format!(r#"{{"query":"{}","topN":4}}"#, questions[n % questions.len()]))
            };
            show(label, connections, &load::run(&server, connections, TIME, &search, |r| r.total)?);
        }
    }
    for connections in [1, 8] {
        let chat = |c: &mut Client, n: usize| {
            let body = format!(
                r#"{{"message":"What about the river?","mode":"chat","sessionId":"s{connections}-{n}"}}"#
            );
            c.post("/api/v1/workspace/small/chat", &body)
        };
        show(
            "chat, zero-delay model",
            connections,
            &load::run(&server, connections, TIME, &chat, |r| r.total)?,
        );
    }
    for connections in [1, 8] {
        let stream = |c: &mut Client, n: usize| {
            let body = format!(
                r#"{{"message":"What about the river?","mode":"chat","sessionId":"t{connections}-{n}"}}"#
            );
            c.post("/api/v1/workspace/small/stream-chat", &body)
        };
        show(
            "stream-chat, first chunk",
            connections,
            &load::run(&server, connections, TIME, &stream, |r| r.first_byte)?,
        );
    }
    openai(&server, mock.url())?;
    println!(
        "memory after load            {:.1} MB (highest {:.1})",
        server.memory_mb()?.0,
        server.memory_mb()?.1
    );
    drop(server);
    idle_streams(&mock, &vars)
}

/// How much later the first token comes through us than from the model itself.
fn openai(server: &Server, mock: &str) -> io::Result<()> {
    let body =
        r#"{"model":"small","stream":true,"messages":[{"role":"user","content":"What about the river?"}]}"#;
    for connections in [1, 8] {
        let stream = |c: &mut Client, _| c.post("/v1/chat/completions", body);
        show(
            "OpenAI stream, first chunk",
            connections,
            &load::run(server, connections, TIME, &stream, |r| r.first_byte)?,
        );
    }
    let port = mock.rsplit(':').next().and_then(|port| port.parse().ok());
    let port = port.ok_or_else(|| io::Error::other("the mock has no port"))?;
    let first_token = |client: &mut Client| -> io::Result<Duration> {
        let times = (0..500).map(|_| Ok(client.post("/v1/chat/completions", body)?.first_byte));
        let mut times = times.collect::<io::Result<Vec<Duration>>>()?;
        times.sort();
        Ok(times[times.len() / 2])
    };
    let ours = first_token(&mut server.client()?)?;
    let theirs = first_token(&mut Client::connect(port, "")?)?;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "OpenAI stream, added to the first token  p50 {:.3} ms ({:.3} ms, the model alone {:.3} ms)",
        ms(ours) - ms(theirs),
        ms(ours),
        ms(theirs)
    );
    Ok(())
}

/// What a thousand streams cost that wait for the model, on a server that has done little else.
fn idle_streams(mock: &MockServer, vars: &[(&str, &str)]) -> io::Result<()> {
    const STREAMS: usize = 1000;
    let data = tempfile::tempdir()?;
    let server = Server::start(data.path(), vars)?;
    let mut client = server.client()?;
    expect_ok(&client.post("/api/v1/workspace/new", r#"{"name":"small","chatMode":"chat"}"#)?);
    expect_ok(&client.upload("corpus.txt", Corpus::new(1).text(10_000).as_bytes(), Some("small"))?);
    let ask = |content: &str| {
        format!(r#"{{"model":"small","stream":true,"messages":[{{"role":"user","content":"{content}"}}]}}"#)
    };
    expect_ok(&client.post("/v1/chat/completions", &ask("What about the river?"))?);
    let held = ask("[[mock:hold]] and then go on");
    // The reply is `MOCK HASH n=2 echo:` and the question.
    let report = streams::run(&server, mock, ("/v1/chat/completions", &held), 8, STREAMS)?;
    println!(
        "{STREAMS} idle OpenAI streams     {:.1} kB each, {} starved, all at their end {:.0} ms after the model went on",
        report.kb_each,
        report.starved,
        report.finished.as_secs_f64() * 1000.0
    );
    Ok(())
}

/// 1 MB files until both workspaces hold what the searches need.
fn ingest(server: &Server) -> io::Result<()> {
    let mut client = server.client()?;
    let mut megabyte = |n: u64, workspace: &str| -> io::Result<Duration> {
        let text = Corpus::new(n).text(1_000_000);
        let start = Instant::now();
        expect_ok(&client.upload(&format!("corpus-{n}.txt"), text.as_bytes(), Some(workspace))?);
        Ok(start.elapsed())
    };
    let small: Vec<Duration> = (0..2).map(|n| megabyte(n, "small")).collect::<io::Result<_>>()?;
    println!("upload to searchable, 1 MB   {} (first two files)", spread(&small));
    let cpu = server.cpu()?;
    let start = Instant::now();
    let large: Vec<Duration> = (2..34).map(|n| megabyte(n, "large")).collect::<io::Result<_>>()?;
    let seconds = start.elapsed().as_secs_f64();
    let cpu = (server.cpu()?.saturating_sub(cpu)).as_secs_f64() / 32.0;
    println!("upload to searchable, 1 MB   {} (32 more files)", spread(&large));
    let count = server.client()?.get("/api/v1/system/vector-count")?;
    let count = String::from_utf8_lossy(&count.body).into_owned();
    println!("ingest                       {:.2} MB/s, {cpu:.3} s CPU a MB, {count}", 32.0 / seconds);
    Ok(())
}

fn expect_ok(response: &Response) {
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
}

fn spread(times: &[Duration]) -> String {
    let mut ms: Vec<f64> = times.iter().map(|t| t.as_secs_f64() * 1000.0).collect();
    ms.sort_by(f64::total_cmp);
    let (low, high) = (ms.first().copied().unwrap_or(0.0), ms.last().copied().unwrap_or(0.0));
    format!("{:.1} ms median ({low:.1} to {high:.1})", ms.get(ms.len() / 2).copied().unwrap_or(0.0))
}

fn show(what: &str, connections: usize, report: &Report) {
    let ms = |d: Duration| d.as_secs_f64() * 1000.0;
    println!(
        "{what:<29}{connections} conn  {:>8.0}/s  p50 {:>7.3} ms  p99 {:>7.3} ms  {:>6.3} ms CPU/request{}",
        report.per_second,
        ms(report.p50),
        ms(report.p99),
        ms(report.cpu),
        if report.failed > 0 { format!("  {} FAILED", report.failed) } else { String::new() }
    );
}
