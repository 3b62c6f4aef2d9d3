//! Fuzzes the parsers inside the sandbox, as files reach them on the server:
//! `cargo run --release -p haversack --example fuzz_sandbox -- SECONDS [SEED-FOLDER…]`.
//!
//! Each file among the seeds is changed at random and read again and again, each format for the same time. A finding is a
//! panic or another trap that no limit explains, or a file that was given up after its time; it is written to the folder
//! `findings`, and the program fails. What ran into a limit is counted.
//!
//! The mutations know a little of the formats: numbers become extreme, pieces of other seeds are spliced in, tags and
//! keywords are repeated, and the parts of a DOCX are changed before they are packed. Coverage does not guide them; the
//! targets in `extract/fuzz` do that, with a nightly compiler.

mod mutate;
mod random;
mod zipped;

use haversack::sandbox::{Allowance, Budget, Sandbox, Stopped};
use haversack_extract::{Limits, OwnedSource};
use random::Random;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How long one file may take: far longer than any seed does.
const FILE_TIME: Duration = Duration::from_secs(20);
const MEMORY_BYTES: u64 = 1 << 30;

/// Files by their extension.
type Seeds = BTreeMap<String, Vec<Vec<u8>>>;

/// What became of the files of one format.
#[derive(Default)]
struct Tally {
    files: u64,
    read: u64,
    refused: u64,
    memory: u64,
    depth: u64,
    findings: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().ok_or("how many seconds?")?.parse()?;
    let mut folders: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    if folders.is_empty() {
        folders = ["../extract/testdata", "../extract/fuzz/seeds"]
            .map(|f| Path::new(env!("CARGO_MANIFEST_DIR")).join(f))
            .into();
    }
    let seeds = seeds(&folders)?;
    let sandbox = Sandbox::new(Arc::new(Budget::new(MEMORY_BYTES, 1)))?;
    let seed = std::env::var("FUZZ_SEED").ok().and_then(|text| text.parse().ok());
    let mut random = Random::new(seed.map_or_else(getrandom::u64, Ok)?);
    let time = Duration::from_secs(seconds) / u32::try_from(seeds.len().max(1))?;
    let mut findings = 0;
    println!(
        "| format | seeds | files | read | refused | memory | depth | findings |\n|---|---|---|---|---|---|---|---|"
    );
    for (extension, files) in &seeds {
        let tally = fuzz(&sandbox, extension, files, time, &mut random)?;
        let Tally { files: count, read, refused, memory, depth, findings: found } = tally;
        println!(
            "| {extension} | {} | {count} | {read} | {refused} | {memory} | {depth} | {found} |",
            files.len()
        );
        findings += found;
    }
    if findings == 0 { Ok(()) } else { Err(format!("{findings} findings, see the folder `findings`").into()) }
}

/// The files of some folders, by their extension.
fn seeds(folders: &[PathBuf]) -> Result<Seeds, Box<dyn Error>> {
    let mut seeds = Seeds::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            seeds.entry(extension).or_default().push(std::fs::read(path)?);
        }
    }
    Ok(seeds)
}

fn fuzz(
    sandbox: &Sandbox,
    extension: &str,
    seeds: &[Vec<u8>],
    time: Duration,
    random: &mut Random,
) -> Result<Tally, Box<dyn Error>> {
    let mut tally = Tally::default();
    let limits = Limits { max_bytes: 64 << 20, ..Limits::default() };
    let until = Instant::now() + time;
    while Instant::now() < until {
        let bytes = mutate::mutated(extension, seeds, random);
        let file = OwnedSource { name: format!("fuzz.{extension}"), mime: None, bytes: bytes.into() };
        let cancelled = Arc::new(AtomicBool::new(false));
        let allowance = Allowance { limits: &limits, deadline: Instant::now() + FILE_TIME, cancelled };
        tally.files += 1;
        match sandbox.read(&file, allowance) {
            Ok(Ok(_)) => tally.read += 1,
            Ok(Err(_)) => tally.refused += 1,
            Err(Stopped::Memory(_) | Stopped::MemoryInUse) => tally.memory += 1,
            Err(Stopped::Depth) => tally.depth += 1,
            Err(stopped @ (Stopped::Late | Stopped::Broke(_) | Stopped::Cancelled)) => {
                tally.findings += 1;
                std::fs::create_dir_all("findings")?;
                let place = format!("findings/{extension}-{}.{extension}", tally.findings);
                std::fs::write(&place, &file.bytes)?;
                eprintln!("{place}: {stopped:?}");
            }
        }
    }
    Ok(tally)
}
