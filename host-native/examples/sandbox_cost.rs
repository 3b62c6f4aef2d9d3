//! What the sandbox costs: files read in it and without it, side by side.
//! `cargo run --release -p haversack --example sandbox_cost -- FILES…`
//!
//! Each file is read five times each way, in turns; the best time counts. A file that reads differently is named.

use haversack::sandbox::{Allowance, Budget, Sandbox};
use haversack_extract::{Limits, OwnedSource, extract};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Sum {
    files: u32,
    bytes: usize,
    native: Duration,
    sandboxed: Duration,
    worst: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let sandbox = Sandbox::new(Arc::new(Budget::new(4 << 30, 1)))?;
    println!("loading the module: {:.1} ms", ms(started.elapsed()));
    let empty = OwnedSource { name: "a.txt".into(), mime: None, bytes: "a".into() };
    let started = Instant::now();
    (0..1000).try_for_each(|_| sandboxed(&sandbox, &empty).map(drop))?;
    println!("a file of one letter: {:.3} ms", ms(started.elapsed()) / 1000.0);
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let name = Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = OwnedSource { name, mime: None, bytes: bytes.into() };
        let (mut native, mut inside) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let one = extract(file.as_source(), &Limits::default()).map_err(|error| error.to_string());
            native = native.min(started.elapsed());
            let started = Instant::now();
            let other = sandboxed(&sandbox, &file)?;
            inside = inside.min(started.elapsed());
            if one != other {
                println!("{path} reads differently in the sandbox");
                break;
            }
        }
        let extension = Path::new(&path).extension().unwrap_or_default().to_string_lossy().into_owned();
        let sum = sums.entry(extension).or_default();
        sum.files += 1;
        sum.bytes += file.bytes.len();
        sum.native += native;
        sum.sandboxed += inside;
        // What takes next to no time says nothing about the sandbox but what a file costs at least, see above.
        if native > Duration::from_millis(5) {
            sum.worst = sum.worst.max(ms(inside) / ms(native));
        }
    }
    println!(
        "| format | files | MB | native ms | sandbox ms | ratio | worst of those over 5 ms |\n|---|---|---|---|---|---|---|"
    );
    for (format, Sum { files, bytes, native, sandboxed, worst }) in sums {
        let (megabytes, ratio) = (bytes as f64 / 1e6, ms(sandboxed) / ms(native));
        println!(
            "| {format} | {files} | {megabytes:.1} | {:.0} | {:.0} | {ratio:.2} | {worst:.2} |",
            ms(native),
            ms(sandboxed)
        );
    }
    Ok(())
}

type Outcome = Result<haversack_extract::Extracted, String>;

fn sandboxed(sandbox: &Sandbox, file: &OwnedSource) -> Result<Outcome, Box<dyn Error>> {
    let limits = Limits::default();
    let cancelled = Arc::new(AtomicBool::new(false));
    let outcome =
        sandbox.read(file, Allowance { limits: &limits, deadline: Instant::now() + TIME, cancelled });
    outcome.map_err(|stopped| format!("{}: {stopped:?}", file.name).into())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
